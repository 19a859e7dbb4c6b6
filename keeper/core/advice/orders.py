"""The advice as a value: what to trade, what that costs, and what it does to the vault; or why there is none.

Sizes are whole lots, as integers, so that the same look gives the same advice on every machine.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from keeper.core.advice.offers import LeftOut
from keeper.core.listing import Kind
from keeper.core.reason import Reason


class Way(StrEnum):
    """Which way an instrument is traded."""

    BUY = "buy"
    SELL = "sell"


class Hand(StrEnum):
    """Who trades it: the keeper makes the hedge in base, by its own rule, once the rest is in the book."""

    DESK = "desk"
    KEEPER = "keeper"


@dataclass(frozen=True, slots=True)
class Order:
    """One instrument of a combination.

    `size_wad` in the listing's unit; `price_usd` is the ask or the bid, and `cost_usd` what the whole loses
    against its worth by the oracles, fees included. `strike` and `expiry` are 0 for what is no option.
    """

    instrument: str
    venue: str
    kind: Kind
    hand: Hand
    way: Way
    size_wad: int
    price_usd: float
    cost_usd: float
    strike: float
    expiry: int


@dataclass(frozen=True, slots=True)
class Sensitivities:
    """What is limited: `gap` in base from the target delta, the others in usd as in `Exposure`."""

    gap: float
    gamma_usd: float
    vega_usd: float
    theta_usd: float


ZERO: Final = Sensitivities(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Advice:
    """The cheapest combination that brings every limited sensitivity between `low` and `high`.

    `breached` is what it is for. Some listings may be `left_out`.
    """

    breached: tuple[Reason, ...]
    orders: tuple[Order, ...]
    cost_usd: float
    before: Sensitivities
    after: Sensitivities
    low: Sensitivities
    high: Sensitivities
    left_out: tuple[LeftOut, ...]


class Unadvised(StrEnum):
    """Why there is no advice."""

    NOT_LISTED = "not-listed"
    NOT_FIT = "not-fit"
    NOT_NEEDED = "not-needed"
    NONE_LEFT = "none-left"
    NO_EFFECT = "no-effect"
    TOO_LITTLE = "too-little"
    LOTS_TOO_LARGE = "lots-too-large"
    BEYOND_NUMBERS = "beyond-numbers"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class NoAdvice:
    """No combination, and why.

    `missing` is by how much sensitivities stay beyond their ranges, signed, after the best that can be done;
    `fault` is what a defect of the keeper said.
    """

    why: Unadvised
    missing: Sensitivities = ZERO
    left_out: tuple[LeftOut, ...] = ()
    fault: str = ""


NOTHING_LISTED: Final = NoAdvice(Unadvised.NOT_LISTED)
