"""A limit on what may be lost is a hard one: the least trade that restores it, or the word that none does."""

import math
from dataclasses import replace

import numpy as np
import pytest

from keeper.core.decision import decide, decide_all
from keeper.core.exposure import Situation
from keeper.core.fitness import fitness
from keeper.core.market import Unfit
from keeper.core.memory import Carried, Memory
from keeper.core.plan import Plan
from keeper.core.policy import Mode, Policy
from keeper.core.reason import Reason
from keeper.core.risk import UNASKED, Risk, measure_risks
from keeper.core.snapshot import Snapshot
from keeper.core.units import WAD, Address
from keeper.core.verdict import Breached, Hold, judge
from tests.core.build import (
    CALL,
    HEAD,
    OTHER,
    POLICY,
    SPOT,
    STRADDLE,
    VAULT,
    columns,
    situation,
    snapshot,
    usd,
    vault,
)

WIDE = replace(
    POLICY,
    limits=replace(POLICY.limits, delta_usd_wad=usd(10**9)),
    hedging=replace(POLICY.hedging, risk_tolerance_usd=1e9),
)
"""No band and no limit of delta to speak of: what acts is the limit under test."""

HEDGE = -situation().exposure.book_delta


def limited(**limits: int) -> Policy:
    return replace(WIDE, limits=replace(WIDE.limits, **limits))


def gapped(gap: float, **changes: object) -> Situation:
    return situation(vault(base_wei=round((HEDGE + gap) * WAD), **changes))


def risk_of(each: Situation) -> Risk:
    (found,) = measure_risks([each], [POLICY.limits.collateral_ratio_wad / WAD])
    return found


def traded(each: Situation, plan: Plan) -> Situation:
    selling = plan.trade < 0
    base = -plan.amount_in if selling else plan.expected_out
    quote = plan.expected_out if selling else -plan.amount_in
    state = each.vault
    return situation(replace(state, base_wei=state.base_wei + base, quote_units=state.quote_units + quote))


LOSS = risk_of(gapped(300.0)).stress_loss_usd
SHORTFALL = risk_of(gapped(300.0)).expected_shortfall_usd


@pytest.mark.parametrize(
    ("key", "reason", "now", "field"),
    [
        ("stress_loss_usd_wad", Reason.STRESS_LIMIT, LOSS, "stress_loss_usd"),
        ("expected_shortfall_usd_wad", Reason.SHORTFALL_LIMIT, SHORTFALL, "expected_shortfall_usd"),
    ],
)
def test_a_passed_limit_is_traded_back_to_its_share_and_no_further(
    key: str, reason: Reason, now: float, field: str
) -> None:
    policy, each = limited(**{key: usd(0.99 * now)}), gapped(300.0)
    made = decide(policy, each, Memory(VAULT))
    assert isinstance(made.action, Plan)
    assert (made.action.reason, made.action.urgent) == (reason, True)
    assert [breach.reason for breach in made.breaches] == [reason]
    assert made.breaches[0].measured == now
    assert isinstance(made.risk, Risk)
    after = getattr(risk_of(traded(each, made.action)), field)
    assert after == pytest.approx(0.8 * 0.99 * now, rel=0.01)


def test_the_restored_limit_is_cleared_and_the_vault_holds() -> None:
    policy, each = limited(stress_loss_usd_wad=usd(0.99 * LOSS)), gapped(300.0)
    first = decide(policy, each, Memory(VAULT))
    assert isinstance(first.action, Plan)
    assert first.carried.breached == (Reason.STRESS_LIMIT,)
    again = decide(policy, traded(each, first.action), Memory(VAULT, carried=first.carried))
    assert again.reason is Reason.INSIDE_BAND
    assert again.carried.breached == ()


def test_a_limit_that_was_passed_stands_until_it_is_well_kept() -> None:
    between = limited(stress_loss_usd_wad=usd(1.05 * LOSS))
    fresh = decide(between, gapped(300.0), Memory(VAULT))
    assert fresh.breaches == ()
    standing = decide(between, gapped(300.0), Memory(VAULT, carried=Carried((Reason.STRESS_LIMIT,))))
    assert [breach.reason for breach in standing.breaches] == [Reason.STRESS_LIMIT]
    assert isinstance(standing.action, Plan)


@pytest.mark.parametrize("key", ["stress_loss_usd_wad", "expected_shortfall_usd_wad", "leverage_wad"])
def test_a_limit_that_no_trade_of_the_base_restores_has_no_instrument(key: str) -> None:
    made = decide(limited(**{key: 1}), gapped(0.5), Memory(VAULT))
    assert isinstance(made.action, Hold)
    assert made.action.reason is Reason.NO_INSTRUMENT
    assert all(breach.urgent for breach in made.breaches)


def test_a_limit_that_cannot_be_restored_does_not_stop_the_delta_hedge() -> None:
    hopeless = replace(POLICY, limits=replace(POLICY.limits, stress_loss_usd_wad=1))
    made = decide(hopeless, gapped(150.0), Memory(VAULT))
    assert isinstance(made.action, Plan)
    assert made.action.reason is Reason.DELTA_LIMIT
    assert Reason.STRESS_LIMIT in {breach.reason for breach in made.breaches}


def test_a_limit_that_can_be_restored_makes_the_bands_hedge_urgent() -> None:
    loss = risk_of(gapped(90.0)).stress_loss_usd
    policy = replace(POLICY, limits=replace(POLICY.limits, stress_loss_usd_wad=usd(0.99 * loss)))
    soft = decide(POLICY, gapped(90.0), Memory(VAULT))
    urgent = decide(policy, gapped(90.0), Memory(VAULT))
    assert isinstance(soft.action, Plan)
    assert isinstance(urgent.action, Plan)
    assert [breach.reason for breach in urgent.breaches] == [Reason.STRESS_LIMIT, Reason.DELTA_BAND]
    assert (soft.action.urgent, urgent.action.urgent) == (False, True)
    assert abs(urgent.action.trade) >= abs(soft.action.trade) * (1 - 1e-9)


