"""The machine by its events and commands alone: an ordinary life, money, and a restart."""

from dataclasses import replace

from keeper.core.outcome import Mined, Reverted
from keeper.core.reason import Reason
from keeper.core.transaction.account import Account
from keeper.core.transaction.fees import Fees
from keeper.core.transaction.intent import Attempt, Kind
from keeper.core.transaction.machine import step
from keeper.core.transaction.messages import (
    Broadcast,
    Finish,
    LookUp,
    Offered,
    Refuse,
    Sign,
    Signed,
    Stopping,
)
from keeper.core.transaction.words import Answer
from keeper.core.units import GWEI, TxHash
from tests.core.transaction.build import DEADLINE, PLAN, plan
from tests.core.transaction.life import RICH, RULES, Life, broadcasts, inclusion, only, restarted, sent, signs


def test_an_offer_is_signed_first_and_broadcast_only_once_it_is_durable() -> None:
    life = Life()
    life.head()
    life.account, commands = step(life.account, Offered(PLAN, RICH))
    assert commands == (Sign(7, PLAN, Kind.REBALANCE, Fees(41 * GWEI, GWEI), 100_000),)
    attempt = Attempt(TxHash("0x1"), b"raw", Kind.REBALANCE, Fees(41 * GWEI, GWEI))
    life.account, commands = step(life.account, Signed(7, attempt))
    assert commands == (Broadcast(7, attempt.tx_hash, b"raw"),)


def test_a_receipt_is_a_verdict_only_at_depth() -> None:
    life = sent()
    life.nonce = 8
    assert only(life.head()) == LookUp(7, (TxHash("0x1"),))
    assert life.receipts(inclusion(102)) == []
    life.head()
    assert life.receipts(inclusion(102)) == []
    life.head()
    finish = only(life.receipts(inclusion(102)))
    expected = Mined(
        PLAN.vault, PLAN.intent, TxHash("0x1"), 102, 1_012, 50_000, 50_000 * 21 * GWEI, spent=3, got=4
    )
    assert finish == Finish(7, expected)
    assert life.account.intents == ()


def test_a_revert_is_reported_with_its_reason() -> None:
    life = sent()
    life.nonce = 8
    life.head(3)
    finish = only(life.receipts(inclusion(102, succeeded=False)))
    assert isinstance(finish, Finish)
    assert isinstance(finish.outcome, Reverted)
    assert finish.outcome.error == "StateMoved()"


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
    assert [intent.nonce for intent in life.account.intents] == [7, 8, 9]


def test_fifty_offers_get_consecutive_nonces_in_their_order() -> None:
    life = Life(Account(replace(RULES, max_in_flight=50)))
    life.head()
    for number in range(50):
        life.offer(plan(number))
    assert [intent.plan.vault for intent in life.account.intents] == [plan(n).vault for n in range(50)]
    assert [intent.nonce for intent in life.account.intents] == list(range(7, 57))


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
    life.head()
    enough = 100_000 * 100 * GWEI
    assert signs(life.offer(plan(0), balance=enough))
    refusal = only(life.offer(plan(1), balance=2 * enough - 1))
    assert isinstance(refusal, Refuse)
    assert refusal.refused.reason is Reason.WALLET_EMPTY
    assert signs(life.offer(plan(1), balance=2 * enough))


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
    assert only(life.head()) == LookUp(7, (TxHash("0x1"),))
    assert life.receipts() == [Broadcast(7, TxHash("0x1"), b"1")]


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
    assert len(life.account.intents) == 1


def test_after_a_restart_past_the_deadline_the_no_op_comes_first() -> None:
    life = restarted(sent())
    life.timestamp = DEADLINE
    life.head()
    (no_op,) = signs(life.receipts())
    assert no_op.kind is Kind.NO_OP
