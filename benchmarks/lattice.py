"""The optimum of hedging under costs, and the exact cost of any rule, on a lattice and without Monte Carlo.

One market: the log price walks on a trinomial lattice (p = 2/3 in the middle, exact martingale, kurtosis of
the normal law). One trader: exponential utility, holding any European book, allowed to trade every few steps
at a fixed cost and a proportional one. The backward recursion over (price, hedge position) takes the best
trade at each look, or the trade that a rule would make; both are priced by the same code, so that a rule's
distance from the optimum is the rule's and not the method's.

The recursion is kept in utilities U = exp(a (V - L)), where V is the certainty-equivalent cost from here on
and L what the book is worth on this lattice, as a liability. Two things follow. Holding is three products and
trading two running minima, with no logarithm in them, for every factor but one is the same at each step. And
U stays near one, so nothing overflows where a trader worth its name acts.

Nothing here comes from `keeper.core.hedging` but the names of its values: it is what the core is judged by.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keeper.core.hedging import Costs, Legs, Region

Floats = NDArray[np.float64]
Rule = Callable[[Floats, float], Region]
"""Spots and the time of a look, in years, to the rule's region there."""

DEVIATIONS = 6.0
"""Half the lattice's width: at eight the optimum of the reference case differs by one part in a million."""

GRID = 200
"""Positions per unit of the largest leg: twice as many move that optimum by two parts in ten thousand."""

MARGIN = 0.15
"""How far the positions reach beyond those that any hedge ratio asks for, in units of the largest leg."""


class Settlement(StrEnum):
    """What becomes of the hedge at the last expiry."""

    MID = "mid"
    """It is worth its price: the vault goes on and will need it."""
    CASH = "cash"
    """It is sold, at a cost."""
    PHYSICAL = "physical"
    """It is delivered against what was exercised; the rest is sold, at a cost."""


@dataclass(frozen=True)
class World:
    """A book and everything that hedging it depends on; years and quote units, `aversion` absolute.

    `look` is the time between two looks; the lattice takes `substeps` steps in it. `drift` is the
    growth of the price that the trader expects per year.
    """

    legs: Legs
    volatility: float
    costs: Costs
    aversion: float
    look: float
    spot: float = 3000.0
    drift: float = 0.0
    settlement: Settlement = Settlement.MID
    substeps: int = 1
    grid: int = GRID

    @property
    def step(self) -> float:
        """Years between two steps."""
        return self.look / self.substeps

    @cached_property
    def expiries(self) -> NDArray[np.int64]:
        """The step at which each leg expires."""
        return np.rint(self.legs.years / self.step).astype(np.int64)

    @property
    def steps(self) -> int:
        """Steps until the last expiry."""
        return int(self.expiries.max())

    @property
    def unit(self) -> float:
        """Size of the largest leg."""
        return float(np.max(np.abs(self.legs.size)))

    @property
    def move(self) -> float:
        """Change of the log price in a step up."""
        return float(self.volatility * np.sqrt(3.0 * self.step))

    @cached_property
    def spots(self) -> Floats:
        """Prices of the lattice; the middle one is the first."""
        nodes = int(np.ceil(DEVIATIONS * np.sqrt(self.steps / 3.0)))
        lattice: Floats = self.spot * np.exp(self.move * np.arange(-nodes, nodes + 1))
        return lattice

    @cached_property
    def positions(self) -> Floats:
        """Hedge positions, with zero among them."""
        deltas = np.cumsum(np.where(self.legs.is_call, 0.0, -1.0) * self.legs.size)[-1]
        strikes = np.argsort(self.legs.strike)
        ladder = -(deltas + np.concatenate(([0.0], np.cumsum(self.legs.size[strikes]))))
        each = np.concatenate((ladder, -_signed(self.legs), [0.0]))
        low, high = each.min() / self.unit - MARGIN, each.max() / self.unit + MARGIN
        count = np.arange(np.floor(low * self.grid), np.ceil(high * self.grid) + 1)
        grid: Floats = count * self.unit / self.grid
        return grid

    def open_legs(self, time: float) -> Legs:
        """The legs that have not expired at a time: what a rule is asked about."""
        alive = self.legs.years > time + 0.5 * self.step
        legs = self.legs
        return Legs(legs.strike[alive], legs.years[alive], legs.is_call[alive], legs.size[alive])

    def owed(self, step: int) -> Floats:
        """What the book pays out at each spot, by the legs that expire at this step."""
        payoff = np.maximum(
            np.where(self.legs.is_call, 1.0, -1.0) * (self.spots[:, None] - self.legs.strike), 0.0
        )
        due: Floats = -(payoff * np.where(self.expiries == step, self.legs.size, 0.0)).sum(axis=1)
        return due


def _signed(legs: Legs) -> Floats:
    signed: Floats = np.where(legs.is_call, 1.0, -1.0) * legs.size
    return signed


def optimum(world: World) -> float:
    """Least certainty-equivalent cost of hedging, above what the book is worth, from no hedge."""
    return _excess(world, _best_trade(world))


def cost_of(world: World, rule: Rule) -> float:
    """Certainty-equivalent cost of a rule, above what the book is worth, from no hedge."""
    return _excess(world, _ruled_trade(world, rule))


class _Walk(NamedTuple):
    """One step: probabilities, and the factors of holding a position (a row) at a price (a column)."""

    rise: float
    fall: float
    up: Floats
    down: Floats


