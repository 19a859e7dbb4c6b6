"""Risk aversion from what an operator can picture: how far the delta may be off before the keeper trades.

Risk aversion is one over an amount of money that nobody has a feeling for. A band has: "trade when the delta
is off by a tenth of an option". So the width of the region is taken where it matters most, at the strike at
which it is widest, and the aversion is found that gives this width. The width falls as aversion grows, so
that halving an interval finds it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from keeper.core.hedging.book import Costs, Legs
from keeper.core.hedging.no_trade import no_trade_region
from keeper.core.pricing.black_scholes import Flags

LEAST_AVERSION, MOST_AVERSION = 1e-15, 1e9
"""In 1/usd: tolerances from a billionth of a dollar to a thousand times what a policy may say."""

_HALVINGS = 60
"""Of an interval of fifty-five in the logarithm: what is left is far below a float's last digit of a band."""

CostsAt = Callable[[float], Costs]
"""Costs of a trade of so many base: the more, the dearer."""


class Uncalibrated(StrEnum):
    """Why no risk aversion has such a band."""

    NO_LEGS = "no leg is alive: a band needs a strike to be measured at"
    FREE = "trading costs nothing: there is no band at all"
    BEYOND = "no risk aversion has a band so narrow or so wide"


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The absolute risk aversion, in 1/usd."""

    aversion: float


def alive(legs: Legs) -> Flags:
    """Which legs can still be worth something."""
    return np.asarray((legs.years > 0.0) & (legs.size != 0.0))


@dataclass(frozen=True, slots=True)
class AtTheMoney:
    """All but the aversion that the width of a region depends on; `look` in years between looks."""

    legs: Legs
    volatility: float
    costs_at: CostsAt
    look: float

    def width(self, aversion: float) -> float:
        """Distance of the outer bounds from the centre, in base, at the strike where it is widest.

        What a trade costs depends on its size, and that on the width: it is the width that fits itself.
        """
        width, found = 0.0, self._width(aversion, self.costs_at(0.0))
        for _ in range(_HALVINGS):
            if abs(found - width) <= 1e-12 * found:
                break
            width, found = found, self._width(aversion, self.costs_at(found))
        return found

    def aversion(self, width: float) -> Calibrated | Uncalibrated:
        """The aversion whose region is so wide, in base."""
        if not np.any(alive(self.legs)):
            return Uncalibrated.NO_LEGS
        costs = self.costs_at(width)
        if float(costs.fixed) <= 0.0 and float(costs.proportional) <= 0.0:
            return Uncalibrated.FREE
        low, high = np.log(LEAST_AVERSION), np.log(MOST_AVERSION)
        if not self._width(LEAST_AVERSION, costs) > width > self._width(MOST_AVERSION, costs):
            return Uncalibrated.BEYOND
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            if self._width(float(np.exp(middle)), costs) > width:
                low = middle
            else:
                high = middle
        return Calibrated(float(np.exp(0.5 * (low + high))))

    def _width(self, aversion: float, costs: Costs) -> float:
        strikes = self.legs.strike[alive(self.legs)]
        region = no_trade_region(self.legs, strikes, self.volatility, 0.0, costs, aversion, self.look)
        return float(np.max(0.5 * (region.sell_above - region.buy_below), initial=0.0))
