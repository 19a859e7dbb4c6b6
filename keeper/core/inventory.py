"""How much base each vault may hold before a trade is worth its cost.

The band is the no-trade region of the book (see `hedging.no_trade`), moved to the vault's target and cut by
two facts that the region does not know: the policy's hard limit, which holds at any cost, and the vault's own
band, inside which its contract refuses to trade at all.

The region is the dearest part of a cycle and costs one vault nearly as much as a thousand. So each vault is
first made a `Question`, by itself, where whatever is wrong with it is its own failure; then all questions are
answered in one call. An answer does not depend on its neighbours, to the last bit: otherwise a vault decided
alone, by `explain`, could differ from the same vault decided with others.

Where a table has been solved for the book (see `hedging.table`) and its inputs are still much the same, it
answers; else the closed form does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from keeper.core.exposure import Situation
from keeper.core.hedging import (
    Costs,
    Legs,
    Now,
    Solved,
    Table,
    Tier,
    Unsolved,
    no_trade_region,
    side_by_side,
    tier_of,
)
from keeper.core.market import in_quote
from keeper.core.policy import Policy
from keeper.core.units import WAD, YEAR_SECONDS

HARD_LIMIT_RESTORED_TO = 0.8
"""After a breach of the hard delta limit, trade back to this share of it: at the limit itself the next tick
breaches again.
"""


@dataclass(frozen=True, slots=True)
class Band:
    """Inventory in base: below `buy_below` buy up to `buy_to`; above `sell_above` sell down to `sell_to`."""

    buy_below: float
    buy_to: float
    sell_to: float
    sell_above: float


class Question(NamedTuple):
    """All that one vault's band depends on.

    `tier` is what answers, and `table` the table if that does. `spot` in quote per base; `fixed` in quote and
    `proportional` as a fraction, of a trade; `aversion` in 1/quote; `look` in years. In base: `target`,
    `closed` (the inventory that closes the gap), `limit` and `refused`, distances from it: the policy's hard
    limit, and what the contract refuses to trade.
    """

    legs: Legs
    tier: Tier
    table: Table | Unsolved
    spot: float
    volatility: float
    fixed: float
    proportional: float
    aversion: float
    look: float
    target: float
    closed: float
    limit: float
    refused: float


def question(
    policy: Policy, situation: Situation, costs: Costs, solved: Solved | Unsolved = Unsolved.NOT_YET
) -> Question:
    """One vault's band as a question. Raises ZeroDivisionError without a price."""
    exposure = situation.exposure
    asked = Question(
        legs=situation.legs,
        tier=Tier.NO_TABLE,
        table=Unsolved.NOT_YET,
        spot=exposure.spot,
        volatility=exposure.volatility,
        fixed=float(costs.fixed),
        proportional=float(costs.proportional),
        aversion=policy.hedging.risk_aversion,
        look=policy.hedging.look_interval_s / YEAR_SECONDS,
        target=exposure.target_delta,
        closed=exposure.target_delta - exposure.book_delta,
        limit=in_quote(policy.limits.delta_usd_wad) / exposure.spot,
        refused=situation.vault.rules.band_wad / WAD,
    )
    return asked if isinstance(solved, Unsolved) else _offered(asked, solved)


def _offered(asked: Question, solved: Solved) -> Question:
    """The question with what was solved for its book, if that still answers it."""
    inputs = (asked.spot, asked.volatility, 0.0, asked.fixed, asked.proportional, asked.aversion)
    tier = tier_of(solved, asked.legs, Now(*map(np.asarray, inputs)), asked.look)
    return asked._replace(tier=tier, table=solved.table if tier is Tier.TABLE else Unsolved.NOT_YET)


def inventory_bands(questions: Sequence[Question]) -> tuple[Band, ...]:
    """The band of each vault, in their order; never across the inventory that closes the gap."""
    if not questions:
        return ()
    numbers = np.array([each[3:] for each in questions], dtype=np.float64)
    spot, volatility, fixed, proportional, aversion, look, target, closed, limit, refused = (
        np.ascontiguousarray(column) for column in numbers.T
    )
    books = side_by_side([each.legs for each in questions])
    # Numbers beyond reason may overflow: that is their own row's matter, and no reason to warn.
    with np.errstate(all="ignore"):
        costs, tables = Costs(fixed, proportional), [each.table for each in questions]
        region = no_trade_region(books, spot, volatility, 0.0, costs, aversion, look, tables=tables)
        restored = limit * HARD_LIMIT_RESTORED_TO
        edges = (
            np.minimum(np.maximum(region.buy_below + target, closed - limit), closed - refused),
            np.minimum(np.maximum(region.buy_to + target, closed - restored), closed),
            np.maximum(np.minimum(region.sell_to + target, closed + restored), closed),
            np.maximum(np.minimum(region.sell_above + target, closed + limit), closed + refused),
        )
    return tuple(map(Band, *(edge.tolist() for edge in edges)))
