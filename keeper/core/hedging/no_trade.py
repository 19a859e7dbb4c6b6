"""When a hedge is worth its cost: the region in which the best trade is none.

Rehedging on a schedule pays for every wiggle. A band of constant width is too tight where gas is dear and too
wide where gamma is small. This module gives the near-optimal region in closed form, per look: a *centre*,
the hedge a trader who knows the costs aims at, and a *band* around it (`keeper.core.hedging.band`). Rule:

    below buy_below:  buy up to buy_to       above sell_above:  sell down to sell_to       else:  hold

Objective: least certainty-equivalent hedging cost under exponential utility (Hodges & Neuberger 1989; Davis,
Panas & Zariphopoulou 1993), geometric Brownian motion, known volatility, zero rate. Against the dynamic
programming optimum of that problem the rule loses about half a percent of the excess cost for one option,
one to four for books (tests/core/hedging/test_optimality.py).

The centre is the book's delta at a shifted volatility: hedging costs make short gamma more volatile to live
with and long gamma less (Leland 1985; Zakamouline 2006, Quant. Finance 6:435), sigma_m = sigma sqrt(1 +- K).
Zakamouline's constants belong to equities and to proportional cost; these were fitted to the optimum over
crypto parameters (volatility 50-90 %, 5-60 days, 3-40 bp). Where legs of both signs nearly cancel, the shift
would jump as net gamma changes sign; so it is scaled by the net share of gamma, which leaves a book of one
sign as it is and did best among six ways to smooth, for each of six books at two risk aversions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keeper.core.hedging.band import LEAST, MOST, Floats, Reals, looked_at, mixed_band, static_band, wider
from keeper.core.pricing.black_scholes import Flags, greeks

_OPEN_ENDED_YEARS = 7 / 365
"""Horizon of a residual when no leg is alive: nobody knows when one opens; a week is the vaults' cycle."""

_LARGEST_SHIFT = 0.9
"""Bound of K, far outside the fitted range (largest fitted value about 0.4)."""

_LARGEST_AVERSION = 150.0
"""End of the fitted range of gamma S: 0.05 per usd at a spot of 3,000. Beyond it the power law would move the
centre further than the band is wide, so a more averse trader gets a narrower band and no larger shift."""

_SQRT_TWO_PI = float(np.sqrt(2.0 * np.pi))


@dataclass(frozen=True, slots=True)
class Legs:
    """Option legs of one book, four arrays of one length; or of many books, a row each, padded with size 0.

    `strike` in quote, `years` to expiry as stated at time zero, `is_call`, and signed `size` in units of the
    underlying: negative where the book is short.
    """

    strike: Floats
    years: Floats
    is_call: Flags
    size: Floats


@dataclass(frozen=True, slots=True)
class Costs:
    """Cost of a hedge trade: `fixed` quote units (gas) and a one-way `proportional` fraction of its value."""

    fixed: Reals
    proportional: Reals


class Region(NamedTuple):
    """Bounds on the hedge position, in units of the underlying, in ascending order."""

    buy_below: Floats
    buy_to: Floats
    sell_to: Floats
    sell_above: Floats


