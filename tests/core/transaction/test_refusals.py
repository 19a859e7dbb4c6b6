"""What a clear no changes, attempt by attempt, and which of them a person hears of."""

import pytest

from keeper.core.outcome import Refused
from keeper.core.reason import Reason
from keeper.core.transaction.attempt import Kind, Standing, Why
from keeper.core.transaction.commands import Alarm, Alert, Release
from keeper.core.transaction.messages import Answered, Order, Ordered
from keeper.core.transaction.slot import Slot
from keeper.core.transaction.states import IllegalMoveError
from keeper.core.transaction.words import Answer
from keeper.core.units import GWEI, TxHash
from tests.core.transaction.build import PLAN, plan
from tests.core.transaction.life import Life, alarms, inclusion, restarted, sent, signs


def unanswered() -> Life:
    life = Life()
    life.head()
    life.offer()
    return life


def two_waiting() -> Life:
    """Nonce 7 has been raised at once, and neither of its attempts was answered for."""
    life = unanswered()
    life.arrive()
    life.tell(Ordered(1, 7, Order.RAISE))
    return life


def slot_of(life: Life) -> Slot:
    return life.account.slots[0]


@pytest.mark.parametrize(
    ("answer", "alert"),
    [
        (Answer.NODE_FEE_CAP, Alert.NODE_FEE_CAP),
        (Answer.POOL_CONFLICT, Alert.POOL_CONFLICT),
        (Answer.UNKNOWN, Alert.UNKNOWN_WORDS),
    ],
)
def test_what_waiting_does_not_cure_is_told_to_a_person_in_the_nodes_words(
    answer: Answer, alert: Alert
) -> None:
    life = unanswered()
    commands = life.tell(Answered(7, TxHash("0x1"), answer, "so says the node"))
    assert commands[0] == Alarm(alert, 7, "so says the node")


@pytest.mark.parametrize(
    "answer", sorted(set(Answer) - {Answer.NODE_FEE_CAP, Answer.POOL_CONFLICT, Answer.UNKNOWN})
)
def test_what_waiting_cures_wakes_nobody(answer: Answer) -> None:
    assert alarms(unanswered().answer(answer)) == []


@pytest.mark.parametrize("answer", [Answer.LOST, Answer.UNKNOWN, Answer.NONCE_TOO_LOW, Answer.FORBIDDEN])
def test_what_one_broadcast_was_taken_for_no_later_answer_makes_doubtful(answer: Answer) -> None:
    life = sent()
    assert life.answer(answer) == []
    assert life.attempt.standing is Standing.ACCEPTED


def test_a_refusal_without_words_is_told_by_its_name() -> None:
    assert unanswered().tell(Answered(7, TxHash("0x1"), Answer.POOL_FULL)) == [
        Release(7, Refused(PLAN.vault, Reason.NODE_REFUSED, "pool-full"))
    ]
    assert unanswered().tell(Answered(7, TxHash("0x1"), Answer.POOL_FULL, "full up")) == [
        Release(7, Refused(PLAN.vault, Reason.NODE_REFUSED, "full up"))
    ]


def test_a_clear_no_about_what_is_in_a_block_cannot_happen() -> None:
    life = unanswered()
    life.nonce = 8
    life.settle(inclusion(102))
    with pytest.raises(IllegalMoveError):
        life.answer(Answer.UNDERPRICED)


def test_a_no_op_without_a_plan_is_nobodys_offer_and_keeps_its_nonce() -> None:
    life = Life(nonce=7)
    life.pool_nonce = 8
    life.head()
    life.tell(Ordered(1, 7, Order.CANCEL))
    assert life.answer(Answer.UNDERPRICED) == []
    assert slot_of(life).newest.standing is Standing.REFUSED


def test_a_word_about_an_older_attempt_changes_only_that_one() -> None:
    life = two_waiting()
    assert life.answer(Answer.REPLACEMENT_UNDERPRICED, number=1) == []
    assert [each.standing for each in slot_of(life).attempts] == [Standing.REFUSED, Standing.SIGNED]
    assert not life.account.by_price


def test_the_first_bytes_at_a_nonce_replace_nothing_and_teach_nothing() -> None:
    """Somebody else's transaction waits there: a raise of ours would only outbid it."""
    life = Life()
    life.head()
    life.offer(plan(0))
    life.offer(plan(1))
    assert life.answer(Answer.REPLACEMENT_UNDERPRICED, number=1) == []
    assert not life.account.by_price


def test_another_refusal_of_a_raise_teaches_nothing() -> None:
    life = two_waiting()
    assert life.answer(Answer.UNDERPRICED) == []
    assert not life.account.by_price


@pytest.mark.parametrize("answer", [Answer.FORBIDDEN, Answer.WOULD_REVERT])
def test_bytes_without_hope_give_their_nonce_to_a_no_op(answer: Answer) -> None:
    life = two_waiting()
    assert life.answer(Answer.UNDERPRICED, number=1) == []
    (no_op,) = signs(life.answer(answer))
    assert (no_op.nonce, no_op.kind, no_op.why) == (7, Kind.NO_OP, Why.UNWANTED)


def test_bytes_without_hope_wait_while_a_pool_may_have_others_of_the_same_nonce() -> None:
    assert signs(two_waiting().answer(Answer.FORBIDDEN)) == []


def test_a_no_op_without_hope_is_not_replaced_by_another() -> None:
    life = two_waiting()
    life.answer(Answer.UNDERPRICED, number=1)
    life.answer(Answer.FORBIDDEN)
    assert slot_of(life).is_cancelled
    assert signs(life.answer(Answer.FORBIDDEN)) == []


def test_a_raise_by_price_that_the_ceiling_does_not_allow_is_remembered_and_not_signed() -> None:
    life = sent(plan(max_fee_wei=50 * GWEI))
    life.head(3)
    life.base_fee = 45 * GWEI
    life.arrive()
    told = list(life.waits)
    assert life.answer(Answer.REPLACEMENT_UNDERPRICED) == []
    assert life.account.by_price
    assert life.waits == told


def test_before_the_first_head_a_refusal_is_noted_and_nothing_is_signed() -> None:
    again = restarted(unanswered())
    assert again.answer(Answer.FORBIDDEN) == []
    assert slot_of(again).newest.standing is Standing.REFUSED
