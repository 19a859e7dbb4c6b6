"""What each opinion on a volatility was after each bar, and how good it was."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from keeper.core.forecast import (
    Bar,
    Forecast,
    History,
    Name,
    Silent,
    Tick,
    Turbulence,
    folded,
    outlooks,
)
from keeper.core.forecast.history import BAR_S, MOST_AT_ONCE
from keeper.core.forecast.models import HORIZON

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

BLEND, IMPLIED, WITH_IMPLIED = "blend", "implied", "blend with implied"
SURE: Final = 0.8
_LEAST: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Course:
    """A market's bars, what each opinion was after each (a volatility; NaN: silent), and what came."""

    ends: NDArray[np.int64]
    opinions: Mapping[str, Floats]
    wild: Floats
    came: Floats


@dataclass(frozen=True, slots=True)
class Score:
    """How good one opinion was; `bias` is the mean of what came over what was said, in variance."""

    bars: int
    qlike: float
    behind: float
    error_of_behind: float
    rmse_points: float
    bias: float


@dataclass(frozen=True, slots=True)
class World:
    """The scores of one market, and what came over what the blend had said while it was calm and wild.

    0 where it never was.
    """

    scores: dict[str, Score]
    when_calm: float
    when_wild: float


def bars_of(times: Sequence[float], prices: Sequence[float]) -> list[Bar]:
    """All bars of a feed, as the daemon folds them."""
    history, found = History(), [Bar(0, 0.0, 0.0)]
    for at, price in zip(times, prices, strict=True):
        after = folded(history, Tick(int(at), price))
        if isinstance(after, History):
            history = after
            found += [bar for bar in history.bars[-MOST_AT_ONCE:] if bar.ends > found[-1].ends]
    return found[1:]


def course(
    bars: Sequence[Bar], came_from: Sequence[Bar] = (), implied: Mapping[int, float] | None = None
) -> Course:
    """The opinions after each bar, and what came by these bars or by those of a better feed."""
    ends = np.array([bar.ends for bar in bars], dtype=np.int64)
    said = outlooks(bars)
    opinions = {
        str(name): np.array([_volatility(each.forecasts[place]) for each in said])
        for place, name in enumerate(Name)
    }
    variance = np.array([bar.variance for bar in bars])
    opinions["last day"] = np.sqrt(_last(variance, HORIZON))
    opinions["mean so far"] = np.sqrt(np.cumsum(variance) / np.arange(1, len(bars) + 1))
    opinions[BLEND] = np.sqrt(np.mean([opinions[name] ** 2 for name in Name], axis=0))
    if implied is not None:
        opinions[IMPLIED] = np.array([implied.get(int(end), math.nan) for end in ends])
        opinions[WITH_IMPLIED] = np.sqrt((opinions[IMPLIED] ** 2 + opinions[BLEND] ** 2) / 2)
    wild = [
        each.turbulence.probability if isinstance(each.turbulence, Turbulence) else math.nan for each in said
    ]
    return Course(ends, opinions, np.array(wild), _came(ends, came_from or bars))


def _volatility(said: Forecast | Silent) -> float:
    return said.volatility if isinstance(said, Forecast) else math.nan


def _last(variance: Floats, count: int) -> Floats:
    total = np.concatenate([[0.0], np.cumsum(variance)])
    first = np.maximum(np.arange(1, len(variance) + 1) - count, 0)
    mean: Floats = (total[1:] - total[first]) / (np.arange(1, len(variance) + 1) - first)
    return mean


def _came(ends: NDArray[np.int64], bars: Sequence[Bar]) -> Floats:
    """The mean variance of the day after each end; NaN where a bar of it is not known."""
    known = {bar.ends: bar.variance for bar in bars}
    return np.array(
        [
            np.mean([known.get(int(end) + BAR_S * ahead, math.nan) for ahead in range(1, HORIZON + 1)])
            for end in ends
        ]
    )


def scored(found: Course, where: Flags | None = None) -> World:
    """The scores over the bars at which every opinion spoke."""
    all_speak = np.isfinite(found.came) & np.all(
        [np.isfinite(each) for each in found.opinions.values()], axis=0
    )
    kept = all_speak if where is None else all_speak & where
    came = np.maximum(found.came[kept], _LEAST)
    ratios = {name: came / each[kept] ** 2 for name, each in found.opinions.items()}
    losses = {name: ratio - np.log(ratio) - 1.0 for name, ratio in ratios.items()}
    calm, wild = found.wild[kept] < 1.0 - SURE, found.wild[kept] > SURE
    return World(
        scores={
            name: Score(
                bars=len(came),
                qlike=float(np.mean(loss)),
                behind=float(np.mean(loss - losses[BLEND])),
                error_of_behind=_error(loss - losses[BLEND]),
                rmse_points=100 * float(np.sqrt(np.mean((np.sqrt(came) - found.opinions[name][kept]) ** 2))),
                bias=float(np.mean(ratios[name])),
            )
            for name, loss in losses.items()
        },
        when_calm=_mean(ratios[BLEND][calm]),
        when_wild=_mean(ratios[BLEND][wild]),
    )


def _mean(values: Floats) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def _error(difference: Floats) -> float:
    """Standard error of a mean of which neighbours share days."""
    away, count = difference - np.mean(difference), len(difference)
    variance = float(np.mean(away * away))
    for lag in range(1, min(2 * HORIZON, count)):
        shared = float(np.sum(away[lag:] * away[:-lag])) / count
        variance += 2.0 * (1.0 - lag / (2 * HORIZON)) * shared
    return math.sqrt(max(variance, 0.0) / count)
