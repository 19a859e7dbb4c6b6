"""Transactions and questions for the tests of the scripted nodes."""

from typing import Any

from keeper.adapters.ethereum.rpc import RpcRefusedError
from keeper.core.transaction.unsigned import SignedBytes, Unsigned
from keeper.core.transaction.words import Answer, classify
from keeper.core.units import GWEI
from tests.nodes.chain import ACCOUNT
from tests.nodes.node import ScriptedNode
from tests.nodes.tx import cheaply_signed
from tests.nodes.vault import told

FAR = 2**40


def unsigned(nonce: int = 0, fee: int = 50 * GWEI, tip: int = GWEI, **changes: Any) -> Unsigned:  # noqa: ANN401 any field
    fields: dict[str, Any] = {
        "chain_id": 1,
        "nonce": nonce,
        "to": ACCOUNT,
        "data": told("intent", FAR),
        "value_wei": 0,
        "gas_limit": 200_000,
        "max_fee_wei": fee,
        "tip_wei": tip,
    }
    return Unsigned(**fields | changes)


def signed(nonce: int = 0, fee: int = 50 * GWEI, tip: int = GWEI, **changes: Any) -> SignedBytes:  # noqa: ANN401 as above
    return cheaply_signed(unsigned(nonce, fee, tip, **changes))


async def send(node: ScriptedNode, tx: SignedBytes) -> Answer:
    """What the node says, as the keeper understands it."""
    try:
        result = await node.call("eth_sendRawTransaction", ["0x" + tx.raw.hex()])
    except RpcRefusedError as refused:
        return classify(refused.message)
    return Answer.ACCEPTED if result == tx.tx_hash else Answer.UNKNOWN
