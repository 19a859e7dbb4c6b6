"""When two nodes said the same, although not in the same words.

Clients spell one answer in many ways: fields that only one of them adds to a header, digits in upper case, a
revert that is -32000 here and 3 there with a text of its own. Compared as text, no two kinds of client would
ever agree; compared too loosely, a lie would pass. So each answer is reduced to what the keeper uses of it.
"""

import re
from collections.abc import Hashable

import orjson

from keeper.adapters.ethereum.reverts import is_contracts, revert_data
from keeper.adapters.ethereum.rpc import RpcRefusedError

BY_HASH, BY_NUMBER = "eth_getBlockByHash", "eth_getBlockByNumber"
HEADER_FIELDS = ("number", "hash", "parentHash", "timestamp", "baseFeePerGas")
"""What a `Head` is made of. The hash covers the rest."""

UNKNOWN_BLOCK = re.compile(r"(header|block)\b.*\bnot (be )?found|(unknown|missing) (block|header)")
NO_SUCH_BLOCK = "knows no such block"
"""What a node that lags says, whether as null or as an error. It contradicts nobody."""

NOT_FOUND_CODE = -32001
"""Of EIP-1474; Besu says "Nonce too low" with it, but never to a read."""

REQUEST_CODES = range(-32700, -32599)
"""The request itself was at fault: a method or parameter that the node does not take."""


def result_key(method: str, result: object) -> Hashable:
    """Equal for two results that are the same to us."""
    if method in {BY_HASH, BY_NUMBER} and isinstance(result, dict):
        return tuple(str(result.get(field)).lower() for field in HEADER_FIELDS)
    if method == BY_HASH and result is None:
        return NO_SUCH_BLOCK
    return orjson.dumps(result, option=orjson.OPT_SORT_KEYS).lower()


def refusal_key(refused: RpcRefusedError) -> Hashable:
    """Equal for two refusals of one kind with the same data; the words are each client's own."""
    if knows_no_such_block(refused):
        return NO_SUCH_BLOCK
    data = revert_data(refused.data)
    if is_contracts(refused):
        return ("reverted", data)
    return ("refused the request" if refused.code in REQUEST_CODES else "refused", data)


def knows_no_such_block(refused: RpcRefusedError) -> bool:
    """Whether the node lacks the block that the question names: it may get it in a moment."""
    if is_contracts(refused):
        return False
    return refused.code == NOT_FOUND_CODE or UNKNOWN_BLOCK.search(refused.message.lower()) is not None
