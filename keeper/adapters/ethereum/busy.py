"""When a node says "not now", and for how long.

A rate limit looks different at every provider: a status, a JSON-RPC code, only words. And what looks like
one need not be: -32005 is "limit exceeded" at most providers, and at Besu "transaction gas limit exceeds
block gas limit", which no waiting mends. A contract may have a rate limit of its own, and say so in its
revert. So the words are read before the code is believed.
"""

import re
from email.utils import parsedate_to_datetime

from keeper.ports import UnreachableError

LIMIT_CODES = frozenset({-32005, 429})
LIMIT_WORDS = re.compile(
    r"rate.?limit|too many requests|request limit|request count exceeded|compute units|throttl"
)
OTHER_WORDS = re.compile(r"gas limit|revert")
LONGEST_PAUSE_S = 300.0
"""A node that wants to be left alone for a day is broken, and is looked at again before that."""


class BusyError(UnreachableError):
    """The node does not answer now. It wants to be left alone for `pause_s`; 0 where it did not say."""

    def __init__(self, message: str, pause_s: float = 0.0) -> None:
        super().__init__(message)
        self.pause_s = pause_s


def is_rate_limit(code: int, words: str) -> bool:
    """Whether a JSON-RPC error says that we ask too much."""
    text = words.lower()
    if OTHER_WORDS.search(text):
        return False
    return code in LIMIT_CODES or LIMIT_WORDS.search(text) is not None


def retry_after_s(header: str, now_s: float) -> float:
    """The pause that a `Retry-After` asks for: seconds, or a date. Nonsense asks for nothing.

    `now_s` in Unix seconds, by the clock of whoever wrote the date if it is known.
    """
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_PAUSE_S)
    try:
        until_s = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return 0.0
    return min(max(until_s - now_s, 0.0), LONGEST_PAUSE_S)


def date_s(header: str, otherwise_s: float) -> float:
    """The time in a `Date` header, in Unix seconds."""
    try:
        return parsedate_to_datetime(header).timestamp()
    except (ValueError, OverflowError):
        return otherwise_s
