"""Parameters of HAR and GARCH from bars that are over.

HAR is a regression. GARCH is fitted by its Gaussian quasi-likelihood, with the level set to the mean of the
bars (variance targeting, Francq, Horvath & Zakoian 2011, J. Financial Econometrics 9:619): two numbers are
left, which is a search that cannot lose its way. Both refuse what is too short to say anything.
"""

from enum import StrEnum
from typing import Final

import numpy as np
from scipy.optimize import minimize

from keeper.core.forecast.models import HORIZON, LEAST, SPANS, Floats, Garch, Har, features

FEWEST: Final = 90
"""Bars below which nothing is fitted: three of the longest span."""

_STARTS: Final = ((0.05, 0.90), (0.15, 0.75), (0.30, 0.40))
_MOST: Final = 0.9995


class Unfitted(StrEnum):
    """Why there are no parameters."""

    TOO_FEW = "too few bars"
    HOLED = "too many bars of the last days are missing"
    NOT_FINITE = "a bar that is no number"
    NO_MOVES = "prices that never moved"
    ONE_REGIME = "no two regimes to tell apart"


def fit_har(bars: Floats, horizon: int = HORIZON) -> Har | Unfitted:
    """Regress the mean of so many bars on what was known before them."""
    refusal = refused(bars)
    if isinstance(refusal, Unfitted):
        return refusal
    known = features(bars)[SPANS[-1] - 1 : -horizon]
    rows = np.column_stack([np.ones(len(known)), known])
    ahead = np.lib.stride_tricks.sliding_window_view(bars[SPANS[-1] :], horizon).mean(axis=1)
    target = np.log(np.maximum(ahead, LEAST))
    found, *_ = np.linalg.lstsq(rows, target)
    spread = float(np.var(target - rows @ found))
    constant, *weights = (float(each) for each in found)
    return Har(constant, (weights[0], weights[1], weights[2]), spread)


def fit_garch(bars: Floats, horizon: int = HORIZON) -> Garch | Unfitted:
    """The most likely pair of news and memory, at the level of the bars' mean."""
    refusal = refused(bars)
    if isinstance(refusal, Unfitted):
        return refusal
    level = float(np.mean(bars))

    def unlikely(pair: Floats) -> float:
        news, memory = (float(each) for each in pair)
        if news < 0.0 or memory < 0.0 or news + memory >= _MOST:
            return float("inf")
        variance = Garch(level, news, memory).next_variance(bars)[:-1]
        return float(np.sum(np.log(variance) + bars[1:] / variance))

    ends = [minimize(unlikely, start, method="Nelder-Mead") for start in _STARTS]
    news, memory = (float(each) for each in min(ends, key=lambda end: float(end.fun)).x)
    return Garch(level, news, memory, horizon)


def refused(bars: Floats) -> Unfitted | Floats:
    """Bars that something can be fitted on, or why they are not."""
    if len(bars) < FEWEST:
        return Unfitted.TOO_FEW
    if not np.isfinite(bars).all():
        return Unfitted.NOT_FINITE
    return bars if float(np.max(bars)) > LEAST else Unfitted.NO_MOVES
