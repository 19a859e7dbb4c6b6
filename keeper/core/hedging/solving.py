"""The best region of one book by dynamic programming: seconds of work, for a book that will live for days.

Exponential utility, a trinomial walk of the log price (p = 2/3 in the middle, exact martingale), a grid of
hedge positions. At each step back in time the trader may move to any position at the fixed and the
proportional cost; where moving pays is the region. Legs of any sign and expiry, as long as they are European.

The recursion is kept in U = exp(a (V - L)): V is the certainty-equivalent cost from here on and L the book's
value on this lattice, as a liability. Then holding and trading are products and minima, with factors that
are the same at every step.

`solve` is a pure function. Who calls it, in which process and when, is the application's matter: it may be
handed to a worker at any head, and until its answer is there, or when it has become too old for the book, the
closed form is used.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from keeper.core.hedging.band import LEAST, Floats
from keeper.core.hedging.book import Legs, Region
from keeper.core.hedging.closed_form import closed_form
from keeper.core.hedging.frontier import frontier
from keeper.core.hedging.table import Inputs, Table, Unsolved
from keeper.core.hedging.walk import Lattice, Walk, due, held, mean, trade

MOST_STEPS = 1440
"""Steps back from the last expiry. With fewer looks than that, a step is a look."""

LEAST_STEPS = 24
POSITIONS = 240
DEVIATIONS = 5.5
TRUSTED = 4.0
"""Half the lattice's width, and half the width within which the two edges do not matter."""


MARGIN = 0.2
"""Positions beyond the least and largest hedge that the closed form aims at, as a share of their distance."""

SLICES = 40
"""Times kept for each expiry, denser towards it."""

ROUNDED_TO = 2.0**-14, 2.0**-32
"""Bounds (in the closed form's widths) and logarithms of spots are rounded to this: far below what matters,
far above the last bits, in which processors differ. So another machine solves the same table."""

_INSTANT = 1e-6
"""Of a step: how long before an expiry the region is still the last one before it."""


def solve(legs: Legs, spot: float, inputs: Inputs) -> Table | Unsolved:
    """The table of a book, for spots around this one, from now until its last expiry."""
    alive = (legs.years > 0.0) & (legs.size != 0.0)
    if not np.any(alive):
        return Unsolved.NO_LEGS
    dear = float(inputs.costs.fixed) > 0.0 or float(inputs.costs.proportional) > 0.0
    if not (dear and all(value > 0.0 for value in (spot, inputs.volatility, inputs.risk_aversion))):
        return Unsolved.NOTHING_TO_WEIGH
    book = Legs(legs.strike[alive], legs.years[alive], legs.is_call[alive], legs.size[alive])
    with np.errstate(all="ignore"):
        lattice = _lattice(book, spot, inputs)
        steps, bounds = zip(*_backwards(lattice, book, inputs), strict=True)
    table = _table(lattice, book, inputs, np.array(steps[::-1]), np.array(bounds[::-1]))
    return table if np.all(np.isfinite(table.bounds)) else Unsolved.TOO_LARGE


def _lattice(legs: Legs, spot: float, inputs: Inputs) -> Lattice:
    life = float(np.max(legs.years))
    steps = int(np.clip(np.rint(life / max(inputs.look_interval, LEAST)), LEAST_STEPS, MOST_STEPS))
    step = life / steps
    move = inputs.volatility * np.sqrt(3.0 * step)
    nodes = int(np.ceil(DEVIATIONS * np.sqrt(steps / 3.0)))
    spots = spot * np.exp(move * np.arange(-nodes, nodes + 1))
    expiries = np.maximum(np.rint(legs.years / step), 1.0).astype(np.int64)
    moments = {0.0, *(legs.years - step), *(legs.years[legs.years < life])}
    aims = [_centre(_closed(_left(legs, t), spots, inputs, t, step)) for t in moments]
    low, high = float(np.min(aims)), float(np.max(aims))
    reach = MARGIN * max(high - low, LEAST)
    factor = float(np.exp(move))
    rise = (1 - 1 / factor) / (factor - 1 / factor) / 3
    return Lattice(
        spots, np.linspace(low - reach, high + reach, POSITIONS), expiries, steps, step, factor, rise
    )


