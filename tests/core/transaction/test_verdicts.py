"""What a verdict leaves behind, and what is left of it when the chain changes its mind."""

from dataclasses import replace

from keeper.core.outcome import Mined, NonceTaken
from keeper.core.transaction.account import Account, recovered
from keeper.core.transaction.budget import Spend
from keeper.core.transaction.commands import Alarm, Alert, Reopen
from keeper.core.transaction.messages import ReceiptsRead
from keeper.core.transaction.slot import Slot
from keeper.core.transaction.states import State
from keeper.core.units import GWEI
from tests.core.transaction.build import PLAN, plan
from tests.core.transaction.life import RULES, Life, alarms, finished, inclusion, restarted, sent

COST = 50_000 * 21 * GWEI


def slot_of(life: Life, nonce: int = 7) -> Slot:
    found = life.account.slot_at(nonce) or life.account.closed_at(nonce)
    assert found is not None
    return found


def in_a_block() -> Life:
    life = sent()
    life.nonce = 8
    life.settle(inclusion(101))
    return life


def gone() -> Life:
    life = sent()
    life.nonce = 8
    life.settle()
    return life


def settled() -> Life:
    life = sent()
    life.nonce = 8
    life.settle(inclusion(102), blocks=4)
    return life


def displaced() -> Life:
    life = gone()
    life.settle()
    assert finished(life.settle()) == (NonceTaken(PLAN.vault, PLAN.intent, 7),)
    return life


def test_receipts_before_the_first_head_and_of_a_nonce_that_is_not_ours_change_nothing() -> None:
    new = Life(Account(RULES, slots=sent().account.slots))
    assert new.receipts(inclusion(102)) == []
    assert slot_of(new).state is State.PENDING
    life = sent()
    before = life.account
    assert life.receipts(inclusion(102), nonce=99) == []
    assert life.account == before


def test_a_receipt_of_a_hash_that_was_not_signed_here_is_not_ours() -> None:
    life = sent()
    life.nonce = 8
    assert alarms(life.settle(inclusion(101, tx=99), blocks=5)) == [Alert.FOREIGN_USE]
    assert slot_of(life).state is State.UNKNOWN


def test_our_receipt_counts_wherever_it_stands_among_others() -> None:
    life = sent()
    life.nonce = 8
    life.settle(inclusion(101, tx=99), inclusion(102, canonical=False), inclusion(101))
    assert slot_of(life).included == inclusion(101)


def test_what_leaves_its_block_waits_as_if_it_had_never_been_in_one() -> None:
    life = in_a_block()
    assert (slot_of(life).state, slot_of(life).included) == (State.INCLUDED, inclusion(101))
    life.nonce = 7
    life.settle()
    slot = slot_of(life)
    assert (slot.state, slot.included, slot.waiting_since) == (State.PENDING, None, life.number)


def test_what_leaves_its_block_while_its_nonce_stays_used_is_unknown_from_then_on() -> None:
    life = in_a_block()
    assert alarms(life.settle()) == [Alert.FOREIGN_USE]
    slot = slot_of(life)
    assert (slot.state, slot.included, slot.passed_at) == (State.UNKNOWN, None, life.number)


def test_a_nonce_that_comes_back_was_never_gone() -> None:
    life = gone()
    assert slot_of(life).passed_at == life.number
    life.nonce = 7
    life.settle()
    assert (slot_of(life).state, slot_of(life).passed_at) == (State.PENDING, None)


def test_a_receipt_that_is_found_ends_the_suspicion() -> None:
    life = gone()
    life.settle(inclusion(102))
    assert (slot_of(life).state, slot_of(life).passed_at) == (State.INCLUDED, None)


def test_a_nonce_is_not_given_up_at_the_first_look_even_where_one_block_is_final() -> None:
    life = Life(Account(replace(RULES, confirmations=1)))
    life.head()
    life.offer()
    life.nonce = 8
    assert alarms(life.settle()) == [Alert.FOREIGN_USE]
    assert finished(life.settle()) == (NonceTaken(PLAN.vault, PLAN.intent, 7),)


