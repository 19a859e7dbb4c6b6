from dataclasses import replace

import pytest

from keeper.core.head import Head
from keeper.core.market import Reading, Reference
from keeper.core.memory import Memory
from keeper.core.outcome import Filled, Mined, Refused, Reverted, Superseded, reason_of
from keeper.core.position import VaultState
from keeper.core.reason import Reason
from keeper.core.snapshot import Snapshot
from keeper.core.transaction.wish import Instead, Unwanted, Wanted
from keeper.core.units import WAD, TxHash
from keeper.pipeline import Pipeline
from keeper.ports import JournalError, Mismatched, WouldRevert
from tests.core.build import CALL, HEAD, NOW, OTHER, POLICY, SPOT, VAULT, columns, pool, situation, vault
from tests.shell.fakes import (
    FakeHeads,
    FakeJournal,
    FakeObserver,
    FakePolicies,
    FakeReader,
    FakeReferences,
    FakeWallet,
)

HEDGE = -situation().exposure.book_delta
HASH = TxHash("0x" + "cd" * 32)
POLICIES = {VAULT: POLICY, OTHER: replace(POLICY, vault=OTHER)}


def gapped(gap: float, **changes: object) -> VaultState:
    return vault(base_wei=round((HEDGE + gap) * WAD), **changes)


def snapshot(*vaults: VaultState) -> Snapshot:
    return Snapshot(HEAD, vaults, columns(*(CALL for _ in vaults)), Reading(SPOT * WAD, NOW, 1), 10 * WAD)


def heads(count: int) -> list[Head]:
    return [replace(HEAD, number=HEAD.number + i) for i in range(count)]


class World:
    """A pipeline between fakes."""

    def __init__(self, *vaults: VaultState, blocks: int = 1) -> None:
        self.reader = FakeReader(snapshot(*vaults))
        self.wallet, self.journal, self.observer = FakeWallet(), FakeJournal(), FakeObserver()
        self.references = FakeReferences()
        self.pipeline = Pipeline(
            FakeHeads(heads(blocks)),
            self.reader,
            self.references,
            FakePolicies(POLICIES),
            self.wallet,
            self.journal,
            self.observer,
        )

    async def run(self) -> "World":
        await self.pipeline.run()
        return self


async def test_a_gap_is_simulated_offered_and_journalled_before_it_is_offered() -> None:
    world = await World(gapped(90.0)).run()
    assert [plan.vault for plan in world.reader.simulated] == [VAULT]
    assert [plan.vault for plan in world.wallet.offered] == [VAULT]
    assert world.journal.cycles[0].decisions[0].action == world.wallet.offered[0]
    stages = world.observer.of("stage")
    assert stages == ["read", "decide", "record", "simulate", "offer", "review"]


async def test_a_closed_gap_is_recorded_and_nothing_is_offered() -> None:
    world = await World(gapped(0.0)).run()
    assert [d.reason for d in world.journal.cycles[0].decisions] == [Reason.INSIDE_BAND]
    assert world.wallet.offered == []
    assert world.observer.of("cycled") == [HEAD.number]


async def test_the_record_holds_all_that_the_decision_rests_on() -> None:
    world = World(gapped(90.0))
    world.journal.remembered = {VAULT: Memory(VAULT, rebalances=3)}
    world.references.heard = (Reference("cex", SPOT * WAD, NOW),)
    world.wallet.busy = {OTHER}
    await world.run()
    (cycle,) = world.journal.cycles
    assert cycle.memories == {VAULT: Memory(VAULT, rebalances=3)}
    assert cycle.pending == {OTHER}
    assert cycle.policies == POLICIES
    assert cycle.evidence.snapshot.references == world.references.heard


async def test_a_plan_in_flight_is_not_offered_again() -> None:
    world = await World(gapped(90.0), blocks=3).run()
    assert len(world.wallet.offered) == 1
    assert world.observer.of("decided") == [Reason.DELTA_BAND] * 3


async def test_what_is_in_flight_is_asked_about_at_each_head_and_run_once_more() -> None:
    world = await World(gapped(90.0), blocks=3).run()
    wanted = {VAULT: Wanted()}
    assert [(number - HEAD.number, wishes) for number, wishes, _ in world.wallet.reviews] == [
        (0, {}),
        (1, wanted),
        (2, wanted),
    ]
    assert world.observer.of("reviewed") == [(VAULT, Wanted())] * 2
    assert world.reader.simulated == [world.wallet.offered[0]] * 3


