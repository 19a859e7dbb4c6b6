"""Whatever is listed and whatever is read: one clear reason, never an order that means nothing."""

import math
from dataclasses import astuple, replace
from typing import NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.core.advice import Advice, Hand, Left, LeftOut, NoAdvice, Sensitivities, Unadvised, advise
from keeper.core.case import Case
from keeper.core.hedging.band import Floats
from keeper.core.hedging.desk import Desk
from keeper.core.inventory import Band
from keeper.core.listing import Kind, Listing, Prices, Room, Terms
from keeper.core.market import Reading
from keeper.core.memory import Memory
from keeper.core.plan import Plan
from keeper.core.policy import Mode
from keeper.core.position import Leg
from keeper.core.reason import Reason
from keeper.core.units import WAD
from keeper.core.verdict import Breach, Breached, Hold
from tests.core.advice.listed import (
    ALL,
    CALL_3300,
    IN_30_DAYS,
    LINEAR,
    PUT_2700,
    SPOT,
    SPREAD,
    advised,
    decided,
    option,
    policy,
    refused,
    room,
)
from tests.core.build import DAY, NOW, VAULT, situation, usd, vault


def quoted(bid: float, ask: float, until: int = NOW + DAY) -> Prices:
    return Prices(bid_wad=usd(bid), ask_wad=usd(ask), until=until)


OVER = replace(CALL_3300, name="over", terms=Terms(strike_wad=3_300 * WAD, expiry=NOW))
OLD = replace(CALL_3300, name="old", prices=quoted(120, 124, NOW))
BELOW = replace(
    CALL_3300, name="below", terms=Terms(strike_wad=2_000 * WAD, expiry=IN_30_DAYS), prices=quoted(900, 999)
)
ABOVE = replace(CALL_3300, name="above", prices=quoted(3_001, 3_002))
PUT_ABOVE = replace(PUT_2700, name="put-above", prices=quoted(2_701, 2_702))


@pytest.mark.parametrize(
    ("listing", "why"),
    [
        (OVER, Left.EXPIRED),
        (OLD, Left.QUOTE_OVER),
        (BELOW, Left.ARBITRAGE),
        (ABOVE, Left.ARBITRAGE),
        (PUT_ABOVE, Left.ARBITRAGE),
    ],
    ids=lambda value: value.name if isinstance(value, Listing) else value.value,
)
def test_what_cannot_be_traded_is_left_out_by_name_and_the_rest_is_advised(
    listing: Listing, why: Left
) -> None:
    alone = refused(policy(listing))
    assert (alone.why, alone.left_out) == (Unadvised.NONE_LEFT, (LeftOut(listing.name, why),))
    beside = advised(policy(listing, PUT_2700, SPOT))
    assert beside.left_out == (LeftOut(listing.name, why),)
    assert listing.name not in {each.instrument for each in beside.orders}


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        (policy(), Unadvised.NOT_LISTED),
        (policy(CALL_3300, gamma_usd_wad=usd(10**9)), Unadvised.NOT_NEEDED),
        (policy(LINEAR, SPOT), Unadvised.NO_EFFECT),
        (policy(option("far", Kind.CALL, 10**9), SPOT), Unadvised.NO_EFFECT),
        (policy(replace(CALL_3300, room=room(0, 50_000)), SPOT), Unadvised.TOO_LITTLE),
        (policy(replace(CALL_3300, room=room(10)), SPOT), Unadvised.TOO_LITTLE),
        (policy(CALL_3300), Unadvised.TOO_LITTLE),
        (policy(replace(CALL_3300, room=room(50_000, lot=9_000)), LINEAR), Unadvised.LOTS_TOO_LARGE),
        (policy(CALL_3300, SPOT, gamma_usd_wad=0), Unadvised.LOTS_TOO_LARGE),
    ],
    ids=[
        "nothing listed",
        "nothing passed",
        "nothing that bends",
        "an option worth nothing",
        "only the wrong way",
        "too little of it",
        "nothing against its delta",
        "lots beyond the range",
        "a limit of zero",
    ],
)
def test_each_kind_of_nothing_has_one_reason(rules: object, why: Unadvised) -> None:
    assert refused(rules).why is why  # type: ignore[arg-type]


def test_what_is_missing_is_told_by_sensitivity() -> None:
    short = refused(policy(replace(CALL_3300, room=room(10)), SPOT))
    assert short.missing.gamma_usd < -40_000
    assert short.missing.gap == 0.0


