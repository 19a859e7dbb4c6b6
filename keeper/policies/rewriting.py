"""One value of a policy file, exchanged in place.

A policy is a page that people have commented, ordered and signed off. A program that reads it into a tree and
writes the tree back loses all that. So the one value is found by its place in the text, and every other byte
stays what it was.
"""

import re

from keeper.policies.problems import PolicyError, Problem
from keeper.policies.reading import parse_policy
from keeper.policies.source import read_document

_KEY = ("hedging", "risk_tolerance_usd")
_VALUE = re.compile(r"""'[^']*'|"[^"]*"|[0-9][0-9_.]*""")
_BYTE_ORDER_MARK = "\ufeff".encode()


def with_tolerance(file: str, raw: bytes, tolerance_usd: int) -> bytes:
    """The file's bytes with another `hedging.risk_tolerance_usd`. Raises PolicyError for a bad file."""
    parse_policy(file, raw)
    place = read_document(file, raw).values[_KEY]
    mark = _BYTE_ORDER_MARK if raw.startswith(_BYTE_ORDER_MARK) else b""
    lines = raw.removeprefix(mark).decode().splitlines(keepends=True)
    line, column = place[0] - 1, place[1] - 1
    found = _VALUE.match(lines[line], column)
    if found is None:
        raise PolicyError([Problem(file, *place, "hedging.risk_tolerance_usd: write it as one number here")])
    lines[line] = f"{lines[line][:column]}{tolerance_usd:_}{lines[line][found.end() :]}"
    return mark + "".join(lines).encode()
