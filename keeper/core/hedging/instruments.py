"""What can be traded to change a book's sensitivities, what they may be, and what came of looking."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from keeper.core.hedging.band import Floats


@dataclass(frozen=True, slots=True)
class Instrument:
    """Something that can be traded: what a unit of it changes, in the order of the need's sensitivities.

    `cost` of a unit bought and `fixed` of a trade, in usd; a unit sold costs `dearer_sold` more, which may be
    less than zero but not than -`cost`. Between `least`, not above zero, and `most` of it; `margin` that a
    unit takes, in usd; in multiples of `lot`, or in any amount if that is zero.
    """

    effect: tuple[float, ...]
    cost: float
    fixed: float
    least: float
    most: float
    margin: float = 0.0
    lot: float = 0.0
    dearer_sold: float = 0.0

    @property
    def cost_sold(self) -> float:
        """Of a unit sold, in usd."""
        return self.cost + self.dearer_sold


@dataclass(frozen=True, slots=True, eq=False)
class Need:
    """Sensitivities as they are, the range of each, and what a residual costs: `penalty`, usd per product."""

    present: Floats
    low: Floats
    high: Floats
    penalty: Floats
    margin: float = float("inf")

    def beyond(self, after: Floats) -> Floats:
        """By how much sensitivities are beyond their ranges, signed."""
        return np.maximum(after - self.high, 0.0) - np.maximum(self.low - after, 0.0)


def reach(need: Need, instruments: Sequence[Instrument]) -> Floats:
    """By how much all instruments together could change each sensitivity."""
    found = np.zeros(len(need.present))
    for each in instruments:
        found += np.abs(each.effect) * max(each.most, -each.least)
    return found


def within_reach(need: Need, instruments: Sequence[Instrument]) -> Need:
    """The need without the limits that no trade can reach: beside a limit of a billion nothing is exact."""
    most = reach(need, instruments)
    return replace(
        need,
        low=np.where(need.low < need.present - most, -np.inf, need.low),
        high=np.where(need.high > need.present + most, np.inf, need.high),
    )


@dataclass(frozen=True, slots=True)
class Combination:
    """What to trade of each instrument, where that leads, and the cost of trading in usd.

    `objective_usd` is that cost and the penalty.
    """

    trades: tuple[float, ...]
    after: tuple[float, ...]
    cost_usd: float
    objective_usd: float


@dataclass(frozen=True, slots=True)
class Short:
    """No combination suffices: by how much sensitivities, signed, stay beyond their ranges at the best."""

    missing: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Coarse(Short):
    """The same, where one would suffice if it need not be whole lots."""
