"""What each vault is worth, how that would move, and all that a decision about it rests on."""

from keeper.core.exposure.measuring import (
    EXPIRY_BUCKETS_DAYS,
    Exposure,
    Sums,
    book_sums,
    exposures_of,
    measure,
    measured_columns,
)
from keeper.core.exposure.situation import Situation, situations

__all__ = [
    "EXPIRY_BUCKETS_DAYS",
    "Exposure",
    "Situation",
    "Sums",
    "book_sums",
    "exposures_of",
    "measure",
    "measured_columns",
    "situations",
]