Trade = Callable[[Floats, float], Floats]


def _excess(world: World, trade: Trade) -> float:
    walk, utility, owed = _walk(world), _at_the_end(world), world.owed(world.steps)
    for step in reversed(range(world.steps)):
        value = _expected(world, owed)
        utility = _held(world, walk, utility, owed, value)
        if step % world.substeps == 0:
            utility = trade(utility, step * world.step)
        owed = value + world.owed(step)
    start = int(np.argmin(np.abs(world.positions)))
    return float(np.log(utility[start, len(world.spots) // 2]) / world.aversion)


def _walk(world: World) -> _Walk:
    factor = float(np.exp(world.move))
    exposure = -world.aversion * world.positions[:, None] * world.spots
    return _Walk(
        *_odds(world.move, world.drift * world.step),
        np.exp(exposure * (factor - 1)),
        np.exp(exposure * (1 / factor - 1)),
    )


def _odds(move: float, growth: float) -> tuple[float, float]:
    """Probabilities of a step up and down, at which the price grows by this much on average."""
    factor = float(np.exp(move))
    rise = (np.expm1(growth) + (1 - 1 / factor) / 3) / (factor - 1 / factor)
    return rise, 1 / 3 - rise


def _expected(world: World, owed: Floats) -> Floats:
    """The book's value a step earlier, without costs. At the two edges the price has come to rest."""
    rise, fall = _odds(world.move, 0.0)
    expected = owed.copy()
    expected[1:-1] = 2 / 3 * owed[1:-1] + rise * owed[2:] + fall * owed[:-2]
    return expected


def _held(world: World, walk: _Walk, utility: Floats, after: Floats, before: Floats) -> Floats:
    """Utility of a position kept for a step."""
    stay = np.exp(world.aversion * (after - before))
    rise = walk.rise * np.exp(world.aversion * (after[2:] - before[1:-1]))
    fall = walk.fall * np.exp(world.aversion * (after[:-2] - before[1:-1]))
    held = utility * stay
    inner = held[:, 1:-1]
    inner *= 2 / 3
    inner += walk.up[:, 1:-1] * utility[:, 2:] * rise
    inner += walk.down[:, 1:-1] * utility[:, :-2] * fall
    return held


def _at_the_end(world: World) -> Floats:
    positions = np.repeat(world.positions[:, None], len(world.spots), axis=1)
    if world.settlement is Settlement.MID:
        return np.ones_like(positions)
    if world.settlement is Settlement.PHYSICAL:
        in_the_money = _signed(world.legs) * (world.spots[:, None] - world.legs.strike) * world.legs.size > 0
        last = world.expiries == world.steps
        positions = positions + (np.where(in_the_money & last, _signed(world.legs), 0.0)).sum(axis=1)
    open_ = np.abs(positions) > 1e-9 * world.unit
    cost = world.costs.proportional * world.spots * np.abs(positions) + world.costs.fixed * open_
    unwound: Floats = np.exp(world.aversion * cost)
    return unwound


class _Fees(NamedTuple):
    """Factors of utility that trading costs: going from zero to a position (a row), and trading at all."""

    charge: Floats
    fixed: float


def _fees(world: World) -> _Fees:
    rate = world.aversion * world.costs.proportional
    return _Fees(
        np.exp(rate * world.positions[:, None] * world.spots),
        float(np.exp(world.aversion * world.costs.fixed)),
    )


def _best_trade(world: World) -> Trade:
    """To wherever it is best, if that pays: a running minimum of being there times getting there."""
    charge, fixed = _fees(world)

    def trade(held: Floats, time: float) -> Floats:
        del time
        bought, sold = held * charge, held / charge
        for row in reversed(range(len(held) - 1)):
            np.minimum(bought[row + 1], bought[row], out=bought[row])
        for row in range(1, len(held)):
            np.minimum(sold[row - 1], sold[row], out=sold[row])
        bought /= charge
        sold *= charge
        moved = np.minimum(bought, sold, out=bought)
        moved *= fixed
        return np.minimum(held, moved, out=moved)

    return trade


def _ruled_trade(world: World, rule: Rule) -> Trade:
    """As a rule says: to its inner bound beyond its outer one."""
    charge, fixed = _fees(world)
    positions, columns = world.positions, np.arange(len(world.spots))
    pitch = world.unit / world.grid

    def there(held: Floats, target: Floats) -> tuple[Floats, Floats]:
        place = np.clip((target - positions[0]) / pitch, 0.0, len(positions) - 1.0)
        row = np.minimum(place.astype(np.int64), len(positions) - 2)
        share = place - row
        arrived = held[row, columns] ** (1.0 - share) * held[row + 1, columns] ** share
        fee = np.exp(world.aversion * world.costs.proportional * world.spots * (positions[0] + place * pitch))
        return fixed * arrived, fee

    def trade(held: Floats, time: float) -> Floats:
        zone = rule(world.spots, time)
        outcome = held.copy()
        arrived, fee = there(held, zone.buy_to)
        np.divide(arrived * fee, charge, out=outcome, where=positions[:, None] < zone.buy_below)
        arrived, fee = there(held, zone.sell_to)
        np.multiply(arrived / fee, charge, out=outcome, where=positions[:, None] > zone.sell_above)
        return outcome

    return trade
