"""How much base each vault may hold before a trade is worth its cost.

The band is the no-trade region of the book (see `hedging.no_trade`), moved to the vault's target and cut by
two facts that the region does not know: the policy's hard limit, which holds at any cost, and the vault's own
band, inside which its contract refuses to trade at all.

Where the policy lets forecasts have a say, the region is as wide as the forecast volatility makes it, but it
stays where the oracle's volatility puts the book's delta: the contract would take no other for hedged.

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
from numpy.typing import NDArray

from keeper.core.admissible import emergency_gap
from keeper.core.exposure import Situation
from keeper.core.foresight import foresee
from keeper.core.hedging import (
    Costs,
    Legs,
    Now,
    Region,
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
from keeper.core.pricing.black_scholes import greeks
from keeper.core.units import WAD, YEAR_SECONDS

Floats = NDArray[np.float64]
Reals = Floats | float


@dataclass(frozen=True, slots=True)
class Band:
    """Inventory in base: below `buy_below` buy up to `buy_to`; above `sell_above` sell down to `sell_to`."""

    buy_below: float
    buy_to: float
    sell_to: float
    sell_above: float


class Question(NamedTuple):
    """All that one vault's band depends on.

    `tier` is what answers, and `table` the table if that does. `spot` in quote per base; `volatility` draws
    the region, and by `judged` the contract judges; `fixed` in quote and `proportional` as a fraction, of a
    trade; `aversion` in 1/quote; `look` in years. In base: `target`, `closed` (the inventory that closes the
    gap), and distances from it: the hard limit, to where a breach of it is restored, and what the contract
    refuses to trade.
    """

    legs: Legs
    tier: Tier
    table: Table | Unsolved
    spot: float
    volatility: float
    judged: float
    fixed: float
    proportional: float
    aversion: float
    look: float
    target: float
    closed: float
    limit: float
    restored: float
    refused: float


def hard_limit(policy: Policy, situation: Situation) -> float:
    """The gap beyond which a trade is made at any cost, in base: what the policy or an emergency says."""
    limit = in_quote(policy.limits.delta_usd_wad) / situation.exposure.spot
    return min(limit, emergency_gap(situation)) if policy.emergency.max_fee_wei else limit


def question(
    policy: Policy, situation: Situation, costs: Costs, solved: Solved | Unsolved = Unsolved.NOT_YET
) -> Question:
    """One vault's band as a question. Raises ZeroDivisionError without a price."""
    exposure = situation.exposure
    limit = hard_limit(policy, situation)
    asked = Question(
        legs=situation.legs,
        tier=Tier.NO_TABLE,
        table=Unsolved.NOT_YET,
        spot=exposure.spot,
        volatility=foresee(policy, situation).volatility,
        judged=exposure.volatility,
        fixed=float(costs.fixed),
        proportional=float(costs.proportional),
        aversion=policy.hedging.risk_aversion,
        look=policy.hedging.look_interval_s / YEAR_SECONDS,
        target=exposure.target_delta,
        closed=exposure.target_delta - exposure.book_delta,
        limit=limit,
        restored=limit * in_quote(policy.limits.restore_wad),
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
    spot, volatility, judged, fixed, proportional, aversion, look, *places = (
        np.ascontiguousarray(column) for column in numbers.T
    )
    target, closed, limit, restored, refused = places
    books = side_by_side([each.legs for each in questions])
    # Numbers beyond reason may overflow: that is their own row's matter, and no reason to warn.
    with np.errstate(all="ignore"):
        costs, tables = Costs(fixed, proportional), [each.table for each in questions]
        region = no_trade_region(books, spot, volatility, 0.0, costs, aversion, look, tables=tables)
        target = target + _moved(books, spot, volatility, judged)
        moved = Region(*(bound + target for bound in region))
        edges = cut(moved, closed, limit, restored, refused)
    return tuple(map(Band, *(edge.tolist() for edge in edges)))


def cut(region: Region, closed: Reals, limit: Reals, restored: Reals, refused: Reals) -> Region:
    """A region of the inventory, cut by what it does not know; all as in `Question`."""
    return Region(
        np.minimum(np.maximum(region.buy_below, closed - limit), closed - refused),
        np.minimum(np.maximum(region.buy_to, closed - restored), closed),
        np.maximum(np.minimum(region.sell_to, closed + restored), closed),
        np.maximum(np.minimum(region.sell_above, closed + limit), closed + refused),
    )


def _moved(books: Legs, spot: Floats, drawn: Floats, judged: Floats) -> Floats:
    """What takes each region from the delta at its own volatility to that at the contract's, in base."""
    moved = np.zeros_like(spot)
    rows = np.flatnonzero(drawn != judged)
    if not len(rows) or not books.size.shape[1]:
        return moved
    price, strike, years, is_call = (
        spot[rows, np.newaxis], books.strike[rows], books.years[rows], books.is_call[rows],
    )  # fmt: skip
    own, other = (
        greeks(price, strike, years, volatility[rows, np.newaxis], is_call).delta
        for volatility in (drawn, judged)
    )
    # From left to right, as the region's own sums: a row does not depend on how long the longest is.
    moved[rows] = np.add.accumulate(books.size[rows] * (own - other), axis=-1)[:, -1]
    return moved
