"""When a hedge is worth its cost, and how far to trade then."""

from keeper.core.hedging.book import Costs, Legs, Region, side_by_side
from keeper.core.hedging.no_trade import no_trade_region
from keeper.core.hedging.recipe import Origin, Recipe, Solved, Term, again, tier_of
from keeper.core.hedging.solving import solve
from keeper.core.hedging.table import WITHIN_FACTOR, Inputs, Now, Table, Tier, Unsolved

__all__ = [
    "WITHIN_FACTOR",
    "Costs",
    "Inputs",
    "Legs",
    "Now",
    "Origin",
    "Recipe",
    "Region",
    "Solved",
    "Table",
    "Term",
    "Tier",
    "Unsolved",
    "again",
    "no_trade_region",
    "side_by_side",
    "solve",
    "tier_of",
]
