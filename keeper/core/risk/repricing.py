"""What books would be worth at other prices and volatilities, by pricing every leg anew.

A stress grid, a shortfall and the way to a margin call all ask the same: the value of each book at dozens of
spots. A Taylor series answers it fast and is wrong exactly where the question matters, beyond the strikes and
near expiry. So every leg is priced again, and what makes that affordable is that it need not be done as
carefully as in `pricing.black_scholes`: a loss is a sum over legs, so it needs digits of the spot and not of
each price's own tail. That leaves the textbook formula, in which three things can be taken out of the loop.

* A move m multiplies the spot, and d1 = (ln(S/K) + ln m) / v + v/2: no logarithm for each leg and move.
* A put is the call of its strike, less m S, plus K: only calls are priced, and what parity adds is linear in
  m, two numbers for each book.
* An option without variance has v = LEAST_WIDTH, so that the formula gives its intrinsic value.

The error is a few roundings of the spot for each unit of a leg (tests/core/risk/test_repricing.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from keeper.core.exposure import Situation
from keeper.core.pricing.black_scholes import Flags, Floats
from keeper.core.units import BPS, to_float

LEAST_WIDTH = 1e-12
"""Standard deviation of an option that has none left: the price is off by at most this share of the spot."""

_TOGETHER = 64
"""Books that are priced in one go: a go's matrices then stay in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Books:
    """The legs of many vaults in columns, `first` and `end` of each vault's among them, and its market.

    `strike` in quote, `years` to expiry, `size` in base. Of each vault, `inventory` in base, `quote` beside
    it, `margin`, what its short legs ask for as collateral, in base, and `stressed`, by what the moves of the
    stress grid are multiplied.
    """

    first: NDArray[np.int64]
    end: NDArray[np.int64]
    strike: Floats
    years: Floats
    is_call: Flags
    size: Floats
    spot: Floats
    volatility: Floats
    inventory: Floats
    quote: Floats
    margin: Floats
    stressed: Floats

    @property
    def leg_volatility(self) -> Floats:
        """The volatility that each leg is priced at now."""
        return np.repeat(self.volatility, self.end - self.first)


def books_of(each: Sequence[Situation], stressed: Sequence[float] = ()) -> Books:
    """The books of some vaults side by side; the stress grid as it is unless it is said otherwise."""
    lengths = np.array([len(one.legs.size) for one in each], dtype=np.int64)
    end = np.cumsum(lengths)
    size = _joined([one.legs.size for one in each])
    row = np.repeat(np.arange(len(each)), lengths)
    short = np.bincount(row, weights=np.maximum(-size, 0.0), minlength=len(each)).astype(np.float64)
    return Books(
        first=end - lengths,
        end=end,
        strike=_joined([one.legs.strike for one in each]),
        years=_joined([one.legs.years for one in each]),
        is_call=_joined([one.legs.is_call for one in each]).astype(np.bool_),
        size=size,
        spot=np.array([one.exposure.spot for one in each], dtype=np.float64),
        volatility=np.array([one.exposure.volatility for one in each], dtype=np.float64),
        inventory=np.array([one.exposure.inventory for one in each], dtype=np.float64),
        quote=np.array([to_float(one.vault.quote_units, 10**one.vault.quote_decimals) for one in each]),
        margin=short * np.array([one.vault.rules.margin_bps / BPS for one in each]),
        stressed=np.array(stressed if len(stressed) else [1.0] * len(each), dtype=np.float64),
    )


def _joined(columns: Sequence[Floats] | Sequence[Flags]) -> Floats:
    return np.concatenate(columns).astype(np.float64) if columns else np.zeros(0)


def values(books: Books, move: Floats, leg_volatility: Floats) -> Floats:
    """Value of each vault's legs and inventory in quote, a row each, at multiples `move` of its spot.

    `move` has a row for each vault, or one for all. A row does not depend on the others, to the last bit.
    """
    count = len(books.spot)
    moves = np.broadcast_to(move, (count, move.shape[-1]))
    found = np.empty(moves.shape)
    with np.errstate(all="ignore"):
        logs = np.log(moves)
        for first in range(0, count, _TOGETHER):
            some = slice(first, min(first + _TOGETHER, count))
            found[some] = _values(books, some, moves[some], logs[some], leg_volatility)
    return found


def _values(books: Books, some: slice, move: Floats, log_move: Floats, leg_volatility: Floats) -> Floats:
    first, end = books.first[some], books.end[some]
    legs = slice(int(first[0]), int(end[-1]))
    row = np.repeat(np.arange(len(first)), end - first)
    spot, strike, size = books.spot[some], books.strike[legs], books.size[legs]
    put_size = np.where(books.is_call[legs], 0.0, size)
    # C - m S + K of every put, summed: linear in m.
    slope = books.inventory[some] - np.bincount(row, weights=put_size, minlength=len(first))
    offset = np.bincount(row, weights=put_size * strike, minlength=len(first))
    total = (slope * spot)[:, None] * move + offset[:, None]
    filled = end > first
    if filled.any():
        calls = _calls(spot[row], strike, _width(books.years[legs], leg_volatility[legs]),
                       move[row], log_move[row]) * size[:, None]  # fmt: skip
        total[filled] += np.add.reduceat(calls, (first - legs.start)[filled], axis=0)
    return total


def _width(years: Floats, volatility: Floats) -> Floats:
    """Standard deviation of the logarithm at expiry. NaN stays NaN."""
    width: Floats = np.sqrt(np.maximum(years, 0.0)) * np.maximum(volatility, 0.0)
    return np.maximum(width, LEAST_WIDTH)


def _calls(spot: Floats, strike: Floats, width: Floats, move: Floats, log_move: Floats) -> Floats:
    """Calls by move: m S N(d1) - K N(d2)."""
    upper = (log_move + np.log(spot / strike)[:, None]) / width[:, None]
    upper += (0.5 * width)[:, None]
    worth: Floats = ndtr(upper)
    upper -= width[:, None]
    worth *= move
    worth *= spot[:, None]
    lower: Floats = ndtr(upper)
    lower *= strike[:, None]
    worth -= lower
    return worth
