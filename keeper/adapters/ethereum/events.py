"""What this adapter has to tell; log lines and metrics are made of it elsewhere (see `observe`)."""

from typing import Literal, Protocol

from keeper.adapters.ethereum.standing import Condition
from keeper.core.head import Head

Answered = Literal["ok", "refused", "unreachable"]
Via = Literal["poll", "push"]
"""How heads come from a node: by asking, or over a subscription."""


class NodeEvents(Protocol):
    """Never raises, never waits. `endpoint` is a host: no URL gets here."""

    def rpc(self, endpoint: str, method: str, outcome: Answered, seconds: float) -> None:
        """A question to a node came to an end."""
        ...

    def head(self, head: Head, missed: int, reorg_depth: int) -> None:
        """A new tip: how many blocks before it were never seen, and how many known ones it replaced."""
        ...

    def heads_lost(self, endpoint: str, via: Via, detail: str) -> None:
        """A node tells no more heads: it went away, or serves another chain. Told once, until it is back."""
        ...

    def heads_told(self, endpoint: str, via: Via, *, again: bool) -> None:
        """A node tells heads: for the first time, or `again` after it was lost."""
        ...

    def endpoint(self, endpoint: str, condition: Condition, detail: str) -> None:
        """An endpoint of a pool is made, or stands differently with us from now on."""
        ...

    def disagreed(self, endpoint: str, method: str, *, again: bool) -> None:
        """An endpoint gave another answer than was agreed on; `again` if its last answer was so too."""
        ...


class Untold:
    """For tools and tests that have nobody to tell."""

    def rpc(self, endpoint: str, method: str, outcome: Answered, seconds: float) -> None:
        """Nothing."""

    def head(self, head: Head, missed: int, reorg_depth: int) -> None:
        """Nothing."""

    def heads_lost(self, endpoint: str, via: Via, detail: str) -> None:
        """Nothing."""

    def heads_told(self, endpoint: str, via: Via, *, again: bool) -> None:
        """Nothing."""

    def endpoint(self, endpoint: str, condition: Condition, detail: str) -> None:
        """Nothing."""

    def disagreed(self, endpoint: str, method: str, *, again: bool) -> None:
        """Nothing."""


UNTOLD = Untold()
