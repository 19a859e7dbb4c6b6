"""A node's answer changes little: only a clear no to the only bytes frees a nonce."""

import pytest

from keeper.core.outcome import Refused
from keeper.core.reason import Reason
from keeper.core.transaction.attempt import Kind, Standing, Why
from keeper.core.transaction.commands import Alarm, Alert, Refuse, Release, Sign
from keeper.core.transaction.machine import step
from keeper.core.transaction.messages import Answered, Offered, Reviewed, SignFailed
from keeper.core.transaction.wish import Wanted
from keeper.core.transaction.words import Answer
from keeper.core.units import TxHash
from tests.core.transaction.build import DEADLINE, PLAN, plan
from tests.core.transaction.life import NATIVE_USD, Life, alarms, broadcasts, only, sent, signs


@pytest.mark.parametrize("answer", [Answer.LOST, Answer.UNKNOWN, Answer.NONCE_TOO_HIGH, Answer.NONCE_TOO_LOW])
def test_an_answer_that_is_no_clear_no_keeps_the_nonce_and_sends_the_same_bytes(answer: Answer) -> None:
    life = Life()
    life.head()
    life.offer()
    assert alarms(life.answer(answer)) == ([Alert.UNKNOWN_WORDS] if answer is Answer.UNKNOWN else [])
    assert life.attempt.standing is Standing.UNKNOWN
    assert broadcasts(life.head()) == [b"1"]
    assert [slot.nonce for slot in life.account.slots] == [7]


def test_already_known_is_as_good_as_taken() -> None:
    life = Life()
    life.head()
    life.offer()
    life.answer(Answer.ALREADY_KNOWN)
    assert life.attempt.standing is Standing.ACCEPTED


def test_a_lost_answer_does_not_make_a_taken_transaction_doubtful() -> None:
    life = sent()
    life.answer(Answer.LOST)
    assert life.attempt.standing is Standing.ACCEPTED


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer.UNDERPRICED, Reason.NODE_REFUSED),
        (Answer.REPLACEMENT_UNDERPRICED, Reason.NODE_REFUSED),
        (Answer.INSUFFICIENT_FUNDS, Reason.WALLET_EMPTY),
        (Answer.FORBIDDEN, Reason.NODE_REFUSED),
        (Answer.NODE_FEE_CAP, Reason.FEE_CEILING),
        (Answer.POOL_FULL, Reason.NODE_REFUSED),
        (Answer.POOL_CONFLICT, Reason.NODE_REFUSED),
        (Answer.DELEGATED_LIMIT, Reason.PENDING),
        (Answer.WOULD_REVERT, Reason.SIMULATION_REVERTED),
    ],
)
def test_a_clear_no_to_the_only_bytes_frees_the_nonce(answer: Answer, reason: Reason) -> None:
    life = Life()
    life.head()
    life.offer()
    commands = life.answer(answer)
    assert commands[-1] == Release(7, Refused(PLAN.vault, reason, answer.value))
    life.offer(plan(1))
    assert [slot.nonce for slot in life.account.slots] == [7]


def test_a_clear_no_after_an_unclear_answer_frees_nothing() -> None:
    life = Life()
    life.head()
    life.offer()
    life.answer(Answer.LOST)
    assert life.answer(Answer.UNDERPRICED) == []
    assert len(life.account.slots) == 1


def test_a_clear_no_a_block_later_frees_nothing() -> None:
    """The first answer may have been lost with the process that waited for it."""
    life = Life()
    life.head()
    life.offer()
    life.head()
    assert life.answer(Answer.UNDERPRICED) == []
    assert len(life.account.slots) == 1


def test_a_clear_no_below_another_intent_keeps_the_nonce() -> None:
    life = Life()
    life.head()
    life.offer(plan(0))
    life.offer(plan(1))
    assert life.answer(Answer.UNDERPRICED, number=1) == []
    assert [slot.nonce for slot in life.account.slots] == [7, 8]


def test_bytes_that_no_node_will_take_give_their_nonce_to_a_no_op_at_once() -> None:
    life = Life()
    life.head()
    life.offer(plan(0))
    life.offer(plan(1))
    (no_op,) = signs(life.answer(Answer.FORBIDDEN, number=1))
    assert (no_op.nonce, no_op.kind) == (7, Kind.NO_OP)


def test_answers_about_transactions_of_others_change_nothing() -> None:
    life = sent()
    before = life.account
    assert life.tell(Answered(7, TxHash("0xother"), Answer.FORBIDDEN)) == []
    assert life.tell(Answered(99, TxHash("0x1"), Answer.FORBIDDEN)) == []
    assert life.account == before


def test_a_failed_first_signature_leaves_the_nonce_for_the_next() -> None:
    life = Life()
    life.head()
    life.account, _ = step(life.account, Offered(PLAN, NATIVE_USD))
    refused = Refused(PLAN.vault, Reason.SIGNER_FAILED, "locked")
    assert life.tell(SignFailed(7, Why.FIRST, refused)) == [Refuse(refused)]
    life.offer(plan(1))
    assert [slot.nonce for slot in life.account.slots] == [7]


def test_a_failed_signature_of_a_bump_sends_the_old_bytes_and_is_tried_again_at_the_next_head() -> None:
    life = sent()
    life.arrive(3)
    life.account, commands = step(life.account, Reviewed({PLAN.vault: Wanted()}, NATIVE_USD))
    assert isinstance(only(list(commands)), Sign)
    locked = Refused(PLAN.vault, Reason.SIGNER_FAILED, "locked")
    assert broadcasts(life.tell(SignFailed(7, Why.RAISED, locked))) == [b"1"]
    assert len(signs(life.head())) == 1


def test_a_failed_signature_of_a_no_op_does_not_send_the_expired_original() -> None:
    life = sent()
    life.timestamp = DEADLINE
    life.arrive()
    life.account, commands = step(life.account, Reviewed({PLAN.vault: Wanted()}, NATIVE_USD))
    assert isinstance(only(list(commands)), Sign)
    locked = Refused(PLAN.vault, Reason.SIGNER_FAILED, "locked")
    assert broadcasts(life.tell(SignFailed(7, Why.EXPIRED, locked))) == []


def test_22_what_one_node_says_for_people_is_told_although_another_took_the_bytes() -> None:
    life = Life()
    life.head()
    life.offer()
    outweighed = ((Answer.NODE_FEE_CAP, "tx fee (2 ether) exceeds the configured cap"), (Answer.LOST, ""))
    taken = Answered(7, TxHash("0x1"), Answer.ACCEPTED, "", outweighed)
    assert life.tell(taken) == [Alarm(Alert.NODE_FEE_CAP, 7, outweighed[0][1])]
    assert life.tell(taken) == [], "told once of bytes that are taken"
    assert life.attempt.standing is Standing.ACCEPTED
