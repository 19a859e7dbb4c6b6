"""The port `Reader` over one node: the lens reads, the guard is asked."""

from collections.abc import Sequence

from keeper.adapters.ethereum.client import Client
from keeper.adapters.ethereum.guard import Guard
from keeper.adapters.ethereum.lens import LensReader, Subject
from keeper.core.head import Head
from keeper.core.market import Reference
from keeper.core.plan import Plan
from keeper.ports import Evidence, Simulated, WouldRevert


class ChainReader:
    """Everything about the vaults of a subject, through one node. `call_gas` is the most a read may use."""

    def __init__(self, rpc: Client, subject: Subject, call_gas: int = 30_000_000) -> None:
        self._lens = LensReader(rpc, subject, call_gas)
        self._guard = Guard(rpc, subject.keeper)

    async def read(self, head: Head, references: Sequence[Reference]) -> Evidence:
        """Everything about all vaults at `head.hash`. Raises UnreachableError."""
        return await self._lens.read(head, references)

    async def simulate(self, plan: Plan, head: Head) -> Simulated | WouldRevert:
        """Run the exact call at `head.hash`. Raises UnreachableError."""
        return await self._guard.simulate(plan, head)
