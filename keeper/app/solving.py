"""Tables solved once more, from what a journal says they were solved from.

A table is a pure function of few numbers. So it is not stored but solved again, on all cores and a few books
ahead of the cycle that needs it; and a table that comes out different is told, because then every decision
that rested on it is in doubt.
"""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from types import TracebackType
from typing import Self

from keeper.core.hedging import Origin, Solved, again
from keeper.core.units import Address

Progress = Callable[[int], Callable[[], None]]
"""Told how many books are to be solved; what it returns is called as each is."""

AHEAD = 8
"""Books that are begun before they are needed: few, because each answer takes a quarter of a megabyte."""


@dataclass(frozen=True, slots=True)
class Strange:
    """A table that came out otherwise than it was recorded: two digests, or words where there is none."""

    vault: Address
    at: int
    recorded: str
    derived: str


class SolvedAgain:
    """The tables of one cycle after another. `advance` is called as each is there."""

    def __init__(self, origins: Iterable[Origin], advance: Callable[[], None]) -> None:
        self._coming = deque(dict.fromkeys(origins))
        self._advance = advance
        processes = max(min(os.cpu_count() or 1, len(self._coming)), 1)
        self._pool = ProcessPoolExecutor(processes, get_context("spawn"))
        self._begun: dict[Origin, Future[Solved]] = {}
        self._asked: Mapping[Address, Origin] = {}
        self._there: Mapping[Address, Solved] = {}
        self.strange: list[Strange] = []
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    async def of(self, origins: Mapping[Address, Origin]) -> Mapping[Address, Solved]:
        """The tables of a cycle: those of the last one, or solved now."""
        if origins is not self._asked:
            self._begin(origins)
            self._there = {vault: await self._one(vault, origin) for vault, origin in origins.items()}
            self._asked = origins
        return self._there

    def _begin(self, origins: Mapping[Address, Origin]) -> None:
        needed = {*origins.values()}
        for origin in {*self._asked.values()} - needed:
            self._begun.pop(origin, None)
        most = len(needed) + AHEAD
        for origin in needed:
            self._submit(origin)
        while self._coming and len(self._begun) < most:
            self._submit(self._coming.popleft())

    def _submit(self, origin: Origin) -> None:
        if origin not in self._begun:
            self._begun[origin] = self._pool.submit(again, origin)

    async def _one(self, vault: Address, origin: Origin) -> Solved:
        before = self._there.get(vault)
        if before is not None and self._asked.get(vault) == origin:
            return before
        found = await asyncio.wrap_future(self._begun[origin])
        if found.origin != origin:
            self.strange.append(Strange(vault, origin.at, origin.found, found.origin.found))
        self.count += 1
        self._advance()
        return found
