"""What speaks against acting at this look, and what an attempt that may fail is worth."""

from dataclasses import replace

import pytest

from keeper.core.decision import Decision, decide
from keeper.core.memory import Memory, settle
from keeper.core.outcome import Mined, Reverted
from keeper.core.plan import Plan
from keeper.core.policy import Policy
from keeper.core.position import Leg
from keeper.core.reason import Reason
from keeper.core.triggers import Triggers
from keeper.core.units import WAD, TxHash
from tests.core.build import NOW, POLICY, SPOT, VAULT, situation, vault
from tests.core.keeping import inventory

QUIET = 1_200
AVERSE = replace(POLICY, hedging=replace(POLICY.hedging, risk_tolerance_usd=50.0))
"""So averse to risk that it hedges to the last minute, where the band of others is wide by itself."""
HUSHED = replace(AVERSE, triggers=Triggers(quiet_s=QUIET))
HASH = TxHash("0x" + "ef" * 32)
MINED = Mined(VAULT, "i", HASH, 1, NOW, 200_000, 5, 1, 1)
REVERTED = Reverted(VAULT, "i", HASH, 1, NOW, 50_000, 3, "No()")


def expiring(seconds: int, strike: float = SPOT) -> Leg:
    return Leg(is_call=True, strike_wad=round(strike * WAD), expiry=NOW + seconds, size_wad=-200 * WAD)


def decided(legs: tuple[Leg, ...], gap: float, policy: Policy = HUSHED) -> Decision:
    hedge = -situation(legs=legs).exposure.book_delta
    return decide(policy, situation(vault(base_wei=inventory(hedge + gap)), legs), Memory(VAULT))


def gap_of(seconds: int, strike: float = SPOT) -> float:
    """A gap outside the band and inside the hard limit."""
    assert decided((expiring(seconds, strike),), 99.0, AVERSE).reason is Reason.DELTA_BAND
    return 99.0


@pytest.mark.parametrize(("seconds", "reason"), [(QUIET, Reason.PIN_RISK), (QUIET + 1, Reason.DELTA_BAND)])
def test_in_the_last_minutes_near_the_strike_no_soft_hedge_is_made(seconds: int, reason: Reason) -> None:
    made = decided((expiring(seconds),), gap_of(seconds))
    assert made.reason is reason
    if reason is Reason.PIN_RISK:
        assert made.action.measured == pytest.approx(QUIET)  # type: ignore[union-attr]
        assert made.action.limit == QUIET  # type: ignore[union-attr]


def test_far_from_the_strike_nothing_is_uncertain_and_the_hedge_is_made() -> None:
    reach = 2.0 * 0.7 * (QUIET / (365 * 86_400)) ** 0.5
    for strike, reason in (
        (SPOT * (1 + 0.9 * reach), Reason.PIN_RISK),
        (SPOT * (1 + 1.1 * reach), Reason.DELTA_BAND),
        (SPOT / (1 + 1.1 * reach), Reason.DELTA_BAND),
    ):
        assert decided((expiring(600, strike),), gap_of(600, strike)).reason is reason


def test_a_hard_limit_is_acted_upon_to_the_last() -> None:
    assert decided((expiring(60),), 150.0).reason is Reason.DELTA_LIMIT


def test_an_expired_leg_is_no_pin_and_neither_is_one_of_no_size() -> None:
    gone = replace(expiring(600, strike=2_000.0), expiry=NOW)
    assert decided((gone, expiring(14 * 86_400)), 99.0).reason is Reason.DELTA_BAND
    empty = replace(expiring(600), size_wad=0)
    assert decided((empty, expiring(14 * 86_400)), 99.0).reason is Reason.DELTA_BAND


def test_what_reverts_are_expected_to_waste_is_in_the_expected_cost_and_shown() -> None:
    each = situation(vault(base_wei=inventory(-situation().exposure.book_delta + 90.0)))
    fresh, burnt = Memory(VAULT), Memory(VAULT, reverts=49, rebalances=0)
    costs = []
    for memory in (fresh, burnt):
        plan = decide(POLICY, each, memory).action
        assert isinstance(plan, Plan)
        gas = 300_000 * 21e-9 * SPOT
        assert plan.wasted_usd == pytest.approx(gas * memory.expected_reverts)
        costs.append(plan.expected_cost_usd - plan.wasted_usd)
    assert costs[0] == pytest.approx(costs[1])
    assert (fresh.expected_reverts, burnt.expected_reverts) == (0.01, 0.5)


def test_a_vault_whose_hedges_keep_failing_is_traded_only_for_more() -> None:
    each = situation(vault(base_wei=inventory(-situation().exposure.book_delta + 90.0)))
    hopeless = Memory(VAULT, reverts=10_000)
    assert decide(POLICY, each, hopeless).reason is Reason.COST_EXCEEDS_BENEFIT


def test_the_record_counts_all_reverts_and_forgives_by_successes() -> None:
    memory = settle(settle(settle(Memory(VAULT), REVERTED), REVERTED), MINED)
    assert (memory.failures, memory.reverts, memory.rebalances) == (0, 2, 1)
    assert memory.expected_reverts == pytest.approx(3 / 101)