async def test_a_gap_that_closed_by_itself_makes_what_is_in_flight_unwanted() -> None:
    world = World(gapped(90.0))
    await world.run()
    world.reader.snapshot = snapshot(gapped(0.0))
    await world.pipeline.cycle(replace(HEAD, number=HEAD.number + 1))
    assert world.wallet.reviews[-1][1] == {VAULT: Unwanted(Reason.INSIDE_BAND)}


async def test_a_hedge_that_is_in_no_journal_is_told_at_the_head_that_shows_it() -> None:
    world = World(gapped(0.0))
    await world.run()
    assert world.observer.of("foreign_hedge") == []
    world.reader.snapshot = snapshot(gapped(0.0, last_rebalance_at=NOW - 5))
    await world.pipeline.cycle(replace(HEAD, number=HEAD.number + 1))
    assert world.observer.of("foreign_hedge") == [(VAULT, NOW - 5)]


async def test_a_gap_that_grew_wants_another_plan_instead() -> None:
    world = World(gapped(90.0))
    await world.run()
    world.reader.snapshot = snapshot(gapped(150.0))
    await world.pipeline.cycle(replace(HEAD, number=HEAD.number + 1))
    wished = world.wallet.reviews[-1][1][VAULT]
    assert isinstance(wished, Instead)
    assert wished.plan.amount_in > world.wallet.offered[0].amount_in


async def test_71_what_would_revert_by_now_is_not_paid_for_again() -> None:
    world = World(gapped(90.0))
    await world.run()
    world.reader.simulation = WouldRevert("CoolingDown(readyAt=1)")
    await world.pipeline.cycle(replace(HEAD, number=HEAD.number + 1))
    assert world.wallet.reviews[-1][1] == {VAULT: Unwanted(Reason.SIMULATION_REVERTED)}


async def test_what_the_node_will_not_run_is_left_as_it_is() -> None:
    world = World(gapped(90.0))
    await world.run()
    world.reader.unanswered = frozenset({VAULT})
    await world.pipeline.cycle(replace(HEAD, number=HEAD.number + 1))
    assert world.wallet.reviews[-1][1] == {}


async def test_when_nothing_can_be_read_the_wallet_only_hears_that_nobody_was_asked() -> None:
    world = World(gapped(90.0), blocks=2)
    world.reader.down = frozenset({HEAD.number + 1})
    await world.run()
    assert world.wallet.reviews[-1] == (HEAD.number + 1, {}, 0)


async def test_the_price_of_the_coin_for_gas_reaches_the_wallet() -> None:
    world = await World(gapped(90.0)).run()
    assert world.wallet.reviews[0][2] == SPOT * WAD


async def test_all_that_ends_with_one_nonce_is_settled_together() -> None:
    world = World(gapped(0.0))
    world.wallet.outcomes = {
        HEAD.number: (
            Mined(VAULT, "i", HASH, 1, NOW, 9, 5, 1, 1),
            Superseded(OTHER, "o", "i", HASH),
            Filled(3, HASH, 1, NOW, 5),
        )
    }
    await world.run()
    assert world.pipeline.memories[VAULT].rebalances == 1
    assert world.pipeline.memories[VAULT].rebalanced_at == NOW
    assert world.pipeline.memories[OTHER].rebalances == 0
    assert world.observer.of("settled") == ["Mined", "Superseded", "Filled"]


async def test_a_plan_that_would_revert_is_never_offered_to_the_wallet() -> None:
    world = World(gapped(90.0))
    world.reader.simulation = WouldRevert("CoolingDown(readyAt=1)")
    await world.run()
    assert world.wallet.offered == []
    assert world.journal.outcomes == [Refused(VAULT, Reason.SIMULATION_REVERTED, "CoolingDown(readyAt=1)")]


async def test_what_the_guard_says_is_the_reason_and_it_is_asked_once_a_block() -> None:
    world = World(gapped(90.0), blocks=5)
    world.reader.simulation = WouldRevert("LossBudgetExceeded(used=2, cap=1)", Reason.LOSS_LIMIT)
    await world.run()
    assert world.wallet.offered == []
    assert [plan.vault for plan in world.reader.simulated] == [VAULT] * 5
    told = Refused(VAULT, Reason.LOSS_LIMIT, "LossBudgetExceeded(used=2, cap=1)")
    assert world.journal.outcomes == [told] * 5


