"""What dynamic programming found for one book, and where it may be used.

The closed form is off by a few percent where costs are high, and where legs of both signs meet. A `Table`
holds the optimum's region on a grid of times and spots, as a correction of the closed form: each bound as its
distance from the closed form's centre, in widths of the closed form's band. So it bends with the gas price,
the volatility and the rest, as the closed form does, and need not be solved again for each of their moves.

It is used for its own book only, within these distances of what it was solved for; outside them the closed
form answers alone.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keeper.core.hedging.band import LEAST, MOST, Floats
from keeper.core.hedging.book import Costs, Legs, Region
from keeper.core.pricing.black_scholes import Flags


class Tier(StrEnum):
    """What answered for a book: its table, or the closed form and why not the table."""

    TABLE = "table"
    NO_TABLE = "no-table"
    UNSOLVED = "unsolved"
    BOOK = "other-book"
    LOOKS = "look-interval"
    SPOT = "spot"
    VOLATILITY = "volatility"
    GAS = "gas"
    SPREAD = "spread"
    AVERSION = "risk-aversion"


WITHIN_FACTOR = {Tier.VOLATILITY: 1.1, Tier.GAS: 1.35, Tier.SPREAD: 1.5, Tier.AVERSION: 1.3}
"""How far each input may have moved, as a factor up or down: each alone costs about half a percent of the
least cost there (tests/core/hedging/test_table.py)."""

_SAME_YEARS = 1.0 / (365 * 24 * 60)
"""A leg is the same if its expiry is, to a minute."""


class Unsolved(StrEnum):
    """Why there is no table for a book."""

    NOT_YET = "nobody has solved it yet"
    DIED = "the process that solved it died"
    NO_LEGS = "no leg is alive"
    NOTHING_TO_WEIGH = "no price, volatility, cost or risk aversion"
    TOO_LARGE = "numbers beyond what can be computed with"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the region of a book depends on, beside the book, the spot and the time."""

    volatility: float
    costs: Costs
    risk_aversion: float
    look_interval: float


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The optimum's region for one book.

    `times` in years since the legs were stated, ascending, and `log_spots`, ascending; `bounds` has a row for
    each time, a column for each spot, and the four bounds, in units of the closed form.
    """

    legs: Legs
    inputs: Inputs
    times: Floats
    log_spots: Floats
    bounds: Floats


class Now(NamedTuple):
    """The inputs of a question, arrays of one shape."""

    spot: Floats
    volatility: Floats
    time: Floats
    fixed: Floats
    proportional: Floats
    aversion: Floats


def elapsed_years(stated: Legs, legs: Legs) -> float:
    """Years from the statement of a book to this one; NaN if these are not the legs left of it.

    Those that have expired are gone, settled or not; legs of no size are padding.
    """
    now = [(terms, years) for terms, years in _rows(legs) if terms[-1] != 0.0 and years > 0.0]
    if not now:
        return math.nan
    then = _rows(stated)
    elapsed = max(years for _, years in then) - max(years for _, years in now)
    left = [(terms, years - elapsed) for terms, years in then if years > elapsed + _SAME_YEARS]
    same = (
        elapsed > -_SAME_YEARS
        and [terms for terms, _ in left] == [terms for terms, _ in now]
        and all(abs(was - is_now) < _SAME_YEARS for (_, was), (_, is_now) in zip(left, now, strict=True))
    )
    return max(elapsed, 0.0) if same else math.nan


def _rows(legs: Legs) -> list[tuple[tuple[float, bool, float], float]]:
    """Each leg's terms and years. So few are compared faster one by one than as arrays."""
    terms = zip(legs.strike.tolist(), legs.is_call.tolist(), legs.size.tolist(), strict=True)
    return [*zip(terms, legs.years.tolist(), strict=True)]


def fit(table: Table, legs: Legs, now: Now) -> Tier:
    """Whether a table may answer one question about a book, and if not, what first speaks against it."""
    departures = _departures(table, now, now.time + elapsed_years(table.legs, legs))
    return next((tier for tier, outside in departures if outside), Tier.TABLE)


def corrected(table: Table, legs: Legs, now: Now, region: Region) -> Region:
    """The closed form's region with the table's correction; the region itself where the table says nothing.

    `legs` are those of the question, and `now.time` is since they were stated.
    """
    time = now.time + elapsed_years(table.legs, legs)
    use = ~np.logical_or.reduce([outside for _, outside in _departures(table, now, time)])
    bounds = _interpolated(table, np.where(use, time, 0.0), np.where(use, now.spot, 1.0))
    centre = 0.5 * (region.buy_below + region.sell_above)
    width = 0.5 * (region.sell_above - region.buy_below)
    found = (centre + np.clip(bounds[..., each] * width, -MOST, MOST) for each in range(4))
    return Region(*(np.where(use, mine, theirs) for mine, theirs in zip(found, region, strict=True)))


def _departures(table: Table, now: Now, time: Floats) -> Iterator[tuple[Tier, Flags]]:
    """All that can speak against a table, and where it does; what is not a number does."""
    log_spot = np.log(np.maximum(now.spot, LEAST))
    yield Tier.BOOK, np.logical_not((time >= table.times[0]) & (time <= table.times[-1]))
    yield Tier.SPOT, np.logical_not((log_spot >= table.log_spots[0]) & (log_spot <= table.log_spots[-1]))
    yield from moved(table.inputs, now)


def moved(inputs: Inputs, now: Now) -> Iterator[tuple[Tier, Flags]]:
    """Each input with a tolerance, and where it has left it."""
    for tier, value, solved in (
        (Tier.VOLATILITY, now.volatility, inputs.volatility),
        (Tier.GAS, now.fixed, inputs.costs.fixed),
        (Tier.SPREAD, now.proportional, inputs.costs.proportional),
        (Tier.AVERSION, now.aversion, inputs.risk_aversion),
    ):
        factor = WITHIN_FACTOR[tier]
        yield tier, np.logical_not((value <= solved * factor) & (value * factor >= solved))


def _interpolated(table: Table, time: Floats, spot: Floats) -> Floats:
    row, down = _place(table.times, time)
    column, across = _place(table.log_spots, np.log(spot))
    down, across = down[..., np.newaxis], across[..., np.newaxis]
    here, right = table.bounds[row, column], table.bounds[row, column + 1]
    below, beyond = table.bounds[row + 1, column], table.bounds[row + 1, column + 1]
    found: Floats = (1.0 - down) * (here + across * (right - here)) + down * (
        below + across * (beyond - below)
    )
    return found


def _place(grid: Floats, value: Floats) -> tuple[NDArray[np.int64], Floats]:
    """The interval of an ascending grid in which each value lies, and how far along."""
    place = np.clip(np.searchsorted(grid, value, side="right") - 1, 0, len(grid) - 2)
    share: Floats = np.clip((value - grid[place]) / (grid[place + 1] - grid[place]), 0.0, 1.0)
    return place, share
