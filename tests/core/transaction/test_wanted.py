"""Nothing more is paid for a plan before the decision was asked whether it is still wanted."""

from dataclasses import replace

import pytest

from keeper.core.outcome import Cancelled, Mined, Superseded
from keeper.core.reason import Reason
from keeper.core.transaction.account import Account
from keeper.core.transaction.attempt import Kind, Why
from keeper.core.transaction.budget import UNLIMITED, Ceiling
from keeper.core.transaction.wish import Instead, Unwanted, Wanted, is_as_good
from keeper.core.transaction.words import Answer
from keeper.core.units import GWEI
from tests.core.transaction.build import DEADLINE, PLAN, plan
from tests.core.transaction.life import (
    RULES,
    Life,
    broadcasts,
    finished,
    inclusion,
    refused,
    restarted,
    sent,
    signs,
)

NEWER = replace(PLAN, amount_in=2 * PLAN.amount_in, expected_out=2 * PLAN.expected_out)
ELSEWHERE = replace(PLAN, state_hash=b"\x01" * 32)


def test_a_head_alone_sends_nothing() -> None:
    life = sent()
    assert life.arrive() == []


def test_what_nobody_was_asked_about_is_left_alone_until_its_deadline() -> None:
    life = sent()
    assert [broadcasts(life.head(wishes={})) for _ in range(5)] == [[]] * 5
    life.timestamp = DEADLINE
    (no_op,) = signs(life.head(wishes={}))
    assert (no_op.kind, no_op.why) == (Kind.NO_OP, Why.EXPIRED)


def test_58_an_unwanted_plan_is_taken_back_by_a_fresh_no_op_at_its_nonce() -> None:
    life = sent()
    (no_op,) = signs(life.head(wishes={PLAN.vault: Unwanted(Reason.INSIDE_BAND)}))
    assert (no_op.nonce, no_op.kind, no_op.why) == (7, Kind.NO_OP, Why.UNWANTED)
    life.nonce = 8
    (outcome,) = finished(life.settle(inclusion(101, tx=2), blocks=3))
    assert isinstance(outcome, Cancelled)
    assert outcome.why is Reason.UNWANTED


def test_a_raised_no_op_still_says_why_it_was_signed() -> None:
    life = sent()
    life.head(wishes={PLAN.vault: Unwanted(Reason.INSIDE_BAND)})
    assert signs(life.head(3))[0].why is Why.RAISED
    life.nonce = 8
    (outcome,) = finished(life.settle(inclusion(104, tx=3), blocks=3))
    assert isinstance(outcome, Cancelled)
    assert outcome.why is Reason.UNWANTED


def test_a_plan_that_is_being_taken_back_is_not_taken_up_again() -> None:
    life = sent()
    life.head(wishes={PLAN.vault: Unwanted(Reason.INSIDE_BAND)})
    assert broadcasts(life.head(wishes={PLAN.vault: Wanted()})) == [b"2"]


def test_70_a_newer_plan_takes_the_nonce_of_the_older_and_both_are_one_intent() -> None:
    life = sent()
    (newer,) = signs(life.head(wishes={PLAN.vault: Instead(NEWER)}))
    assert (newer.nonce, newer.plan, newer.why) == (7, NEWER, Why.SUPERSEDES)
    assert newer.fees.max_fee_wei >= 41 * GWEI * 11 // 10
    life.nonce = 8
    (outcome,) = finished(life.settle(inclusion(101, tx=2), blocks=3))
    assert isinstance(outcome, Mined)


def test_the_older_plan_may_win_the_race_and_the_newer_is_told() -> None:
    life = sent()
    life.head(wishes={PLAN.vault: Instead(ELSEWHERE)})
    life.nonce = 8
    older, newer = finished(life.settle(inclusion(101, tx=1), blocks=3))
    assert isinstance(older, Mined)
    assert newer == Superseded(PLAN.vault, ELSEWHERE.intent, PLAN.intent, older.tx_hash)


