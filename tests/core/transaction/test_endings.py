"""A verdict is told for every intent of a slot, and says why one came to nothing."""

import pytest

from keeper.core.outcome import Cancelled, Mined, NonceTaken, Superseded
from keeper.core.reason import Reason
from keeper.core.transaction.attempt import NO_PLAN, Attempt, Kind, Why
from keeper.core.transaction.endings import displaced, verdicts
from keeper.core.transaction.fees import Fees
from keeper.core.transaction.messages import Order, Ordered
from keeper.core.transaction.slot import Slot, Terms
from keeper.core.units import GWEI, TxHash
from tests.core.transaction.build import PLAN, plan
from tests.core.transaction.life import finished, inclusion, sent


def slot(*whys: Why) -> Slot:
    """A slot of one plan with these attempts; all but the first are no-ops."""
    attempts = tuple(
        Attempt(
            TxHash(f"0x{number}"),
            b"",
            Kind.REBALANCE if number == 1 else Kind.NO_OP,
            Fees(number, 1),
            1,
            why,
            0 if number == 1 else NO_PLAN,
        )
        for number, why in enumerate(whys, 1)
    )
    return Slot(7, 100, Terms(100 * GWEI, GWEI), plans=(PLAN,), attempts=attempts)


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        (Why.ORDERED, Reason.ORDERED),
        (Why.UNWANTED, Reason.UNWANTED),
        (Why.EXPIRED, Reason.EXPIRED),
        (Why.RAISED, Reason.EXPIRED),
    ],
)
def test_a_mined_no_op_says_why_it_was_signed(why: Why, reason: Reason) -> None:
    (outcome,) = verdicts(slot(Why.FIRST, why), inclusion(102, tx=2))
    assert outcome == Cancelled(
        PLAN.vault, PLAN.intent, TxHash("0x2"), 102, 1_012, 50_000 * 21 * GWEI, why=reason
    )


def test_what_was_signed_after_the_no_op_that_was_mined_is_not_why() -> None:
    (outcome,) = verdicts(slot(Why.FIRST, Why.EXPIRED, Why.UNWANTED), inclusion(102, tx=2))
    assert isinstance(outcome, Cancelled)
    assert outcome.why is Reason.EXPIRED


def test_an_order_is_told_as_the_reason_even_when_its_no_op_was_raised() -> None:
    life = sent()
    life.arrive()
    life.tell(Ordered(1, 7, Order.CANCEL))
    life.head(3)
    life.nonce = 8
    (outcome,) = finished(life.settle(inclusion(104, tx=3), blocks=3))
    assert isinstance(outcome, Cancelled)
    assert outcome.why is Reason.ORDERED


def test_a_nonce_that_is_taken_is_told_to_every_intent_once() -> None:
    twice = slot(Why.FIRST)
    other = plan(1)
    shared = Slot(7, 100, twice.terms, plans=(PLAN, other, PLAN), attempts=twice.attempts)
    assert displaced(shared) == (
        NonceTaken(PLAN.vault, PLAN.intent, 7),
        NonceTaken(other.vault, other.intent, 7),
    )
    done, superseded = verdicts(shared, inclusion(102))
    assert isinstance(done, Mined)
    assert done.intent == PLAN.intent
    assert superseded == Superseded(other.vault, other.intent, PLAN.intent, TxHash("0x1"))
