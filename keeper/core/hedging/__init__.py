"""When a hedge is worth its cost, and how far to trade then."""

from keeper.core.hedging.book import Costs, Legs, Region, side_by_side
from keeper.core.hedging.no_trade import no_trade_region
from keeper.core.hedging.solving import solve
from keeper.core.hedging.table import Inputs, Table, Unsolved

__all__ = [
    "Costs",
    "Inputs",
    "Legs",
    "Region",
    "Table",
    "Unsolved",
    "no_trade_region",
    "side_by_side",
    "solve",
]