def test_a_policy_that_only_reduces_restores_it_and_one_that_is_paused_does_not() -> None:
    policy = limited(stress_loss_usd_wad=usd(0.99 * LOSS))
    reducing = decide(replace(policy, mode=Mode.REDUCE_ONLY), gapped(300.0), Memory(VAULT))
    assert isinstance(reducing.action, Plan)
    paused = decide(replace(policy, mode=Mode.PAUSED), gapped(300.0), Memory(VAULT))
    assert paused.reason is Reason.POLICY_PAUSED


def test_leverage_is_measured_without_pricing_anything_anew() -> None:
    each = gapped(300.0)
    made = decide(limited(leverage_wad=round(0.99 * each.exposure.leverage * WAD)), each, Memory(VAULT))
    assert made.risk == UNASKED
    assert [breach.reason for breach in made.breaches] == [Reason.LEVERAGE_LIMIT]
    assert isinstance(made.action, Plan)
    assert made.action.trade < 0


def test_a_vault_with_nothing_left_has_infinite_leverage_and_no_instrument() -> None:
    bankrupt = situation(vault(quote_units=0, base_wei=10 * WAD))
    assert math.isinf(bankrupt.exposure.leverage)
    made = decide(limited(leverage_wad=WAD), bankrupt, Memory(VAULT))
    assert made.reason is Reason.NO_INSTRUMENT
    assert Reason.LEVERAGE_LIMIT in {breach.reason for breach in made.breaches}


def test_a_margin_call_that_is_too_near_is_moved_away() -> None:
    near = situation(vault(base_wei=300 * WAD, quote_units=300_000 * 10**6))
    rise = risk_of(near).rise
    made = decide(limited(liquidation_distance_wad=round(1.05 * rise * WAD)), near, Memory(VAULT))
    assert isinstance(made.action, Plan)
    assert made.action.reason is Reason.LIQUIDATION_LIMIT
    assert made.breaches[0].measured == pytest.approx(rise)
    assert risk_of(traded(near, made.action)).rise > 1.05 * rise


def test_within_its_limits_a_vault_has_its_risk_measured_and_holds() -> None:
    made = decide(limited(stress_loss_usd_wad=usd(10**9)), gapped(0.0), Memory(VAULT))
    assert made.breaches == ()
    assert made.risk == risk_of(gapped(0.0))
    assert decide(POLICY, gapped(0.0), Memory(VAULT)).risk == UNASKED


def test_vaults_with_and_without_such_limits_are_decided_together_as_alone() -> None:
    limits = limited(stress_loss_usd_wad=usd(0.99 * LOSS))
    last = Address("0x" + "c" * 40)
    first, second, third = gapped(300.0).vault, vault(address=OTHER), gapped(200.0, address=last).vault
    both = Snapshot(HEAD, (first, second, third), columns(CALL, STRADDLE, CALL), snapshot().native_price, 0)
    policies = {
        VAULT: limits,
        OTHER: replace(POLICY, vault=OTHER),
        last: replace(limits, vault=last),
    }
    together = decide_all(both, policies, {}).decisions
    alone = [
        decide(policies[state.address], situation(state, legs), Memory(state.address))
        for state, legs in ((first, CALL), (second, STRADDLE), (third, CALL))
    ]
    assert list(together) == alone


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["gap_usd", "gamma_usd", "vega_usd", "theta_usd", "nav_usd"])
def test_what_is_not_a_number_has_one_reason_and_is_never_traded(field: str, broken: float) -> None:
    each = gapped(300.0)
    odd = replace(each, exposure=replace(each.exposure, **{field: broken}))  # type: ignore[arg-type]
    assert fitness(POLICY, odd) == Unfit(Reason.NOT_MEASURABLE, 0, 1)
    assert isinstance(judge(limited(stress_loss_usd_wad=1), odd), Hold)


@pytest.mark.parametrize("column", ["strike", "size"])
def test_a_leg_that_is_not_a_number_is_never_traded(column: str) -> None:
    state = snapshot()
    getattr(state.legs, column)[0] = np.nan
    (made,) = decide_all(state, {VAULT: limited(stress_loss_usd_wad=usd(1))}, {}).decisions
    assert made.reason is Reason.NOT_MEASURABLE


@pytest.mark.parametrize("points", [0, -70])
def test_without_a_volatility_the_reason_is_its_feed(points: int) -> None:
    odd = replace(vault().volatility, answer_wad=points * WAD // 100)
    verdict = judge(limited(stress_loss_usd_wad=1), gapped(300.0, volatility=odd))
    assert isinstance(verdict, Hold)
    assert verdict.reason is Reason.VOLATILITY_INVALID


def test_an_expired_leg_is_stressed_at_its_intrinsic_value() -> None:
    expired = (replace(CALL[0], strike_wad=2_000 * WAD, expiry=HEAD.timestamp - 1),)
    each = situation(vault(base_wei=1_200 * WAD), expired)
    found = risk_of(each)
    assert found.stress_loss_usd == pytest.approx(0.2424 * (1_200 * 0.66 * SPOT - 1_000 * 1_000))
    verdict = judge(limited(stress_loss_usd_wad=usd(0.99 * found.stress_loss_usd)), each)
    assert isinstance(verdict, Breached)
    assert verdict.restoring < 0
