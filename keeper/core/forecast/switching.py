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
    filtered = regimes.filtered(bars)
    (calm, wild), step = (
        regimes.stay,
        ((regimes.stay[0], 1.0 - regimes.stay[0]), (1.0 - regimes.stay[1], regimes.stay[1])),
    )
    smoothed = np.empty_like(filtered)
    smoothed[-1] = filtered[-1]
    stayed = [0.0, 0.0]
    later = tuple(filtered[-1].tolist())
    for index, (one, two) in zip(range(len(bars) - 2, -1, -1), filtered[-2::-1].tolist(), strict=True):
        next_calm = one * calm + two * (1.0 - wild)
        to_calm = later[0] / max(next_calm, LEAST)
        to_wild = later[1] / max(1.0 - next_calm, LEAST)
        stayed[0] += one * calm * to_calm
        stayed[1] += two * wild * to_wild
        later = (one * (calm * to_calm + step[0][1] * to_wild), two * (step[1][0] * to_calm + wild * to_wild))
        total = later[0] + later[1]
        later = (later[0] / total, later[1] / total)
        smoothed[index] = later
    weight = smoothed.sum(axis=0)
    before = np.maximum(weight - smoothed[-1], LEAST)
    mean = (smoothed * logs[:, np.newaxis]).sum(axis=0) / np.maximum(weight, LEAST)
    away = np.square(logs[:, np.newaxis] - mean)
    deviation = np.sqrt((smoothed * away).sum(axis=0) / np.maximum(weight, LEAST))
    stay = np.clip(np.array(stayed) / before, _LEAST_STAY, _MOST_STAY)
    deviation = np.maximum(deviation, _NARROWEST)
    return Regimes(
        (float(mean[0]), float(mean[1])),
        (float(deviation[0]), float(deviation[1])),
        (float(stay[0]), float(stay[1])),
    )
