"""Prices and volatilities, and whether they are fit to act on.

A stale or absurd price costs more than a missed hedge, so a feed is judged before it is used: by its own
sign, by its own heartbeat against the block's time (not the host's clock), by the policy's bounds, and
against an independent source. The judgement is a value with a reason, because "no price" must look different
from "a price nobody believes".
"""

from dataclasses import dataclass

from keeper.core.head import Head
from keeper.core.reason import Reason
from keeper.core.units import BPS, WAD


@dataclass(frozen=True, slots=True)
class Reading:
    """What a feed answered. `answer_wad` is signed, as on chain; `updated_at` in Unix seconds."""

    answer_wad: int
    updated_at: int
    round_id: int


@dataclass(frozen=True, slots=True)
class Reference:
    """An independent opinion on the price from outside the chain. `price_wad` in quote per base."""

    source: str
    price_wad: int
    observed_at: int


@dataclass(frozen=True, slots=True)
class FeedRules:
    """What makes a feed fit.

    `max_age_s` is the feed's own heartbeat plus a margin; bounds are in WAD, inclusive.
    """

    max_age_s: int
    min_wad: int
    max_wad: int


@dataclass(frozen=True, slots=True)
class Fit:
    """The feed may be used."""


FIT = Fit()


@dataclass(frozen=True, slots=True)
class Unfit:
    """The feed may not be used.

    `measured` and `limit` are in the unit that `reason` implies (seconds, WAD or bps).
    """

    reason: Reason
    measured: int
    limit: int


@dataclass(frozen=True, slots=True)
class FeedReasons:
    """The reasons by which one kind of feed is refused."""

    invalid: Reason
    stale: Reason
    out_of_bounds: Reason


PRICE = FeedReasons(Reason.PRICE_INVALID, Reason.PRICE_STALE, Reason.PRICE_OUT_OF_BOUNDS)
VOLATILITY = FeedReasons(Reason.VOLATILITY_INVALID, Reason.VOLATILITY_STALE, Reason.VOLATILITY_OUT_OF_BOUNDS)


def judge_feed(reading: Reading, rules: FeedRules, head: Head, reasons: FeedReasons) -> Fit | Unfit:
    """Hold a feed against its rules at the head's time; the first rule broken decides.

    An update from the future is as unfit as a stale one: it means that the feed or the head is not what it
    claims.
    """
    if reading.answer_wad <= 0:
        return Unfit(reasons.invalid, reading.answer_wad, 1)
    age_s = head.timestamp - reading.updated_at
    if age_s < 0 or age_s > rules.max_age_s:
        return Unfit(reasons.stale, age_s, rules.max_age_s)
    if reading.answer_wad < rules.min_wad:
        return Unfit(reasons.out_of_bounds, reading.answer_wad, rules.min_wad)
    if reading.answer_wad > rules.max_wad:
        return Unfit(reasons.out_of_bounds, reading.answer_wad, rules.max_wad)
    return FIT


def deviation_bps_up(price_wad: int, other_wad: int) -> int:
    """How far `other_wad` is from `price_wad` (> 0), in basis points of `price_wad`, rounded up."""
    return -(-abs(other_wad - price_wad) * BPS // price_wad)


def judge_deviation(price_wad: int, other_wad: int, max_bps: int) -> Fit | Unfit:
    """Hold an independent price against the feed's."""
    if other_wad <= 0:
        return Unfit(Reason.PRICE_DEVIATION, BPS, max_bps)
    apart_bps = deviation_bps_up(price_wad, other_wad)
    return FIT if apart_bps <= max_bps else Unfit(Reason.PRICE_DEVIATION, apart_bps, max_bps)


def in_quote(answer_wad: int) -> float:
    """A WAD answer as a model quantity."""
    return answer_wad / WAD
