"""A verdict comes from the canonical chain, at depth, and not from silence."""

from keeper.core.outcome import Mined, NonceTaken, Reverted
from keeper.core.reason import Reason
from keeper.core.transaction.attempt import Route
from keeper.core.transaction.commands import Alert, Broadcast, LookUp
from keeper.core.transaction.words import Answer
from keeper.core.units import TxHash
from tests.core.transaction.build import PLAN, plan
from tests.core.transaction.life import alarms, finished, inclusion, only, refused, sent, signs


def test_a_receipt_of_a_block_that_is_not_canonical_is_no_receipt() -> None:
    life = sent()
    life.nonce = 8
    assert alarms(life.settle(inclusion(102, canonical=False), blocks=5)) == [Alert.FOREIGN_USE]
    assert life.account.slots[0].included is None


def test_a_reorganised_receipt_returns_to_broadcast_with_the_same_bytes() -> None:
    life = sent()
    life.nonce = 8
    life.settle(inclusion(102))
    life.nonce = 7
    assert only(life.arrive(5)) == LookUp(7, (TxHash("0x1"),))
    assert life.receipts() == []
    assert life.review() == [Broadcast(7, TxHash("0x1"), b"1", Route.PUBLIC)]


def test_a_success_that_becomes_a_revert_is_reported_as_the_chain_has_it_at_depth() -> None:
    life = sent()
    life.nonce = 8
    life.settle(inclusion(102))
    (outcome,) = finished(life.settle(inclusion(103, succeeded=False), blocks=3))
    assert isinstance(outcome, Reverted)


def test_a_nonce_that_is_gone_without_our_receipt_waits_as_long_as_a_receipt_would() -> None:
    life = sent()
    life.nonce = 8
    assert alarms(life.settle()) == [Alert.FOREIGN_USE]
    assert life.settle() == []
    assert finished(life.settle()) == (NonceTaken(PLAN.vault, PLAN.intent, 7),)


def test_a_receipt_that_turns_up_late_is_ours_after_all() -> None:
    life = sent()
    life.nonce = 8
    life.settle()
    life.settle(inclusion(102))
    (outcome,) = finished(life.settle(inclusion(102)))
    assert isinstance(outcome, Mined)


def test_receipts_that_could_not_be_asked_for_conclude_nothing() -> None:
    life = sent()
    life.nonce = 8
    for _ in range(20):
        assert only(life.head()) == LookUp(7, (TxHash("0x1"),))
    assert len(life.account.slots) == 1


def test_every_hash_ever_signed_is_asked_for() -> None:
    life = sent()
    life.head(3)
    life.answer(Answer.ACCEPTED)
    life.nonce = 8
    assert only(life.head()) == LookUp(7, (TxHash("0x1"), TxHash("0x2")))


def test_a_nonce_lower_than_one_known_to_be_mined_is_not_used() -> None:
    life = sent()
    life.nonce = 8
    life.settle(inclusion(102), blocks=3)
    life.nonce = 7
    life.head()
    assert refused(life.offer(plan(1))) is Reason.NODE_UNREACHABLE
    life.nonce = 8
    life.head()
    assert signs(life.offer(plan(1)))[0].nonce == 8


def test_a_chain_that_was_rewritten_is_believed_in_the_end() -> None:
    life = sent()
    life.nonce = 8
    life.settle(inclusion(102), blocks=3)
    life.nonce = 7
    life.head(64)
    assert signs(life.offer(plan(1, deadline=10**9)))[0].nonce == 7
