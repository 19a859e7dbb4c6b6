import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.case import Case
from keeper.core.exposure import Situation
from keeper.core.memory import Memory
from keeper.core.plan import Plan, propose, risk_removed_usd
from keeper.core.policy import Policy
from keeper.core.position import Leg, VaultState
from keeper.core.pricing.liquidity import swap_exact_in
from keeper.core.quote import Side, gas_cost_usd, quote, trade_costs
from keeper.core.reason import Reason
from keeper.core.units import BPS, WAD, mul_div_up
from keeper.core.verdict import Breached, Hold, judge
from tests.core.build import HEAD, NOW, POLICY, SPOT, STRADDLE, VAULT, pool, situation, usd, vault

HEDGE = -situation().exposure.book_delta
FRESH = Memory(VAULT)


def gapped(gap: float, **changes: object) -> Situation:
    return situation(vault(base_wei=round((HEDGE + gap) * WAD), **changes))


def planned(each: Situation, policy: Policy = POLICY) -> Plan | Hold:
    verdict = judge(policy, each)
    assert isinstance(verdict, Breached)
    return propose(Case(policy, each, FRESH), verdict)


def test_too_much_inventory_is_sold_to_the_inner_edge_and_no_further() -> None:
    each = gapped(90.0)
    plan = planned(each)
    assert isinstance(plan, Plan)
    verdict = judge(POLICY, each)
    assert isinstance(verdict, Breached)
    assert plan.side is Side.SELL_BASE
    assert plan.trade == pytest.approx(verdict.band.sell_to - each.exposure.inventory, rel=1e-9)
    assert 0 <= plan.gap_after < 90.0
    assert plan.reason is Reason.DELTA_BAND
    assert not plan.urgent


def test_too_little_inventory_is_bought_without_overshooting() -> None:
    plan = planned(gapped(-90.0))
    assert isinstance(plan, Plan)
    assert plan.side is Side.BUY_BASE
    assert -90.0 < plan.gap_after <= 0
    assert plan.amount_in / 10**6 == pytest.approx(plan.trade * SPOT, rel=0.01)


@pytest.mark.parametrize("gap", [90.0, -90.0, 400.0, -400.0])
@pytest.mark.parametrize("base_is_token0", [True, False])
def test_the_expected_output_is_what_the_pool_gives(gap: float, base_is_token0: bool) -> None:  # noqa: FBT001
    state = pool(base_is_token0=base_is_token0)
    plan = planned(gapped(gap, pool=state))
    assert isinstance(plan, Plan)
    fill = swap_exact_in(
        state.sqrt_price_x96,
        state.liquidity,
        state.fee_pips,
        plan.amount_in,
        zero_for_one=base_is_token0 == (gap > 0),
    )
    assert plan.expected_out == fill.amount_out


@given(st.floats(-450, 450).filter(lambda gap: abs(gap) > 120), st.integers(1, 150))
def test_the_least_accepted_output_is_the_oracles_price_less_the_tighter_slippage(
    gap: float, ceiling: int
) -> None:
    lenient = replace(POLICY, costs=replace(POLICY.costs, max_slippage_bps=ceiling))
    plan = planned(gapped(gap, pool=pool(liquidity=10**22)), lenient)
    if isinstance(plan, Hold):
        assert plan.reason is Reason.SLIPPAGE_CEILING
        return
    allowed = BPS - min(ceiling, 150)
    in_base, out_base = (plan.amount_in, 0) if gap > 0 else (0, plan.min_out)
    if gap > 0:
        exact = in_base * SPOT * allowed / (BPS * 10**12)
        assert plan.min_out == math.ceil(exact) or abs(plan.min_out - exact) <= 1
    else:
        assert out_base * SPOT * BPS * 10**6 >= plan.amount_in * allowed * 10**18
    assert plan.min_out <= plan.expected_out


def test_a_hard_breach_is_traded_whatever_it_costs_and_back_inside_the_limit() -> None:
    ruinous = replace(POLICY, hedging=replace(POLICY.hedging, risk_tolerance_usd=1e9))
    plan = planned(gapped(150.0), ruinous)
    assert isinstance(plan, Plan)
    assert plan.urgent
    assert plan.reason is Reason.DELTA_LIMIT
    assert plan.gap_after * SPOT == pytest.approx(0.8 * 300_000, rel=1e-6)
    assert plan.benefit_usd < plan.expected_cost_usd


