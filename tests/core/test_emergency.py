"""The third layer: when even a cooldown and the usual ceiling of the fee are no reason to wait."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.decision import Decision, decide
from keeper.core.memory import Carried, Memory
from keeper.core.plan import Plan
from keeper.core.policy import Mode, Policy
from keeper.core.position import VaultRules
from keeper.core.reason import Reason
from keeper.core.triggers import Emergency
from keeper.core.units import WAD
from tests.core.build import HEAD, NOW, POLICY, RULES, VAULT, situation, usd, vault

HEDGE = -situation().exposure.book_delta
CEILING = POLICY.costs.max_fee_wei
READY = replace(POLICY, emergency=Emergency(max_fee_wei=10 * CEILING))
THRESHOLD = 300.0
"""The contract's emergency gap in base; its emergency step is 40."""


def decided(
    gap: float,
    policy: Policy = READY,
    memory: Memory = Memory(VAULT),  # noqa: B008 frozen
    rules: VaultRules = RULES,
    since: int = 10**6,
) -> Decision:
    state = vault(base_wei=round((HEDGE + gap) * WAD), rules=rules, last_rebalance_at=NOW - since)
    return decide(policy, situation(state), memory)


@pytest.mark.parametrize("sign", [1, -1])
def test_beyond_the_contracts_threshold_it_is_an_emergency_and_the_reason_says_so(sign: int) -> None:
    below, beyond = decided(sign * 299.9), decided(sign * 300.1)
    assert below.reason is Reason.DELTA_LIMIT
    assert beyond.reason is Reason.EMERGENCY_DELTA
    assert isinstance(beyond.action, Plan)
    assert beyond.action.urgent
    assert [breach.reason for breach in beyond.breaches] == [Reason.EMERGENCY_DELTA, Reason.DELTA_LIMIT]
    assert beyond.breaches[0].limit == pytest.approx(THRESHOLD)


def test_an_emergency_is_traded_within_both_cooldowns_in_the_contracts_steps() -> None:
    hasty = decided(310.0, since=1)
    assert isinstance(hasty.action, Plan)
    assert hasty.action.trade == pytest.approx(-40.0)
    rested = decided(310.0)
    assert isinstance(rested.action, Plan)
    assert abs(rested.action.trade) > 200.0


def test_a_contract_without_emergency_steps_is_waited_for() -> None:
    stubborn = replace(RULES, emergency_trade_wad=0)
    assert decided(310.0, rules=stubborn, since=59).reason is Reason.COOLDOWN
    assert decided(310.0, rules=stubborn, since=60).reason is Reason.EMERGENCY_DELTA


def test_without_the_block_there_is_no_such_layer() -> None:
    plain = decided(310.0, POLICY, since=1)
    assert plain.reason is Reason.COOLDOWN
    assert [breach.reason for breach in plain.breaches] == [Reason.DELTA_LIMIT]


def test_an_emergency_has_a_fee_ceiling_of_its_own() -> None:
    dear = replace(HEAD, base_fee_wei=5 * CEILING)
    for policy, gap, reason in (
        (READY, 310.0, Reason.EMERGENCY_DELTA),
        (READY, 150.0, Reason.FEE_CEILING),
        (POLICY, 310.0, Reason.FEE_CEILING),
    ):
        state = vault(base_wei=round((HEDGE + gap) * WAD))
        made = decide(policy, replace(situation(state), head=dear), Memory(VAULT))
        assert made.reason is reason
        if isinstance(made.action, Plan):
            assert made.action.max_fee_wei == 10 * CEILING
    assert (POLICY.highest_fee_wei, READY.highest_fee_wei) == (CEILING, 10 * CEILING)


def test_a_contracts_threshold_below_the_policys_limit_is_acted_upon_although_the_band_is_wide() -> None:
    tight = replace(RULES, emergency_gap_wad=50 * WAD)
    bold = replace(
        READY,
        limits=replace(READY.limits, delta_usd_wad=usd(10**8)),
        hedging=replace(READY.hedging, risk_tolerance_usd=1e12),
    )
    assert decided(49.0, bold, rules=tight).reason is Reason.INSIDE_BAND
    made = decided(51.0, bold, rules=tight)
    assert made.reason is Reason.EMERGENCY_DELTA
    assert isinstance(made.action, Plan)
    assert 0.0 < made.action.gap_after <= 0.8 * 50.0 + 1e-6


