"""What is advised restores every limit at the least cost; and nothing that is advised is ever traded."""

import math
from dataclasses import astuple, replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from keeper.core.advice import Advice, Hand, NoAdvice, Unadvised, Way, combined
from keeper.core.advice.offers import offers
from keeper.core.case import Case
from keeper.core.exposure import Situation
from keeper.core.inventory import inventory_bands
from keeper.core.listing import Kind, Listing, Prices
from keeper.core.memory import Carried, Memory
from keeper.core.plan import Plan
from keeper.core.position import Leg
from keeper.core.reason import Reason
from keeper.core.sizing import to_inner_edge
from keeper.core.units import WAD, to_float
from keeper.core.verdict import Breached, Hold, measured_against, prepared
from tests.core.advice.listed import ALL, CALL_3300, LINEAR, PUT_2700, SPOT, advised, decided, policy, refused
from tests.core.build import CALL, DAY, NOW, STRADDLE, VAULT, pool, situation, usd, vault
from tests.core.keeping import inventory

SIGN = {Way.BUY: 1, Way.SELL: -1}


def followed(seen: Situation, advice: Advice) -> Situation:
    """The vault with the advised options in its book and the advised base in its balance."""
    legs = [
        Leg(bool(call), round(strike * WAD), NOW + round(years * 365 * DAY), round(size * WAD))
        for call, strike, years, size in zip(
            seen.legs.is_call, seen.legs.strike, seen.legs.years, seen.legs.size, strict=True
        )
    ]
    base = seen.vault.base_wei
    for each in advice.orders:
        signed = SIGN[each.way] * each.size_wad
        if each.expiry:
            legs.append(Leg(each.kind is Kind.CALL, round(each.strike * WAD), each.expiry, signed))
        elif each.kind is Kind.SPOT:
            base += signed
    return situation(replace(seen.vault, base_wei=base), tuple(legs))


def signed(advice: Advice) -> dict[str, float]:
    return {each.instrument: SIGN[each.way] * to_float(each.size_wad) for each in advice.orders}


@st.composite
def vaults(draw: st.DrawFn) -> Situation:
    """Short and long options around the spot, with any inventory."""
    legs = tuple(
        Leg(
            is_call=draw(st.booleans()),
            strike_wad=draw(st.integers(2_400, 3_600)) * WAD,
            expiry=NOW + draw(st.integers(2, 60)) * DAY,
            size_wad=draw(st.integers(-1_500, 400)) * WAD,
        )
        for _ in range(draw(st.integers(1, 4)))
    )
    return situation(vault(base_wei=inventory(draw(st.floats(0, 1_500)))), legs)


LIMITS = st.fixed_dictionaries(
    {
        "gamma_usd_wad": st.integers(10_000, 300_000).map(usd),
        "vega_usd_wad": st.integers(300, 10_000).map(usd),
        "theta_usd_wad": st.integers(1_000, 50_000).map(usd),
    }
)


@settings(deadline=None)
@given(vaults(), LIMITS)
def test_whatever_is_advised_the_keeper_does_what_it_did(seen: Situation, limits: dict[str, int]) -> None:
    with_them, without = decided(policy(*ALL, **limits), seen), decided(policy(**limits), seen)
    assert replace(with_them, advice=without.advice) == without
    assert without.advice == NoAdvice(Unadvised.NOT_LISTED)


@settings(deadline=None)
@given(vaults(), LIMITS)
def test_each_limit_is_kept_by_whole_lots_that_the_venues_have(
    seen: Situation, limits: dict[str, int]
) -> None:
    made = decided(policy(*ALL, **limits), seen)
    advice = made.advice
    if not isinstance(advice, Advice):
        assert advice.why in set(Unadvised) - {Unadvised.BEYOND_NUMBERS, Unadvised.NOT_LISTED}
        return
    assert advice.before == astuple_of(seen)
    numbers = map(astuple, (advice.before, advice.low, advice.after, advice.high))
    for before, low, after, high in zip(*numbers, strict=True):
        slack = 1e-6 * max(abs(before), abs(low), abs(high))
        assert low - slack <= after <= high + slack
    listed = {each.name: each for each in ALL}
    for order in advice.orders:
        lots = listed[order.instrument].room
        assert order.size_wad % lots.lot_wad == 0
        assert 0 < order.size_wad <= (lots.buy_wad if order.way is Way.BUY else lots.sell_wad)
        assert (order.hand is Hand.KEEPER) == (order.kind is Kind.SPOT)
    assert advice.cost_usd == pytest.approx(sum(each.cost_usd for each in advice.orders))


def astuple_of(seen: Situation) -> object:
    exposure = seen.exposure
    return type(NoAdvice(Unadvised.NOT_NEEDED).missing)(
        exposure.gap, exposure.gamma_usd, exposure.vega_usd, exposure.theta_usd
    )


