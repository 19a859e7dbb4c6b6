"""Where a fit begins, and how much each quote weighs in it.

For a given centre and width the rest of a slice is linear in what is fitted, so the start is the best of a
grid of centres and widths, the rest solved for each (the quasi-explicit split of De Marco & Martini 2009,
"Quasi-explicit calibration of Gatheral's SVI model"). At the ends of the strikes one quote can carry a whole
wing with it, so each of the outermost four is left out in turn, and the best is what most quotes agree with.
"""

from functools import partial

import numpy as np
from scipy.optimize import nnls

from keeper.core.pricing.black_scholes import Floats
from keeper.core.pricing.surface.quotes import Smile

TINY = 1e-8
"""Of total variance and of its slopes: less than that is none."""

NARROWEST = 1e-3
"""Half spread in volatility, a tenth of a point, below which a quote gains no more weight."""

BELIEVED = 4.0
"""Half spreads within which an error is a disagreement, and beyond which a mistake."""

_CENTRES = (0.1, 0.3, 0.5, 0.7, 0.9)
_WIDTHS = np.array([0.1, 0.3, 1.0])


def weights(smile: Smile) -> Floats:
    """The half spread that each error is counted in."""
    return np.maximum(smile.spread, max(0.5 * float(np.median(smile.spread)), NARROWEST))


def start(smile: Smile) -> Floats:
    """The best parameters of a grid, by a loss that no one quote decides."""
    k = smile.moneyness
    order = np.argsort(k)
    # An error in variance is one in volatility times twice the volatility: not the quote's own, which may be
    # the wrong one, but what all of them agree on.
    typical = float(np.median(smile.volatility))
    weight = 1.0 / (weights(smile) * 2.0 * typical * smile.years)
    tried = []
    for left_out in ((), *((each,) for each in (*order[:2], *order[-2:]))):
        trusted = weight.copy()
        trusted[list(left_out)] = 0.0
        solve = partial(_linear, k, smile.volatility**2 * smile.years, weight, trusted)
        tried += [solve(float(m), float(s)) for m in np.quantile(k, _CENTRES) for s in np.ptp(k) * _WIDTHS]
    return min(tried, key=lambda each: each[0])[1]


def _linear(
    k: Floats, variance: Floats, weight: Floats, trusted: Floats, m: float, sigma: float
) -> tuple[float, Floats]:
    """Least variance and wings for a centre and a width, reweighted towards absolute errors."""
    away = k - m
    root = np.hypot(away, sigma)
    # In the two wings and a level that may be negative, as the least variance then need not be.
    columns = np.stack([np.ones_like(k), -np.ones_like(k), 0.5 * (root - away), 0.5 * (root + away)], axis=1)
    pull = trusted
    solution, errors = np.zeros(4), variance * weight
    for _ in range(3):
        solution, _ = nnls(columns * pull[:, None], variance * pull)
        errors = np.abs(columns @ solution - variance) * weight
        pull = trusted / np.sqrt(np.maximum(errors, 0.1))
    left, right = np.maximum(solution[2:], TINY)
    least = solution[0] - solution[1] + np.sqrt(left * right) * sigma
    # Every error counts as less than one.
    loss = float(np.sum(1.0 - 1.0 / (1.0 + (errors / BELIEVED) ** 2)))
    return loss, np.array([max(float(least), TINY), left, right, m, sigma])
