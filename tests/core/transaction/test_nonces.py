"""A nonce is owned, used up, or known to be somebody else's: never lost."""

from dataclasses import replace

from keeper.core.outcome import Filled, Mined, Reverted
from keeper.core.reason import Reason
from keeper.core.transaction.account import Account, recovered
from keeper.core.transaction.attempt import Kind, Why
from keeper.core.transaction.commands import Alert, LookUp, Obey, Reopen
from keeper.core.transaction.messages import Order, Ordered
from keeper.core.transaction.states import State
from keeper.core.transaction.words import Answer
from keeper.core.units import TxHash
from tests.core.transaction.build import PLAN, plan
from tests.core.transaction.life import (
    RULES,
    Life,
    alarms,
    broadcasts,
    finished,
    inclusion,
    only,
    refused,
    restarted,
    sent,
    signs,
)


def above_a_gap() -> Life:
    """Nonce 7 was somebody else's and ours waits at 8; then the chain forgot theirs."""
    life = Life(nonce=8)
    life.head()
    life.offer()
    life.answer(Answer.ACCEPTED, nonce=8)
    life.nonce = 7
    return life


def test_27_a_gap_is_filled_by_a_no_op_at_the_next_head() -> None:
    life = above_a_gap()
    (filler,) = signs(life.head())
    assert (filler.nonce, filler.kind, filler.why, filler.plan) == (7, Kind.NO_OP, Why.FILLS_GAP, None)
    assert filler.fees.max_fee_wei <= PLAN.max_fee_wei


def test_a_gap_is_filled_by_the_next_intent_if_there_is_one() -> None:
    life = above_a_gap()
    life.arrive()
    assert signs(life.offer(plan(1)))[0].nonce == 7
    assert signs(life.review()) == []


def test_what_a_filler_cost_is_told_and_its_slot_closed() -> None:
    life = above_a_gap()
    life.head()
    life.nonce = 9
    life.arrive(3)
    filled = finished(life.receipts(inclusion(102, tx=2)))
    assert filled == (Filled(7, TxHash("0x2"), 102, 1_012, 50_000 * 21 * 10**9),)
    assert [slot.nonce for slot in life.account.slots] == [8]


def test_a_filler_that_is_stuck_is_raised_like_any_other() -> None:
    life = above_a_gap()
    life.head()
    assert [(sign.nonce, sign.why) for sign in signs(life.head(3))] == [(7, Why.RAISED)]


def test_64_a_nonce_that_moved_without_us_is_told_within_one_block() -> None:
    life = Life()
    life.head()
    life.nonce = 9
    assert alarms(life.head()) == [Alert.FOREIGN_USE]
    assert alarms(life.head()) == []


def test_our_own_transactions_are_no_foreign_use() -> None:
    life = sent()
    life.nonce = 8
    assert alarms(life.arrive()) == []
    life.settle(inclusion(102), blocks=3)
    assert alarms(life.head()) == []


def test_foreign_use_while_the_keeper_was_down_is_told() -> None:
    life = sent()
    life.nonce = 8
    life.settle(inclusion(101), blocks=3)
    again = restarted(life)
    again.nonce = 10
    assert alarms(again.arrive()) == [Alert.FOREIGN_USE]


def test_09_what_waits_in_the_pool_and_is_not_ours_stops_new_offers_until_it_is_gone() -> None:
    life = Life(nonce=7)
    life.pool_nonce = 9
    assert alarms(life.head()) == [Alert.FOREIGN_PENDING]
    assert refused(life.offer()) is Reason.FOREIGN_PENDING
    assert alarms(life.head()) == []
    life.nonce = 9
    life.head()
    assert signs(life.offer())[0].nonce == 9


def test_what_waits_in_the_pool_and_is_ours_stops_nothing() -> None:
    life = sent()
    life.pool_nonce = 8
    life.head()
    assert signs(life.offer(plan(1)))[0].nonce == 8


def test_what_a_reorganisation_puts_back_into_the_pool_is_ours() -> None:
    life = settled()
    life.nonce, life.pool_nonce, life.branch = 7, 8, 1
    assert alarms(life.arrive()) == []


def test_a_person_can_take_back_what_waits_and_is_not_ours() -> None:
    life = Life(nonce=7)
    life.pool_nonce = 8
    life.head()
    commands = life.tell(Ordered(1, 7, Order.CANCEL))
    (no_op,) = signs(commands)
    assert (no_op.nonce, no_op.kind, no_op.why) == (7, Kind.NO_OP, Why.ORDERED)
    assert [each.number for each in commands if isinstance(each, Obey)] == [1]


def test_62_a_person_can_take_back_what_is_ours() -> None:
    life = sent()
    life.arrive()
    (no_op,) = signs(life.tell(Ordered(1, 7, Order.CANCEL)))
    assert (no_op.kind, no_op.why) == (Kind.NO_OP, Why.ORDERED)
    second = only(life.tell(Ordered(2, 7, Order.CANCEL)))
    assert second == Obey(2, "a no-op is under way already")


