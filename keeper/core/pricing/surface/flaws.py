"""Why a quote, an expiry or a chain was not used.

A fit that drops what it does not like in silence cannot be questioned, so each refusal has one reason of a
closed set, the first that applies in the order below.
"""

from dataclasses import dataclass
from enum import StrEnum


class Flaw(StrEnum):
    """Of a quote down to `ARBITRAGE`, of an expiry or a chain below."""

    NOT_A_NUMBER = "not-a-number"
    NOT_POSITIVE = "not-positive"
    CROSSED = "crossed"
    NO_VOLATILITY = "no-volatility"
    ARBITRAGE = "arbitrage"

    EXPIRED = "expired"
    REPEATED = "repeated"
    TOO_FEW_QUOTES = "too-few-quotes"
    NO_FIT = "no-fit"


@dataclass(frozen=True, slots=True)
class Unfit:
    """There is no smile, or no surface, to be had from what was quoted."""

    flaw: Flaw
