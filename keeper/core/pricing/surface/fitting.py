"""The slice that quotes ask for, however wrong one of them is.

Fitted are least variance, the slopes of both wings, centre and width: five numbers with bounds of their own,
so that Lee's condition, a positive variance and wings that do not fall over time are never left.

Errors are counted in half spreads, and no spread counts as narrower than half of the median: a quote may not
buy weight by being certain. They go through a loss that is bounded (Geman & McClure 1987): a quote that is
wrong by more than the others are costs the same wherever it is, so it is outvoted and not averaged.

What remains of arbitrage is taken out by penalties on g and on the rise since the earlier expiry, raised
until the slice passes; if it never does there is no slice.
"""

from typing import NamedTuple, Protocol

import numpy as np
from scipy.optimize import least_squares

from keeper.core.pricing.black_scholes import Floats
from keeper.core.pricing.surface.arbitrage import (
    SLACK,
    STEEPEST,
    Least,
    least_density,
    least_growth,
)
from keeper.core.pricing.surface.flaws import Flaw, Unfit
from keeper.core.pricing.surface.quotes import Smile
from keeper.core.pricing.surface.starting import BELIEVED, TINY, start, weights
from keeper.core.pricing.surface.svi import Slice, durrleman, shape, total_variance

_SHARPEST = 0.1
"""Least width of a slice over the range of its quotes: a sharper bend would go to one quote and back."""

_REACH = np.sinh(np.linspace(-6.0, 6.0, 97))
_NEAR = np.linspace(-0.5, 0.5, 5)


class Demand(NamedTuple):
    """How a fit is made to keep its conditions: g and the relative rise shall be `margin` where looked at.

    Looked at is a grid and `points`, around which conditions failed before.
    """

    penalty: float
    margin: float
    points: Floats


_DEMANDS = ((0.0, 0.0), (1e1, 1e-3), (1e2, 1e-3), (1e3, 2e-3), (1e3, 5e-3), (1e4, 1e-2), (1e4, 3e-2))


class Loss(Protocol):
    """Squares of errors to loss, its slope and its bend."""

    def __call__(self, z: Floats, /, *, cost_only: bool | None = None) -> Floats:
        """Three rows, one for each."""
        ...


class Fitted(NamedTuple):
    """A slice without arbitrage, and whether it had to be bent for that."""

    smile: Slice
    repaired: bool


def fit_slice(smile: Smile, after: Slice | None = None) -> Fitted | Unfit:
    """The slice nearest to the quotes that has no arbitrage, neither in itself nor with the expiry before."""
    wings = (TINY, TINY) if after is None else (after.left, after.right)
    lowest = (TINY, *(min(max(each, TINY), 0.999 * STEEPEST) for each in wings))
    reach = float(np.ptp(smile.moneyness))
    bounds = (
        np.array([*lowest, float(smile.moneyness.min()) - reach, _SHARPEST * reach]),
        np.array([np.inf, STEEPEST, STEEPEST, float(smile.moneyness.max()) + reach, 10.0 * reach]),
    )
    x = np.clip(start(smile), bounds[0] * (1 + 1e-9) + 1e-12, bounds[1] - 1e-9)
    scale = BELIEVED * max(1.0, 1.4826 * float(np.median(np.abs(_errors(smile, x)))))
    points = np.empty(0)
    for penalty, margin in _DEMANDS:
        x = _minimise(smile, after, x, bounds, Demand(penalty, margin, points), scale=scale)
        found = _slice(smile.years, x)
        failing = failures(found, after)
        if not failing:
            return Fitted(found, repaired=penalty > 0.0)
        points = np.concatenate([points, *(at + found.sigma * _NEAR for at in failing)])
    return Unfit(Flaw.NO_FIT)


def failures(smile: Slice, after: Slice | None) -> tuple[float, ...]:
    """Where a slice can be traded against, or a slice and the one before it; nowhere if it is sound."""
    density = least_density(smile)
    rise = Least(0.0, 0.0) if after is None else least_growth(after, smile)
    return (*((density.at,) if density.value < 0.0 else ()), *((rise.at,) if rise.value < -SLACK else ()))


def _minimise(
    smile: Smile,
    after: Slice | None,
    x: Floats,
    bounds: tuple[Floats, Floats],
    demand: Demand,
    *,
    scale: float,
) -> Floats:
    count = len(smile.moneyness)

    def residuals(at: Floats) -> Floats:
        errors = _errors(smile, at) / scale
        if demand.penalty == 0.0:
            return errors
        return np.concatenate([errors, demand.penalty * _wrongs(smile, after, at, demand)])

    found: Floats = least_squares(
        residuals,
        x,
        bounds=bounds,
        x_scale=np.maximum(np.abs(x), 1e-4),
        loss=robust(count),
        xtol=1e-12,
        ftol=1e-12,
        gtol=1e-12,
        max_nfev=120,
    ).x
    return found


def robust(count: int) -> Loss:
    """Bounded loss for the first so many errors, squares for the penalties after them."""

    def loss(z: Floats, /, *, cost_only: bool | None = None) -> Floats:  # noqa: ARG001 scipy's signature
        rho = np.stack([z, np.ones_like(z), np.zeros_like(z)])
        head = 1.0 + z[:count]
        rho[:, :count] = z[:count] / head, 1.0 / head**2, -2.0 / head**3
        return rho

    return loss


def _errors(smile: Smile, x: Floats) -> Floats:
    """What the slice of these parameters is wrong by, in half spreads."""
    variance = total_variance(_slice(smile.years, x), smile.moneyness)
    volatility = np.sqrt(np.maximum(variance, 0.0) / smile.years)
    errors: Floats = (volatility - smile.volatility) / weights(smile)
    return errors


def _wrongs(smile: Smile, after: Slice | None, x: Floats, demand: Demand) -> Floats:
    """By how much the conditions fail, on a grid that moves with the slice and on points that stay."""
    found = _slice(smile.years, x)
    stays = max(float(np.abs(smile.moneyness).max()), 0.05) * _REACH
    k = np.concatenate([found.m + found.sigma * _REACH, stays, demand.points])
    here = shape(found, k)
    bent = np.maximum(demand.margin - np.maximum(durrleman(k, here), -1e3), 0.0)
    if after is None:
        return bent
    before = total_variance(after, k)
    return np.concatenate([bent, np.maximum((before * (1.0 + demand.margin) - here.variance) / before, 0.0)])


def _slice(years: float, x: Floats) -> Slice:
    least, left, right, m, sigma = (float(each) for each in x)
    b = 0.5 * (left + right)
    flat = float(np.sqrt(left * right))
    return Slice(years, least - flat * sigma, b, 0.5 * (right - left) / b, m, sigma)
