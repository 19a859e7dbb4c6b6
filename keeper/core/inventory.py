"""How much base each vault may hold before a trade is worth its cost.

The band is the no-trade region of the book (see `hedging.no_trade`), moved to the vault's target and cut by
two facts that the region does not know: the policy's hard limit, which holds at any cost, and the vault's own
band, inside which its contract refuses to trade at all.

The region is the dearest part of a cycle and costs one vault nearly as much as a thousand. So each vault is
first made a `Question`, by itself, where whatever is wrong with it is its own failure; then all questions are
answered in one call. An answer does not depend on its neighbours, to the last bit: otherwise a vault decided
alone, by `explain`, could differ from the same vault decided with others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from keeper.core.admissible import emergency_gap
from keeper.core.exposure import Situation
from keeper.core.hedging import Costs, Legs, no_trade_region, side_by_side
from keeper.core.market import in_quote
from keeper.core.policy import Policy
from keeper.core.units import WAD, YEAR_SECONDS


@dataclass(frozen=True, slots=True)
class Band:
    """Inventory in base: below `buy_below` buy up to `buy_to`; above `sell_above` sell down to `sell_to`."""

    buy_below: float
    buy_to: float
    sell_to: float
    sell_above: float


class Question(NamedTuple):
    """All that one vault's band depends on.

    `spot` in quote per base; `fixed` in quote and `proportional` as a fraction, of a trade; `aversion` in
    1/quote; `look` in years. In base: `target`, `closed` (the inventory that closes the gap), and distances
    from it: the hard limit, to where a breach of it is restored, what the contract refuses to trade.
    """

    legs: Legs
    spot: float
    volatility: float
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


def question(policy: Policy, situation: Situation, costs: Costs) -> Question:
    """One vault's band as a question. Raises ZeroDivisionError without a price."""
    exposure = situation.exposure
    limit = hard_limit(policy, situation)
    return Question(
        legs=situation.legs,
        spot=exposure.spot,
        volatility=exposure.volatility,
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


def inventory_bands(questions: Sequence[Question]) -> tuple[Band, ...]:
    """The band of each vault, in their order; never across the inventory that closes the gap."""
    if not questions:
        return ()
    numbers = np.array([each[1:] for each in questions], dtype=np.float64)
    spot, volatility, fixed, proportional, aversion, look, target, closed, limit, restored, refused = (
        np.ascontiguousarray(column) for column in numbers.T
    )
    books = side_by_side([each.legs for each in questions])
    # Numbers beyond reason may overflow: that is their own row's matter, and no reason to warn.
    with np.errstate(all="ignore"):
        region = no_trade_region(books, spot, volatility, 0.0, Costs(fixed, proportional), aversion, look)
        edges = (
            np.minimum(np.maximum(region.buy_below + target, closed - limit), closed - refused),
            np.minimum(np.maximum(region.buy_to + target, closed - restored), closed),
            np.maximum(np.minimum(region.sell_to + target, closed + restored), closed),
            np.maximum(np.minimum(region.sell_above + target, closed + limit), closed + refused),
        )
    return tuple(map(Band, *(edge.tolist() for edge in edges)))