def test_63_a_person_can_raise_what_waits_at_once_within_the_ceiling() -> None:
    life = sent()
    life.arrive()
    assert [sign.why for sign in signs(life.tell(Ordered(1, 7, Order.RAISE)))] == [Why.RAISED]
    told = [life.tell(Ordered(2, 7, Order.RAISE)) for _ in range(20)]
    assert isinstance(only(told[-1]), Obey)


def test_nothing_can_be_ordered_for_a_nonce_where_nothing_waits() -> None:
    life = sent()
    life.arrive()
    assert isinstance(only(life.tell(Ordered(1, 99, Order.CANCEL))), Obey)
    life.nonce = 8
    life.settle(inclusion(101))
    assert isinstance(only(life.tell(Ordered(2, 7, Order.CANCEL))), Obey)


def test_56_a_delegated_account_has_one_transaction_in_flight() -> None:
    life = Life()
    life.delegated = True
    life.head()
    life.offer(plan(0))
    assert refused(life.offer(plan(1))) is Reason.PENDING


def test_verdicts_wait_for_the_finality_tag_where_there_is_one() -> None:
    life = sent()
    life.nonce = 8
    life.final_number = 101
    assert life.settle(inclusion(102), blocks=50) == []
    life.final_number = 102
    assert len(finished(life.settle(inclusion(102)))) == 1


def settled() -> Life:
    life = sent()
    life.nonce = 8
    life.settle(inclusion(102), blocks=4)
    return life


def test_51_a_verdict_that_the_chain_takes_back_is_opened_again_and_told() -> None:
    life = settled()
    life.nonce, life.branch = 7, 1
    assert only(life.arrive()) == LookUp(7, (TxHash("0x1"),))
    commands = life.receipts()
    assert alarms(commands) == [Alert.FINALITY_BROKEN]
    assert [each.slot.state for each in commands if isinstance(each, Reopen)] == [State.PENDING]
    assert broadcasts(life.review()) == [b"1"]


def test_50_a_final_success_that_becomes_a_revert_is_told_again_as_the_chain_has_it() -> None:
    life = settled()
    life.branch = 1
    assert alarms(life.settle(inclusion(104, succeeded=False))) == [Alert.FINALITY_BROKEN]
    (outcome,) = finished(life.settle(inclusion(104, succeeded=False), blocks=3))
    assert isinstance(outcome, Reverted)


def test_a_verdict_in_another_block_is_the_same_verdict() -> None:
    life = settled()
    life.branch = 1
    assert life.settle(inclusion(103)) == []
    assert life.account.slots == ()


def test_verdicts_are_not_looked_at_again_while_the_chain_only_grows() -> None:
    life = settled()
    assert life.arrive() == []


def test_after_a_restart_the_last_verdicts_are_looked_at_once() -> None:
    again = restarted(settled())
    assert only(again.arrive()) == LookUp(7, (TxHash("0x1"),))
    assert again.receipts(inclusion(102)) == []
    assert again.arrive() == []


def test_after_a_restart_a_verdict_that_is_gone_from_the_chain_is_told() -> None:
    life = settled()
    closed = tuple(replace(slot, included=None) for slot in life.account.closed)
    again = Life(recovered(RULES, (), closed), nonce=7)
    again.arrive()
    assert alarms(again.receipts()) == [Alert.FINALITY_BROKEN]


def test_a_reopened_transaction_that_is_mined_again_is_one_mined_transaction() -> None:
    life = settled()
    life.nonce, life.branch = 7, 1
    life.settle()
    life.review()
    life.nonce = 8
    (outcome,) = finished(life.settle(inclusion(110), blocks=6))
    assert isinstance(outcome, Mined)
    assert life.account.slots == ()


def test_an_account_without_a_past_takes_the_chains_nonce_as_it_is() -> None:
    life = Life(Account(RULES), nonce=5_000)
    assert alarms(life.head()) == []


def test_a_person_who_takes_back_one_strange_nonce_takes_back_no_other() -> None:
    life = Life(nonce=7)
    life.pool_nonce = 10
    life.head()
    life.tell(Ordered(1, 9, Order.CANCEL))
    assert signs(life.head()) == []
    assert [slot.nonce for slot in life.account.slots] == [9]


def test_after_a_restart_a_receipt_that_the_nodes_have_pruned_breaks_no_finality() -> None:
    closed = tuple(replace(slot, included=None) for slot in settled().account.closed)
    again = Life(recovered(RULES, (), closed), nonce=8)
    assert alarms(again.settle()) == []
    assert again.account.slots == ()


def test_verdicts_are_forgotten_once_no_reorganisation_reaches_them() -> None:
    life = sent()
    life.nonce = 8
    for _ in range(3):
        life.settle()
    assert [slot.nonce for slot in life.account.closed] == [7]
    life.head(64)
    assert life.account.closed == ()
