"""The no-trade region in closed form: always at hand, and within a few percent of the optimum.

A *centre*, the hedge that a trader who knows the costs aims at, and a *band* around it
(`keeper.core.hedging.band`). The objective is the least certainty-equivalent hedging cost under exponential
utility (Hodges & Neuberger 1989; Davis, Panas & Zariphopoulou 1993), for a geometric Brownian motion of known
volatility and a zero rate.

The centre is not the delta of the book but of the book and the cost of hedging it. Inside a band (b, B) the
cost accrues at a sigma^2 S^2 (b^2 + bB + B^2) / 6 per year, at risk aversion a. Written as 1/2 sigma^2 S^2
Gamma K it is the theta of a variance that is higher by the share

    K = a (b^2 + bB + B^2) / (3 Gamma),

as in Leland (1985): short gamma is hedged at sigma sqrt(1 + K), long gamma at sigma sqrt(1 - K). With gas
alone K = sqrt(4 a f / 3), whatever the spot and the time; with proportional cost alone it grows as
Gamma^(1/3), and its mean over the life that is left is a fifth more than its value now. The band's own gamma
is taken at that volatility, too. Where legs of both signs nearly cancel, the shift would jump as net gamma
changes sign; so it is scaled by the net share of gamma, which leaves a book of one sign as it is.
"""

import numpy as np

from keeper.core.hedging.band import (
    LEAST,
    MOST,
    Band,
    Floats,
    Reals,
    looked_at,
    mixed_band,
    static_band,
    wider,
)
from keeper.core.hedging.book import Costs, Legs, Region
from keeper.core.pricing.black_scholes import greeks

_OPEN_ENDED_YEARS = 7 / 365
"""Horizon of a residual when no leg is alive: nobody knows when one opens; a week is the vaults' cycle."""

_LARGEST_SHIFT = 0.9
"""Bound of K, far outside the range that was tried (largest value about 0.4)."""

_LARGEST_AVERSION = 150.0
"""End of the range of a S that was tried, for one option: 0.05 per usd at a spot of 3,000. Beyond it the
centre would move further than the band is wide, so a more averse trader gets a narrower band and no larger
shift."""

_LIFETIME = 0.2
"""Mean of Gamma^(1/3) over the life that is left, relative to now, less one: tau^(-1/6) integrates to 6/5."""


def closed_form(
    legs: Legs, spot: Floats, volatility: Floats, time: Floats, costs: Costs, aversion: Floats, look: Floats
) -> Region:
    """The region for non-negative inputs of one shape; see `keeper.core.hedging.no_trade_region`."""
    s, sigma = spot[..., np.newaxis], volatility[..., np.newaxis]
    years = np.maximum(legs.years - time[..., np.newaxis], 0.0)
    unit_cost = costs.proportional * spot
    gamma = np.minimum(greeks(s, legs.strike, years, sigma, legs.is_call).gamma, MOST)
    shift = _shift(legs.size, gamma, spot, costs.fixed, unit_cost, aversion)
    shifted = greeks(s, legs.strike, years, sigma * np.sqrt(1.0 - shift), legs.is_call)
    net = np.abs(_total(legs.size * np.minimum(shifted.gamma, MOST)))
    last = np.max(np.where(legs.size != 0.0, years, 0.0), axis=-1, initial=0.0)
    horizon = np.where(last > 0.0, last, _OPEN_ENDED_YEARS)
    band = wider(
        mixed_band(net, costs.fixed, unit_cost, aversion),
        static_band(spot, volatility, horizon, costs.fixed, costs.proportional, aversion),
    )
    band = looked_at(band, net * spot * volatility * np.sqrt(look))
    centre = -_total(legs.size * shifted.delta)
    return Region(centre - band.outer, centre - band.inner, centre + band.inner, centre + band.outer)


def _shift(
    size: Floats, gamma: Floats, spot: Floats, fixed: Reals, unit_cost: Floats, aversion: Floats
) -> Floats:
    """Relative change of the variance, positive where net gamma is long (the volatility is lowered).

    A book's size is the mean of its legs' total, weighted by gamma: it does not change if a leg is split, nor
    for a leg that does not matter at this spot.
    """
    heavy = np.abs(size) * gamma
    gross, net, square = _total(heavy), _total(size * gamma), _total(heavy * gamma)
    units = gross * gross / np.maximum(square, LEAST)
    averse = np.minimum(aversion, _LARGEST_AVERSION / np.maximum(units * spot, LEAST))
    band = mixed_band(gross, fixed, unit_cost, averse)
    strength = averse * _accrual(band) / np.maximum(3.0 * gross, LEAST)
    share = net / np.maximum(gross, LEAST)
    shift: Floats = (np.minimum(strength, _LARGEST_SHIFT) * share)[..., np.newaxis]
    return shift


def _accrual(band: Band) -> Floats:
    """b^2 + bB + B^2, its mean over the life that is left: what is due to gas does not grow."""
    inner, outer = np.minimum(band.inner, 1e100), np.minimum(band.outer, 1e100)
    growth = 1.0 + _LIFETIME * inner / np.maximum(outer, LEAST)
    accrual: Floats = growth * (inner * inner + inner * outer + outer * outer)
    return accrual


def _total(legs: Floats) -> Floats:
    """Sum over a book's legs, from left to right.

    numpy's own sum pairs its terms by their number, so that padding a book would change its last bits.
    """
    start = np.zeros((*legs.shape[:-1], 1))
    total: Floats = np.add.accumulate(np.concatenate((start, legs), axis=-1), axis=-1)[..., -1]
    return total
