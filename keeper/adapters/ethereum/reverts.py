"""Why a contract refused, in words.

A node hands over a revert as bytes. "execution reverted" tells an operator nothing; `InsideBand(gap=...,
band=...)` tells what to change. Selectors of the vault, the venue, the tokens and their libraries are known;
the old protocols below them revert with short texts, some of which need a word of explanation; whatever else
comes is shown as it is, never guessed.
"""

import binascii
from collections.abc import Mapping

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address

from keeper.adapters.ethereum.abi import table
from keeper.adapters.ethereum.refusals import OUT_OF_GAS
from keeper.adapters.ethereum.rpc import RpcRefusedError

REVERT_CODE = 3
SELECTOR = 4
ERROR = bytes.fromhex("08c379a0")
PANIC = bytes.fromhex("4e487b71")
MAX_TEXT = 120
MAX_BYTES = 36

PANICS = {
    0x01: "assertion failed",
    0x11: "arithmetic overflow",
    0x12: "division by zero",
    0x21: "no such enum value",
    0x31: "pop of an empty array",
    0x32: "index out of bounds",
    0x41: "out of memory",
    0x51: "call of an empty function",
}

TEXTS = {
    "LOK": "the pool is locked or was never initialised",
    "AS": "the pool was asked to swap nothing",
    "SPL": "the pool's price is beyond the limit",
    "IIA": "the pool was paid too little",
    "TF": "a token transfer failed",
    "No data present": "the feed has no round yet",
}
"""Of Uniswap v3 core and Chainlink's aggregator."""

NO_GAS_WORDS = ("out of gas", "outofgas", "gas required exceeds", "intrinsic gas")
EVM_WORDS = ("execution reverted", "evm error", "invalid opcode", "stack underflow", "vm execution error")


def explain(data: bytes) -> str:
    """The contract's error with its operands. Never raises: nonsense is shown as hexadecimal digits."""
    if not data:
        return "reverted without a reason"
    selector, operands = data[:SELECTOR], data[SELECTOR:]
    try:
        if selector == ERROR:
            return _text(decode(["string"], operands)[0])
        if selector == PANIC:
            code = decode(["uint256"], operands)[0]
            return f"Panic({code:#04x}: {PANICS.get(code, 'unknown')})"
        signature = table().errors.get(selector)
        if signature is not None:
            values = decode(signature.types, operands)
            shown = (
                f"{n}={_shown(v, t)}"
                for n, t, v in zip(signature.names, signature.types, values, strict=True)
            )
            return f"{signature.name}({', '.join(shown)})"
    except (DecodingError, UnicodeDecodeError, OverflowError):
        pass
    return f"unknown error 0x{data[:MAX_BYTES].hex()}{'…' if len(data) > MAX_BYTES else ''}"


def is_contracts(refused: RpcRefusedError) -> bool:
    """Whether a node's refusal of a call is the contract's doing, and not the node's own.

    The difference decides whether a plan is bad or the node unable: a block that it lost is no revert.
    """
    words = refused.message.lower()
    return refused.code == REVERT_CODE or any(word in words for word in NO_GAS_WORDS + EVM_WORDS)


def contract_error(refused: RpcRefusedError) -> str:
    """What the contract said with such a refusal."""
    data, words = revert_data(refused.data), refused.message.lower()
    if data:
        return explain(data)
    if any(word in words for word in NO_GAS_WORDS):
        return OUT_OF_GAS
    return explain(data) if refused.code == REVERT_CODE else refused.message


def revert_data(data: object) -> bytes:
    """The revert's bytes in what came with a node's error: hexadecimal text, after a word or nested."""
    if isinstance(data, Mapping):
        return revert_data(data.get("data"))
    if not isinstance(data, str):
        return b""
    try:
        return binascii.unhexlify(data[data.index("0x") + 2 :].strip())
    except ValueError:
        return b""


def _shown(value: object, kind: str) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if kind == "address":
        return to_checksum_address(str(value))
    return str(value)


def _text(said: str) -> str:
    readable = "".join(c if c.isprintable() else " " for c in said[:MAX_TEXT])
    return f'"{readable}" ({TEXTS[said]})' if said in TEXTS else f'"{readable}"'
