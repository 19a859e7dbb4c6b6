"""What a desk does about the keeper's advice in a backtest: it trades the options at once, as quoted.

Without it a policy that lists instruments could not be held against one that does not: the same gamma would
be passed again at every look. Only what enters the vault's book is followed. Base is the keeper's own to
trade, and a perpetual would stand elsewhere, where the vault does not see it and goes on hedging for itself.
What was bought or sold is kept to its expiry.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from keeper.core.advice import Advice, NoAdvice, Order, Way
from keeper.core.decision import Decision
from keeper.core.listing import OPTIONS, Kind
from keeper.core.pricing.black_scholes import price as option_price
from keeper.core.units import YEAR_SECONDS, to_float
from keeper.simulation.book import GENESIS, QUOTE_DECIMALS, Era
from keeper.simulation.path import MarketPath

_NEVER: Final = 2**62


@dataclass(frozen=True, slots=True)
class Bought:
    """One order that was followed: `base` signed; `cost_usd` is what it lost against its worth."""

    step: int
    instrument: str
    base: float
    strike: float
    expiry: int
    price_usd: float
    cost_usd: float


@dataclass(frozen=True, slots=True)
class _Held:
    is_call: bool
    strike: float
    expiry: int
    size: float


@dataclass(slots=True)
class Desk:
    """One vault's desk."""

    bought: list[Bought] = field(default_factory=list)
    _held: list[_Held] = field(default_factory=list)

    def follow(self, decision: Decision) -> int:
        """Trade what is advised. Returns what is paid for it, in quote units, which may be below zero.

        A unit is worth what the vault will measure it by, and costs what the advice says beyond that.
        """
        exposure, now, paid = decision.exposure, decision.head.timestamp, 0.0
        for order in _options(decision.advice):
            called = order.kind is Kind.CALL
            size = to_float(order.size_wad) * (1.0 if order.way is Way.BUY else -1.0)
            years = (order.expiry - now) / YEAR_SECONDS
            worth = float(option_price(exposure.spot, order.strike, years, exposure.volatility, called))
            paid += size * worth + order.cost_usd
            self._held.append(_Held(called, order.strike, order.expiry, size))
            self.bought.append(
                Bought(
                    decision.head.number, order.instrument, size, order.strike, order.expiry,
                    order.price_usd, order.cost_usd,
                )
            )  # fmt: skip
        return round(paid * 10**QUOTE_DECIMALS)

    def settle(self, market: MarketPath, step: int) -> int:
        """Let go what has expired by a step. Returns what it brings, in quote units."""
        now, spot = GENESIS + step * market.step_s, float(market.price[step])
        over = [each for each in self._held if each.expiry <= now]
        self._held = [each for each in self._held if each.expiry > now]
        brought = sum(
            max(spot - each.strike if each.is_call else each.strike - spot, 0.0) * each.size for each in over
        )
        return round(brought * 10**QUOTE_DECIMALS)

    def until(self, market: MarketPath) -> int:
        """The first step at which something expires."""
        first = min((each.expiry for each in self._held), default=_NEVER)
        return -(-(first - GENESIS) // market.step_s)

    def beside(self, era: Era) -> Era:
        """A book with what the desk holds; the same one if that is nothing."""
        if not self._held:
            return era
        held = self._held
        return replace(
            era,
            strike=np.concatenate([era.strike, [each.strike for each in held]]),
            expiry=np.concatenate([era.expiry, np.array([each.expiry for each in held], dtype=np.int64)]),
            is_call=np.concatenate([era.is_call, np.array([each.is_call for each in held], dtype=np.bool_)]),
            size=np.concatenate([era.size, [each.size for each in held]]),
        )


def asks(decision: Decision) -> bool:
    """Whether a decision advises what the desk follows here."""
    return any(True for _ in _options(decision.advice))


def _options(advice: Advice | NoAdvice) -> Iterator[Order]:
    if isinstance(advice, Advice):
        yield from (each for each in advice.orders if each.kind in OPTIONS)
