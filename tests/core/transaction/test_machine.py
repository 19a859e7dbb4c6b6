"""The machine by its events and commands alone: an ordinary life, money, and a restart."""

from dataclasses import replace

from keeper.core.outcome import Mined, Reverted
from keeper.core.reason import Reason
from keeper.core.transaction.account import Account
from keeper.core.transaction.attempt import Attempt, Kind, Route, Why
from keeper.core.transaction.budget import Spend
from keeper.core.transaction.commands import Broadcast, Finish, LookUp, Refuse, Sign
from keeper.core.transaction.fees import Fees
from keeper.core.transaction.machine import step
from keeper.core.transaction.messages import Offered, Signed, Stopping
from keeper.core.transaction.words import Answer
from keeper.core.units import GWEI, TxHash
from tests.core.transaction.build import DEADLINE, PLAN, plan
from tests.core.transaction.life import (
    NATIVE_USD,
    RULES,
    Life,
    broadcasts,
    finished,
    inclusion,
    only,
    refused,
    restarted,
    sent,
    signs,
)


def test_an_offer_is_signed_first_and_broadcast_only_once_it_is_durable() -> None:
    life = Life()
    life.head()
    life.account, commands = step(life.account, Offered(PLAN, NATIVE_USD))
    fees = Fees(41 * GWEI, GWEI)
    assert commands == (Sign(7, PLAN, Kind.REBALANCE, fees, 100_000, Why.FIRST),)
    attempt = Attempt(TxHash("0x1"), b"raw", Kind.REBALANCE, fees, 100_000, Why.FIRST)
    life.account, commands = step(life.account, Signed(7, attempt, PLAN))
    assert commands == (Broadcast(7, attempt.tx_hash, b"raw", Route.PUBLIC),)


def test_a_receipt_is_a_verdict_only_at_depth() -> None:
    life = sent()
    life.nonce = 8
    assert only(life.arrive()) == LookUp(7, (TxHash("0x1"),))
    assert life.receipts(inclusion(102)) == []
    assert life.settle(inclusion(102)) == []
    expected = Mined(
        PLAN.vault, PLAN.intent, TxHash("0x1"), 102, 1_012, 50_000, 50_000 * 21 * GWEI, spent=3, got=4
    )
    cost = Spend(7, 1_012, 50_000 * 21 * GWEI)
    assert life.settle(inclusion(102)) == [Finish(7, (expected,), cost)]
    assert life.account.slots == ()


def test_a_revert_is_reported_with_its_reason() -> None:
    life = sent()
    life.nonce = 8
    (outcome,) = finished(life.settle(inclusion(102, succeeded=False), blocks=3))
    assert isinstance(outcome, Reverted)
    assert outcome.error == "StateMoved()"


def test_nothing_is_signed_before_the_nonce_is_known() -> None:
    refusal = only(Life().offer())
    assert isinstance(refusal, Refuse)
    assert refusal.refused.reason is Reason.NODE_UNREACHABLE


def test_a_vault_has_one_intent_at_a_time() -> None:
    life = sent()
    refusal = only(life.offer(plan(0, state=1)))
    assert isinstance(refusal, Refuse)
    assert refusal.refused.reason is Reason.PENDING


def test_vaults_do_not_wait_for_each_other() -> None:
    life = sent()
    life.offer(plan(1))
    life.offer(plan(2))
    assert [slot.nonce for slot in life.account.slots] == [7, 8, 9]


def test_fifty_offers_get_consecutive_nonces_in_their_order() -> None:
    life = Life(Account(replace(RULES, max_in_flight=50)))
    life.head()
    for number in range(50):
        life.offer(plan(number))
    assert [slot.plans[0].vault for slot in life.account.slots] == [plan(n).vault for n in range(50)]
    assert [slot.nonce for slot in life.account.slots] == list(range(7, 57))


def test_too_many_in_flight_are_refused() -> None:
    life = Life(Account(replace(RULES, max_in_flight=1)))
    life.head()
    life.offer(plan(0))
    assert isinstance(only(life.offer(plan(1))), Refuse)


def test_while_stopping_there_are_no_new_intents_but_those_in_flight_are_tended() -> None:
    life = sent()
    life.tell(Stopping())
    refusal = only(life.offer(plan(1)))
    assert isinstance(refusal, Refuse)
    assert refusal.refused.reason is Reason.STOPPING
    assert broadcasts(life.head()) == [b"1"]


def test_the_balance_must_cover_everything_in_flight_at_the_ceiling() -> None:
    life = Life()
    enough = 100_000 * 100 * GWEI
    life.balance = 2 * enough - 1
    life.head()
    assert signs(life.offer(plan(0)))
    assert refused(life.offer(plan(1))) is Reason.WALLET_EMPTY
    life.balance = 2 * enough
    life.head()
    assert signs(life.offer(plan(1)))


def test_a_fee_that_leaves_no_room_to_cancel_is_refused() -> None:
    life = Life()
    life.base_fee = 95 * GWEI
    life.head()
    refusal = only(life.offer())
    assert isinstance(refusal, Refuse)
    assert refusal.refused.reason is Reason.FEE_CEILING


def test_a_plan_past_its_deadline_is_refused() -> None:
    life = Life()
    life.timestamp = DEADLINE
    life.head()
    refusal = only(life.offer())
    assert isinstance(refusal, Refuse)
    assert refusal.refused.reason is Reason.EXPIRED


def test_after_a_restart_receipts_are_asked_for_before_anything_else() -> None:
    life = restarted(sent())
    assert only(life.arrive()) == LookUp(7, (TxHash("0x1"),))
    assert life.receipts() == []
    assert life.review() == [Broadcast(7, TxHash("0x1"), b"1", Route.PUBLIC)]


def test_after_a_restart_no_nonce_is_used_until_all_is_looked_at() -> None:
    life = restarted(sent())
    life.head()
    refusal = only(life.offer(plan(1)))
    assert isinstance(refusal, Refuse)
    assert refusal.refused.reason is Reason.PENDING
    life.receipts()
    assert signs(life.offer(plan(1)))[0].nonce == 8


def test_after_a_restart_a_clear_no_frees_nothing_because_the_bytes_may_be_out() -> None:
    life = restarted(sent())
    life.head()
    life.receipts()
    assert life.answer(Answer.UNDERPRICED) == []
    assert len(life.account.slots) == 1


def test_after_a_restart_past_the_deadline_the_no_op_comes_first() -> None:
    life = restarted(sent())
    life.timestamp = DEADLINE
    life.settle()
    (no_op,) = signs(life.review())
    assert no_op.kind is Kind.NO_OP
