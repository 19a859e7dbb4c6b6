"""Whether the market is calm or wild now, as a probability that knows no future.

The logarithm of a bar's variance is taken for a normal variable whose mean depends on a hidden regime, which
stays with a probability or changes (Hamilton 1989, Econometrica 57:357). The *filtered* probability of the
wild regime after a bar uses the bars so far; the smoothed one, which looks better on every chart, uses those
to come as well, and is of no use to anybody who has to act.

The probability widens what depends on how sure one is: `tightened` takes it for a factor of the risk
aversion, between one and `most`.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

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
        step = np.array([[calm, 1.0 - calm], [1.0 - wild, wild]])
        now = np.array([1.0 - wild, 1.0 - calm]) / max(2.0 - calm - wild, _LEAST)
        found = np.empty((len(bars), 2))
        for index, likelihood in enumerate(self._log_density(bars)):
            before = now @ step
            weight = before * np.exp(np.maximum(likelihood - likelihood.max(), -_FARTHEST))
            found[index] = now = weight / weight.sum()
        return found

    def _log_density(self, bars: Floats) -> Floats:
        away = (np.log(np.maximum(bars, _LEAST))[:, np.newaxis] - np.array(self.mean)) / np.array(
            self.deviation
        )
        density: Floats = -0.5 * np.square(away) - np.log(np.array(self.deviation))
        return density


def tightened(aversion: float, wild: float, most: float) -> float:
    """The risk aversion when the wild regime has this probability: narrower bands the surer it is."""
    return aversion * (1.0 + (most - 1.0) * min(max(wild, 0.0), 1.0))