def test_after_a_superseding_only_the_newer_plan_is_sent_again() -> None:
    life = sent()
    life.head(wishes={PLAN.vault: Instead(NEWER)})
    assert broadcasts(life.head()) == [b"2"]
    life.answer(Answer.UNDERPRICED)
    assert broadcasts(life.head()) == [b"2"]


def test_a_newer_plan_that_may_not_outbid_the_older_becomes_a_no_op() -> None:
    life = sent()
    cheap = replace(NEWER, max_fee_wei=45 * GWEI)
    (no_op,) = signs(life.head(wishes={PLAN.vault: Instead(cheap)}))
    assert (no_op.kind, no_op.why) == (Kind.NO_OP, Why.UNWANTED)
    assert no_op.fees.max_fee_wei >= 41 * GWEI * 11 // 10


def test_a_bump_after_a_superseding_keeps_the_newer_plan_and_its_gas() -> None:
    life = sent()
    larger = replace(NEWER, gas_units=90_000)
    life.head(wishes={PLAN.vault: Instead(larger)})
    (bump,) = signs(life.head(3))
    assert (bump.plan, bump.gas_limit, bump.why) == (larger, 112_500, Why.RAISED)


def test_an_urgent_plan_takes_over_the_first_routine_nonce_of_another_vault() -> None:
    life = sent(plan(0))
    life.offer(plan(1))
    urgent = replace(plan(2), urgent=True)
    (takes,) = signs(life.offer(urgent))
    assert (takes.nonce, takes.plan, takes.why) == (7, urgent, Why.TAKES_OVER)
    assert life.account.vaults == {plan(0).vault, plan(1).vault, urgent.vault}
    life.nonce = 9
    done, displaced = finished(life.settle(inclusion(100, tx=3), blocks=3))
    assert isinstance(done, Mined)
    assert displaced == Superseded(plan(0).vault, plan(0).intent, urgent.intent, done.tx_hash)


def test_an_urgent_plan_does_not_take_the_nonce_of_another_urgent_one() -> None:
    life = sent(replace(plan(0), urgent=True))
    (sign,) = signs(life.offer(replace(plan(1), urgent=True)))
    assert (sign.nonce, sign.why) == (8, Why.FIRST)


def test_an_urgent_plan_that_may_not_outbid_goes_behind() -> None:
    life = sent(plan(0))
    (sign,) = signs(life.offer(replace(plan(1, max_fee_wei=49 * GWEI), urgent=True)))
    assert (sign.nonce, sign.why) == (8, Why.FIRST)


def test_what_holds_up_an_urgent_plan_is_raised_as_if_it_were_urgent() -> None:
    life = sent(plan(0))
    life.offer(replace(plan(1, max_fee_wei=49 * GWEI), urgent=True))
    assert [sign.nonce for sign in signs(life.head())] == [7]


def test_a_routine_plan_never_takes_over() -> None:
    life = sent(plan(0))
    (sign,) = signs(life.offer(plan(1)))
    assert sign.nonce == 8


def test_the_displaced_vault_gets_no_second_plan_while_its_first_may_be_mined() -> None:
    life = sent(plan(0))
    life.offer(replace(plan(1), urgent=True))
    assert refused(life.offer(plan(0, state=5))) is Reason.PENDING


def test_only_one_replacement_is_signed_in_a_block() -> None:
    life = sent()
    life.head(wishes={PLAN.vault: Instead(NEWER)})
    assert life.review(wishes={PLAN.vault: Instead(ELSEWHERE)}) == []


def test_68_a_private_plan_is_shown_to_the_relay_until_its_last_block_and_then_to_all() -> None:
    private = replace(PLAN, private_blocks=3)
    life = sent(private)
    shown = [each for _ in range(5) for each in life.head()]
    assert [getattr(each, "raw", b"") for each in shown] == [b"1"] * 5
    assert [str(getattr(each, "route", "")) for each in shown] == ["private"] * 2 + ["public"] * 3
    assert signs(life.head())[0].why is Why.RAISED


