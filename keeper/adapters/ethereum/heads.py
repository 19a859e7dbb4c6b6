"""New blocks, each once, the newest first.

A node can push heads or be asked for them. Pushed heads are quicker; asking is what works when the push is
down, or silent although it looks alive. Both run here side by side: a head from either goes the same way, and
asking falls asleep as long as pushes arrive. Where several nodes must agree, a push is only a reason to ask:
the head is the one that they agree on, and a subscription that runs ahead of them is given up for a while.

There is one place for an untold head, not a queue: a consumer that is slower than the chain decides on the
newest block, never on a backlog. A node that serves another chain ends the source at the start, when a person
is there to read it; later it is only refused, because transactions in flight still need the node that comes
back.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass

from keeper.adapters.ethereum.block import fetch_block, fetch_chain_id, fetch_tip
from keeper.adapters.ethereum.client import Client
from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.events import UNTOLD, NodeEvents
from keeper.adapters.ethereum.lineage import Lineage, OldNews
from keeper.adapters.ethereum.retry import Backoff, Link
from keeper.adapters.ethereum.rpc import RpcRefusedError
from keeper.adapters.ethereum.subscription import WrongChainError, listen
from keeper.core.head import Head
from keeper.core.units import BlockHash
from keeper.ports import UnreachableError


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the node is asked, in seconds.

    `poll_s` without a subscription, `quiet_s` when a subscription says nothing, `patience_s` for finding out
    what a head follows, `timeout_s` for opening a subscription, `again_s` while other nodes have not heard of
    a pushed head.
    """

    poll_s: float = 1.0
    quiet_s: float = 30.0
    patience_s: float = 2.0
    timeout_s: float = 5.0
    again_s: float = 0.05


class NodeHeads:
    """The port `Heads` over a node or a pool: `rpc` to ask, `websocket` to be told, if there is one."""

    def __init__(
        self,
        rpc: Client,
        chain_id: int,
        backoff: Backoff,
        *,
        websocket: Endpoint | None = None,
        pace: Pace | None = None,
        events: NodeEvents = UNTOLD,
    ) -> None:
        self._rpc = rpc
        self._chain_id = chain_id
        self._asked = Link(rpc.endpoint, "poll", backoff, events)
        self._backoff = backoff
        self._websocket = websocket
        self._pace = pace or Pace()
        self._events = events
        self._lineage = Lineage(self._fetch)
        self._placing = asyncio.Lock()
        self._newest: Head | None = None
        self._news = asyncio.Event()
        self._pushed = asyncio.Event()
        self.subscribed = False
        """Whether the subscription tells heads now."""
        self._trusted = False
        self._ended = asyncio.Event()

    async def latest(self) -> AsyncGenerator[Head, None]:
        """Each new tip once, until closed. Raises WrongChainError for a node that starts on another chain."""
        await self._start()
        following = asyncio.create_task(self._follow())
        following.add_done_callback(lambda _: self._news.set())
        try:
            while not self._ended.is_set():
                await self._news.wait()
                self._news.clear()
                if following.done():
                    await following
                head, self._newest = self._newest, None
                if head is not None and not self._ended.is_set():
                    yield head
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    def close(self) -> None:
        """End the source; the iteration ends after this."""
        self._ended.set()
        self._news.set()

    async def _start(self) -> None:
        while not (self._trusted or self._ended.is_set()):
            try:
                await self._trust()
            except (UnreachableError, RpcRefusedError) as error:
                await self._doze(self._asked.failed(error))

    async def _doze(self, pause_s: float) -> None:
        """Sleep, but not beyond the end of the source."""
        try:
            async with asyncio.timeout(pause_s):
                await self._ended.wait()
        except TimeoutError:
            return

    async def _trust(self) -> None:
        actual = await fetch_chain_id(self._rpc)
        if actual != self._chain_id:
            raise WrongChainError(self._rpc.endpoint, self._chain_id, actual)
        self._trusted = True

    async def _follow(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._poll())
            if self._websocket is not None:
                tasks.create_task(self._listen(self._websocket))

    async def _poll(self) -> None:
        while True:
            try:
                if not self._trusted:
                    await self._trust()
                head = await fetch_tip(self._rpc, self._chain_id)
            except (UnreachableError, RpcRefusedError, WrongChainError) as error:
                # Whoever answers next need not be the node that went away.
                self._trusted = False
                await asyncio.sleep(self._asked.failed(error))
            else:
                self._asked.worked()
                await self._offer(head)
                await self._until_quiet()

    async def _until_quiet(self) -> None:
        """Return once the subscription was silent for as long as it may be, or at the polling pace."""
        while True:
            self._pushed.clear()
            try:
                async with asyncio.timeout(self._pace.quiet_s if self.subscribed else self._pace.poll_s):
                    await self._pushed.wait()
            except TimeoutError:
                return

    async def _listen(self, websocket: Endpoint) -> None:
        link = Link(websocket, "push", self._backoff, self._events)

        async def hear(head: Head) -> None:
            agreed = await self._agreed(head, websocket) if self._rpc.agree > 1 else head
            link.worked()
            self.subscribed = True
            self._pushed.set()
            await self._offer(agreed)

        while True:
            try:
                await listen(websocket, self._chain_id, self._pace.timeout_s, hear)
            except (UnreachableError, RpcRefusedError, WrongChainError) as error:
                pause_s = link.failed(error)
                # The poller wakes up and takes over at its own pace.
                self.subscribed = False
                self._pushed.set()
                await asyncio.sleep(pause_s)

    async def _agreed(self, pushed: Head, websocket: Endpoint) -> Head:
        """The tip that the nodes agree on, once it is as high as a pushed one; nothing else of that counts.

        Raises UnreachableError, which ends a subscription that runs ahead of what the nodes have.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pace.patience_s):
                while (head := await fetch_tip(self._rpc, self._chain_id)).number < pushed.number:  # noqa: ASYNC110 no node says when it has heard of a block
                    await asyncio.sleep(self._pace.again_s)
                return head
        raise UnreachableError(f"{websocket}: pushed block {pushed.number}, which too few nodes have")

    async def _offer(self, head: Head) -> None:
        async with self._placing:
            if self._lineage.is_old(head):
                return
            told = self._lineage.is_higher(head)
            if told:
                self._tell(head)
            try:
                async with asyncio.timeout(self._pace.patience_s):
                    step = await self._lineage.place(head)
            except (UnreachableError, RpcRefusedError, TimeoutError):
                step = self._lineage.place_unproven(head)
            if isinstance(step, OldNews):
                return
            if not told:
                self._tell(head)
            self._events.head(step.head, step.missed, step.reorg_depth)

    def _tell(self, head: Head) -> None:
        self._newest = head
        self._news.set()

    async def _fetch(self, wanted: BlockHash) -> Head:
        return await fetch_block(self._rpc, self._chain_id, wanted)
