"""A JSON-RPC answer becomes a fact, or nothing: never half a fact.

An answer of the wrong shape counts as none, so everything here raises UnreachableError for it.
"""

import re
from collections.abc import Hashable, Mapping

from keeper.adapters.wallet.needs import Absent, Block, Log, Receipt
from keeper.core.units import BlockHash, TxHash
from keeper.ports import UnreachableError

QUANTITY = re.compile(r"0x[0-9a-f]{1,64}")
AMOUNT_BITS = 256
COUNTER_BITS = 63
"""Of nonces, block numbers, times and gas, as the journal holds them: a node that says more is broken."""

DELEGATION = "0xef0100"
"""How the code of an account begins that runs the code of another (EIP-7702)."""

LOG_FIELDS = ("address", "topics", "data")
"""What a vault's event is read from; clients differ in the rest."""


def text(answer: object) -> str:
    """Text in lower case."""
    if not isinstance(answer, str):
        raise UnreachableError("the node's answer holds no text where a hash belongs")
    return answer.lower()


def quantity(answer: object, bits: int = COUNTER_BITS) -> int:
    """A 0x-prefixed number of at most so many bits."""
    digits = text(answer)
    number = int(digits, 16) if QUANTITY.fullmatch(digits) else 1 << bits
    if number >> bits:
        raise UnreachableError(f"the node's answer holds no number of {bits} bits where one belongs")
    return number


def fields_of(answer: object) -> Mapping[str, object]:
    """An object's fields."""
    if not isinstance(answer, dict):
        raise UnreachableError("the node's answer is not an object")
    return answer


def receipt_of(answer: object) -> Receipt | Absent:
    """A receipt, or that there is none."""
    if answer is None:
        return Absent()
    fields = fields_of(answer)
    logs = fields.get("logs")
    return Receipt(
        tx_hash=TxHash(text(fields.get("transactionHash"))),
        block_number=quantity(fields.get("blockNumber")),
        block_hash=BlockHash(text(fields.get("blockHash"))),
        succeeded=quantity(fields.get("status")) == 1,
        gas_used=quantity(fields.get("gasUsed")),
        price_wei=quantity(fields.get("effectiveGasPrice"), AMOUNT_BITS),
        logs=tuple(fields_of(log) for log in logs) if isinstance(logs, list) else (),
    )


def block_of(answer: object) -> Block | Absent:
    """A block, or that there is none."""
    if answer is None:
        return Absent()
    fields = fields_of(answer)
    return Block(BlockHash(text(fields.get("hash"))), quantity(fields.get("timestamp")))


def receipt_key(receipt: Receipt | Absent) -> Hashable:
    """Equal for two receipts that are the same to us, from clients that spell them differently."""
    if isinstance(receipt, Absent):
        return receipt
    logs = tuple(_log_key(log) for log in receipt.logs)
    facts = (receipt.block_number, receipt.block_hash, receipt.succeeded, receipt.gas_used, receipt.price_wei)
    return (*facts, logs)


def _log_key(log: Log) -> Hashable:
    return tuple(str(log.get(field)).lower() for field in LOG_FIELDS)
