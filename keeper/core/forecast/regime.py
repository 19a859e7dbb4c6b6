"""Whether the market is calm or wild now, as a probability that knows no future.

The logarithm of a bar's variance is taken for a normal variable whose mean depends on a hidden regime, which
stays with a probability or changes (Hamilton 1989, Econometrica 57:357). The *filtered* probability of the
wild regime after a bar uses the bars so far; the smoothed one, which looks better on every chart, uses those
to come as well, and is of no use to anybody who has to act.

The probability raises what depends on how sure one is: `raised` takes it for a factor between one and `most`.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from keeper.core.forecast.models import LEAST, Floats

_LEAST: Final = 1e-8
_FARTHEST: Final = 500.0
"""A bar so unlikely in both regimes that both densities would be zero still says which is the nearer."""


class Regime(IntEnum):
    """Columns of the probabilities."""

    CALM = 0
    WILD = 1


@dataclass(frozen=True, slots=True)
class Regimes:
    """Mean and deviation of log variance in each regime, and the chance to stay in it for another bar."""

    mean: tuple[float, float]
    deviation: tuple[float, float]
    stay: tuple[float, float]
    version: int = 1

    def filtered(self, bars: Floats) -> Floats:
        """Probabilities of both regimes after each bar, a row each. It begins at the long run's shares."""
        calm, wild = self.stay
        whole = max(2.0 - calm - wild, _LEAST)
        was_calm, was_wild = (1.0 - wild) / whole, (1.0 - calm) / whole
        likelihood = self._log_density(bars)
        nearest = likelihood.max(axis=1, keepdims=True, initial=-np.inf)
        found: list[tuple[float, float]] = []
        for of_calm, of_wild in np.exp(np.maximum(likelihood - nearest, -_FARTHEST)).tolist():
            now_calm = (was_calm * calm + was_wild * (1.0 - wild)) * of_calm
            now_wild = (was_calm * (1.0 - calm) + was_wild * wild) * of_wild
            total = now_calm + now_wild
            was_calm, was_wild = now_calm / total, now_wild / total
            found.append((was_calm, was_wild))
        return np.array(found, dtype=np.float64).reshape(-1, 2)

    def _log_density(self, bars: Floats) -> Floats:
        away = (np.log(np.maximum(bars, LEAST))[:, np.newaxis] - np.array(self.mean)) / np.array(
            self.deviation
        )
        density: Floats = -0.5 * np.square(away) - np.log(np.array(self.deviation))
        return density


def raised(wild: float, most: float) -> float:
    """A factor for a probability of the wild regime: one while it is calm, `most` when it surely is not."""
    return 1.0 + (most - 1.0) * min(max(wild, 0.0), 1.0)