def test_verdicts_are_kept_in_the_order_of_nonces_with_what_they_cost() -> None:
    life = sent(plan(0))
    life.offer(plan(1))
    life.nonce = 9
    life.settle(inclusion(101, tx=2), nonce=8, blocks=4)
    life.settle(inclusion(101, tx=1), nonce=7)
    assert [(slot.nonce, slot.state) for slot in life.account.closed] == [
        (7, State.CLOSED),
        (8, State.CLOSED),
    ]
    assert life.account.spent == (Spend(8, 1_012, COST), Spend(7, 1_012, COST))
    assert (life.account.floor, life.account.floored_at) == (9, life.number)


def test_a_nonce_that_was_taken_by_others_cost_nothing() -> None:
    life = displaced()
    assert life.account.spent == ()
    assert life.account.floor == 8


def test_a_verdict_in_another_block_is_kept_with_that_block_and_the_others_as_they_were() -> None:
    life = sent(plan(0))
    life.offer(plan(1))
    life.nonce = 9
    life.settle(inclusion(101, tx=1), nonce=7, blocks=4)
    life.settle(inclusion(101, tx=2), nonce=8)
    life.branch = 1
    assert life.settle(inclusion(103, tx=2), nonce=8) == []
    assert slot_of(life, 7).included == inclusion(101, tx=1)
    assert slot_of(life, 8).included == inclusion(103, tx=2)


def test_after_a_restart_a_verdict_is_believed_again_whatever_it_was() -> None:
    closed = tuple(replace(slot, included=None) for slot in settled().account.closed)
    again = Life(recovered(RULES, (), closed), nonce=8)
    again.arrive()
    assert again.receipts(inclusion(102, succeeded=False)) == []
    assert slot_of(again).included == inclusion(102, succeeded=False)


def test_a_nonce_that_was_taken_stays_taken_while_it_is_used_and_nothing_of_ours_is_found() -> None:
    life = displaced()
    life.branch = 1
    assert life.settle() == []
    assert slot_of(life).state is State.CLOSED


def test_a_nonce_that_was_taken_and_is_free_again_is_opened_again() -> None:
    life = displaced()
    life.nonce, life.branch = 7, 1
    assert alarms(life.settle()) == [Alert.FINALITY_BROKEN]
    assert slot_of(life).state is State.PENDING


def test_a_nonce_that_was_taken_and_was_ours_after_all_is_opened_again() -> None:
    life = displaced()
    life.branch = 1
    assert alarms(life.settle(inclusion(104))) == [Alert.FINALITY_BROKEN]
    slot = slot_of(life)
    assert (slot.state, slot.included, slot.passed_at) == (State.INCLUDED, inclusion(104), None)
    (outcome,) = finished(life.settle(inclusion(104), blocks=3))
    assert isinstance(outcome, Mined)


def test_a_mined_transaction_whose_receipt_is_gone_while_its_nonce_is_used_is_unknown_again() -> None:
    life = settled()
    life.branch = 1
    commands = life.settle()
    slot = slot_of(life)
    assert (slot.state, slot.included, slot.passed_at) == (State.UNKNOWN, None, life.number)
    assert commands[0] == Reopen(slot)
    assert isinstance(commands[1], Alarm)
    assert (commands[1].alert, commands[1].nonce) == (Alert.FINALITY_BROKEN, 7)
    assert "it is unknown again" in commands[1].detail


def test_a_verdict_that_is_taken_back_gives_back_what_it_cost_and_its_nonce_and_no_others() -> None:
    life = sent(plan(0))
    life.offer(plan(1))
    life.nonce = 9
    life.settle(inclusion(101, tx=1), nonce=7, blocks=4)
    life.settle(inclusion(101, tx=2), nonce=8)
    life.nonce, life.branch = 8, 1
    life.settle(nonce=8)
    assert life.account.spent == (Spend(7, 1_012, COST),)
    assert [slot.nonce for slot in life.account.closed] == [7]
    assert [(slot.nonce, slot.state) for slot in life.account.slots] == [(8, State.PENDING)]
    assert life.account.floor == 8


def test_a_verdict_below_the_floor_lowers_it_to_its_own_nonce() -> None:
    life = settled()
    life.nonce, life.branch = 7, 1
    life.settle()
    assert life.account.floor == 7
    assert slot_of(life).waiting_since == life.number


def test_after_a_restart_a_taken_nonce_is_still_known_as_taken() -> None:
    again = restarted(displaced())
    again.arrive()
    assert again.tell(ReceiptsRead(7, ())) == []
