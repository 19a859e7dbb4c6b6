"""When a hedge is worth its cost: the region in which the best trade is none.

Rehedging on a schedule pays for every wiggle. A band of constant width is too tight where gas is dear and too
wide where gamma is small. The near-optimal rule is a region per look, in units of the underlying:

    below buy_below:  buy up to buy_to       above sell_above:  sell down to sell_to       else:  hold
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from keeper.core.hedging.book import Costs, Legs, Region
from keeper.core.hedging.closed_form import closed_form
from keeper.core.hedging.table import Now, Table, Unsolved, corrected


def no_trade_region(  # noqa: PLR0913 - what a region depends on, and what is known of it
    legs: Legs,
    spot: ArrayLike,
    volatility: ArrayLike,
    time: ArrayLike,
    costs: Costs,
    risk_aversion: ArrayLike,
    look_interval: ArrayLike,
    *,
    tables: Sequence[Table | Unsolved] = (),
) -> Region:
    """The no-trade region of a book's hedge at any number of spots, or of many books at one spot each.

    `spot` (quote per unit), `volatility` (0.7 = 70 %, annualised), `time` (years elapsed since the legs were
    stated), costs, `risk_aversion` (absolute, 1/quote) and `look_interval` (years between decisions, 0 for
    continuous) broadcast against each other and against the rows of `legs`; the bounds have the common shape.

    Always ordered and finite: what is impossible (a negative cost or time, no volatility) counts as zero, and
    a band that would be infinite is 1e30 wide. Raises nothing for finite inputs.

    `tables`, one for each row of `legs`, hold what `solve` found for that book; each is used where it applies
    (see `keeper.core.hedging.table`), and the closed form elsewhere.
    """
    inputs = (spot, volatility, time, costs.fixed, costs.proportional, risk_aversion, look_interval)
    s, sigma, elapsed, fixed, proportional, aversion, look = np.broadcast_arrays(
        *(np.maximum(np.asarray(value, dtype=np.float64), 0.0) for value in inputs)
    )
    region = closed_form(legs, s, sigma, elapsed, Costs(fixed, proportional), aversion, look)
    now = Now(s, sigma, elapsed, fixed, proportional, aversion)
    return _with_tables(legs, now, region, tables) if tables else region


def _with_tables(legs: Legs, now: Now, region: Region, tables: Sequence[Table | Unsolved]) -> Region:
    if legs.size.ndim == 1:
        (table,) = tables
        return corrected(table, legs, now, region) if isinstance(table, Table) else region
    bounds = np.stack(region)
    for row, table in enumerate(tables):
        if isinstance(table, Table):
            book = Legs(legs.strike[row], legs.years[row], legs.is_call[row], legs.size[row])
            here = Now(*(each[..., row] for each in now))
            bounds[..., row] = corrected(table, book, here, Region(*bounds[..., row]))
    return Region(*bounds)
