"""Which block follows which: gaps, reorganisations and old news.

A new head is not always a child of the last one. Blocks are missed while a connection is down; a
reorganisation replaces some; a load balancer shows the tip of a node that lags. Numbers cannot tell these
apart, parent hashes can: the headers between a head and the branch followed so far are fetched until one is
known. The walk is bounded, because after a long outage the answer is worth less than the time.

One source of gaps is no fault at all: anvil announces the replacement blocks of `anvil_reorg`, but nothing
for `anvil_rollback`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from keeper.core.head import Head
from keeper.core.units import BlockHash

MAX_WALK = 64
"""Headers fetched for one head."""

MAX_KEPT = 512
"""Blocks remembered: enough to know a lagging node's tip for what it is."""


@dataclass(frozen=True, slots=True)
class OldNews:
    """A block told before, or an ancestor of the tip, as a lagging node shows it."""


@dataclass(frozen=True, slots=True)
class Step:
    """A new tip. `missed` counts the blocks never seen between, `reorg_depth` ours that were replaced.

    `proven` is false where the walk found no common ancestor: the depth is then at least that much.
    """

    head: Head
    missed: int
    reorg_depth: int
    proven: bool


class Lineage:
    """The branch followed so far. `fetch` gets a header by its hash; its errors pass through `place`."""

    def __init__(self, fetch: Callable[[BlockHash], Awaitable[Head]]) -> None:
        self._fetch = fetch
        self._branch: dict[int, BlockHash] = {}
        self._tips: dict[BlockHash, None] = {}
        self._tip: Head | None = None

    def is_higher(self, head: Head) -> bool:
        """Whether a head is certainly new: higher than any before it."""
        return self._tip is None or head.number > self._tip.number

    def is_old(self, head: Head) -> bool:
        """Whether a head was the tip before, or is an ancestor of the tip."""
        return head.hash in self._tips or self._branch.get(head.number) == head.hash

    async def place(self, head: Head) -> Step | OldNews:
        """Put a head in its place and make it the tip, unless it is old news."""
        if self.is_old(head):
            return OldNews()
        trail, ancestor = await self._walk(head)
        tip = self._tip
        if tip is not None and not ancestor and head.number < tip.number and head.number not in self._branch:
            return OldNews()
        missed = 0 if tip is None else max(0, head.number - tip.number - 1)
        depth = 0 if tip is None else max(0, tip.number - (trail[-1].number - 1))
        self._adopt(trail)
        return Step(head=head, missed=missed, reorg_depth=depth, proven=ancestor or tip is None)

    def place_unproven(self, head: Head) -> Step:
        """Make a head the tip whose parents could not be fetched."""
        tip = self._tip
        self._adopt([head])
        return Step(head, 0 if tip is None else max(0, head.number - tip.number - 1), 0, proven=False)

    async def _walk(self, head: Head) -> tuple[list[Head], bool]:
        """The headers from `head` down to a child of our branch, and whether one was found."""
        trail = [head]
        low = head
        while self._branch.get(low.number - 1) != low.parent_hash:
            if len(trail) > MAX_WALK or low.number - 1 <= min(self._branch, default=low.number):
                return trail, False
            low = await self._fetch(low.parent_hash)
            trail.append(low)
        return trail, True

    def _adopt(self, trail: list[Head]) -> None:
        head, low = trail[0], trail[-1]
        kept = {number: name for number, name in self._branch.items() if number < low.number}
        kept[low.number - 1] = low.parent_hash
        kept |= {block.number: block.hash for block in reversed(trail)}
        self._branch = dict(list(kept.items())[-MAX_KEPT:])
        self._tip = head
        self._tips[head.hash] = None
        while len(self._tips) > MAX_KEPT:
            del self._tips[next(iter(self._tips))]
