"""The slice without arbitrage that is nearest to what the quotes ask for.

What they ask for is sound, or it is repaired: penalties on g and on the rise since the earlier expiry are
raised until the slice passes; if it never does there is no slice. The wings may not fall over time, which is
a bound of the parameters.

Repaired is the fit and not the quotes: the distance counted is to the fitted volatilities, so that a bad
quote, which has been outvoted, is not heard a second time.
"""

from typing import NamedTuple

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
from keeper.core.pricing.surface.asking import Asked, ask, fitted_volatility, to_slice, within
from keeper.core.pricing.surface.flaws import Flaw, Unfit
from keeper.core.pricing.surface.quotes import Smile
from keeper.core.pricing.surface.starting import BELIEVED, TINY, weights
from keeper.core.pricing.surface.svi import Slice, durrleman, shape, total_variance

_REACH = np.sinh(np.linspace(-6.0, 6.0, 97))
_NEAR = np.linspace(-0.5, 0.5, 5)


class Demand(NamedTuple):
    """How a fit is made to keep its conditions: g and the relative rise shall be `margin` where looked at.

    Looked at is a grid and `points`, around which conditions failed before.
    """

    penalty: float
    margin: float
    points: Floats


_DEMANDS = ((1e1, 1e-3), (1e2, 1e-3), (1e3, 2e-3), (1e3, 5e-3), (1e4, 1e-2), (1e4, 3e-2))


class Fitted(NamedTuple):
    """A slice without arbitrage, and whether it had to be bent for that."""

    smile: Slice
    repaired: bool


def fit_slice(smile: Smile, after: Slice | None = None) -> Fitted | Unfit:
    """The slice nearest to the quotes that has no arbitrage, neither in itself nor with the expiry before."""
    asked = ask(smile)
    return asked if isinstance(asked, Unfit) else make_sound(asked, after)


def make_sound(asked: Asked, after: Slice | None) -> Fitted | Unfit:
    """The slice that was asked for, bent no more than it must be."""
    years, x = asked.smile.years, asked.parameters
    found = to_slice(years, x)
    failing = failures(found, after)
    if not failing:
        return Fitted(found, repaired=False)
    points = np.empty(0)
    above = asked if after is None else asked._replace(lowest=_lowest(asked, after))
    for penalty, margin in _DEMANDS:
        points = np.concatenate([points, *(at + found.sigma * _NEAR for at in failing)])
        x = _bend(above, after, x, Demand(penalty, margin, points))
        found = to_slice(years, x)
        failing = failures(found, after)
        if not failing:
            return Fitted(found, repaired=True)
    return Unfit(Flaw.NO_FIT)


def failures(smile: Slice, after: Slice | None) -> tuple[float, ...]:
    """Where a slice can be traded against, or a slice and the one before it; nowhere if it is sound."""
    density = least_density(smile)
    rise = Least(0.0, 0.0) if after is None else least_growth(after, smile)
    return (*((density.at,) if density.value < 0.0 else ()), *((rise.at,) if rise.value < -SLACK else ()))


def _lowest(asked: Asked, after: Slice) -> Floats:
    """The lowest parameters with wings that are as steep as those of the expiry before."""
    found = asked.lowest.copy()
    found[1:3] = [min(max(wing, TINY), 0.999 * STEEPEST) for wing in (after.left, after.right)]
    return found


def _bend(asked: Asked, after: Slice | None, x: Floats, demand: Demand) -> Floats:
    smile = asked.smile
    target = fitted_volatility(smile, asked.parameters)
    unit = BELIEVED * weights(smile)

    def residuals(at: Floats) -> Floats:
        moved = (fitted_volatility(smile, at) - target) / unit
        return np.concatenate([moved, demand.penalty * _wrongs(smile, after, at, demand)])

    begin = within(asked, x)
    found: Floats = least_squares(
        residuals,
        begin,
        bounds=(asked.lowest, asked.highest),
        x_scale=np.maximum(np.abs(begin), 1e-4),
        xtol=1e-12,
        ftol=1e-12,
        gtol=1e-12,
        max_nfev=120,
    ).x
    return found


def _wrongs(smile: Smile, after: Slice | None, x: Floats, demand: Demand) -> Floats:
    """By how much the conditions fail, on a grid that moves with the slice and on points that stay."""
    found = to_slice(smile.years, x)
    stays = max(float(np.abs(smile.moneyness).max()), 0.05) * _REACH
    k = np.concatenate([found.m + found.sigma * _REACH, stays, demand.points])
    here = shape(found, k)
    bent = np.maximum(demand.margin - np.maximum(durrleman(k, here), -1e3), 0.0)
    if after is None:
        return bent
    before = total_variance(after, k)
    return np.concatenate([bent, np.maximum((before * (1.0 + demand.margin) - here.variance) / before, 0.0)])
