"""Which nonce a plan gets, and why it gets none."""

from dataclasses import replace

import pytest

from keeper.core.outcome import Refused
from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.transaction.account import CLOSED_KEPT_BLOCKS, Account
from keeper.core.transaction.attempt import Attempt, Kind, Why
from keeper.core.transaction.budget import UNLIMITED, Ceiling
from keeper.core.transaction.commands import Refuse
from keeper.core.transaction.fees import Fees
from keeper.core.transaction.machine import step
from keeper.core.transaction.messages import Offered, Order, Ordered, Signed, SignFailed
from keeper.core.transaction.slot import Slot, Terms
from keeper.core.transaction.states import State
from keeper.core.transaction.wish import Wanted
from keeper.core.units import GWEI, TxHash
from tests.core.transaction.build import DEADLINE, PLAN, plan
from tests.core.transaction.life import (
    NATIVE_USD,
    RULES,
    Life,
    broadcasts,
    inclusion,
    only,
    refused,
    restarted,
    sent,
    signs,
)

URGENT = replace(plan(1), urgent=True)
LOCKED = Refused(PLAN.vault, Reason.SIGNER_FAILED, "locked")


def words(life: Life, offered: Plan = PLAN) -> str:
    refusal = only(life.offer(offered))
    assert isinstance(refusal, Refuse)
    return refusal.refused.detail


def test_a_reserved_nonce_is_the_first_that_nobody_owns_and_knows_the_head_and_the_plans_terms() -> None:
    life = sent()
    life.account, _ = step(life.account, Offered(plan(1), NATIVE_USD))
    assert life.account.slots[1] == Slot(8, life.number, Terms(100 * GWEI, GWEI))
    assert life.account.slots[1].state is State.RESERVED


def test_the_price_of_the_coin_that_came_with_an_offer_holds_for_its_ceiling_in_usd() -> None:
    rich = replace(UNLIMITED, transaction=Ceiling(usd_wad=10**40))
    life = Life(Account(replace(RULES, budget=rich)))
    life.arrive()
    assert signs(life.offer())
    assert life.account.native_usd_wad == NATIVE_USD


def test_an_urgent_plan_leaves_alone_a_nonce_that_is_gone_at_the_head() -> None:
    life = sent()
    life.nonce = 8
    life.arrive()
    (sign,) = signs(life.offer(URGENT))
    assert (sign.nonce, sign.why) == (8, Why.FIRST)


def test_an_urgent_plan_leaves_alone_what_was_in_a_block_until_it_is_looked_for() -> None:
    life = sent()
    life.nonce = 8
    life.settle(inclusion(101))
    life.nonce = 7
    life.arrive()
    (sign,) = signs(life.offer(URGENT))
    assert (sign.nonce, sign.why) == (8, Why.FIRST)


def test_an_urgent_plan_leaves_alone_what_is_being_taken_back() -> None:
    life = sent()
    life.tell(Ordered(1, 7, Order.CANCEL))
    (sign,) = signs(life.offer(URGENT))
    assert (sign.nonce, sign.why) == (8, Why.FIRST)


def test_an_urgent_plan_passes_over_what_it_may_not_take_and_takes_the_next() -> None:
    life = sent(replace(plan(0), urgent=True))
    life.offer(plan(1))
    (sign,) = signs(life.offer(replace(plan(2), urgent=True)))
    assert (sign.nonce, sign.kind, sign.why, sign.gas_limit) == (8, Kind.REBALANCE, Why.TAKES_OVER, 100_000)


def test_an_urgent_plan_takes_over_although_no_more_may_be_in_flight() -> None:
    life = Life(Account(replace(RULES, max_in_flight=1)))
    life.head()
    life.offer(plan(0))
    assert [sign.why for sign in signs(life.offer(URGENT))] == [Why.TAKES_OVER]


def test_a_taken_over_nonce_follows_the_price_where_a_node_goes_by_it() -> None:
    life = sent()
    life.account = replace(life.account, by_price=True)
    (sign,) = signs(life.offer(URGENT))
    assert sign.fees.tip_wei == 3_100_000_000


def test_too_many_in_flight_are_told_with_how_many_there_may_be() -> None:
    life = Life(Account(replace(RULES, max_in_flight=2)))
    life.head()
    life.offer(plan(0))
    life.offer(plan(1))
    assert words(life, plan(2)) == "2 are in flight, 2 may be"
    delegated = Life()
    delegated.delegated = True
    delegated.head()
    delegated.offer(plan(0))
    assert words(delegated, plan(1)) == "1 are in flight, 1 may be of a delegated account"


def test_a_plan_is_offered_until_the_second_before_its_deadline() -> None:
    life = Life()
    life.timestamp = DEADLINE - 13
    life.head()
    assert life.timestamp == DEADLINE - 1
    assert signs(life.offer())
    late = Life()
    late.timestamp = DEADLINE - 12
    late.head()
    assert refused(late.offer()) is Reason.EXPIRED


def test_a_node_that_is_behind_a_verdict_is_disbelieved_for_as_long_as_verdicts_are_kept() -> None:
    life = sent()
    life.nonce = 8
    life.settle(inclusion(102), blocks=3)
    life.nonce = 7
    life.arrive(CLOSED_KEPT_BLOCKS - 1)
    assert refused(life.offer(plan(1, deadline=10**9))) is Reason.NODE_UNREACHABLE
    life.arrive()
    assert refused(life.offer(plan(1, deadline=1))) is Reason.EXPIRED


def test_a_signature_that_nobody_waits_for_changes_nothing() -> None:
    attempt = Attempt(TxHash("0x9"), b"raw", Kind.REBALANCE, Fees(2, 1), 1, Why.FIRST)
    new = Life()
    assert new.tell(Signed(7, attempt, PLAN)) == []
    assert new.tell(SignFailed(7, Why.FIRST, LOCKED)) == []
    life = sent()
    before = life.account
    assert life.tell(Signed(99, attempt, PLAN)) == []
    assert life.tell(SignFailed(99, Why.FIRST, LOCKED)) == []
    assert life.account == before
    again = restarted(life)
    unread = again.account
    assert again.tell(Signed(7, attempt, PLAN)) == []
    assert again.tell(SignFailed(7, Why.RAISED, LOCKED)) == []
    assert again.account == unread


@pytest.mark.parametrize(("why", "again"), [(Why.RAISED, [b"1"]), (Why.EXPIRED, []), (Why.SUPERSEDES, [])])
def test_who_asked_for_a_signature_hears_that_there_is_none(why: Why, again: list[bytes]) -> None:
    life = sent()
    told = life.tell(SignFailed(7, why, LOCKED))
    assert told[0] == Refuse(LOCKED)
    assert broadcasts(told) == again
    assert len(told) == 1 + len(again)


def test_a_new_attempt_is_young_from_the_head_at_which_it_was_signed() -> None:
    life = sent()
    life.head(2, wishes={PLAN.vault: Wanted()})
    life.tell(Ordered(1, 7, Order.RAISE))
    slot = life.account.slots[0]
    assert (slot.signed_at, slot.waiting_since, slot.opened) == (103, 103, 101)
