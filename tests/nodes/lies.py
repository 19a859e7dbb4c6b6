"""What a lying node may say: each makes a `Lie` of tests/nodes/node.py for one method."""

from collections.abc import Sequence

from tests.nodes.chain import Block
from tests.nodes.node import Lie


def always(result: object) -> Lie:
    """This, whatever was asked: `always(None)` to eth_getTransactionReceipt hides every receipt."""
    return lambda _params, _honest: result


def more(by: int) -> Lie:
    """A number that is off, of a nonce or a balance."""

    def off(_params: Sequence[object], honest: object) -> object:
        return hex(max(0, int(str(honest), 16) + by))

    return off


def invented_receipt(block: Block, *, succeeded: bool = True) -> Lie:
    """A receipt, in this block, for any hash that is asked for."""

    def invent(params: Sequence[object], _honest: object) -> object:
        return {
            "transactionHash": params[0],
            "transactionIndex": "0x0",
            "blockNumber": hex(block.number),
            "blockHash": block.hash,
            "status": hex(int(succeeded)),
            "gasUsed": hex(100_000),
            "effectiveGasPrice": hex(block.base_fee_wei),
            "logs": [],
        }

    return invent
