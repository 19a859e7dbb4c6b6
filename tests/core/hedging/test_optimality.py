"""The closed form against the optimum itself, found by dynamic programming without Monte-Carlo noise.

A trinomial lattice in the log price (p = 2/3 in the middle, exact martingale, one step per look) and a grid
of hedge positions. Costs are certainty equivalents under exponential utility. The same backward recursion
prices the optimal trades and the rule's, so their difference is the rule's loss and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from keeper.core.hedging.no_trade import Costs, Legs, Region, no_trade_region
from keeper.core.pricing.black_scholes import price

Floats = NDArray[np.float64]
Trade = Callable[[Floats, float], Floats]
LOOK = 1 / 8760
DEVIATIONS = 6.0


@dataclass(frozen=True)
class World:
    """One book of equal expiries, hedged hourly until then; `reach` bounds the hedge positions considered."""

    legs: Legs
    volatility: float
    costs: Costs
    aversion: float
    reach: tuple[float, float]
    spot: float = 3000.0

    @property
    def steps(self) -> int:
        return round(float(self.legs.years[0]) / LOOK)

    @property
    def spots(self) -> Floats:
        move = self.volatility * np.sqrt(3 * LOOK)
        nodes = int(np.ceil(DEVIATIONS * self.volatility * np.sqrt(self.steps * LOOK) / move))
        lattice: Floats = self.spot * np.exp(move * np.arange(-nodes, nodes + 1))
        return lattice

    @property
    def positions(self) -> Floats:
        return np.arange(round(self.reach[0] * 100), round(self.reach[1] * 100) + 1) / 100.0


def excess_cost(world: World, trade: Trade) -> float:
    """Certainty-equivalent cost above the Black-Scholes value, starting unhedged."""
    spots, positions, legs = world.spots, world.positions, world.legs
    sign = np.where(legs.is_call, 1.0, -1.0)
    payoff = np.maximum(sign * (spots[:, None] - legs.strike), 0.0) @ legs.size
    value = np.repeat(-payoff[:, None], len(positions), axis=1)
    for step in reversed(range(world.steps)):
        value = trade(_held_one_look(world, value), step * LOOK)
    fair = price(world.spot, legs.strike, legs.years, world.volatility, legs.is_call) @ legs.size
    return float(value[len(spots) // 2, int(np.argmin(np.abs(positions)))] + fair)


def _held_one_look(world: World, value: Floats) -> Floats:
    spots, positions = world.spots, world.positions
    above = np.minimum(np.arange(len(spots)) + 1, len(spots) - 1)
    below = np.maximum(np.arange(len(spots)) - 1, 0)
    factor = float(np.exp(world.volatility * np.sqrt(3 * LOOK)))
    rise = (1 - 1 / factor) / (factor - 1 / factor) / 3
    up = value[above] - (spots[above] - spots)[:, None] * positions - value
    down = value[below] - (spots[below] - spots)[:, None] * positions - value
    mean = 2 / 3 + rise * np.exp(world.aversion * up) + (1 / 3 - rise) * np.exp(world.aversion * down)
    held: Floats = value + np.log(mean) / world.aversion
    return held


def optimal(world: World) -> Trade:
    """Trade to wherever it is best, if that pays: a running minimum of being there plus getting there."""
    charge = world.costs.proportional * world.spots[:, None] * world.positions

    def trade(held: Floats, _: float) -> Floats:
        bought = np.minimum.accumulate((held + charge)[:, ::-1], axis=1)[:, ::-1] - charge
        sold = np.minimum.accumulate(held - charge, axis=1) + charge
        return np.minimum(held, np.minimum(bought, sold) + world.costs.fixed)

    return trade


def by_region(world: World) -> Trade:
    """Trade as `no_trade_region` says."""
    spots, positions = world.spots, world.positions
    per_unit = world.costs.proportional * spots[:, None]

    def after_trade_to(held: Floats, target: Floats) -> Floats:
        there = np.array([np.interp(x, positions, row) for x, row in zip(target, held, strict=True)])
        moved: Floats = there[:, None] + per_unit * np.abs(positions - target[:, None]) + world.costs.fixed
        return moved

    def trade(held: Floats, time: float) -> Floats:
        zone: Region = no_trade_region(
            world.legs, spots, world.volatility, time, world.costs, world.aversion, LOOK
        )
        bought, sold = after_trade_to(held, zone.buy_to), after_trade_to(held, zone.sell_to)
        outcome = np.where(positions > zone.sell_above[:, None], sold, held)
        return np.where(positions < zone.buy_below[:, None], bought, outcome)

    return trade


def book(days: float, *rows: tuple[float, bool, float]) -> Legs:
    strike, call, size = (np.array(column) for column in zip(*rows, strict=True))
    return Legs(strike, np.full(len(rows), days / 365), call, size)


CALL = book(7, (3000.0, True, -1.0))
STRADDLE = book(7, (3000.0, True, 1.0), (3000.0, False, 1.0))
SPREAD = book(7, (3000.0, True, -1.0), (3300.0, True, 1.0))
ONE, TWO = (-0.15, 1.15), (-1.25, 1.25)


@pytest.mark.parametrize(
    ("world", "most"),
    [
        pytest.param(World(CALL, 0.7, Costs(0.05, 1e-3), 0.01, ONE), 0.01, id="one call"),
        pytest.param(World(CALL, 0.7, Costs(0.0, 1e-3), 0.01, ONE), 0.01, id="no gas"),
        pytest.param(World(CALL, 0.8, Costs(2.0, 3e-3), 0.01, ONE), 0.015, id="small vault, dear gas"),
        pytest.param(World(STRADDLE, 0.7, Costs(0.05, 1e-3), 0.01, TWO), 0.03, id="long straddle"),
        pytest.param(World(SPREAD, 0.7, Costs(0.05, 1e-3), 0.01, TWO), 0.04, id="call spread"),
    ],
)
def test_the_region_loses_next_to_nothing_to_the_optimum(world: World, most: float) -> None:
    best, rule = excess_cost(world, optimal(world)), excess_cost(world, by_region(world))
    assert -1e-3 < rule / best - 1 < most


def test_the_lattice_finds_the_published_optimum() -> None:
    """6.58 dollars of excess cost for the week-long call (hourly looks; the fine grid's figure)."""
    world = World(CALL, 0.7, Costs(0.05, 1e-3), 0.01, ONE)
    assert excess_cost(world, optimal(world)) == pytest.approx(6.58, abs=0.1)