async def test_a_plan_for_a_vault_that_is_not_as_deployed_is_neither_offered_nor_left_in_flight() -> None:
    world = World(gapped(90.0))
    await world.run()
    offered = len(world.wallet.offered)
    world.reader.simulation = Mismatched("code of vault: found 0x1, expected 0x2")
    await world.pipeline.cycle(replace(HEAD, number=HEAD.number + 1))
    assert world.wallet.reviews[-1][1] == {VAULT: Unwanted(Reason.DEPLOYMENT_MISMATCH)}
    assert len(world.wallet.offered) == offered
    other = World(gapped(90.0))
    other.reader.simulation = world.reader.simulation
    await other.run()
    assert other.wallet.offered == []
    assert other.journal.outcomes == [
        Refused(VAULT, Reason.DEPLOYMENT_MISMATCH, "code of vault: found 0x1, expected 0x2")
    ]


async def test_a_plan_that_the_node_will_not_run_does_not_keep_the_others_from_their_hedges() -> None:
    world = World(gapped(150.0), gapped(90.0, address=OTHER))
    world.reader.unanswered = frozenset({VAULT})
    await world.run()
    assert [plan.vault for plan in world.reader.simulated] == [VAULT, OTHER]
    assert [plan.vault for plan in world.wallet.offered] == [OTHER]
    (refused,) = world.journal.outcomes
    assert isinstance(refused, Refused)
    assert (refused.vault, reason_of(refused)) == (VAULT, Reason.NODE_REFUSED)
    assert world.observer.of("cycled") == [HEAD.number]


async def test_a_refusal_by_the_wallet_is_journalled_with_its_reason() -> None:
    world = World(gapped(90.0))
    world.wallet.refusal = Refused(VAULT, Reason.DRY_RUN, "dry run")
    await world.run()
    assert world.journal.outcomes == [world.wallet.refusal]


async def test_an_urgent_plan_goes_before_a_routine_one() -> None:
    world = await World(gapped(90.0), gapped(400.0, address=OTHER)).run()
    assert [plan.vault for plan in world.wallet.offered] == [OTHER, VAULT]


async def test_outcomes_change_memory_before_the_next_decision() -> None:
    world = World(gapped(90.0), blocks=2)
    reverted = Reverted(VAULT, "i", HASH, 1, NOW, 1, 1, "Overshoot()")
    world.wallet.outcomes = {HEAD.number + 1: (reverted,)}
    await world.run()
    assert world.pipeline.memories[VAULT].failures == 1
    assert world.observer.of("decided") == [Reason.DELTA_BAND, Reason.COOLDOWN]


async def test_memory_survives_a_restart_through_the_journal() -> None:
    first = World(gapped(0.0))
    first.wallet.outcomes = {HEAD.number: (Mined(VAULT, "i", HASH, 1, NOW, 9, 5, 1, 1),)}
    await first.run()
    second = World(gapped(0.0))
    second.journal.remembered = first.journal.remembered
    await second.run()
    assert second.pipeline.memories[VAULT].rebalances == 1


async def test_a_node_that_does_not_answer_costs_one_cycle_and_not_the_loop() -> None:
    world = World(gapped(0.0), blocks=3)
    world.reader.down = frozenset({HEAD.number + 1})
    await world.run()
    assert world.observer.of("unreadable") == [(HEAD.number + 1, "node.example does not answer")]
    assert world.observer.of("cycled") == [HEAD.number, HEAD.number + 2]


async def test_a_journal_that_is_full_ends_the_loop_before_anything_is_offered() -> None:
    world = World(gapped(90.0))
    world.journal.full = True
    with pytest.raises(JournalError):
        await world.run()
    assert world.wallet.offered == []


async def test_a_vault_whose_decision_fails_unexpectedly_is_left_alone_and_the_others_are_kept() -> None:
    impossible = gapped(150.0, pool=replace(pool(), fee_pips=2_000_000))
    world = await World(impossible, gapped(90.0, address=OTHER), blocks=2).run()
    assert world.observer.of("quarantined") == [(VAULT, "ValueError")]
    assert [plan.vault for plan in world.wallet.offered] == [OTHER]


async def test_a_vault_without_a_policy_is_not_kept() -> None:
    world = World(gapped(90.0))
    world.pipeline.policies = FakePolicies({})
    await world.run()
    assert world.journal.cycles[0].decisions == ()


async def test_a_transaction_does_not_wait_until_those_who_hold_are_told_of() -> None:
    world = await World(gapped(0.0), gapped(150.0, address=OTHER)).run()
    told = [(kind, what) for kind, what in world.observer.told if kind in {"decided", "offered"}]
    assert told == [
        ("decided", Reason.DELTA_LIMIT),
        ("offered", (OTHER, "Accepted")),
        ("decided", Reason.INSIDE_BAND),
    ]