def test_a_limit_that_base_cannot_restore_has_no_instrument() -> None:
    tight = replace(POLICY, limits=replace(POLICY.limits, vega_usd_wad=1))
    hold = planned(gapped(0.0), tight)
    assert isinstance(hold, Hold)
    assert hold.reason is Reason.NO_INSTRUMENT


def test_a_breach_that_base_cannot_restore_does_not_stop_the_delta_hedge() -> None:
    tight = replace(POLICY, limits=replace(POLICY.limits, vega_usd_wad=1))
    assert isinstance(planned(gapped(150.0), tight), Plan)


def test_nothing_to_sell_is_said_so() -> None:
    empty = situation(vault(base_wei=0), legs=STRADDLE[1:])
    hold = planned(empty)
    assert isinstance(hold, Hold)
    assert hold.reason is Reason.NO_INVENTORY


def test_a_vault_sells_what_it_has_when_that_is_less_than_wanted() -> None:
    scarce = situation(vault(base_wei=10 * WAD), legs=STRADDLE[1:])
    plan = planned(scarce)
    assert isinstance(plan, Plan)
    assert plan.amount_in == 10 * WAD


def test_a_vault_never_spends_more_quote_than_it_has() -> None:
    plan = planned(gapped(-400.0, quote_units=50_000 * 10**6))
    assert isinstance(plan, Plan)
    assert plan.amount_in <= 50_000 * 10**6


@pytest.mark.parametrize("pool_at", [SPOT, SPOT * 1.009, SPOT * 0.991])
@pytest.mark.parametrize("gap", [400.0, -400.0])
def test_a_trade_is_cut_to_what_the_vaults_contract_allows_at_the_oracles_price(
    gap: float, pool_at: float
) -> None:
    rules = replace(vault().rules, max_trade_wad=50 * WAD)
    plan = planned(gapped(gap, rules=rules, pool=pool(pool_at)))
    assert isinstance(plan, Plan)
    size = plan.amount_in if gap > 0 else mul_div_up(plan.amount_in, 10**12, SPOT)
    assert 49 * WAD < size <= 50 * WAD


def test_a_purchase_from_a_pool_above_the_oracle_is_still_paid_by_what_the_vault_has() -> None:
    plan = planned(gapped(-400.0, quote_units=50_000 * 10**6, pool=pool(SPOT * 1.009)))
    assert isinstance(plan, Plan)
    assert 49_000 * 10**6 < plan.amount_in <= 50_000 * 10**6