def test_a_no_op_is_public_even_while_its_plan_is_private() -> None:
    life = sent(replace(PLAN, private_blocks=30))
    commands = life.head(wishes={PLAN.vault: Unwanted(Reason.INSIDE_BAND)})
    assert [str(getattr(each, "route", "")) for each in commands] == ["", "public"]


@pytest.mark.parametrize("wished", [Wanted(), Instead(NEWER), Unwanted(Reason.INSIDE_BAND)])
def test_whatever_is_wished_nothing_is_done_at_a_nonce_that_is_gone(
    wished: Wanted | Instead | Unwanted,
) -> None:
    life = sent()
    life.nonce = 8
    life.settle(inclusion(101))
    assert life.review({PLAN.vault: wished}) == []


def test_after_a_restart_a_superseded_slot_still_knows_both_plans() -> None:
    life = sent()
    life.head(wishes={PLAN.vault: Instead(ELSEWHERE)})
    again = restarted(life)
    again.nonce = 8
    older, newer = finished(again.settle(inclusion(101, tx=1), blocks=3))
    assert isinstance(older, Mined)
    assert isinstance(newer, Superseded)


def test_63_a_plan_under_a_ceiling_that_was_raised_since_is_another_wish() -> None:
    assert is_as_good(PLAN, PLAN)
    assert is_as_good(PLAN, replace(PLAN, max_fee_wei=PLAN.max_fee_wei - 1))
    assert not is_as_good(PLAN, replace(PLAN, max_fee_wei=PLAN.max_fee_wei + 1))


def test_a_retry_after_a_revert_is_not_taken_for_the_same_intent_twice() -> None:
    life = sent()
    life.nonce = 8
    finished(life.settle(inclusion(101, succeeded=False), blocks=3))
    assert signs(life.offer())[0].nonce == 8
    assert broadcasts(life.head()) == [b"2"]


def doubled() -> Life:
    """A vault that a deep reorganisation has left with two nonces: one of an older state, one of a newer."""
    life = sent()
    life.nonce = 8
    finished(life.settle(inclusion(101), blocks=3))
    life.offer(plan(0, state=1))
    life.answer(Answer.ACCEPTED, nonce=8)
    life.nonce, life.branch = 7, 1
    life.settle()
    return life


def test_of_a_vaults_two_nonces_the_first_goes_on_and_the_second_is_taken_back() -> None:
    life = doubled()
    commands = life.review()
    assert [(sign.nonce, sign.kind) for sign in signs(commands)] == [(8, Kind.NO_OP)]
    assert broadcasts(commands)[0] == b"1"
    assert broadcasts(life.head()) == [b"1", b"3"]


def test_a_newer_plan_for_a_doubled_vault_is_signed_once() -> None:
    life = doubled()
    first = signs(life.review({PLAN.vault: Instead(NEWER)}))
    assert [(sign.nonce, sign.kind) for sign in first] == [(7, Kind.REBALANCE), (8, Kind.NO_OP)]


def test_a_private_plan_that_supersedes_an_old_public_one_is_private_from_its_own_first_block() -> None:
    life = sent()
    life.head(5)
    life.answer(Answer.ACCEPTED)
    private = replace(NEWER, private_blocks=4)
    commands = life.head(wishes={PLAN.vault: Instead(private)})
    assert [str(getattr(each, "route", "")) for each in commands] == ["", "private"]


def test_an_urgent_plan_that_cannot_afford_to_outbid_goes_behind() -> None:
    outbidding = 100_000 * 45_100_000_000
    budget = replace(UNLIMITED, transaction=Ceiling(outbidding - 1))
    life = Life(Account(replace(RULES, budget=budget)))
    life.head()
    life.offer(plan(0))
    (sign,) = signs(life.offer(replace(plan(1), urgent=True)))
    assert (sign.nonce, sign.why) == (8, Why.FIRST)
