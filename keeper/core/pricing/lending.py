"""How far a loan against collateral is from being liquidated, and how likely it gets there.

A lending market sells a borrower's collateral once the health factor is below one (Aave v3,
`GenericLogic.calculateUserAccountData` and `ValidationLogic.HEALTH_FACTOR_LIQUIDATION_THRESHOLD`):

    HF = sum of collateral_i price_i threshold_i / sum of debt_j price_j.

Let one asset's price move to x times what it is, and nothing else. With what moves split off, sums A + B x
over C + D x, the factor is one at x* = (C - A) / (B - D): below, for a borrower against the asset (B > D);
above, for a borrower of it. |ln x*| over sigma sqrt(time) is that distance in standard deviations.

The price need not *end* beyond x*: a liquidator needs one moment. The chance of touching a level before a
horizon, for a driftless lognormal price with b = ln x* and v = sigma sqrt(time), is by reflection

    N((-|b| -+ v^2/2) / v) + exp(-b) N((-|b| +- v^2/2) / v),    lower signs below, upper signs above

(Harrison 1985, "Brownian motion and stochastic flow systems", 1.8; it is the price of a one-touch option,
Reiner & Rubinstein 1991). Prices jump, so it is a floor to the chance and not the chance.

The chain truncates the average threshold to a basis point, so its factor is lower by up to 1e-4 / threshold
of itself: a caller near one keeps that in hand. Efficiency modes only change the thresholds passed.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr, ndtr

from keeper.core.pricing.black_scholes import Floats


class Liquidation(NamedTuple):
    """Where a loan stands if one price moves, in arrays of the common shape.

    `health` is the factor now, infinite without debt. `move` is the multiple of that price at which it is
    one: above one if a rise does it, 0 or infinity if no price does, one if it is below one already.
    `distance` is |ln move|, `sigmas` that over the standard deviation of the horizon, and `probability` the
    chance that the level is touched within it.
    """

    health: Floats
    move: Floats
    distance: Floats
    sigmas: Floats
    probability: Floats


def health_factor(collateral: ArrayLike, threshold: ArrayLike, debt: ArrayLike) -> Floats:
    """Health factor of accounts; the last axis runs over assets and the others over accounts.

    Collateral and debt in one currency at the oracle's prices, `threshold` as a fraction. Infinite without
    debt. A NaN input gives NaN.
    """
    held, owed = np.asarray(collateral, dtype=np.float64), np.asarray(debt, dtype=np.float64)
    backing = np.sum(held * np.asarray(threshold, dtype=np.float64), axis=-1)
    return _over(backing, np.sum(owed, axis=-1))


def liquidation(
    collateral: ArrayLike,
    threshold: ArrayLike,
    debt: ArrayLike,
    moves: ArrayLike,
    years: ArrayLike,
    volatility: ArrayLike,
) -> Liquidation:
    """Where accounts are liquidated if the assets marked by `moves` change price together, the others not.

    Arguments as for `health_factor`, `moves` a flag for each asset; `years` is the horizon and `volatility`
    that of the moving price, for each account. Raises nothing; a NaN input gives NaN.
    """
    held, owed = np.asarray(collateral, dtype=np.float64), np.asarray(debt, dtype=np.float64)
    backing = held * np.asarray(threshold, dtype=np.float64)
    moving = np.asarray(moves, dtype=np.bool_)
    still = ~moving
    health = _over(np.sum(backing, axis=-1), np.sum(owed, axis=-1))
    fixed = np.sum(owed * still, axis=-1) - np.sum(backing * still, axis=-1)
    slope = np.sum(backing * moving, axis=-1) - np.sum(owed * moving, axis=-1)
    with np.errstate(all="ignore"):
        reached = np.where(slope == 0.0, -1.0, fixed / slope)
        never = np.where(slope < 0.0, np.inf, 0.0)
        move = np.where(reached > 0.0, reached, never)
    move = np.where(health < 1.0, 1.0, np.where(np.isnan(health), np.nan, move))
    distance = np.abs(_log(move))
    return Liquidation(
        health=health,
        move=move,
        distance=distance,
        sigmas=_over(distance, _width(years, volatility)),
        probability=touch_probability(move, years, volatility),
    )


def touch_probability(move: ArrayLike, years: ArrayLike, volatility: ArrayLike) -> Floats:
    """Chance that a driftless lognormal price touches `move` times its present value within a time.

    One if it is there; zero for a level of zero or infinity, and without time or volatility. A NaN input
    gives NaN.
    """
    level = _log(np.asarray(move, dtype=np.float64))
    width = _width(years, volatility)
    with np.errstate(all="ignore"):
        reach = np.abs(level) / width
        lean = np.where(level > 0.0, 0.5, -0.5) * width
        # exp(-level) may overflow where the probability beside it has underflowed.
        found = ndtr(-reach - lean) + np.exp(-level + log_ndtr(-reach + lean))
    found = np.where((width == 0.0) | np.isinf(level), 0.0, np.minimum(found, 1.0))
    return np.where(np.isnan(width + level), np.nan, np.where(level == 0.0, 1.0, found))


def _over(top: Floats, bottom: Floats) -> Floats:
    with np.errstate(all="ignore"):
        return np.where(bottom == 0.0, np.where(np.isnan(top), np.nan, np.inf), top / bottom)


def _log(move: Floats) -> Floats:
    with np.errstate(all="ignore"):
        return np.log(move)


def _width(years: ArrayLike, volatility: ArrayLike) -> Floats:
    time, sigma = np.asarray(years, dtype=np.float64), np.asarray(volatility, dtype=np.float64)
    return np.maximum(sigma, 0.0) * np.sqrt(np.maximum(time, 0.0))
