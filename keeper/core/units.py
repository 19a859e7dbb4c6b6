"""Numbers and names that must not be mixed up, and the integer arithmetic between them.

Chain quantities are integers: a float would lose wei and make two machines disagree. Models are floats: a
Greek has no exact value. This module holds the only two doors between those worlds, `to_float` and
`wad_from_float_down`, and the integer helpers whose *names* say which way they round, so that a reader can
see who pays for the last unit.

The new types cost nothing at run time; they stop the type checker from accepting a transaction's hash where
a block's is meant. The unit of a plain number ends its name: `_wei`, `_wad`, `_units`, `_s`, `_bps`.
"""

from typing import NewType

Address = NewType("Address", str)
"""A checksummed, 0x-prefixed account or contract address."""

BlockHash = NewType("BlockHash", str)
"""0x-prefixed, lower-case hash of a block: the only pinned name of a moment on a chain."""

TxHash = NewType("TxHash", str)
"""0x-prefixed, lower-case hash of a signed transaction."""

Wad = NewType("Wad", int)
"""Fixed point with 18 decimals: the real number times `WAD`."""

WAD = 10**18
BPS = 10_000
GWEI = 10**9
YEAR_SECONDS = 365 * 86_400
"""The year of every annualised rate here and on chain; leap days are ignored on both sides alike."""


def mul_div_down(x: int, y: int, denominator: int) -> int:
    """Return floor(x * y / denominator) without intermediate overflow or loss.

    Down means toward minus infinity, for negative operands too. Raises ZeroDivisionError for a zero
    denominator.
    """
    return x * y // denominator


def mul_div_up(x: int, y: int, denominator: int) -> int:
    """Return ceil(x * y / denominator), toward plus infinity.

    Raises ZeroDivisionError for a zero denominator.
    """
    return -(-(x * y) // denominator)


def div_up(x: int, denominator: int) -> int:
    """Return ceil(x / denominator), toward plus infinity. Raises ZeroDivisionError for a zero denominator."""
    return -(-x // denominator)


def wad_from_float_down(value: float) -> Wad:
    """Return the WAD nearest to a float on the side of zero: a size made of it never exceeds what was meant.

    A float is a ratio of two integers, so the product is exact and only the last division rounds.
    Raises ValueError for NaN and OverflowError for an infinity.
    """
    numerator, denominator = value.as_integer_ratio()
    magnitude = mul_div_down(abs(numerator), WAD, denominator)
    return Wad(magnitude if numerator >= 0 else -magnitude)


def to_float(amount: int, unit: int = WAD) -> float:
    """Return amount / unit as the nearest float (integer division in Python rounds once, correctly)."""
    return amount / unit
