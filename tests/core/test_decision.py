from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.core import decision
from keeper.core.decision import Decided, Decision, decide, decide_all
from keeper.core.exposure import situations
from keeper.core.hedging import Tier, Unsolved
from keeper.core.inventory import Band, Question, inventory_bands
from keeper.core.market import Reading
from keeper.core.memory import Memory, settle
from keeper.core.outcome import (
    Cancelled,
    Filled,
    Mined,
    NonceTaken,
    Outcome,
    Refused,
    Reverted,
    Superseded,
    VaultOutcome,
    reason_of,
)
from keeper.core.plan import Plan
from keeper.core.policy import Mode, Policy
from keeper.core.position import Leg
from keeper.core.reason import Reason
from keeper.core.snapshot import Snapshot
from keeper.core.units import WAD, Address, TxHash
from tests.core.build import (
    CALL,
    NOW,
    OTHER,
    POLICY,
    STRADDLE,
    VAULT,
    columns,
    pool,
    situation,
    snapshot,
    vault,
)
from tests.core.solving import SELDOM, solve_all

HEDGE = -situation().exposure.book_delta
FRESH = Memory(VAULT)
HASH = TxHash("0x" + "ab" * 32)
MINED = Mined(VAULT, "i", HASH, 1, NOW, 200_000, 5, 1, 1)
REVERTED = Reverted(VAULT, "i", HASH, 1, NOW, 100_000, 3, "InsideBand()")


def decided(gap: float, policy: Policy = POLICY, memory: Memory = FRESH, *, last: int = 0) -> Decision:
    state = vault(base_wei=round((HEDGE + gap) * WAD), last_rebalance_at=last)
    return decide(policy, situation(state), memory)


def test_a_gap_outside_the_band_is_hedged() -> None:
    found = decided(90.0)
    assert isinstance(found.action, Plan)
    assert found.reason is Reason.DELTA_BAND
    assert found.policy_sha256 == POLICY.sha256


def test_a_gap_inside_the_band_is_left_alone() -> None:
    assert decided(0.0).reason is Reason.INSIDE_BAND


def test_a_vault_that_is_not_fit_shows_no_band() -> None:
    found = decide(POLICY, situation(vault(paused=True)), FRESH)
    assert found.reason is Reason.VAULT_PAUSED
    assert found.breaches == ()


def test_a_paused_policy_measures_and_does_nothing() -> None:
    found = decided(150.0, replace(POLICY, mode=Mode.PAUSED))
    assert found.reason is Reason.POLICY_PAUSED
    assert found.breaches[0].reason is Reason.DELTA_LIMIT


def test_reduce_only_acts_on_hard_limits_only() -> None:
    reducing = replace(POLICY, mode=Mode.REDUCE_ONLY)
    assert decided(90.0, reducing).reason is Reason.REDUCE_ONLY
    assert isinstance(decided(150.0, reducing).action, Plan)


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


EXPIRED = Cancelled(VAULT, "i", HASH, 1, NOW, 7, Reason.EXPIRED)


def test_memory_counts_what_was_spent_on_success_failure_and_no_op_alike() -> None:
    memory = settle(
        settle(settle(FRESH, MINED), REVERTED), Cancelled(VAULT, "i", HASH, 1, NOW, 7, Reason.EXPIRED)
    )
    assert (memory.rebalances, memory.failures, memory.gas_spent_wei) == (1, 1, 15)


@pytest.mark.parametrize(
    "outcome",
    [
        NonceTaken(VAULT, "i", 4),
        Refused(VAULT, Reason.DRY_RUN, "dry run"),
    ],
)
def test_an_intent_that_came_to_nothing_is_not_remembered(outcome: VaultOutcome) -> None:
    assert settle(FRESH, outcome) == FRESH


def test_every_outcome_has_its_word() -> None:
    ends: list[Outcome] = [
        MINED,
        REVERTED,
        Cancelled(VAULT, "i", HASH, 1, NOW, 1, Reason.EXPIRED),
        NonceTaken(VAULT, "i", 4),
        Superseded(VAULT, "i", "other", HASH),
        Filled(4, HASH, 1, NOW, 1),
        Refused(VAULT, Reason.WALLET_EMPTY, ""),
    ]
    assert [reason_of(end) for end in ends] == [
        Reason.MINED,
        Reason.REVERTED,
        Reason.EXPIRED,
        Reason.NONCE_TAKEN,
        Reason.SUPERSEDED,
        Reason.GAP_FILLED,
        Reason.WALLET_EMPTY,
    ]


def test_only_vaults_with_a_policy_are_decided() -> None:
    assert decide_all(snapshot(), {}, {}) == Decided((), ())
    assert len(decide_all(snapshot(vault(address=OTHER)), {OTHER: POLICY}, {}).decisions) == 1


