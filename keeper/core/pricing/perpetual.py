"""Perpetual futures: what a position has earned, how that moves, what funding takes, and where it is closed.

Two kinds of contract exist. A *linear* one is `size` units of the underlying, settled in quote. An *inverse*
one is `size` quote units' worth of the underlying, settled in the underlying itself: its profit in coin,
size (1/entry - 1/mark), is concave, and its margin is a holding of the coin. In quote the two cancel: the
contract alone is a constant delta, size/entry, and the margin adds its own amount to that.

With margin M, entry e, mark S and maintenance fraction m, a position is closed where its equity is m times
its notional:

    linear:   M + q (S - e) = m |q| S            S* = (q e - M) / (q - m |q|)
    inverse:  M + q (1/e - 1/S) = m |q| / S      S* = (q + m |q|) / (M + q / e)

Every interval, longs pay shorts the funding rate on the notional at the mark. Sources: the venues' contract
specifications (BitMEX XBTUSD guide; Deribit inverse perpetual); He, Manela, Ross & von Wachter 2022,
"Fundamentals of perpetual futures"; Alexander, Chen & Imeraj 2023, "Crypto quanto and inverse options".
Fees, tiers of the maintenance fraction and cross margin are the venue's: the caller passes what applies.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from keeper.core.pricing.black_scholes import Floats


class Perpetual(NamedTuple):
    """A position with its margin, in arrays of the common shape.

    `profit`, `equity` and `funding` in the currency that the contract settles in. `delta` and `gamma` are
    those of the equity's worth in quote, in units of the underlying. `margin_ratio` is equity over notional,
    to hold against the maintenance fraction. `liquidation` is a mark price in quote, at or below which a long
    is closed and at or above which a short is: 0 and infinity where no price does. It is NaN and the ratio
    infinite without a contract.
    """

    profit: Floats
    equity: Floats
    delta: Floats
    gamma: Floats
    margin_ratio: Floats
    liquidation: Floats


def linear(
    mark: ArrayLike, entry: ArrayLike, size: ArrayLike, margin: ArrayLike, maintenance: ArrayLike
) -> Perpetual:
    """A contract on `size` units (short: negative), margin in quote; inputs broadcast.

    NaN where mark or entry is not positive or the maintenance fraction not in [0, 1). Raises nothing.
    """
    s, e, q, backing, share = _inputs(mark, entry, size, margin, maintenance)
    profit = q * (s - e)
    equity = backing + profit
    with np.errstate(all="ignore"):
        # Below zero: a long that nothing closes, or a short that every price does.
        closed = np.maximum((q * e - backing) / (q - share * np.abs(q)), 0.0)
        ratio = _ratio(equity, np.abs(q) * s)
    return Perpetual(profit, equity, q + 0.0 * s, 0.0 * profit, ratio, _of_contract(closed, q))


def inverse(
    mark: ArrayLike, entry: ArrayLike, size: ArrayLike, margin: ArrayLike, maintenance: ArrayLike
) -> Perpetual:
    """A contract on `size` quote units (short: negative), margin in the underlying; inputs broadcast.

    NaN where mark or entry is not positive or the maintenance fraction not in [0, 1). Raises nothing.
    """
    s, e, q, backing, share = _inputs(mark, entry, size, margin, maintenance)
    coins = q / e
    profit = q * (s - e) / (s * e)
    equity = backing + profit
    with np.errstate(all="ignore"):
        closed = (q + share * np.abs(q)) / (backing + coins)
        ratio = _ratio(equity, np.abs(q) / s)
    # Below zero: a short that nothing closes, or a long that owes coins at every price.
    closed = np.where(closed <= 0.0, np.inf, closed)
    return Perpetual(profit, equity, backing + coins, 0.0 * profit, ratio, _of_contract(closed, q))


def linear_funding(mark: ArrayLike, size: ArrayLike, rate: ArrayLike) -> Floats:
    """What one interval's funding adds to the margin, in quote: longs pay a positive rate."""
    s, q, share = (np.asarray(value, dtype=np.float64) for value in (mark, size, rate))
    return -q * s * share


def inverse_funding(mark: ArrayLike, size: ArrayLike, rate: ArrayLike) -> Floats:
    """The same of an inverse contract, in the underlying."""
    s, q, share = (np.asarray(value, dtype=np.float64) for value in (mark, size, rate))
    return -q * share / s


class CoinGreeks(NamedTuple):
    """Slope and curvature in the mark of an inverse contract's profit in coin."""

    delta: Floats
    gamma: Floats


def inverse_in_coin(mark: ArrayLike, size: ArrayLike) -> CoinGreeks:
    """How the coin account moves: what a vault that counts in the underlying has to hedge."""
    s, q = (np.asarray(value, dtype=np.float64) for value in (mark, size))
    return CoinGreeks(q / (s * s), -2.0 * q / (s * s * s))


def _inputs(*values: ArrayLike) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    s, e, q, backing, share = np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in values))
    sound = (s > 0.0) & (e > 0.0) & (share >= 0.0) & (share < 1.0)
    return np.where(sound, s, np.nan), np.where(sound, e, np.nan), q, backing, share


def _ratio(equity: Floats, notional: Floats) -> Floats:
    """Equity over notional."""
    return np.where(notional == 0.0, np.inf, equity / notional)


def _of_contract(closed: Floats, size: Floats) -> Floats:
    return np.where(size == 0.0, np.nan, closed)
