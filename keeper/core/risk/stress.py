"""What a vault would lose if the market jumped, by the scenarios that option venues ask margin for.

The grid is that of Deribit's portfolio margin: nine evenly spaced moves of the spot within +-16 %, each with
volatility up, as it is and down; and for what is sold far out of the money an extended table of moves from
-66 % to +500 %, with volatility up only, of which a fraction counts. The fractions are Paradex's, 16 % over
the move, with which a position in the underlying loses as much as at the edge of the grid and so only
curvature can make these the worst.

Short volatilities move more than long ones. A shock of s becomes, for an option with d days left,

    up:    max(sigma (1 + s (30 / d)^p), least)        s = 50 %, least = 50 %
    down:  max(sigma (1 - s (30 / d)^p), 0)            s = 25 %
    p = 0.30 below thirty days, 0.13 above.

Where a policy asks for forecasts the moves are larger while the market is turbulent, by a factor of that
vault (see `foresight`). Deribit's dampener for large accounts is left out: it lowers losses.

Sources: Deribit, "Portfolio Margin" (support pages) for the shape; Oreome, "Advanced Risk Scenarios", for
Deribit's parameters and the shock; Paradex, "Portfolio Margin", for the fractions and the floor of d, of
which it does not tell the number: here a day.
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import NamedTuple

import numpy as np

from keeper.core.exposure import Situation
from keeper.core.pricing.black_scholes import Floats
from keeper.core.risk.repricing import Books, books_of, values


class Shock(StrEnum):
    """What volatility does in a scenario."""

    UP = "up"
    FLAT = "flat"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Scenario:
    """`move` of the spot as a fraction; `fraction` of the loss that counts."""

    move: float
    shock: Shock
    fraction: float


_STEPS = 4
_RANGE = 0.16
_FAR = (-0.66, -0.33, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0)
MOVES = tuple(_RANGE * step / _STEPS for step in range(-_STEPS, _STEPS + 1))
NEAR = tuple(Scenario(move, shock, 1.0) for shock, move in product(Shock, MOVES))
FAR = tuple(Scenario(move, Shock.UP, round(_RANGE / abs(move), 4)) for move in _FAR)
SCENARIOS = NEAR + FAR

_LEAST_LEFT = 0.01
"""Of the spot, however far a turbulent market is taken to fall."""

_UP, _DOWN, _LEAST_UP = 0.5, 0.25, 0.5
_DAYS, _LEAST_DAYS, _DAYS_PER_YEAR = 30.0, 1.0, 365.0
_SHORT_POWER, _LONG_POWER = 0.3, 0.13


class Stress(NamedTuple):
    """Gain or loss of each vault, a row each, in each of SCENARIOS, in quote; the fraction is in it."""

    profit: Floats

    @property
    def loss(self) -> Floats:
        """The worst loss of each vault. Never below zero, as one scenario is that nothing happens."""
        least: Floats = self.profit.min(axis=1)
        return -least

    @property
    def worst(self) -> tuple[Scenario, ...]:
        """The scenario of the worst loss of each vault; the first of several."""
        return tuple(SCENARIOS[index] for index in self.profit.argmin(axis=1).tolist())


def stress(books: Books) -> Stress:
    """Every vault in every scenario, each leg priced anew, inventory included. A NaN input gives NaN."""
    now = values(books, np.ones((1, 1)), books.leg_volatility)
    profit = [
        values(books, moved_to(books, _moves(shock)), shocked(books.leg_volatility, books.years, shock)) - now
        for shock in Shock
    ]
    near = len(MOVES)
    ordered = np.hstack([each[:, :near] for each in profit] + [profit[0][:, near:]])
    return Stress(ordered * np.array([each.fraction for each in SCENARIOS]))


def moved_to(books: Books, moves: Floats) -> Floats:
    """What moves of the grid multiply each vault's spot by, a row each."""
    multiple: Floats = np.maximum(1.0 + books.stressed[:, None] * moves[None, :], _LEAST_LEFT)
    return multiple


def _moves(shock: Shock) -> Floats:
    return np.array(MOVES + _FAR if shock is Shock.UP else MOVES)


def shocked(volatility: Floats, years: Floats, shock: Shock) -> Floats:
    """The volatility of options with some years left under a shock."""
    days = np.maximum(years * _DAYS_PER_YEAR, _LEAST_DAYS)
    weight = (_DAYS / days) ** np.where(days < _DAYS, _SHORT_POWER, _LONG_POWER)
    match shock:
        case Shock.UP:
            return np.maximum(volatility * (1.0 + _UP * weight), _LEAST_UP)
        case Shock.FLAT:
            return volatility
        case Shock.DOWN:
            return np.maximum(volatility * (1.0 - _DOWN * weight), 0.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one vault gains or loses in one scenario, in quote; the fraction is in it."""

    scenario: Scenario
    profit_usd: float


def outcomes(situation: Situation, factor: float = 1.0) -> tuple[Outcome, ...]:
    """One vault in every scenario, for people to look at; the moves are larger by the factor."""
    return tuple(map(Outcome, SCENARIOS, stress(books_of([situation], [factor])).profit[0].tolist()))