RATIO = situation(vault(base_wei=round((HEDGE + 90.0) * WAD))).exposure.collateral_ratio


def poor(share: float) -> Policy:
    """A policy whose emergency ratio is this share of what the vault has."""
    return replace(READY, emergency=replace(READY.emergency, collateral_ratio_wad=round(share * RATIO * WAD)))


def test_with_little_collateral_a_soft_hedge_waits_for_no_cheaper_moment() -> None:
    stingy = replace(POLICY.costs, max_fee_wei=HEAD.base_fee_wei)
    made = decided(90.0, replace(poor(1.1), costs=stingy), since=61)
    assert [breach.reason for breach in made.breaches] == [Reason.EMERGENCY_COLLATERAL, Reason.DELTA_BAND]
    assert isinstance(made.action, Plan)
    assert made.action.reason is Reason.EMERGENCY_COLLATERAL
    assert made.action.urgent
    assert decided(90.0, replace(poor(0.9), costs=stingy), since=61).reason is Reason.COOLDOWN
    assert decided(90.0, replace(poor(0.9), costs=stingy)).reason is Reason.FEE_CEILING


def test_little_collateral_is_no_reason_to_hedge_to_the_band_where_only_limits_are_restored() -> None:
    reducing = replace(poor(1.1), mode=Mode.REDUCE_ONLY)
    soft = decided(90.0, reducing)
    assert soft.breaches[0].reason is Reason.EMERGENCY_COLLATERAL
    assert soft.reason is Reason.REDUCE_ONLY
    assert isinstance(decided(150.0, reducing).action, Plan)


def test_collateral_alone_cannot_be_traded_and_does_not_shorten_the_contracts_cooldown() -> None:
    closed = decided(0.0, poor(1.2))
    assert [breach.reason for breach in closed.breaches] == [Reason.EMERGENCY_COLLATERAL]
    assert closed.reason is Reason.NO_INSTRUMENT
    assert decided(90.0, poor(1.01), since=59).reason is Reason.COOLDOWN
    assert decided(90.0, poor(1.01), since=60).reason is Reason.EMERGENCY_COLLATERAL


def test_little_collateral_stands_until_there_is_clearly_more() -> None:
    standing = Memory(VAULT, carried=Carried((Reason.EMERGENCY_COLLATERAL,)))
    for share, breached in ((0.95, True), (0.89, False)):
        made = decided(90.0, poor(share), standing)
        assert (Reason.EMERGENCY_COLLATERAL in made.carried.breached) is breached


def test_an_emergency_of_delta_is_the_contracts_to_say_and_does_not_stand() -> None:
    assert decided(310.0).carried.breached == (Reason.DELTA_LIMIT,)


def test_reverts_lengthen_the_pause_of_an_emergency_by_less_and_never_by_nothing() -> None:
    failed = Memory(VAULT, failures=1, failed_at=NOW - 30)
    no_rest = replace(RULES, cooldown_s=0)
    assert decided(310.0, memory=failed).reason is Reason.COOLDOWN
    assert decided(310.0, memory=replace(failed, failed_at=NOW - 120)).reason is Reason.EMERGENCY_DELTA
    assert decided(310.0, memory=replace(failed, failed_at=NOW - 23), rules=no_rest).reason is Reason.COOLDOWN
    assert decided(310.0, memory=replace(failed, failed_at=NOW - 24), rules=no_rest).action.reason is (
        Reason.EMERGENCY_DELTA
    )


def test_a_paused_policy_stays_paused() -> None:
    assert decided(310.0, replace(READY, mode=Mode.PAUSED)).reason is Reason.POLICY_PAUSED
    assert decided(310.0, replace(READY, mode=Mode.REDUCE_ONLY)).reason is Reason.EMERGENCY_DELTA


@given(st.floats(-450.0, 450.0), st.integers(1, 700))
def test_within_the_cooldown_nothing_is_traded_that_the_contract_would_refuse(gap: float, since: int) -> None:
    made = decided(gap, since=since)
    if isinstance(made.action, Plan) and since < RULES.cooldown_s:
        assert abs(made.exposure.gap) > THRESHOLD
        assert abs(made.action.trade) <= 40.0