@pytest.mark.parametrize(
    "changes",
    [
        {"price": Reading(0, NOW - 60, 1)},
        {"price": Reading(-1, NOW - 60, 1)},
        {"volatility": Reading(0, NOW - 60, 1)},
        {"volatility": Reading(10**30, NOW - 60, 1)},
        {"price": Reading(3_000 * WAD, NOW - DAY, 1)},
        {"readable": False},
    ],
    ids=[
        "no price",
        "a price below zero",
        "no volatility",
        "absurd volatility",
        "a stale price",
        "unreadable",
    ],
)
def test_nothing_is_advised_on_what_is_not_fit_to_act_on(changes: dict[str, object]) -> None:
    assert refused(policy(*ALL), situation(vault(**changes))).why is Unadvised.NOT_FIT


def test_two_of_a_kind_cost_no_more_than_one() -> None:
    twin = replace(CALL_3300, name="twin", venue="other")
    one, two = advised(policy(CALL_3300, SPOT)), advised(policy(CALL_3300, twin, SPOT))
    assert two.cost_usd <= one.cost_usd
    assert len(two.orders) == len(one.orders)


@pytest.mark.parametrize("size", [10**6, 10**9, 10**15, 10**30])
def test_a_huge_book_is_too_much_and_breaks_nothing(size: int) -> None:
    legs = (Leg(is_call=True, strike_wad=3_000 * WAD, expiry=NOW + 14 * DAY, size_wad=-size * WAD),)
    assert refused(policy(*ALL), situation(None, legs)).why is Unadvised.TOO_LITTLE


@pytest.mark.parametrize("gamma", [math.inf, -math.inf, math.nan, 1e308])
def test_a_gamma_beyond_numbers_is_refused_as_such(gamma: float) -> None:
    seen = situation()
    absurd = replace(seen, exposure=replace(seen.exposure, gamma_usd=gamma))
    verdict = Breached((Breach(Reason.GAMMA_LIMIT, gamma, 1.0, urgent=False),), Band(0.0, 0.0, 1.0, 1.0))
    case = Case(policy(*ALL), absurd, Memory(VAULT))
    found = advise(case, verdict, Hold(Reason.NO_INSTRUMENT, gamma, 1.0))
    assert isinstance(found, NoAdvice)
    assert found.why is (Unadvised.TOO_LITTLE if gamma == 1e308 else Unadvised.BEYOND_NUMBERS)


def test_a_band_that_is_no_number_is_refused_as_such() -> None:
    seen = situation()
    nowhere = Band(math.nan, math.nan, math.nan, math.nan)
    verdict = Breached((Breach(Reason.GAMMA_LIMIT, -87_095.0, 50_000.0, urgent=False),), nowhere)
    found = advise(Case(policy(*ALL), seen, Memory(VAULT)), verdict, Hold(Reason.NO_INSTRUMENT, 0.0, 0.0))
    assert isinstance(found, NoAdvice)
    assert found.why is Unadvised.BEYOND_NUMBERS
    assert found.missing == Sensitivities(0.0, 0.0, 0.0, 0.0)


AMOUNTS = st.integers(1, 10**30)


@st.composite
def listings(draw: st.DrawFn) -> Listing:
    """What a policy file could never say is among them, because a journal could."""
    kind = draw(st.sampled_from(list(Kind)))
    bid, spread = draw(AMOUNTS), draw(AMOUNTS)
    prices = draw(
        st.sampled_from(
            [
                Prices(bid, bid + spread, NOW + draw(st.integers(-DAY, DAY))),
                Prices(half_spread_wad=draw(st.integers(1, WAD)), fee_wad=draw(st.integers(0, WAD))),
                replace(SPREAD, ticket_usd_wad=draw(st.integers(0, 10**30))),
            ]
        )
    )
    terms = Terms(strike_wad=draw(AMOUNTS), expiry=NOW + draw(st.integers(-DAY, 1_000 * DAY)))
    relative = Terms(moneyness_wad=draw(st.integers(1, 10**22)), tenor_s=draw(st.integers(1, 10**8)))
    room_of = Room(draw(st.integers(0, 10**33)), draw(st.integers(0, 10**33)), draw(AMOUNTS))
    return Listing("any", "any", kind, room_of, prices, draw(st.sampled_from([terms, relative])))


