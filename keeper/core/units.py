"""Numbers and names that must not be mixed up, and the integer arithmetic between them.

Chain quantities are integers: a float would lose wei and make two machines disagree. Models are floats: a
Greek has no exact value. This module holds the only two doors between those worlds, `to_float` and
`wad_from_float_down`, and the integer helpers whose *names* say which way they round, so that a reader can
see who pays for the last unit.

The new types cost nothing at run time; they stop the type checker from accepting wei where WAD is meant.
"""

from typing import NewType

Address = NewType("Address", str)
"""A checksummed, 0x-prefixed account or contract address."""

BlockHash = NewType("BlockHash", str)
"""0x-prefixed, lower-case hash of a block: the only pinned name of a moment on a chain."""

TxHash = NewType("TxHash", str)
"""0x-prefixed, lower-case hash of a signed transaction."""

Bytes32 = NewType("Bytes32", str)
"""0x-prefixed, lower-case 32-byte word, such as a vault's state hash."""

ChainId = NewType("ChainId", int)
BlockNumber = NewType("BlockNumber", int)
Nonce = NewType("Nonce", int)

Gas = NewType("Gas", int)
"""Units of gas, not their price."""

Wei = NewType("Wei", int)
"""Native currency in its smallest unit."""

Wad = NewType("Wad", int)
"""Fixed point with 18 decimals: the real number times `WAD`."""

Seconds = NewType("Seconds", int)
"""Unix time or a duration, as the chain counts: whole seconds."""

Bps = NewType("Bps", int)
"""Hundredths of a percent."""

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


def rescale_down(amount: int, from_decimals: int, to_decimals: int) -> int:
    """Express an amount of one decimal count in another, toward minus infinity when digits are lost."""
    return mul_div_down(amount, 10**to_decimals, 10**from_decimals)


def rescale_up(amount: int, from_decimals: int, to_decimals: int) -> int:
    """Express an amount of one decimal count in another, toward plus infinity when digits are lost."""
    return mul_div_up(amount, 10**to_decimals, 10**from_decimals)


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
