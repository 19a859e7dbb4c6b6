"""What a question to the chain goes to: one node, or several that must agree."""

from collections.abc import Sequence
from typing import Protocol

from keeper.adapters.ethereum.endpoint import Endpoint


class Client(Protocol):
    """An `Rpc`, or a `Pool` of them."""

    @property
    def endpoint(self) -> Endpoint:
        """Whom to name when it does not answer."""
        ...

    @property
    def agree(self) -> int:
        """How many nodes stand behind an answer."""
        ...

    async def call(self, method: str, params: Sequence[object]) -> object:
        """Ask once and return the `result`. Raises RpcRefusedError or UnreachableError."""
        ...