@settings(deadline=None)
@given(vaults(), LIMITS)
def test_a_vault_that_follows_the_advice_measures_what_was_promised(
    seen: Situation, limits: dict[str, int]
) -> None:
    rules = policy(CALL_3300, PUT_2700, SPOT, **limits)
    advice = decided(rules, seen).advice
    assume(isinstance(advice, Advice))
    assert isinstance(advice, Advice)
    after = followed(seen, advice)
    assert astuple(astuple_of(after)) == pytest.approx(astuple(advice.after), rel=1e-6, abs=1e-3)  # type: ignore[call-overload]
    remembered = Memory(VAULT, carried=Carried(advice.breached))
    reasons = {each.reason for each in decided(rules, after, remembered).breaches}
    assert reasons.isdisjoint({Reason.GAMMA_LIMIT, Reason.VEGA_LIMIT, Reason.THETA_LIMIT})


def least_cost(rules_of: tuple[Listing, ...], seen: Situation, advice: Advice, *, lots: bool) -> float:
    """By another method altogether: branch and bound on the same need (HiGHS)."""
    found, _ = offers(rules_of, seen)
    instruments = [each.instrument for each in found]
    effects = np.array([each.effect for each in instruments]).T * [each.lot for each in instruments]
    low, high, before = (np.array(astuple(each)) for each in (advice.low, advice.high, advice.before))
    costs = np.array(
        [
            *(each.cost * each.lot for each in instruments),
            *(each.cost_sold * each.lot for each in instruments),
        ]
    )
    most = np.array(
        [*(each.most / each.lot for each in instruments), *(-each.least / each.lot for each in instruments)]
    )
    scale = np.maximum(np.abs(high), 1.0)[:, np.newaxis]
    answer = milp(
        costs,
        constraints=[
            LinearConstraint(
                np.hstack([effects, -effects]) / scale,
                (low - before) / scale[:, 0],
                (high - before) / scale[:, 0],
            )
        ],
        integrality=np.full(len(costs), int(lots)),
        bounds=Bounds(np.zeros(len(costs)), np.rint(most)),
        options={"mip_rel_gap": 1e-6, "time_limit": 10.0},
    )
    return float(answer.fun) if answer.fun is not None else math.inf


@settings(deadline=None, max_examples=60)
@given(vaults(), LIMITS)
def test_nothing_is_cheaper_than_what_is_advised(seen: Situation, limits: dict[str, int]) -> None:
    """Lots are settled around the optimum without lots, so that they may cost a little more than need be."""
    advice = decided(policy(*ALL, **limits), seen).advice
    assume(isinstance(advice, Advice))
    assert isinstance(advice, Advice)
    without_lots = least_cost(ALL, seen, advice, lots=False)
    assert advice.cost_usd >= without_lots * (1 - 1e-4)
    a_lot_each = sum(each.cost_usd / (each.size_wad / 10**18) for each in advice.orders if each.expiry)
    assert advice.cost_usd <= without_lots * (1 + 1e-3) + 3 * a_lot_each + 10.0


def breached(rules_of: tuple[Listing, ...], seen: Situation) -> tuple[Case, Breached]:
    case = Case(policy(*rules_of, gamma_usd_wad=usd(10**9)), seen, Memory(VAULT))
    found = prepared(case)
    assert not isinstance(found, Hold)
    (band,) = inventory_bands((found,))
    verdict = measured_against(case, band)
    assume(isinstance(verdict, Breached))
    assert isinstance(verdict, Breached)
    return case, verdict


@settings(deadline=None)
@given(st.floats(200, 900), st.sampled_from([CALL, STRADDLE]), st.floats(2_500, 3_500))
def test_base_alone_is_the_keepers_own_hedge(base: float, legs: tuple[Leg, ...], price: float) -> None:
    """As far as a lot, which is a thousandth of a base here."""
    state = vault(base_wei=inventory(base), quote_units=10**13)
    answer = replace(state.price, answer_wad=round(price * 10**8) * 10**10)
    moved = replace(state, price=answer, pool=pool(price))
    case, verdict = breached((SPOT,), situation(moved, legs))
    wanted = to_inner_edge(case.situation, verdict.band)
    assume(wanted > -base)
    action = decided(case.policy, case.situation).action
    advice = combined(case, verdict, Hold(Reason.INSIDE_BAND, 0.0, 0.0))
    assert isinstance(advice, Advice), advice
    (order,) = advice.orders
    assert SIGN[order.way] * to_float(order.size_wad) == pytest.approx(wanted, abs=2e-3)
    assert order.hand is Hand.KEEPER
    if isinstance(action, Plan) and action.reason is Reason.DELTA_BAND:
        # A purchase gives what the pool's mid price asks, so that less arrives by its fee and impact.
        assert action.trade == pytest.approx(wanted, rel=5e-3)


