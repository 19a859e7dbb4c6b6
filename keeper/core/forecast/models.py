"""Three ways to weigh the past: EWMA, HAR and GARCH(1,1).

All forecast the mean variance of the bars to come, from annualised variances of the bars that are over, row
by row: row i of a course is what was known after bar i. Parameters are given: whoever fits them does so on
bars that are over, too (`keeper.core.forecast.fitting`).

* EWMA forgets by the half: v' = keep v + (1 - keep) r. It needs no fit and cannot fail, so it is what is
  left when nothing else is trusted (RiskMetrics 1996: 0.94 a day).
* HAR (Corsi 2009, J. Financial Econometrics 7:174) adds up yesterday, the last week and the last month, as
  people act on all three scales. Logarithms keep it positive.
* GARCH(1,1) (Bollerslev 1986, J. Econometrics 31:307) reverts to a level: its forecast has a term structure.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST: Final = 1e-8
"""Variance below which a bar counts as this: a feed that stands still is no certainty."""

SPANS: Final = (1, 7, 30)
"""Bars of HAR's three scales: a day, a week and a month of daily bars, as markets here never close."""


@dataclass(frozen=True, slots=True)
class Ewma:
    """`keep` is what a bar leaves of the weight before it."""

    keep: float = 0.94
    version: int = 1

    def course(self, bars: Floats) -> Floats:
        """The forecast after each bar."""
        found, level = np.empty_like(bars), float(bars[0]) if len(bars) else 0.0
        for index, bar in enumerate(bars.tolist()):
            level = self.keep * level + (1.0 - self.keep) * bar
            found[index] = level
        return found


@dataclass(frozen=True, slots=True)
class Har:
    """`weights` of the logarithms over the three spans, and of one; `spread` is the variance of the residual.

    A logarithm's mean is not the mean's logarithm: half the residual's variance makes up for it.
    """

    constant: float
    weights: tuple[float, float, float]
    spread: float
    version: int = 1

    def course(self, bars: Floats) -> Floats:
        """The forecast after each bar; in the first month of what there is of it."""
        # Added up one by one: a product of matrices rounds by how many rows there are.
        first, second, third = (
            weight * column for weight, column in zip(self.weights, features(bars).T, strict=True)
        )
        forecast: Floats = np.exp(self.constant + first + second + third + 0.5 * self.spread)
        return forecast


def features(bars: Floats) -> Floats:
    """Logarithm of the mean variance of the last bars of each span, a row after each bar."""
    total = np.concatenate([[0.0], np.cumsum(np.maximum(bars, LEAST))])
    ends = np.arange(1, len(bars) + 1)
    columns = []
    for span in SPANS:
        starts = np.maximum(ends - span, 0)
        columns.append(np.log((total[ends] - total[starts]) / (ends - starts)))
    return np.stack(columns, axis=1)


@dataclass(frozen=True, slots=True)
class Garch:
    """v' = level (1 - news - memory) + news r + memory v, with news + memory below one.

    `horizon` is over how many bars the mean is taken: seven daily ones for options of a week.
    """

    level: float
    news: float
    memory: float
    horizon: int = 7
    version: int = 1

    @property
    def persistence(self) -> float:
        """What is left after a bar of a distance from the level."""
        return self.news + self.memory

    def next_variance(self, bars: Floats) -> Floats:
        """The forecast of the next bar alone, after each bar."""
        found, now = np.empty_like(bars), self.level
        for index, bar in enumerate(bars.tolist()):
            now = self.level * (1.0 - self.persistence) + self.news * bar + self.memory * now
            found[index] = now
        return found

    def course(self, bars: Floats) -> Floats:
        """The mean over the horizon, after each bar."""
        kept = float(np.mean(self.persistence ** np.arange(self.horizon)))
        mean: Floats = self.level + kept * (self.next_variance(bars) - self.level)
        return mean


Model = Ewma | Har | Garch