def side_by_side(books: Sequence[Legs]) -> Legs:
    """Many books as rows of one, each padded with legs of no size to the length of the longest."""
    lengths = np.array([len(book.size) for book in books], dtype=np.int64)
    row = np.repeat(np.arange(len(books)), lengths)
    column = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    shape = len(books), int(lengths.max(initial=0))

    def laid(kind: type[np.float64 | np.bool_], columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
        matrix = np.zeros(shape, dtype=kind)
        matrix[row, column] = np.concatenate(columns)
        return matrix

    return Legs(
        strike=laid(np.float64, [book.strike for book in books]),
        years=laid(np.float64, [book.years for book in books]),
        is_call=laid(np.bool_, [book.is_call for book in books]),
        size=laid(np.float64, [book.size for book in books]),
    )


class _Book(NamedTuple):
    """The book at each spot: delta at the shifted volatility, absolute gamma, and time to the last expiry."""

    delta: Floats
    gamma: Floats
    horizon: Floats


def no_trade_region(
    legs: Legs,
    spot: ArrayLike,
    volatility: ArrayLike,
    time: ArrayLike,
    costs: Costs,
    risk_aversion: ArrayLike,
    look_interval: ArrayLike,
) -> Region:
    """The no-trade region of a book's hedge at any number of spots, or of many books at one spot each.

    `spot` (quote per unit), `volatility` (0.7 = 70 %, annualised), `time` (years elapsed since the legs were
    stated), costs, `risk_aversion` (absolute, 1/quote) and `look_interval` (years between decisions, 0 for
    continuous) broadcast against each other and against the rows of `legs`; the bounds have the common shape.

    Always ordered and finite: what is impossible (a negative cost or time, no volatility) counts as zero, and
    a band that would be infinite is 1e30 wide. Raises nothing for finite inputs.
    """
    inputs = (spot, volatility, time, costs.fixed, costs.proportional, risk_aversion, look_interval)
    s, sigma, elapsed, fixed, proportional, aversion, look = np.broadcast_arrays(
        *(np.maximum(np.asarray(value, dtype=np.float64), 0.0) for value in inputs)
    )
    book = _book(legs, s, sigma, elapsed, proportional, aversion)
    band = wider(
        mixed_band(book.gamma, fixed, proportional * s, aversion),
        static_band(s, sigma, book.horizon, fixed, proportional, aversion),
    )
    band = looked_at(band, book.gamma * s * sigma * np.sqrt(look))
    centre = -book.delta
    return Region(centre - band.outer, centre - band.inner, centre + band.inner, centre + band.outer)


def _book(
    legs: Legs, spot: Floats, volatility: Floats, elapsed: Floats, proportional: Floats, aversion: Floats
) -> _Book:
    s, sigma = spot[..., np.newaxis], volatility[..., np.newaxis]
    years = np.maximum(legs.years - elapsed[..., np.newaxis], 0.0)
    deviation = sigma * np.sqrt(years)
    gamma = np.minimum(greeks(s, legs.strike, years, sigma, legs.is_call).gamma, MOST)
    # Gamma in units of the largest a leg of its age can have: phi(d1) / phi(0).
    density = gamma * s * deviation * _SQRT_TWO_PI
    money_aversion = s * aversion[..., np.newaxis]
    shift = _shift(legs.size, density, money_aversion, deviation, proportional[..., np.newaxis])
    delta = greeks(s, legs.strike, years, sigma * np.sqrt(1.0 - shift), legs.is_call).delta
    last = np.max(np.where(legs.size != 0.0, years, 0.0), axis=-1, initial=0.0)
    return _Book(
        delta=_total(legs.size * delta),
        gamma=np.abs(_total(legs.size * gamma)),
        horizon=np.where(last > 0.0, last, _OPEN_ENDED_YEARS),
    )


def _shift(
    size: Floats, density: Floats, money_aversion: Floats, deviation: Floats, proportional: Floats
) -> Floats:
    """Relative change K of each leg's variance, positive where net gamma is long (the volatility is lowered).

    K = 1.98 (gamma S)^0.38 (sigma sqrt(tau))^-0.2 lambda^0.735 (phi(d1)/phi(0))^0.13, where gamma is the risk
    aversion times the size of the one option it was fitted to. A book's size is the mean of its legs' total,
    weighted by gamma: it does not change if a leg is split, nor for a leg that does not matter at this spot.
    """
    heavy = np.abs(size) * density
    weight, net, square = (
        _total(column)[..., np.newaxis] for column in (heavy, size * density, heavy * density)
    )
    units = weight * weight / np.maximum(square, LEAST)
    strength = (
        1.98
        * np.minimum(units * money_aversion, _LARGEST_AVERSION) ** 0.38
        * np.maximum(deviation, LEAST) ** -0.2
        * proportional**0.735
        * density**0.13
    )
    shift: Floats = np.minimum(strength, _LARGEST_SHIFT) * net / np.maximum(weight, LEAST)
    return shift


def _total(legs: Floats) -> Floats:
    """Sum over a book's legs, from left to right.

    numpy's own sum pairs its terms by their number, so that padding a book would change its last bits.
    """
    start = np.zeros((*legs.shape[:-1], 1))
    total: Floats = np.add.accumulate(np.concatenate((start, legs), axis=-1), axis=-1)[..., -1]
    return total
