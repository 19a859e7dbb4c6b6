"""Whether a slice, or two of them, or what lies between them, can be traded against.

The conditions hold for all strikes or they do not hold, so they are looked at on grids whose points lie as
close as the slices bend and reach so far that only the wings are left, which are compared by their slopes.
Around the least value found the grid is laid again, finer, twice.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from keeper.core.pricing.black_scholes import Floats
from keeper.core.pricing.surface.svi import Shape, Slice, durrleman, shape

STEEPEST = 2.0
"""Slope of total variance beyond which a wing implies moments that no price has (Lee 2004)."""

SLACK = 1e-12
"""Total variance by which two slices may cross: a rounding of the fit, and nobody's profit."""

_REACH = np.sinh(np.linspace(-9.0, 9.0, 721))
_FINER = np.linspace(-1.0, 1.0, 41)
_BETWEEN = (0.25, 0.5, 0.75)


class Least(NamedTuple):
    """The least value of something, and the log-moneyness where."""

    value: float
    at: float


def least_density(smile: Slice) -> Least:
    """Least g of any strike; minus infinity for a wing that is too steep or no variance at all."""
    if smile.least <= 0.0 or max(smile.left, smile.right) > STEEPEST:
        return Least(-np.inf, smile.m)
    return _least(lambda k: durrleman(k, shape(smile, k)), _grid(smile))


def least_growth(early: Slice, late: Slice) -> Least:
    """Least rise of total variance from one expiry to a later; minus infinity if a wing falls."""
    if early.left > late.left * (1.0 + SLACK) or early.right > late.right * (1.0 + SLACK):
        return Least(-np.inf, early.m)
    return _least(
        lambda k: shape(late, k).variance - shape(early, k).variance,
        np.union1d(_grid(early), _grid(late)),
    )


def least_density_between(early: Slice, late: Slice) -> Least:
    """Least g at three times between two expiries, where total variance is interpolated."""
    grid = np.union1d(_grid(early), _grid(late))

    def at(share: float) -> Least:
        return _least(lambda k: durrleman(k, blend(early, late, share, k)), grid)

    return min(at(share) for share in _BETWEEN)


def blend(early: Slice, late: Slice, share: float, moneyness: Floats) -> Shape:
    """The shape of total variance a share of the time from one expiry to another."""
    one, other = shape(early, moneyness), shape(late, moneyness)
    return Shape(*((1.0 - share) * x + share * y for x, y in zip(one, other, strict=True)))


def _grid(smile: Slice) -> Floats:
    points: Floats = smile.m + smile.sigma * _REACH
    return points


def _least(of: Callable[[Floats], Floats], grid: Floats) -> Least:
    values = of(grid)
    for _ in range(2):
        at = int(np.argmin(values))
        step = max(grid[min(at + 1, len(grid) - 1)] - grid[at], grid[at] - grid[max(at - 1, 0)])
        grid = grid[at] + step * _FINER
        values = of(grid)
    at = int(np.argmin(values))
    return Least(float(values[at]), float(grid[at]))
