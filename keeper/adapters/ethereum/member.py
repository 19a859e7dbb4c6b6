"""One node of a pool: asked by itself, and judged by what it answers.

Every question goes through here, whoever asks, so that a rate limit met by one part of the keeper is heeded
by all. A node is not believed before it said which chain it serves, and again after it went away.
"""

import asyncio
from collections.abc import Callable, Sequence

from keeper.adapters.ethereum.block import quantity
from keeper.adapters.ethereum.busy import BusyError
from keeper.adapters.ethereum.events import NodeEvents
from keeper.adapters.ethereum.retry import Backoff
from keeper.adapters.ethereum.rpc import Rpc, RpcRefusedError
from keeper.adapters.ethereum.standing import (
    Chain,
    Condition,
    Standing,
    answered,
    failed,
    misled,
    proven,
    seen,
)
from keeper.ports import UnreachableError

CHAIN_ID = "eth_chainId"
LAG_BLOCKS = 3
"""So far behind the agreed tip a node may be and still be read: nodes hear of a block at different times."""


class Member:
    """A node and its standing. `clock` in seconds, of any origin."""

    def __init__(
        self, rpc: Rpc, chain_id: int, backoff: Backoff, events: NodeEvents, clock: Callable[[], float]
    ) -> None:
        self.rpc = rpc
        self.host = rpc.endpoint.host
        self.standing = Standing()
        self._chain_id = chain_id
        self._backoff = backoff
        self._events = events
        self._clock = clock
        self._proving = asyncio.Lock()
        self._contradicts = False
        events.endpoint(self.host, Condition.HEALTHY, "")

    async def call(self, method: str, params: Sequence[object]) -> object:
        """Ask this node alone, once. Raises RpcRefusedError, or UnreachableError, for another chain too."""
        if method != CHAIN_ID:
            await self.prove()
        try:
            result = await self.rpc.call(method, params)
        except RpcRefusedError:
            self._become(answered(self.standing, self._clock()), "")
            raise
        except UnreachableError as error:
            pause_s = error.pause_s if isinstance(error, BusyError) else 0.0
            asked_s = self._clock() + pause_s
            self._become(failed(self.standing, self._until_s(pause_s), asked_s), str(error))
            raise
        if method == CHAIN_ID:
            self._serves(quantity(self.rpc.endpoint, result))
        else:
            self._become(answered(self.standing, self._clock()), "")
        return result

    async def prove(self) -> None:
        """Make sure that it serves our chain. Raises UnreachableError."""
        if self.standing.chain is Chain.RIGHT:
            return
        async with self._proving:
            if self.standing.chain is Chain.UNPROVEN or self.standing.due(self._clock()):
                try:
                    await self.call(CHAIN_ID, [])
                except RpcRefusedError as refused:
                    raise UnreachableError(f"{self.host}: does not say which chain it serves") from refused
        if self.standing.chain is Chain.WRONG:
            raise UnreachableError(f"{self.host}: serves another chain")

    def at(self, number: int, best: int) -> None:
        """Note its newest block beside the newest that is agreed on."""
        standing = seen(self.standing, number, best, LAG_BLOCKS)
        self._become(standing, f"at block {number}, {standing.behind} behind")

    def agreed(self) -> None:
        """It said what the others said."""
        self._contradicts = False

    def contradicted(self, method: str) -> None:
        """It said something else than the others; each time counts, the first is worth a line."""
        self._events.disagreed(self.host, method, again=self._contradicts)
        self._contradicts = True

    def why_not(self, now_s: float) -> str:
        """Why it is not read now; empty if it is."""
        standing = self.standing
        if standing.readable(now_s):
            return ""
        match standing.condition:
            case Condition.WRONG_CHAIN:
                return f"{self.host} serves another chain"
            case Condition.LAGGING:
                return f"{self.host} is {standing.behind} blocks behind"
            case _:
                return f"{self.host} is left alone for {standing.not_before_s - now_s:.1f} s"

    def _serves(self, chain_id: int) -> None:
        if chain_id == self._chain_id:
            self._become(proven(self.standing), "")
        else:
            detail = f"serves chain {chain_id}, not {self._chain_id}"
            self._become(misled(self.standing, self._until_s(0.0)), detail)

    def _until_s(self, pause_s: float) -> float:
        own_s = self._backoff.pause_s(self.standing.failures + 1)
        return self._clock() + max(pause_s, own_s)

    def _become(self, standing: Standing, detail: str) -> None:
        before, self.standing = self.standing.condition, standing
        if standing.condition is not before:
            self._events.endpoint(self.host, standing.condition, detail)
