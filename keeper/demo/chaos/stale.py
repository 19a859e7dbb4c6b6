"""A node that is some blocks behind, made of one that is not.

It is consistent with itself: numbers, nonces, balances, calls and receipts are all of one older block, and a
block that came later is unknown to it. What it is given to broadcast it passes on, as such nodes do.
"""

from keeper.demo.chaos.questions import Answer, Ask, Question, refusal
from keeper.demo.rpc import Json, as_int

_TIPS = frozenset({"latest", "pending", "safe", "finalized"})
_MAY_BE_NOTHING = frozenset(
    {
        "eth_getBlockByNumber",
        "eth_getBlockByHash",
        "eth_getTransactionReceipt",
        "eth_getTransactionByHash",
    }
)


async def stale(question: Question, lag_blocks: int, ask: Ask) -> Answer:
    """What a node answers that is `lag_blocks` behind the one that is asked."""
    newest = max(0, as_int((await ask("eth_blockNumber", []))["result"]) - lag_blocks)
    if question.method == "eth_blockNumber":
        return {"result": hex(newest)}
    if question.is_broadcast:
        return await ask(question.method, question.params)
    for param in question.params:
        if await _is_later(param, newest, ask):
            return {"result": None} if question.method in _MAY_BE_NOTHING else refusal("header not found")
    answer = await ask(question.method, [_pinned(param, newest) for param in question.params])
    if question.method in _MAY_BE_NOTHING and _number(answer.get("result")) > newest:
        return {"result": None}
    return answer


def _pinned(param: Json, newest: int) -> Json:
    return hex(newest) if isinstance(param, str) and param in _TIPS else param


async def _is_later(param: Json, newest: int, ask: Ask) -> bool:
    """Whether a parameter names a block that this node has not seen."""
    if isinstance(param, dict) and "blockHash" in param:
        block = await ask("eth_getBlockByHash", [param["blockHash"], False])
        return _number(block.get("result")) > newest
    # A quantity, as against a hash or an address, has at most sixteen digits.
    is_number = isinstance(param, str) and param.startswith("0x") and 2 < len(param) <= 2 + 16  # noqa: PLR2004
    return is_number and as_int(param) > newest


def _number(found: Json) -> int:
    """The block number in a block, a transaction or a receipt; -1 where there is none."""
    if not isinstance(found, dict):
        return -1
    number = found.get("number", found.get("blockNumber"))
    return as_int(number) if isinstance(number, str) else -1
