"""A private relay: bundles go to a builder, not to a pool, and nobody else sees them.

It tries while it is asked to, and promises to stop at a block. The promise is not always kept: a bundle that
was given up may still be mined ("90 minutes after failed" is on record), which is what `late` is for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from keeper.adapters.ethereum.rpc import RpcRefusedError
from keeper.core.units import TxHash
from keeper.ports import UnreachableError
from tests.nodes.chain import ScriptedChain
from tests.nodes.clients import CLIENTS
from tests.nodes.faults import SEND
from tests.nodes.tx import Tx, decoded

SEND_PRIVATE = "eth_sendPrivateTransaction"


@dataclass
class PrivateRelay:
    """See the module. `includes`: whether its builder wins blocks now."""

    chain: ScriptedChain
    name: str = "relay"
    lasts_blocks: int = 25
    includes: bool = True
    late: bool = False
    down: bool = False
    bundles: dict[TxHash, tuple[Tx, int]] = field(default_factory=dict)
    """By hash: the transaction, and the last block that it was asked for."""

    def __post_init__(self) -> None:
        self.chain.sources.append(self)

    @property
    def host(self) -> str:
        """What people see of the endpoint."""
        return self.name

    async def call(self, method: str, params: Sequence[object]) -> object:
        """Take a transaction, raw or in a request with `maxBlockNumber`. Everything else is refused."""
        if method == SEND:
            return self._take(str(params[0]), self.chain.tip.number + self.lasts_blocks)
        asked = params[0] if params else None
        if method == SEND_PRIVATE and isinstance(asked, Mapping):
            until = asked.get("maxBlockNumber", hex(self.chain.tip.number + self.lasts_blocks))
            return self._take(str(asked["tx"]), int(str(until), 16))
        raise RpcRefusedError(-32601, f"the method {method} does not exist/is not available")

    def offers(self, nonce: int, number: int) -> Iterator[Tx]:
        """What its builder may put into this block."""
        for tx, until in self.bundles.values():
            if tx.nonce == nonce and self.includes and (number <= until or self.late):
                yield tx

    def moved(self, returned: tuple[Tx, ...]) -> None:
        """Nothing of a reorganisation comes back to it by itself."""

    def _take(self, raw: str, until: int) -> object:
        tx = decoded(bytes.fromhex(raw.removeprefix("0x")))
        self.chain.note(self.name, tx)
        if self.down:
            raise UnreachableError(f"{self.name}: closed the connection without an answer")
        if tx.nonce < self.chain.tip.nonce:
            # It sees a block before our nodes do.
            said = CLIENTS["geth"].refusal("nonce-used")
            raise RpcRefusedError(said.code, said.message)
        self.bundles[tx.tx_hash] = (tx, until)
        return tx.tx_hash
