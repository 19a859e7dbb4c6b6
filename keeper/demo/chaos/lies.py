"""A node that is wrong about one thing at a time, in an answer of the right shape.

Each lie would make a keeper that believes it lose money or forget a transaction: a nonce that is taken or far
ahead, a balance that is not there, a receipt that nobody mined or that says the contrary, another price, a
hash under which a broadcast will never be found.
"""

import random
from collections.abc import Callable, Mapping
from typing import TypeAlias

from keeper.demo.chaos.questions import Answer, Question, refusal
from keeper.demo.rpc import Json, as_int

WORD_DIGITS = 64
_HALF = 0.5
_PLAUSIBLE = range(2**16, 2**128)
"""Words that are amounts or prices rather than offsets, flags or addresses."""

WORDS_OF_TAKEN = ("already known", "nonce too low: next nonce 99, tx nonce 98")
"""What a node may say of a transaction that it has, by another way or from an earlier try."""

WORDS_OF_REFUSED = (
    "replacement transaction underpriced",
    "insufficient funds for gas * price + value",
    "transaction underpriced",
)
"""What an honest node says of a transaction that it does not take. With one that it did take, it is a lie."""

_Lie: TypeAlias = "Callable[[Question, Json, dict[str, Json], random.Random], Json]"


def lie(question: Question, answer: Answer, tip: dict[str, Json], chance: random.Random) -> Answer:
    """The answer with something wrong in it; as it was where there is nothing to lie about.

    `tip` is the newest block: an invented receipt must point to one that exists.
    """
    if question.is_broadcast and chance.random() < _HALF:
        return refusal(chance.choice(WORDS_OF_REFUSED))
    told = _LIES.get(question.method)
    if told is None or "result" not in answer:
        return answer
    return {"result": told(question, answer["result"], tip, chance)}


def wrong_words(chance: random.Random, *, taken: bool) -> Answer:
    """Another answer than acceptance, in a client's words, to a transaction that was taken or was not."""
    return refusal(chance.choice(WORDS_OF_TAKEN if taken else WORDS_OF_TAKEN + WORDS_OF_REFUSED))


def _balance(_: Question, result: Json, __: dict[str, Json], chance: random.Random) -> Json:
    return hex(chance.choice((0, as_int(result) * 2)))


def _nonce(_: Question, result: Json, __: dict[str, Json], chance: random.Random) -> Json:
    return hex(max(0, as_int(result) + chance.choice((-1, 1, 3))))


def _code(_: Question, __: Json, ___: dict[str, Json], ____: random.Random) -> Json:
    return "0xef0100" + "11" * 20


def _receipt(question: Question, result: Json, tip: dict[str, Json], chance: random.Random) -> Json:
    if not isinstance(result, dict):
        return _invented(question, tip)
    if chance.random() < _HALF:
        return None
    return {**result, "status": "0x0" if result.get("status") == "0x1" else "0x1", "logs": []}


def _invented(question: Question, tip: dict[str, Json]) -> Json:
    return {
        "transactionHash": question.params[0],
        "blockNumber": tip["number"],
        "blockHash": tip["hash"],
        "status": "0x1",
        "gasUsed": "0x5208",
        "effectiveGasPrice": "0x1",
        "logs": [],
    }


def _words(_: Question, result: Json, __: dict[str, Json], chance: random.Random) -> Json:
    """One amount of an ABI-encoded answer, a tenth larger."""
    text = str(result).removeprefix("0x")
    starts = [
        at
        for at in range(0, len(text) - WORD_DIGITS + 1, WORD_DIGITS)
        if int(text[at : at + WORD_DIGITS], 16) in _PLAUSIBLE
    ]
    if not starts:
        return result
    at = chance.choice(starts)
    raised = int(text[at : at + WORD_DIGITS], 16) * 11 // 10
    return f"0x{text[:at]}{raised:0{WORD_DIGITS}x}{text[at + WORD_DIGITS :]}"


def _hash(_: Question, __: Json, ___: dict[str, Json], chance: random.Random) -> Json:
    return f"0x{chance.getrandbits(256):064x}"


def _block(_: Question, result: Json, __: dict[str, Json], chance: random.Random) -> Json:
    if not isinstance(result, dict):
        return result
    return {**result, "hash": f"0x{chance.getrandbits(256):064x}"}


_LIES: Mapping[str, _Lie] = {
    "eth_getBalance": _balance,
    "eth_getTransactionCount": _nonce,
    "eth_getCode": _code,
    "eth_getTransactionReceipt": _receipt,
    "eth_call": _words,
    "eth_sendRawTransaction": _hash,
    "eth_getBlockByNumber": _block,
}