BOOKS = ((), CALL, STRADDLE, (*STRADDLE, *CALL), 8 * CALL, 11 * STRADDLE[1:])
SICK = (
    {"readable": False},
    {"price": Reading(0, 0, 0)},
    {"price": Reading(-(10**54), NOW, 1)},
    {"volatility": Reading(10**54, NOW, 1)},
    {"pool": pool(liquidity=0)},
    {"pool": replace(pool(), sqrt_price_x96=2**160 - 1)},
    {"quote_units": 2**255, "base_wei": 2**255},
)
FATAL = {"pool": replace(pool(), fee_pips=2_000_000)}
states = st.tuples(
    st.sampled_from(BOOKS),
    st.floats(-450.0, 450.0),
    st.one_of(st.just({}), st.just({}), st.sampled_from((*SICK, FATAL))),
)


Row = tuple[tuple[Leg, ...], float, Mapping[str, object]]


def many(rows: Sequence[Row]) -> tuple[Snapshot, dict[Address, Policy]]:
    vaults = tuple(
        vault(**{"base_wei": round((HEDGE + gap) * WAD), "address": Address(f"0x{i:040x}"), **changes})
        for i, (_, gap, changes) in enumerate(rows)
    )
    seen = replace(snapshot(), vaults=vaults, legs=columns(*(legs for legs, _, _ in rows)))
    return seen, {each.address: POLICY for each in vaults}


@given(st.lists(states, min_size=1, max_size=12))
def test_a_vault_decided_among_others_is_decided_as_alone_to_the_last_bit(
    rows: list[Row],
) -> None:
    seen, policies = many(rows)
    together = decide_all(seen, policies, {})
    by_vault = {decision.vault: repr(decision) for decision in together.decisions}
    failed = {failure.vault for failure in together.failures}
    for each in situations(seen):
        memory = Memory(each.vault.address)
        if each.vault.address in failed:
            with pytest.raises(ValueError, match="fee of 2000000 pips"):
                decide(POLICY, each, memory)
        else:
            assert by_vault[each.vault.address] == repr(decide(POLICY, each, memory))
    assert len(by_vault) + len(failed) == len(rows)


@given(st.lists(states, min_size=1, max_size=8))
@settings(max_examples=25)
def test_with_tables_too_a_vault_among_others_is_decided_as_alone(rows: list[Row]) -> None:
    seen, policies = many(rows)
    policies = {each: replace(SELDOM, vault=each) for each in policies}
    tables = solve_all(seen, policies)
    together = decide_all(seen, policies, {}, tables)
    by_vault = {decision.vault: repr(decision) for decision in together.decisions}
    for each in situations(seen):
        if (vault := each.vault.address) in by_vault:
            alone = decide(policies[vault], each, Memory(vault), tables.get(vault, Unsolved.NOT_YET))
            assert by_vault[vault] == repr(alone)


def test_a_table_moves_the_band_and_is_named_by_the_decision() -> None:
    seen, policies = many([(CALL, 0.0, {})])
    policies = {each: replace(SELDOM, vault=each) for each in policies}
    (plain,) = decide_all(seen, policies, {}).decisions
    (found,) = decide_all(seen, policies, {}, solve_all(seen, policies)).decisions
    assert (plain.tier, found.tier) == (Tier.NO_TABLE, Tier.TABLE)
    assert found.band.buy_to != plain.band.buy_to
    assert found.band.buy_to == pytest.approx(plain.band.buy_to, rel=0.05)


def test_a_vault_that_cannot_be_decided_is_told_and_the_others_are_decided() -> None:
    seen, policies = many([(CALL, 150.0, {}), (CALL, 150.0, FATAL), (CALL, 150.0, {})])
    decided_all = decide_all(seen, policies, {})
    assert [each.vault for each in decided_all.decisions] == [seen.vaults[0].address, seen.vaults[2].address]
    (failure,) = decided_all.failures
    assert failure.vault == seen.vaults[1].address
    assert isinstance(failure.error, ValueError)


def test_a_thousand_vaults_are_asked_about_their_bands_in_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(questions: Sequence[Question]) -> tuple[Band, ...]:
        asked.append(len(questions))
        return inventory_bands(questions)

    monkeypatch.setattr(decision, "inventory_bands", counted)
    seen, policies = many([(8 * CALL, 0.0, {})] * 1_000)
    assert len(decide_all(seen, policies, {}).decisions) == 1_000
    assert asked == [1_000]


def test_the_same_values_give_the_same_decision() -> None:
    assert decided(90.0) == decided(90.0)
