"""What the two regimes of a market are, from bars that are over.

Expectation and maximisation (Hamilton 1990, J. Econometrics 45:39): how likely each bar was of each regime,
given all bars of the sample, and then the regimes that such bars would come of. Within the sample this knows
what came after, as any fit does; what is said of later bars is the filter's, which does not.
"""

from typing import Final

import numpy as np

from keeper.core.forecast.fitting import Unfitted, refused
from keeper.core.forecast.models import LEAST, Floats
from keeper.core.forecast.regime import Regime, Regimes

_ROUNDS: Final = 20
_WILD_SHARE: Final = 0.2
"""The share of bars that the first guess takes for wild."""

_NOTHING: Final = 1e-12
_NARROWEST: Final = 0.1
_LEAST_STAY: Final = 0.5
_MOST_STAY: Final = 0.999

APART: Final = 0.5
"""Distance of the mean logarithms below which there is one regime: half as wild again is a wild day."""


def fit_regimes(bars: Floats) -> Regimes | Unfitted:
    """The likely regimes of a sample, or why there are none."""
    refusal = refused(bars)
    if isinstance(refusal, Unfitted):
        return refusal
    logs = np.log(np.maximum(bars, LEAST))
    found = _guess(logs)
    for _ in range(_ROUNDS):
        found = _likelier(found, bars, logs)
    return found if found.mean[Regime.WILD] - found.mean[Regime.CALM] > APART else Unfitted.ONE_REGIME


def _guess(logs: Floats) -> Regimes:
    edge = np.quantile(logs, 1.0 - _WILD_SHARE)
    spread = max(float(np.std(logs)), _NARROWEST)
    calm, wild = float(np.mean(logs[logs <= edge])), float(np.mean(logs[logs >= edge]))
    return Regimes((calm, wild), (spread, spread), (0.95, 0.9))


def _likelier(regimes: Regimes, bars: Floats, logs: Floats) -> Regimes:
    smoothed, stayed = _smoothed(regimes.stay, regimes.filtered(bars).tolist())
    weight = np.maximum(smoothed.sum(axis=0), _NOTHING)
    mean = (smoothed * logs[:, np.newaxis]).sum(axis=0) / weight
    away = np.square(logs[:, np.newaxis] - mean)
    deviation = np.maximum(np.sqrt((smoothed * away).sum(axis=0) / weight), _NARROWEST)
    left = np.maximum(smoothed[:-1].sum(axis=0), _NOTHING)
    stay = np.clip(stayed / left, _LEAST_STAY, _MOST_STAY)
    (calm, wild), (tight, wide), (longer, shorter) = mean.tolist(), deviation.tolist(), stay.tolist()
    return Regimes((calm, wild), (tight, wide), (longer, shorter))


def _smoothed(stay: tuple[float, float], filtered: list[list[float]]) -> tuple[Floats, Floats]:
    """Probabilities of both regimes given the whole sample, and how many bars each was followed by itself."""
    calm, wild = stay
    later_calm, later_wild = filtered[-1]
    found, stayed_calm, stayed_wild = [(later_calm, later_wild)], 0.0, 0.0
    for was_calm, was_wild in reversed(filtered[:-1]):
        next_calm = was_calm * calm + was_wild * (1.0 - wild)
        to_calm = later_calm / max(next_calm, _NOTHING)
        to_wild = later_wild / max(1.0 - next_calm, _NOTHING)
        stayed_calm += was_calm * calm * to_calm
        stayed_wild += was_wild * wild * to_wild
        now_calm = was_calm * (calm * to_calm + (1.0 - calm) * to_wild)
        now_wild = was_wild * ((1.0 - wild) * to_calm + wild * to_wild)
        later_calm, later_wild = now_calm / (now_calm + now_wild), now_wild / (now_calm + now_wild)
        found.append((later_calm, later_wild))
    return np.array(found[::-1]), np.array([stayed_calm, stayed_wild])