def _backwards(lattice: Lattice, legs: Legs, inputs: Inputs) -> Iterator[tuple[int, Floats]]:
    """The steps that are kept, last first, and the bounds at each spot there, in units of the closed form."""
    aversion, costs = inputs.risk_aversion, inputs.costs
    exposure = -aversion * lattice.positions[:, np.newaxis] * lattice.spots
    walk = Walk(*(np.exp(exposure[:, 1:-1] * (by - 1)) for by in (lattice.factor, 1 / lattice.factor)))
    charge = np.exp(-exposure * costs.proportional)
    fixed = float(np.exp(aversion * costs.fixed))
    kept, utility = _kept(lattice), np.ones_like(exposure)
    owed = due(lattice, legs, lattice.steps)
    for step in reversed(range(lattice.steps)):
        fair = mean(lattice, owed)
        utility = held(lattice, walk, utility, aversion * owed, aversion * fair)
        if step in kept:
            time = step * lattice.step
            simple = _closed(
                _left(legs, time + 0.5 * lattice.step), lattice.spots, inputs, time, lattice.step
            )
            sound = np.all(np.isfinite(utility))
            best = frontier(utility, charge, fixed, lattice.positions, simple)
            width = np.maximum(0.5 * (simple.sell_above - simple.buy_below), LEAST)
            away = np.stack(best, axis=-1) - _centre(simple)[:, np.newaxis]
            yield step, np.where(sound, away / width[:, np.newaxis], np.nan)
        trade(utility, charge, fixed)
        owed = fair + due(lattice, legs, step)


def _kept(lattice: Lattice) -> frozenset[int]:
    """Steps whose region is kept: the first, each expiry, and more of them the nearer the next one is."""
    ends = [0, *sorted({int(expiry) for expiry in lattice.expiries})]
    shares = np.square(np.linspace(0.0, 1.0, SLICES))
    return frozenset(
        int(step)
        for start, end in pairwise(ends)
        for step in {start, *(np.clip(end - 1 - np.rint(shares * (end - start)), start, end - 1))}
    )


def _table(lattice: Lattice, legs: Legs, inputs: Inputs, steps: NDArray[np.int64], bounds: Floats) -> Table:
    """The kept regions in order, each held until the instant of an expiry that follows it."""
    last = np.isin(steps + 1, lattice.expiries)
    nodes = len(lattice.spots) // 2
    inner = slice(
        nodes - round(nodes * TRUSTED / DEVIATIONS), nodes + round(nodes * TRUSTED / DEVIATIONS) + 1
    )
    bounds = bounds[:, inner]
    times = np.concatenate((steps * lattice.step, (steps[last] + 1 - _INSTANT) * lattice.step))
    order = np.argsort(times)
    quantum, log_quantum = ROUNDED_TO
    return Table(
        legs,
        inputs,
        times[order],
        _rounded(np.log(lattice.spots[inner]), log_quantum),
        _rounded(np.concatenate((bounds, bounds[last]))[order], quantum),
    )


def _rounded(values: Floats, quantum: float) -> Floats:
    rounded: Floats = np.rint(values / quantum) * quantum
    return rounded


def _closed(legs: Legs, spots: Floats, inputs: Inputs, time: float, look: float) -> Region:
    volatility, elapsed, aversion, looks = (
        np.full_like(spots, value) for value in (inputs.volatility, time, inputs.risk_aversion, look)
    )
    return closed_form(legs, spots, volatility, elapsed, inputs.costs, aversion, looks)


def _left(legs: Legs, time: float) -> Legs:
    """The legs that expire after a time."""
    left = legs.years > time
    return Legs(legs.strike[left], legs.years[left], legs.is_call[left], legs.size[left])


def _centre(region: Region) -> Floats:
    centre: Floats = 0.5 * (region.buy_below + region.sell_above)
    return centre
