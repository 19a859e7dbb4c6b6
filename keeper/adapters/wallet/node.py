"""A JSON-RPC client as the wallet's node.

A refusal and a missing answer must stay apart: the first has words that mean something, after the second the
bytes may or may not be in a pool. The client says which by the type it raises; the type of its refusals is
handed in, because adapters do not know one another.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from keeper.adapters.wallet.needs import Absent, Block, NotTaken, Receipt, Taken
from keeper.core.units import Address, BlockHash, TxHash
from keeper.ports import UnreachableError

QUANTITY = re.compile(r"0x[0-9a-f]{1,64}")
AMOUNT_BITS = 256
COUNTER_BITS = 63
"""Of nonces, block numbers, times and gas, as the journal holds them: a node that says more is broken."""


class Call(Protocol):
    """A JSON-RPC question to one node."""

    async def __call__(self, method: str, params: Sequence[object]) -> object:
        """The `result`. Raises UnreachableError, or the client's own error for a refusal."""
        ...


class RpcNode:
    """The wallet's questions in JSON-RPC. An answer of the wrong shape counts as none: UnreachableError."""

    def __init__(self, call: Call, refusal: type[Exception]) -> None:
        self._call = call
        self._refusal = refusal

    async def nonce(self, account: Address) -> int:
        """`eth_getTransactionCount` at latest: the pool's opinion is the ledger's business."""
        return _quantity(await self._ask("eth_getTransactionCount", [account, "latest"]))

    async def balance_wei(self, account: Address) -> int:
        """`eth_getBalance` at latest."""
        return _quantity(await self._ask("eth_getBalance", [account, "latest"]), AMOUNT_BITS)

    async def send(self, raw: bytes) -> Taken | NotTaken:
        """`eth_sendRawTransaction`."""
        try:
            answer = await self._call("eth_sendRawTransaction", ["0x" + raw.hex()])
        except self._refusal as refused:
            return NotTaken(str(refused))
        return Taken(_text(answer))

    async def receipt(self, tx_hash: TxHash) -> Receipt | Absent:
        """`eth_getTransactionReceipt`."""
        answer = await self._ask("eth_getTransactionReceipt", [tx_hash])
        if answer is None:
            return Absent()
        fields = _object(answer)
        logs = fields.get("logs")
        return Receipt(
            tx_hash=TxHash(_text(fields.get("transactionHash"))),
            block_number=_quantity(fields.get("blockNumber")),
            block_hash=BlockHash(_text(fields.get("blockHash"))),
            succeeded=_quantity(fields.get("status")) == 1,
            gas_used=_quantity(fields.get("gasUsed")),
            price_wei=_quantity(fields.get("effectiveGasPrice"), AMOUNT_BITS),
            logs=tuple(_object(log) for log in logs) if isinstance(logs, list) else (),
        )

    async def block(self, number: int) -> Block | Absent:
        """`eth_getBlockByNumber`, without its transactions."""
        answer = await self._ask("eth_getBlockByNumber", [hex(number), False])
        if answer is None:
            return Absent()
        fields = _object(answer)
        return Block(BlockHash(_text(fields.get("hash"))), _quantity(fields.get("timestamp")))

    async def _ask(self, method: str, params: Sequence[object]) -> object:
        try:
            return await self._call(method, params)
        except self._refusal as refused:
            # A read that a node refuses has not been answered: nothing may be concluded from it.
            raise UnreachableError(f"{method}: {refused}") from refused


def _text(answer: object) -> str:
    if not isinstance(answer, str):
        raise UnreachableError("the node's answer holds no text where a hash belongs")
    return answer.lower()


def _quantity(answer: object, bits: int = COUNTER_BITS) -> int:
    text = _text(answer)
    number = int(text, 16) if QUANTITY.fullmatch(text) else 1 << bits
    if number >> bits:
        raise UnreachableError(f"the node's answer holds no number of {bits} bits where one belongs")
    return number


def _object(answer: object) -> Mapping[str, object]:
    if not isinstance(answer, dict):
        raise UnreachableError("the node's answer is not an object")
    return answer
