"""What is compared: a contender gets a head, finds the vault that needs a hedge, and sends the hedge."""

from typing import Protocol

from benchmarks.stopwatch import Stopwatch
from keeper.core.head import Head


class Contender(Protocol):
    """One way to keep vaults."""

    @property
    def name(self) -> str:
        """What it is called in the results."""
        ...

    @property
    def watch(self) -> Stopwatch:
        """Where it tells how long it took."""
        ...

    async def act(self, head: Head) -> None:
        """Read, decide and send one hedge. Raises BenchmarkError if it was none or more than one."""
        ...

    async def settle(self, head: Head) -> None:
        """The head with the hedge in it. Raises BenchmarkError if it failed."""
        ...
