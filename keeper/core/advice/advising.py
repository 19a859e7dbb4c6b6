"""When a limit is passed that base alone cannot restore: the cheapest combination that does.

The vault's contract trades base for quote only, so gamma, vega and theta are mended by people: what is found
here is told to them, and no plan is made of it. All limited sensitivities are looked at together, because an
option that mends one moves the others. What is passed is brought to the policy's share of its limit, as the
keeper's own hedges are; what is kept stays where it counts as kept. Where base is listed too, the gap ends
where the keeper's own rule would take it: at the inner edge if it is beyond the band, else anywhere inside.
"""

from collections.abc import Sequence
from dataclasses import astuple, replace

import numpy as np

from keeper.core.advice.offers import LeftOut, Offer, offers
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
from keeper.core.advice.ranges import GAP, HARD_GAP, Range, ranges_of
from keeper.core.case import Case
from keeper.core.hedging.combination import cheapest
from keeper.core.hedging.instruments import Coarse, Combination, Instrument, Need, Short
from keeper.core.listing import Kind, Listing
from keeper.core.plan import Plan
from keeper.core.policy import Mode
from keeper.core.reason import Reason
from keeper.core.verdict import Breached, Hold, Verdict, Within

BEYOND_BASE = frozenset({Reason.GAMMA_LIMIT, Reason.VEGA_LIMIT, Reason.THETA_LIMIT})
"""What no trade of base restores."""

OUT_OF_BASE = frozenset({Reason.NO_INVENTORY, Reason.SLIPPAGE_CEILING, Reason.TURNOVER_LIMIT})
"""Why a hedge in base is not made although a hard limit asks for it, and will not be at the next look."""


def advise(case: Case, verdict: Verdict, action: Plan | Hold) -> Advice | NoAdvice:
    """The combination that a vault needs, given what the keeper itself does about its verdict."""
    if not case.policy.instruments:
        return NOTHING_LISTED
    if isinstance(verdict, Hold):
        return NoAdvice(Unadvised.NOT_FIT)
    if isinstance(verdict, Within) or not (_passed(verdict) or _out_of_base(verdict, action)):
        return NoAdvice(Unadvised.NOT_NEEDED)
    return combined(case, verdict, action)


def combined(case: Case, verdict: Breached, action: Plan | Hold) -> Advice | NoAdvice:
    """The cheapest combination that ends all breaches of sensitivities, whoever could end them."""
    found, left = offers(_listed(case), case.situation)
    if not found:
        return NoAdvice(Unadvised.NONE_LEFT, left_out=left)
    if _out_of_base(verdict, action):
        found = [_one_way(each, case.situation.exposure.gap) for each in found]
    base = any(each.listing.kind is Kind.SPOT for each in found)
    ranges = ranges_of(case, verdict, base=base)
    effects = np.array([each.instrument.effect for each in found])
    present, low, high = (np.array([each[place] for each in ranges]) for place in range(3))
    need = Need(present, low, high, np.zeros((len(ranges), len(ranges))))
    if not _sound(need, [each.instrument for each in found]):
        return NoAdvice(Unadvised.BEYOND_NUMBERS, left_out=left)
    if any(each.passed and not np.any(effects[:, place]) for place, each in enumerate(ranges)):
        return NoAdvice(Unadvised.NO_EFFECT, Sensitivities(*need.beyond(present).tolist()), left)
    with np.errstate(all="ignore"):
        best = cheapest(need, [each.instrument for each in found])
        if isinstance(best, Short):
            return _none(best, left)
    if not any(best.trades):
        return NoAdvice(Unadvised.NOT_NEEDED, left_out=left)
    return _advice(ranges, found, best, verdict, left)


def _sound(need: Need, instruments: Sequence[Instrument]) -> bool:
    """Whether all of it is numbers: a vault must not stop for what is only told."""
    numbers = [(*each.effect, each.cost, each.cost_sold, each.fixed) for each in instruments]
    finite = np.all(np.isfinite(need.present)) and np.all(np.isfinite(numbers))
    return bool(finite and np.all(need.low <= need.high))


def _passed(verdict: Breached) -> bool:
    return not verdict.reasons.isdisjoint(BEYOND_BASE)


def _out_of_base(verdict: Breached, action: Plan | Hold) -> bool:
    """Whether a hard limit of delta is passed that the keeper wants to restore and cannot."""
    stuck = isinstance(action, Hold) and action.reason in OUT_OF_BASE
    return stuck and not verdict.reasons.isdisjoint(HARD_GAP)


def _one_way(offer: Offer, gap: float) -> Offer:
    """Base that could not be traded against the gap is not to be had on paper either."""
    if offer.listing.kind is not Kind.SPOT:
        return offer
    whole = offer.instrument
    return replace(offer, instrument=replace(whole, least=0.0) if gap > 0 else replace(whole, most=0.0))


def _listed(case: Case) -> Sequence[Listing]:
    """Base is nobody's to trade where the policy lets the keeper hedge nothing, or not everything."""
    if case.policy.mode is Mode.ARMED:
        return case.policy.instruments
    return [each for each in case.policy.instruments if each.kind is not Kind.SPOT]


def _none(short: Short, left: tuple[LeftOut, ...]) -> NoAdvice:
    """Which of three kinds of nothing: too little, only in other lots, or no number at all."""
    missing = Sensitivities(*short.missing)
    if isinstance(short, Coarse):
        return NoAdvice(Unadvised.LOTS_TOO_LARGE, missing, left)
    known = np.all(np.isfinite(short.missing)) and any(short.missing)
    return NoAdvice(Unadvised.TOO_LITTLE if known else Unadvised.BEYOND_NUMBERS, missing, left)


def _advice(
    ranges: Sequence[Range],
    found: Sequence[Offer],
    best: Combination,
    verdict: Breached,
    left: tuple[LeftOut, ...],
) -> Advice:
    lots = [round(trade / each.instrument.lot) for trade, each in zip(best.trades, found, strict=True)]
    orders = tuple(_order(each, count) for each, count in zip(found, lots, strict=True) if count)
    before, low, high = (Sensitivities(*(each[place] for each in ranges)) for place in range(3))
    after = [
        present
        + sum(
            each.instrument.effect[place] * count * each.instrument.lot
            for each, count in zip(found, lots, strict=True)
        )
        for place, present in enumerate(astuple(before))
    ]
    breached = tuple(
        dict.fromkeys(each.reason for each in verdict.breaches if each.reason in BEYOND_BASE | GAP)
    )
    cost = sum(each.cost_usd for each in orders)
    return Advice(breached, orders, cost, before, Sensitivities(*after), low, high, left)


def _order(offer: Offer, lots: int) -> Order:
    listing, instrument = offer.listing, offer.instrument
    bought = lots > 0
    size = abs(lots) * instrument.lot
    return Order(
        instrument=listing.name,
        venue=listing.venue,
        kind=listing.kind,
        hand=Hand.KEEPER if listing.kind is Kind.SPOT else Hand.DESK,
        way=Way.BUY if bought else Way.SELL,
        size_wad=abs(lots) * listing.room.lot_wad,
        price_usd=offer.ask_usd if bought else offer.bid_usd,
        cost_usd=size * (instrument.cost if bought else instrument.cost_sold) + instrument.fixed,
        strike=offer.strike,
        expiry=offer.expiry,
    )