@settings(deadline=None)
@given(vaults(), LIMITS)
def test_base_alone_is_never_advised(seen: Situation, limits: dict[str, int]) -> None:
    assert isinstance(decided(policy(SPOT, **limits), seen).advice, NoAdvice)


def test_a_limit_of_gamma_is_restored_by_what_costs_least() -> None:
    dear = replace(CALL_3300, name="dear", prices=replace(CALL_3300.prices, half_spread_wad=WAD // 10))
    advice = advised(policy(CALL_3300, dear, SPOT))
    assert {each.instrument for each in advice.orders} == {"call-3300", "pool"}
    assert advice.breached == (Reason.GAMMA_LIMIT,)
    assert advice.after.gamma_usd == pytest.approx(-40_000, rel=2e-3)
    assert advised(policy(dear, SPOT)).cost_usd > advice.cost_usd


def test_a_ticket_is_paid_once_and_weighed() -> None:
    cheap_unit = replace(
        PUT_2700,
        name="ticket",
        prices=replace(PUT_2700.prices, half_spread_wad=1, ticket_usd_wad=usd(50_000)),
    )
    assert "ticket" not in signed(advised(policy(PUT_2700, cheap_unit, SPOT)))
    free = replace(cheap_unit, prices=replace(cheap_unit.prices, ticket_usd_wad=usd(1)))
    (option_order, *_) = advised(policy(PUT_2700, free, SPOT)).orders
    assert option_order.instrument == "ticket"
    units = to_float(option_order.size_wad)
    assert option_order.cost_usd == pytest.approx(1.0 + units * 3_000 * 3e-4, rel=1e-3)


def test_a_quote_is_weighed_against_what_the_vault_is_measured_by() -> None:
    """Off on the right side is no gain; off on the wrong side is a cost."""
    quoted = Prices(bid_wad=usd(120), ask_wad=usd(124), until=NOW + DAY)
    offer, *_ = offers((replace(CALL_3300, prices=quoted),), situation())[0]
    fair = 129.7991454312966
    assert offer.instrument.cost == 2.0
    assert offer.instrument.cost_sold == pytest.approx(fair - 120, abs=2.0)
    assert (offer.bid_usd, offer.ask_usd) == (120.0, 124.0)


def test_delta_that_base_cannot_restore_is_advised_to_the_desk() -> None:
    """A book that is long, a vault without base to sell, and a perpetual that can be sold."""
    long_call = (Leg(is_call=True, strike_wad=3_000 * WAD, expiry=NOW + 14 * DAY, size_wad=1_000 * WAD),)
    seen = situation(vault(base_wei=0), long_call)
    rules = policy(LINEAR, SPOT, gamma_usd_wad=usd(10**9))
    made = decided(rules, seen)
    assert made.action.reason is Reason.NO_INVENTORY
    advice = made.advice
    assert isinstance(advice, Advice)
    assert list(signed(advice)) == ["perp"]
    assert signed(advice)["perp"] < 0
    assert advice.breached == (Reason.DELTA_LIMIT,)
    assert refused(policy(SPOT, gamma_usd_wad=usd(10**9)), seen).why is Unadvised.TOO_LITTLE


def test_a_gap_inside_its_hard_limit_is_no_matter_for_the_desk() -> None:
    """Beyond the band, and nothing to sell: no hard limit is passed."""
    few = (Leg(is_call=True, strike_wad=3_000 * WAD, expiry=NOW + 14 * DAY, size_wad=150 * WAD),)
    made = decided(policy(LINEAR, SPOT), situation(vault(base_wei=0), few))
    assert {each.reason for each in made.breaches} == {Reason.DELTA_BAND}
    assert made.action.reason is Reason.NO_INVENTORY
    assert isinstance(made.advice, NoAdvice)
    assert made.advice.why is Unadvised.NOT_NEEDED


def test_delta_that_base_can_restore_is_the_keepers_own() -> None:
    seen = situation(vault(base_wei=inventory(900)))
    rules = policy(LINEAR, gamma_usd_wad=usd(10**9))
    assert isinstance(decided(rules, seen).action, Plan)
    assert refused(rules, seen).why is Unadvised.NOT_NEEDED


def test_a_limit_that_stands_is_advised_on_until_it_is_cleared() -> None:
    """Between where it clears and its limit: only what stood stands."""
    gamma = abs(situation().exposure.gamma_usd)
    rules = policy(CALL_3300, SPOT, gamma_usd_wad=usd(gamma / 0.95))
    assert refused(rules).why is Unadvised.NOT_NEEDED
    standing = Memory(VAULT, carried=Carried((Reason.GAMMA_LIMIT,)))
    assert isinstance(decided(rules, memory=standing).advice, Advice)
