from dataclasses import replace

import pytest

from keeper.core.decision import Decision, decide, decide_all
from keeper.core.memory import Memory, settle
from keeper.core.outcome import Expired, Mined, NonceTaken, Outcome, Refused, Reverted, reason_of
from keeper.core.plan import Plan
from keeper.core.policy import Mode, Policy
from keeper.core.reason import Reason
from keeper.core.units import WAD, TxHash
from tests.core.build import NOW, OTHER, POLICY, VAULT, situation, snapshot, vault

HEDGE = -situation().exposure.book_delta
FRESH = Memory(VAULT)
HASH = TxHash("0x" + "ab" * 32)
MINED = Mined(VAULT, "i", HASH, 1, NOW, 200_000, 5, 1, 1)
REVERTED = Reverted(VAULT, "i", HASH, 1, NOW, 100_000, 3, "InsideBand()")


def decided(
    gap: float, policy: Policy = POLICY, memory: Memory = FRESH, *, pending: bool = False, last: int = 0
) -> Decision:
    state = vault(base_wei=round((HEDGE + gap) * WAD), last_rebalance_at=last)
    return decide(policy, situation(state), memory, pending=pending)


def test_a_gap_outside_the_band_is_hedged() -> None:
    decision = decided(90.0)
    assert isinstance(decision.action, Plan)
    assert decision.reason is Reason.DELTA_BAND
    assert decision.policy_sha256 == POLICY.sha256


def test_a_gap_inside_the_band_is_left_alone() -> None:
    assert decided(0.0).reason is Reason.INSIDE_BAND


def test_a_vault_that_is_not_fit_shows_no_band() -> None:
    decision = decide(POLICY, situation(vault(paused=True)), FRESH, pending=False)
    assert decision.reason is Reason.VAULT_PAUSED
    assert decision.breaches == ()


def test_a_paused_policy_measures_and_does_nothing() -> None:
    decision = decided(150.0, replace(POLICY, mode=Mode.PAUSED))
    assert decision.reason is Reason.POLICY_PAUSED
    assert decision.breaches[0].reason is Reason.DELTA_LIMIT


def test_reduce_only_acts_on_hard_limits_only() -> None:
    reducing = replace(POLICY, mode=Mode.REDUCE_ONLY)
    assert decided(90.0, reducing).reason is Reason.REDUCE_ONLY
    assert isinstance(decided(150.0, reducing).action, Plan)


def test_a_vault_with_a_plan_in_flight_waits_for_its_outcome() -> None:
    assert decided(150.0, pending=True).reason is Reason.PENDING


@pytest.mark.parametrize(("since", "reason"), [(599, Reason.COOLDOWN), (600, Reason.DELTA_BAND)])
def test_a_soft_breach_waits_for_the_policys_cooldown(since: int, reason: Reason) -> None:
    assert decided(90.0, last=NOW - since).reason is reason


@pytest.mark.parametrize(("since", "reason"), [(59, Reason.COOLDOWN), (60, Reason.DELTA_LIMIT)])
def test_a_hard_breach_waits_for_the_contracts_cooldown_only(since: int, reason: Reason) -> None:
    assert decided(150.0, last=NOW - since).reason is reason


def test_each_revert_in_a_row_doubles_the_pause() -> None:
    once = settle(FRESH, REVERTED)
    twice = settle(once, REVERTED)
    assert [m.blocked_until(600) - NOW for m in (once, twice)] == [1_200, 2_400]
    assert decided(150.0, memory=once).reason is Reason.COOLDOWN
    assert settle(twice, MINED).blocked_until(600) == 0
    many = replace(twice, failures=10_000)
    assert many.blocked_until(600) == NOW + 600 * 64


def test_memory_counts_what_was_spent_on_success_and_failure_alike() -> None:
    memory = settle(settle(FRESH, MINED), REVERTED)
    assert (memory.rebalances, memory.failures, memory.gas_spent_wei) == (1, 1, 8)


@pytest.mark.parametrize(
    "outcome",
    [
        Expired(VAULT, "i", HASH, 1, 1),
        NonceTaken(VAULT, "i", 4),
        Refused(VAULT, Reason.DRY_RUN, "dry run"),
    ],
)
def test_an_intent_that_came_to_nothing_is_not_remembered(outcome: Outcome) -> None:
    assert settle(FRESH, outcome) == FRESH


def test_every_outcome_has_its_word() -> None:
    ends: list[Outcome] = [
        MINED,
        REVERTED,
        Expired(VAULT, "i", HASH, 1, 1),
        NonceTaken(VAULT, "i", 4),
        Refused(VAULT, Reason.WALLET_EMPTY, ""),
    ]
    assert [reason_of(end) for end in ends] == [
        Reason.MINED,
        Reason.REVERTED,
        Reason.EXPIRED,
        Reason.NONCE_TAKEN,
        Reason.WALLET_EMPTY,
    ]


def test_only_vaults_with_a_policy_are_decided() -> None:
    assert decide_all(snapshot(), {}, {}, frozenset()) == ()
    assert len(decide_all(snapshot(vault(address=OTHER)), {OTHER: POLICY}, {}, frozenset())) == 1


def test_the_same_values_give_the_same_decision() -> None:
    assert decided(90.0) == decided(90.0)
