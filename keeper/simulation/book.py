"""The options that a vault holds through a backtest: opened at the market's price, settled, opened again.

A vault sells weeklies week after week, so a year of it is not one book but a row of books. What is open, and
what was paid for it, follows from the market alone: no hedge changes a strike. So it is laid out before
anything is decided, as eras in each of which the book is the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from keeper.core.pricing.black_scholes import price as option_price
from keeper.core.units import YEAR_SECONDS
from keeper.simulation.path import Floats, Integers, MarketPath

DAY_S: Final = 86_400
GENESIS: Final = 1_700_000_000
"""Time of the first step, in Unix seconds: markets from a seed have no date."""

QUOTE_DECIMALS: Final = 6

_STRIKES: Final = 200
"""Strikes stand on a grid of about one in so many of the price, as venues have them."""


@dataclass(frozen=True, slots=True)
class LegPlan:
    """One leg: strike over spot, signed size as a share of the notional, and days from open to expiry."""

    is_call: bool
    moneyness: float
    size: float
    days: float


@dataclass(frozen=True, slots=True)
class Structure:
    """Legs that are opened again whenever they expire.

    `target` is the delta that the treasury keeps, as a share of the notional: a vault holds base but cannot
    owe any, so where the book's delta can be positive it keeps as much. `capital` is the vault's value at the
    start in units of the notional's.
    """

    name: str
    legs: tuple[LegPlan, ...]
    target: float
    capital: float
    rolls: bool = True


def _calls_and_puts(*rows: tuple[str, float, float], days: float) -> tuple[LegPlan, ...]:
    return tuple(LegPlan(kind == "call", moneyness, size, days) for kind, moneyness, size in rows)


STRUCTURES: Final = {
    each.name: each
    for each in (
        Structure("strangle", _calls_and_puts(("call", 1.1, -1), ("put", 0.9, -1), days=21), 1.0, 6.0),
        Structure("covered-call", _calls_and_puts(("call", 1.05, -1), days=14), 0.0, 5.0),
        Structure(
            "iron-condor",
            _calls_and_puts(("put", 0.8, 1), ("put", 0.9, -1), ("call", 1.1, -1), ("call", 1.2, 1), days=30),
            1.0,
            5.0,
        ),
        Structure(
            "ladder",
            tuple(
                LegPlan(
                    is_call=bool(index % 2), moneyness=0.88 + 0.035 * index, size=-0.125, days=7 + 3 * index
                )
                for index in range(8)
            ),
            0.5,
            5.0,
        ),
    )
}


@dataclass(frozen=True, slots=True, eq=False)
class Era:
    """Steps, from `first` to before `end`, through which the book is the same.

    `paid_units` is what the vault gets at the first step for what is opened then, less what it owes for what
    expires then.
    """

    first: int
    end: int
    strike: Floats
    expiry: Integers
    is_call: NDArray[np.bool_]
    size: Floats
    paid_units: int


@dataclass(frozen=True, slots=True)
class _Leg:
    plan: LegPlan
    strike: float
    expiry: int
    size: float


def eras(structure: Structure, units: float, market: MarketPath) -> tuple[Era, ...]:
    """The books of a vault of so many units of notional, over a market, in order."""
    found = list(_boundaries(structure, units, market))
    ends = [first for first, _, _ in found[1:]] + [len(market)]
    return tuple(_era(first, end, legs, paid) for (first, legs, paid), end in zip(found, ends, strict=True))


def _boundaries(
    structure: Structure, units: float, market: MarketPath
) -> Iterator[tuple[int, tuple[_Leg, ...], int]]:
    """Each step at which the book changes, the book from then on, and what is paid for the change."""
    legs = tuple(_opened(plan, units, market, 0) for plan in structure.legs)
    yield 0, legs, sum(_premium(leg, market, 0) for leg in legs)
    while legs:
        step = -(-(min(leg.expiry for leg in legs) - GENESIS) // market.step_s)
        if step >= len(market):
            return
        now = GENESIS + step * market.step_s
        paid, kept = 0, []
        for leg in legs:
            if leg.expiry > now:
                kept.append(leg)
                continue
            paid += _payoff(leg, float(market.price[step]))
            if structure.rolls:
                kept.append(_opened(leg.plan, units, market, step))
                paid += _premium(kept[-1], market, step)
        legs = tuple(kept)
        yield step, legs, paid


def _opened(plan: LegPlan, units: float, market: MarketPath, step: int) -> _Leg:
    spot = float(market.price[step])
    grid = 10.0 ** np.floor(np.log10(spot / _STRIKES)) * 5
    strike = max(float(np.rint(plan.moneyness * spot / grid)), 1.0) * grid
    return _Leg(
        plan, float(strike), GENESIS + step * market.step_s + round(plan.days * DAY_S), plan.size * units
    )


def _premium(leg: _Leg, market: MarketPath, step: int) -> int:
    """Fair value at the quoted volatility: what a short leg earns is left to the market that follows."""
    years = (leg.expiry - GENESIS - step * market.step_s) / YEAR_SECONDS
    fair = option_price(market.price[step], leg.strike, years, market.volatility[step], leg.plan.is_call)
    return -round(float(fair) * leg.size * 10**QUOTE_DECIMALS)


def _payoff(leg: _Leg, spot: float) -> int:
    intrinsic = max(spot - leg.strike if leg.plan.is_call else leg.strike - spot, 0.0)
    return round(intrinsic * leg.size * 10**QUOTE_DECIMALS)


def _era(first: int, end: int, legs: Sequence[_Leg], paid: int) -> Era:
    return Era(
        first=first,
        end=end,
        strike=np.array([leg.strike for leg in legs], dtype=np.float64),
        expiry=np.array([leg.expiry for leg in legs], dtype=np.int64),
        is_call=np.array([leg.plan.is_call for leg in legs], dtype=np.bool_),
        size=np.array([leg.size for leg in legs], dtype=np.float64),
        paid_units=paid,
    )