@settings(deadline=None, max_examples=150)
@given(st.lists(listings(), min_size=1, max_size=4), st.integers(1, 10**7))
def test_no_listing_breaks_a_decision_or_makes_an_order_without_meaning(
    listed: list[Listing], limit: int
) -> None:
    rules = policy(*listed, gamma_usd_wad=usd(limit))
    made = decided(rules)
    assert made.action == decided(policy(gamma_usd_wad=usd(limit))).action
    assert not isinstance(made.action, Plan)
    if isinstance(made.advice, Advice):
        for order in made.advice.orders:
            assert order.size_wad > 0
            assert math.isfinite(order.cost_usd)
            assert math.isfinite(order.price_usd)
        assert all(math.isfinite(each) for each in astuple(made.advice.after))
    else:
        assert isinstance(made.advice, NoAdvice)


def test_what_goes_wrong_in_advice_undoes_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> NoReturn:
        raise FloatingPointError("a solver's defect")

    unhedged = situation(vault(base_wei=0))
    alone = decided(policy(), unhedged)
    monkeypatch.setattr("keeper.core.advice.advising.cheapest", broken)
    made = decided(policy(CALL_3300, SPOT), unhedged)
    assert isinstance(made.action, Plan)
    assert made.action == alone.action
    assert made.advice == NoAdvice(Unadvised.FAULT, fault='FloatingPointError("a solver\'s defect")')


@pytest.mark.parametrize("vega_usd_wad", [1, usd(1) // 10_000])
def test_a_range_narrower_than_every_lot_is_not_searched(
    vega_usd_wad: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Branch and bound would look for whole numbers there for minutes, at every head."""

    def asked(*_: object, **__: object) -> NoReturn:
        raise AssertionError("milp was asked")

    monkeypatch.setattr("keeper.core.hedging.settling.milp", asked)
    near = option("near", Kind.CALL, 3_000, terms=Terms(3_000 * WAD, 0, NOW + 7 * DAY))
    rules = policy(CALL_3300, near, SPOT, vega_usd_wad=vega_usd_wad)
    assert refused(rules).why is Unadvised.LOTS_TOO_LARGE


def test_many_coarse_lots_are_given_up_after_a_few_thousand_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = 0
    fits = Desk.fits

    def counted(self: Desk, trades: Floats) -> bool:
        nonlocal tried
        tried += 1
        return fits(self, trades)

    monkeypatch.setattr(Desk, "fits", counted)
    calls = [option(f"call-{at}", Kind.CALL, 3_300, room=room(200, 200, 50)) for at in range(8)]
    rules = policy(*calls, gamma_usd_wad=usd(500_000), vega_usd_wad=usd(20), delta_usd_wad=usd(3_000_000))
    assert refused(rules).why in {Unadvised.LOTS_TOO_LARGE, Unadvised.TOO_LITTLE}
    assert tried <= 16_384


@pytest.mark.parametrize("mode", [Mode.PAUSED, Mode.REDUCE_ONLY])
def test_a_keeper_that_may_not_hedge_is_given_nothing_to_do(mode: Mode) -> None:
    advice = advised(replace(policy(CALL_3300, SPOT, LINEAR), mode=mode))
    assert {each.hand for each in advice.orders} == {Hand.DESK}


def test_an_option_that_is_gone_tomorrow_is_no_cure() -> None:
    soon = option("soon", Kind.CALL, 3_000, terms=Terms(3_000 * WAD, 0, NOW + DAY - 1))
    in_time = option("in-time", Kind.CALL, 3_000, terms=Terms(3_000 * WAD, 0, NOW + DAY))
    assert refused(policy(soon, SPOT)).left_out == (LeftOut("soon", Left.EXPIRES_SOON),)
    assert {each.instrument for each in advised(policy(soon, in_time, SPOT)).orders} >= {"in-time"}


def test_what_the_keeper_makes_after_the_desk_is_what_was_advised_or_nothing() -> None:
    """Base ends where the keeper's own rule ends: within the inner edges, not at an outer one."""
    advice = advised(policy(CALL_3300, SPOT))
    made = decided(policy(CALL_3300, SPOT))
    closed = made.exposure.inventory - made.exposure.gap
    lot = 0.001
    assert min(made.band.buy_to - closed, advice.before.gap) - lot <= advice.after.gap
    assert advice.after.gap <= max(made.band.sell_to - closed, advice.before.gap) + lot