def test_a_trade_that_the_contract_cuts_below_the_policys_minimum_is_too_small_and_not_unaffordable() -> None:
    hold = planned(gapped(150.0, rules=replace(vault().rules, max_trade_wad=WAD // 100)))
    assert isinstance(hold, Hold)
    assert hold.reason is Reason.TRADE_TOO_SMALL
    assert hold.measured == pytest.approx(SPOT / 100)


def test_a_spent_turnover_budget_is_told_as_such() -> None:
    hold = planned(gapped(150.0, rules=replace(vault().rules, turnover_cap_pips=1)))
    assert isinstance(hold, Hold)
    assert hold.reason is Reason.TURNOVER_LIMIT


def test_a_trade_fits_into_the_turnover_budget() -> None:
    each = gapped(150.0, rules=replace(vault().rules, turnover_cap_pips=10_000))
    plan = planned(each)
    assert isinstance(plan, Plan)
    assert abs(plan.trade) * SPOT == pytest.approx(0.0099 * each.exposure.nav_usd)


@pytest.mark.parametrize("gap", [150.0, -150.0])
def test_the_largest_trade_may_be_as_small_as_the_smallest(gap: float) -> None:
    fixed = replace(POLICY.hedging, min_trade_usd_wad=usd(777.77), max_trade_usd_wad=usd(777.77))
    plan = planned(gapped(gap), replace(POLICY, hedging=fixed))
    assert isinstance(plan, Plan)
    assert abs(plan.trade) * SPOT == pytest.approx(777.77, rel=0.01)


def test_a_hard_limit_inside_the_contracts_band_waits_until_the_contract_would_trade() -> None:
    wide = replace(vault().rules, band_wad=200 * WAD)
    each = gapped(150.0, rules=wide)
    hold = planned(each)
    assert isinstance(hold, Hold)
    assert hold.reason is Reason.INSIDE_BAND
    assert hold.measured == each.exposure.inventory < hold.limit
    assert isinstance(planned(gapped(201.0, rules=wide)), Plan)


@pytest.mark.parametrize("gap", [400.0, -400.0])
def test_slices_are_cut_to_the_contracts_slippage_where_that_is_the_tighter(gap: float) -> None:
    shallow, strict = pool(liquidity=10**18), replace(vault().rules, max_slippage_bps=40)
    plan = planned(gapped(gap, pool=shallow, rules=strict))
    assert isinstance(plan, Plan)
    assert plan.expected_out >= plan.min_out


def test_no_slice_is_smaller_than_the_policys_minimum() -> None:
    shallow = pool(liquidity=10**18)
    free = planned(gapped(400.0, pool=shallow))
    assert isinstance(free, Plan)
    above = replace(POLICY.hedging, min_trade_usd_wad=usd(-free.trade * SPOT * 1.1))
    hold = planned(gapped(400.0, pool=shallow), replace(POLICY, hedging=above))
    assert isinstance(hold, Hold)
    assert hold.reason is Reason.SLIPPAGE_CEILING


@given(st.integers(1, 10_000), st.sampled_from([400.0, -400.0]))
def test_what_the_pool_gives_is_never_a_unit_of_rounding_below_what_is_accepted(
    units: int, gap: float
) -> None:
    """A trade of so few units that one of them is many basis points."""
    hedging = replace(POLICY.hedging, min_trade_usd_wad=1, max_trade_usd_wad=units * 10**12)
    each = gapped(gap, pool=pool(SPOT * 1.0001))
    small = quote(each, math.copysign(units / 10**6 / SPOT, -gap))
    costs = replace(POLICY.costs, max_slippage_bps=small.shortfall_bps)
    plan = planned(each, replace(POLICY, hedging=hedging, costs=costs))
    if isinstance(plan, Plan):
        assert plan.min_out <= plan.expected_out


def test_a_book_far_from_every_strike_is_hedged_although_its_gamma_is_beyond_floats() -> None:
    for strike in range(3_600, 6_000, 100):
        far = Leg(is_call=True, strike_wad=strike * WAD, expiry=NOW + 3_600, size_wad=-1_000 * WAD)
        plan = planned(situation(vault(base_wei=200 * WAD), (far,)))
        assert isinstance(plan, Plan)
        assert 0 < plan.benefit_usd < math.inf


def test_a_trade_below_the_policys_minimum_is_too_small() -> None:
    patient = replace(POLICY, hedging=replace(POLICY.hedging, min_trade_usd_wad=usd(10**9)))
    hold = planned(gapped(150.0), patient)
    assert isinstance(hold, Hold)
    assert hold.reason is Reason.TRADE_TOO_SMALL


def test_a_large_trade_is_cut_to_the_policys_slice() -> None:
    slicing = replace(POLICY, hedging=replace(POLICY.hedging, max_trade_usd_wad=usd(30_000)))
    plan = planned(gapped(400.0), slicing)
    assert isinstance(plan, Plan)
    assert abs(plan.trade) * SPOT == pytest.approx(30_000)


def test_a_base_fee_above_the_ceiling_waits_even_for_a_hard_breach() -> None:
    dear = replace(POLICY, costs=replace(POLICY.costs, max_fee_wei=HEAD.base_fee_wei))
    hold = planned(gapped(400.0), dear)
    assert hold == Hold(Reason.FEE_CEILING, float(HEAD.base_fee_wei + 10**9), float(HEAD.base_fee_wei))


def test_a_shallow_pool_gets_a_smaller_trade_before_it_gets_none() -> None:
    shallow = gapped(400.0, pool=pool(liquidity=2 * 10**18))
    plan = planned(shallow)
    assert isinstance(plan, Plan)
    assert 0 < abs(plan.trade) < 400
    dry = gapped(400.0, pool=pool(liquidity=10**15))
    hold = planned(dry)
    assert isinstance(hold, Hold)
    assert hold.reason is Reason.SLIPPAGE_CEILING


def test_a_pool_above_the_oracle_is_no_slippage_for_a_seller() -> None:
    each = gapped(90.0, pool=pool(SPOT * 1.005))
    assert quote(each, -10.0).shortfall_bps < 0
    assert quote(each, 10.0).shortfall_bps > 50


def test_a_soft_breach_whose_cure_costs_more_than_the_risk_holds() -> None:
    each = gapped(90.0)
    verdict = judge(POLICY, each)
    assert isinstance(verdict, Breached)
    spike = replace(each, native_price=replace(each.native_price, answer_wad=10**6 * SPOT * WAD))
    hold = propose(Case(POLICY, spike, FRESH), verdict)
    assert isinstance(hold, Hold)
    assert hold.reason is Reason.COST_EXCEEDS_BENEFIT
    assert hold.measured < hold.limit


@given(st.floats(85.0, 99.0), st.sampled_from([1, -1]))
def test_a_trade_at_the_edge_of_the_band_removes_more_risk_than_it_costs(size: float, sign: int) -> None:
    plan = planned(gapped(sign * size))
    assert isinstance(plan, Plan)
    assert plan.benefit_usd > plan.expected_cost_usd > 0
    assert plan.worst_cost_usd > plan.expected_cost_usd


def test_risk_removed_grows_with_the_gap_that_is_closed() -> None:
    each = gapped(90.0)
    verdict = judge(POLICY, each)
    assert isinstance(verdict, Breached)
    removed = [risk_removed_usd(POLICY, each, verdict.band, after) for after in (90.0, 60.0, 30.0, 0.0)]
    assert removed[0] == pytest.approx(0, abs=1e-9)
    assert removed == sorted(removed)


def test_the_plan_is_bound_to_the_vaults_state_and_to_a_deadline_the_vault_accepts() -> None:
    plan = planned(gapped(90.0))
    assert isinstance(plan, Plan)
    assert plan.state_hash == b"\x07" * 32
    assert plan.deadline == HEAD.timestamp + POLICY.deadline_s
    hasty = replace(vault().rules, max_deadline_s=30)
    bound = planned(gapped(90.0, rules=hasty))
    assert isinstance(bound, Plan)
    assert bound.deadline == HEAD.timestamp + 30


def test_the_same_state_of_a_vault_names_the_same_intent() -> None:
    first, second = planned(gapped(90.0)), planned(gapped(95.0))
    moved = planned(gapped(90.0, state_hash=b"\x08" * 32))
    assert isinstance(first, Plan)
    assert isinstance(second, Plan)
    assert isinstance(moved, Plan)
    assert first.intent == second.intent != moved.intent


def test_a_plan_carries_the_policys_fee_ceiling_for_every_attempt() -> None:
    plan = planned(gapped(90.0))
    assert isinstance(plan, Plan)
    assert plan.max_fee_wei == POLICY.costs.max_fee_wei


def test_gas_is_priced_in_the_native_coin() -> None:
    assert gas_cost_usd(300_000, 20 * 10**9, situation()) == pytest.approx(300_000 * 20e-9 * SPOT)


def test_the_cost_of_trading_an_already_closed_gap_is_the_pools_fee() -> None:
    costs = trade_costs(POLICY, situation(vault(base_wei=0), legs=()))
    assert costs.proportional == pytest.approx(0.0005)


def test_a_pool_without_a_price_still_has_costs() -> None:
    blank: VaultState = vault(pool=pool(liquidity=0))
    assert trade_costs(POLICY, situation(blank)).proportional == pytest.approx(0.0005)


@given(
    st.floats(-400.0, 400.0),
    st.integers(10**17, 10**24),
    st.sampled_from([100, 500, 3_000, 10_000]),
    st.booleans(),
)
def test_the_modelled_cost_of_a_trade_is_what_its_exact_quote_costs(
    gap: float,
    liquidity: int,
    fee_pips: int,
    base_is_token0: bool,  # noqa: FBT001
) -> None:
    state = replace(pool(liquidity=liquidity, base_is_token0=base_is_token0), fee_pips=fee_pips)
    each = gapped(gap, pool=state)
    exact = quote(each, -each.exposure.gap)
    notional = abs(exact.base) * SPOT
    modelled = trade_costs(POLICY, each).proportional
    assert modelled * notional == pytest.approx(exact.impact_usd, rel=1e-4, abs=1e-4)
