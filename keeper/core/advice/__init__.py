"""What a desk could trade where the vault's own venue cannot restore a limit, as advice and never a trade."""

from keeper.core.advice.advising import advise, combined
from keeper.core.advice.offers import Left, LeftOut
from keeper.core.advice.orders import (
    NOTHING_LISTED,
    Advice,
    Hand,
    NoAdvice,
    Order,
    Sensitivities,
    Unadvised,
    Way,
)

__all__ = [
    "NOTHING_LISTED",
    "Advice",
    "Hand",
    "Left",
    "LeftOut",
    "NoAdvice",
    "Order",
    "Sensitivities",
    "Unadvised",
    "Way",
    "advise",
    "combined",
]
