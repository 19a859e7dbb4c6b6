"""What the quotes of an expiry ask for, however wrong one of them is.

Fitted are least variance, the slopes of both wings, centre and width: five numbers with bounds of their own,
so that Lee's condition and a positive variance are never left.

Errors are counted in half spreads, and no spread counts as narrower than half of the median: a quote may not
buy weight by being certain. They go through a loss that is bounded (Geman & McClure 1987): a quote that is
wrong by more than the others are costs the same wherever it is, so it is outvoted and not averaged.

Few quotes cannot outvote one: five numbers leave room for a bend that goes to it and back. So a thin smile is
fitted again without each of its quotes in turn, and there is no fit unless every one of these comes within
`TAKEN` of it, at every strike. That is a bound whatever the quotes are: two smiles that differ in one quote
have the fit without it in common, and neither of theirs is further than that from it.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from keeper.core.pricing.black_scholes import Floats
from keeper.core.pricing.surface.arbitrage import STEEPEST
from keeper.core.pricing.surface.flaws import Flaw, Unfit
from keeper.core.pricing.surface.quotes import Smile
from keeper.core.pricing.surface.starting import BELIEVED, TINY, start, typical, weights
from keeper.core.pricing.surface.svi import Slice, total_variance

TAKEN = 5.0
"""Half spreads that a fit may move when one quote is taken away; replaced by another, twice as many."""

MANY = 15
"""Quotes that outvote any one of them, as benchmarks.bending shows: no need to look."""

_SHARPEST = 0.1
"""Least width of a slice over the range of its quotes: a sharper bend would go to one quote and back."""

_FINE, _COARSE = 1e-12, 1e-6
"""Tolerance of a fit, and of one that is only compared with."""


class Asked(NamedTuple):
    """A smile, the parameters that its quotes ask for, and the bounds these were looked for within."""

    smile: Smile
    parameters: Floats
    lowest: Floats
    highest: Floats


def ask(smile: Smile) -> Asked | Unfit:
    """What the quotes ask for, unless one of a few decides it."""
    found = _fit(smile, _FINE)
    if len(smile.moneyness) < MANY and farthest_moved(found) > TAKEN:
        return Unfit(Flaw.HANGS_ON_ONE_QUOTE)
    return found


def farthest_moved(asked: Asked) -> float:
    """Half spreads that the fit moves by, at any quoted strike, without the quote that it hangs on most.

    The half spreads are those of the other quotes, so that the one in question has no say in its own limit.
    """
    smile = asked.smile
    whole = fitted_volatility(smile, asked.parameters)

    def moved(out: int) -> float:
        rest = _without(smile, out)
        unit = np.insert(weights(rest), out, typical(rest))
        moves = fitted_volatility(smile, _fit(rest, _COARSE).parameters) - whole
        return float(np.max(np.abs(moves) / unit))

    return max(moved(out) for out in range(len(smile.moneyness)))


def fitted_volatility(smile: Smile, parameters: Floats) -> Floats:
    """The volatilities of a slice at the strikes of a smile."""
    variance = total_variance(to_slice(smile.years, parameters), smile.moneyness)
    found: Floats = np.sqrt(np.maximum(variance, 0.0) / smile.years)
    return found


def sensitivity(smile: Smile, parameters: Floats) -> Floats:
    """What the fitted volatilities change by with each parameter: a row for each strike.

    By the formula, as five differences cost five times as much and leave half of the digits.
    """
    _, left, right, m, sigma = parameters
    away = smile.moneyness - m
    root, flat = np.hypot(away, sigma), np.sqrt(left * right)
    of_variance = np.stack(
        [
            np.ones_like(away),
            0.5 * (root - away - flat * sigma / left),
            0.5 * (root + away - flat * sigma / right),
            -0.5 * (right - left + (left + right) * away / root),
            0.5 * (left + right) * sigma / root - flat,
        ],
        axis=1,
    )
    found: Floats = of_variance / (2.0 * smile.years * fitted_volatility(smile, parameters))[:, None]
    return found


def to_slice(years: float, parameters: Floats) -> Slice:
    """The slice of least variance, left and right wing, centre and width."""
    least, left, right, m, sigma = (float(each) for each in parameters)
    b = 0.5 * (left + right)
    flat = float(np.sqrt(left * right))
    return Slice(years, least - flat * sigma, b, 0.5 * (right - left) / b, m, sigma)


def within(asked: Asked, parameters: Floats) -> Floats:
    """Parameters moved off their bounds, where a fit may not begin."""
    inside: Floats = np.clip(parameters, asked.lowest * (1 + 1e-9) + 1e-12, asked.highest - 1e-9)
    return inside


def _fit(smile: Smile, tolerance: float) -> Asked:
    reach = float(np.ptp(smile.moneyness))
    begin, end = float(smile.moneyness.min()), float(smile.moneyness.max())
    asked = Asked(
        smile,
        start(smile),
        np.array([TINY, TINY, TINY, begin - reach, _SHARPEST * reach]),
        np.array([np.inf, STEEPEST, STEEPEST, end + reach, 10.0 * reach]),
    )
    x = within(asked, asked.parameters)
    unit = weights(smile)

    def errors(at: Floats, scale: float = 1.0) -> Floats:
        found: Floats = (fitted_volatility(smile, at) - smile.volatility) / (unit * scale)
        return found

    def slopes(at: Floats, scale: float = 1.0) -> Floats:
        found: Floats = sensitivity(smile, at) / (unit * scale)[:, None]
        return found

    scale = BELIEVED * max(1.0, 1.4826 * float(np.median(np.abs(errors(x)))))
    found = least_squares(
        errors,
        x,
        jac=slopes,
        args=(scale,),
        bounds=(asked.lowest, asked.highest),
        x_scale=np.maximum(np.abs(x), 1e-4),
        loss=_outvoted,
        xtol=tolerance,
        ftol=tolerance,
        gtol=tolerance,
        max_nfev=120,
    )
    return asked._replace(parameters=found.x)


def _outvoted(z: Floats, /, *, cost_only: bool | None = None) -> Floats:  # noqa: ARG001 scipy's signature
    """A loss that no error makes larger than one, from squares: itself, its slope and its bend."""
    head = 1.0 + z
    return np.stack([z / head, 1.0 / head**2, -2.0 / head**3])


def _without(smile: Smile, out: int) -> Smile:
    """The smile of the other quotes."""
    moneyness, volatility, spread = (
        np.delete(each, out) for each in (smile.moneyness, smile.volatility, smile.spread)
    )
    kept = smile.kept[:out] + smile.kept[out + 1 :]
    return replace(smile, moneyness=moneyness, volatility=volatility, spread=spread, kept=kept)
