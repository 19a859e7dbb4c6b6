"""What vaults may lose, by pricing every leg anew where it hurts."""

from keeper.core.risk.limits import passed
from keeper.core.risk.measuring import UNASKED, Risk, Unasked, measure_risks, risks_asked_for
from keeper.core.risk.netting import BookExposure, book_exposures
from keeper.core.risk.restoring import kept_within, restoring_trade
from keeper.core.risk.stress import Outcome, Shock, outcomes

__all__ = [
    "UNASKED",
    "BookExposure",
    "Outcome",
    "Risk",
    "Shock",
    "Unasked",
    "book_exposures",
    "kept_within",
    "measure_risks",
    "outcomes",
    "passed",
    "restoring_trade",
    "risks_asked_for",
]
