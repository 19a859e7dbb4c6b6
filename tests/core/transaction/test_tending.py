"""What a review does for each slot, what it waits for, and which ceiling it stops at."""

from dataclasses import replace

import pytest

from keeper.core.outcome import Refused
from keeper.core.reason import Reason
from keeper.core.transaction.account import Account
from keeper.core.transaction.attempt import NO_OP_GAS, Attempt, Kind, Route, Standing, Why
from keeper.core.transaction.budget import UNLIMITED, Ceiling
from keeper.core.transaction.commands import Alarm, Alert, Broadcast, Sign, Wait, Waits
from keeper.core.transaction.fees import Fees
from keeper.core.transaction.machine import step
from keeper.core.transaction.messages import Order, Ordered, Reviewed, SignFailed
from keeper.core.transaction.reviewing import bump, cancel
from keeper.core.transaction.slot import Slot, Terms
from keeper.core.transaction.states import State
from keeper.core.transaction.wish import Instead, Unwanted, Wanted, Wish
from keeper.core.transaction.words import Answer
from keeper.core.units import GWEI, Address, TxHash
from tests.core.transaction.build import PLAN, plan
from tests.core.transaction.life import (
    NATIVE_USD,
    RULES,
    Life,
    alarms,
    broadcasts,
    inclusion,
    sent,
    signs,
)

ELSEWHERE = replace(PLAN, state_hash=b"\x01" * 32)
UNWANTED: dict[Address, Wish] = {PLAN.vault: Unwanted(Reason.INSIDE_BAND)}


def slot(fee: int, *, kind: Kind = Kind.REBALANCE, ceiling: int = 100) -> Slot:
    plans = (plan(max_fee_wei=ceiling * GWEI),)
    index = 0 if kind is Kind.REBALANCE else -1
    attempt = Attempt(TxHash("0x1"), b"1", kind, Fees(fee * GWEI, GWEI), 7, Why.FIRST, index)
    return Slot(7, 100, Terms(ceiling * GWEI, GWEI), State.PENDING, plans, (attempt,))


def test_before_the_first_head_a_review_does_nothing() -> None:
    life = Life(Account(RULES, slots=sent().account.slots))
    before = life.account
    assert life.review() == []
    assert life.account == before


def test_the_price_of_the_coin_that_came_with_a_review_holds_for_ceilings_in_usd() -> None:
    life = Life()
    life.head()
    assert life.account.native_usd_wad == NATIVE_USD


def test_what_may_be_in_a_block_is_left_alone_until_it_is_looked_for() -> None:
    life = sent()
    life.nonce = 8
    life.arrive()
    assert life.review() == []
    life.receipts(inclusion(101))
    life.nonce = 7
    life.arrive()
    assert life.review(UNWANTED) == []


def test_what_nobody_was_asked_about_says_so() -> None:
    life = sent()
    life.head(wishes={})
    assert life.waits == [Waits(7, Wait.UNASKED)]
    assert life.waits[0].detail == ""


def test_what_is_young_says_so() -> None:
    life = sent()
    life.head()
    assert life.waits == [Waits(7, Wait.YOUNG)]


def test_what_is_behind_another_nonce_is_sent_again_and_says_which() -> None:
    life = sent(plan(0))
    life.offer(plan(1))
    assert broadcasts(life.head(3)) == [b"3", b"2"]
    assert life.waits[-1] == Waits(8, Wait.BEHIND, "nonce 7 is first")


def test_what_is_private_is_shown_to_the_relay_and_says_until_when() -> None:
    life = sent(replace(PLAN, private_blocks=3))
    assert [each.route for each in life.head() if isinstance(each, Broadcast)] == [Route.PRIVATE]
    assert life.waits == [Waits(7, Wait.PRIVATE, "until block 104")]
    life.head()
    assert [each.route for each in life.head() if isinstance(each, Broadcast)] == [Route.PUBLIC]
    assert life.waits[-1] == Waits(7, Wait.YOUNG)


def test_what_was_private_is_raised_after_the_patience_that_begins_in_public() -> None:
    life = sent(replace(PLAN, private_blocks=3))
    assert [len(signs(life.head())) for _ in range(6)] == [0, 0, 0, 0, 0, 1]


def test_the_no_op_of_a_private_plan_is_sent_to_all_and_raised_after_the_usual_patience() -> None:
    life = sent(replace(PLAN, private_blocks=30))
    life.head(wishes=UNWANTED)
    assert [each.route for each in life.head() if isinstance(each, Broadcast)] == [Route.PUBLIC]
    assert life.waits[-1] == Waits(7, Wait.YOUNG)
    assert [len(signs(life.head())) for _ in range(2)] == [0, 1]


def test_an_urgent_plan_is_raised_after_its_own_patience() -> None:
    life = Life(Account(replace(RULES, urgent_bump_after_blocks=2)))
    life.head()
    life.offer(replace(PLAN, urgent=True))
    assert [len(signs(life.head())) for _ in range(2)] == [0, 1]


def test_something_urgent_that_is_already_mined_hurries_nothing() -> None:
    life = sent(replace(plan(0), urgent=True))
    life.offer(plan(1))
    life.nonce = 8
    life.settle(inclusion(101))
    assert signs(life.review()) == []
    assert life.waits[-1] == Waits(8, Wait.YOUNG)


def test_at_its_ceiling_a_plan_is_sent_again_and_says_what_it_would_need() -> None:
    life = sent(plan(max_fee_wei=45 * GWEI))
    assert broadcasts(life.head(3)) == [b"1"]
    assert life.waits == [Waits(7, Wait.CEILING, "45000000000 wei are needed, 40909090909 allowed")]


def test_at_the_budget_a_plan_is_sent_again_and_says_what_it_would_need() -> None:
    worst = 100_000 * 41 * GWEI
    life = Life(Account(replace(RULES, budget=replace(UNLIMITED, transaction=Ceiling(worst)))))
    life.head()
    life.offer()
    assert broadcasts(life.head(3)) == [b"1"]
    needed = 100_000 * 45_100_000_000
    detail = f"transaction: {needed} wei could be spent, {worst} may"
    assert life.waits == [Waits(7, Wait.BUDGET, detail)]


def test_a_raise_leaves_room_for_a_no_op_and_the_no_op_uses_it() -> None:
    life = sent()
    view, account = life.view(), life.account
    assert isinstance(bump(account, view, slot(82)), Sign)
    assert isinstance(bump(account, view, slot(83)), Waits)
    no_op = bump(account, view, slot(90, kind=Kind.NO_OP))
    assert no_op == Sign(7, None, Kind.NO_OP, Fees(99 * GWEI, 1_100_000_000), 7, Why.RAISED)


def test_a_no_op_that_may_not_offer_more_is_signed_at_what_it_replaces() -> None:
    """A pool that has lost the original takes it."""
    life = sent()
    (no_op,) = cancel(life.account, life.view(), slot(95), Why.EXPIRED)
    assert no_op == Sign(7, None, Kind.NO_OP, Fees(95 * GWEI, GWEI), NO_OP_GAS, Why.EXPIRED)


def test_a_no_op_goes_by_the_price_where_a_node_does() -> None:
    life = sent()
    by_price = replace(life.account, by_price=True)
    plain, dear = (
        sign.fees.tip_wei
        for account in (life.account, by_price)
        for sign in cancel(account, life.view(), slot(41), Why.EXPIRED)
        if isinstance(sign, Sign)
    )
    assert (plain, dear) == (1_100_000_000, 3_100_000_000)


def test_a_newer_plan_offers_its_own_tip_and_gas_within_its_own_ceiling() -> None:
    life = sent()
    newer = replace(ELSEWHERE, priority_fee_wei=5 * GWEI, gas_units=90_000, max_fee_wei=200 * GWEI)
    (sign,) = signs(life.head(wishes={PLAN.vault: Instead(newer)}))
    assert sign == Sign(7, newer, Kind.REBALANCE, Fees(45_100_000_000, 5 * GWEI), 112_500, Why.SUPERSEDES)


def test_a_newer_plan_goes_by_the_price_where_a_node_does() -> None:
    life = sent()
    life.account = replace(life.account, by_price=True)
    (sign,) = signs(life.head(wishes={PLAN.vault: Instead(ELSEWHERE)}))
    assert sign.fees.tip_wei == 3_100_000_000


def test_a_newer_plan_beyond_the_budget_is_not_signed_and_the_older_is_taken_back() -> None:
    worst = 100_000 * 41 * GWEI
    life = Life(Account(replace(RULES, budget=replace(UNLIMITED, hour=Ceiling(worst)))))
    life.head()
    life.offer()
    (sign,) = signs(life.head(wishes={PLAN.vault: Instead(ELSEWHERE)}))
    assert (sign.kind, sign.why) == (Kind.NO_OP, Why.UNWANTED)


@pytest.mark.parametrize(("mined_at", "taken_back"), [(None, 8), (8, 7), (7, 8)])
def test_an_intent_that_a_reorganisation_has_doubled_is_wanted_at_one_nonce(
    mined_at: int | None, taken_back: int
) -> None:
    """Nonce 7 was final, its intent was decided again for nonce 8, and the chain took the verdict back."""
    life = sent()
    for nonce in (7, 8):
        mined = nonce == mined_at
        state = State.INCLUDED if mined else State.PENDING
        doubled = replace(life.account.slots[0], nonce=nonce, state=state)
        life.account = life.account.put(replace(doubled, included=inclusion(101) if mined else None))
    commands = life.head(wishes={PLAN.vault: Wanted()})
    assert [(sign.nonce, sign.kind, sign.why) for sign in signs(commands)] == [
        (taken_back, Kind.NO_OP, Why.UNWANTED)
    ]


def test_an_intent_that_was_carried_out_at_another_nonce_is_not_wanted_again() -> None:
    life = sent()
    done = replace(life.account.slots[0], nonce=6, state=State.CLOSED, included=inclusion(101))
    life.account = replace(life.account, closed=(done,))
    (sign,) = signs(life.head(wishes={PLAN.vault: Wanted()}))
    assert (sign.nonce, sign.kind) == (7, Kind.NO_OP)


def test_an_intent_that_came_to_nothing_at_another_nonce_is_still_wanted() -> None:
    life = sent()
    lost = replace(life.account.slots[0], nonce=6, state=State.CLOSED)
    life.account = replace(life.account, closed=(lost,))
    assert broadcasts(life.head(wishes={PLAN.vault: Wanted()})) == [b"1"]


def test_of_refused_attempts_the_last_that_a_pool_may_have_is_sent_before_the_newest() -> None:
    life = sent()
    for _ in range(2):
        life.head(3)
        life.answer(Answer.ACCEPTED)
    life.head(3)
    life.answer(Answer.UNDERPRICED)
    assert life.account.slots[0].newest.standing is Standing.REFUSED
    assert broadcasts(life.head()) == [b"3", b"4"]


def test_a_refused_attempt_that_stands_alone_is_sent_alone() -> None:
    life = Life()
    life.head()
    life.offer()
    life.answer(Answer.LOST)
    life.answer(Answer.UNDERPRICED)
    assert broadcasts(life.head()) == [b"1"]


def behind_a_gap(life: Life) -> Life:
    """Nonces 7 and 9 are nobody's; ours wait at 8 and 10."""
    life.nonce = 8
    life.head()
    life.offer(plan(0, max_fee_wei=60 * GWEI))
    life.offer(plan(1))
    life.offer(replace(plan(2, max_fee_wei=90 * GWEI), priority_fee_wei=2 * GWEI))
    life.account = life.account.without(9)
    life.nonce = 7
    return life


def test_each_gap_is_filled_on_the_best_terms_of_those_that_wait_behind_it() -> None:
    life = behind_a_gap(Life(nonce=8))
    first, second = signs(life.head())
    assert first == Sign(7, None, Kind.NO_OP, Fees(42 * GWEI, 2 * GWEI), NO_OP_GAS, Why.FILLS_GAP)
    assert (second.nonce, second.fees) == (9, Fees(42 * GWEI, 2 * GWEI))
    filler = life.account.slot_at(7)
    assert filler is not None
    assert (filler.opened, filler.terms) == (life.number, Terms(90 * GWEI, 2 * GWEI))


def test_a_gap_is_filled_at_the_dearest_terms_when_the_market_is_above_them() -> None:
    life = behind_a_gap(Life(nonce=8))
    life.base_fee = 95 * GWEI
    first = signs(life.head())[0]
    assert (first.nonce, first.fees) == (7, Fees(90 * GWEI, 2 * GWEI))


def test_a_filler_offers_no_tip_above_its_fee() -> None:
    life = Life(nonce=8)
    life.head()
    life.offer()
    poor = replace(life.account.slots[0], terms=Terms(GWEI, 3 * GWEI))
    life.account, life.nonce = life.account.put(poor), 7
    assert signs(life.head())[0].fees == Fees(GWEI, GWEI)


def test_a_gap_beyond_the_budget_is_not_filled_and_told() -> None:
    used = 300_000 * 42 * GWEI
    tight = Account(replace(RULES, budget=replace(UNLIMITED, day=Ceiling(used))))
    life = behind_a_gap(Life(tight, nonce=8))
    full = replace(tight.rules, budget=replace(UNLIMITED, day=Ceiling(NO_OP_GAS)))
    life.account = replace(life.account, rules=full)
    commands = life.head()
    assert signs(commands) == []
    assert alarms(commands) == [Alert.OVER_BUDGET] * 2
    assert [each.nonce for each in commands if isinstance(each, Alarm)] == [7, 9]
    assert [slot.nonce for slot in life.account.slots] == [8, 10]


def test_each_gap_counts_for_the_budget_of_the_next() -> None:
    life = behind_a_gap(Life(nonce=8))
    out = 100_000 * 41 * GWEI + 100_000 * 42 * GWEI
    worst = NO_OP_GAS * 42 * GWEI
    one = replace(RULES, budget=replace(UNLIMITED, day=Ceiling(out + 2 * worst - 1)))
    life.account = replace(life.account, rules=one)
    commands = life.head()
    assert [(each.nonce, each.gas_limit * each.fees.max_fee_wei) for each in signs(commands)] == [(7, worst)]
    assert alarms(commands) == [Alert.OVER_BUDGET]


def test_a_gap_is_not_worth_what_waits_before_it() -> None:
    life = behind_a_gap(Life(nonce=8))
    before = life.account.slot_at(8)
    assert before is not None
    life.account = life.account.put(replace(before, terms=Terms(900 * GWEI, 9 * GWEI)))
    second = signs(life.head())[1]
    assert (second.nonce, second.fees) == (9, Fees(42 * GWEI, 2 * GWEI))


def test_what_a_pool_holds_below_ours_is_no_gap() -> None:
    life = behind_a_gap(Life(nonce=8))
    life.pool_nonce = 8
    assert [sign.nonce for sign in signs(life.head())] == [9]


def test_nothing_waits_behind_a_no_op_that_is_for_nobodys_plan() -> None:
    life = Life(nonce=7)
    life.pool_nonce = 10
    life.arrive()
    life.tell(Ordered(1, 9, Order.CANCEL))
    life.pool_nonce = 7
    assert signs(life.head()) == []


def bare(gas: int) -> Slot:
    return replace(slot(41), attempts=(replace(slot(41).newest, gas_limit=gas),))


@pytest.mark.parametrize(
    ("gas", "budget_wei", "fee"),
    [
        (NO_OP_GAS, NO_OP_GAS * 100 * GWEI, 100 * GWEI),
        (NO_OP_GAS, NO_OP_GAS * 100 * GWEI - 1, 45_100_000_000),
        (2 * NO_OP_GAS, NO_OP_GAS * 100 * GWEI - 1, 82 * GWEI),
        (9 * NO_OP_GAS, NO_OP_GAS * 100 * GWEI - 1, 100 * GWEI),
    ],
)
def test_beyond_the_budget_a_no_op_offers_the_least_that_replaces_or_what_could_be_lost_anyway(
    gas: int, budget_wei: int, fee: int
) -> None:
    rules = replace(RULES, budget=replace(UNLIMITED, transaction=Ceiling(budget_wei)))
    life = Life(Account(rules, (bare(gas),)))
    life.base_fee = 90 * GWEI
    (no_op,) = cancel(life.account, life.view(), bare(gas), Why.EXPIRED)
    assert no_op == Sign(7, None, Kind.NO_OP, Fees(fee, 1_100_000_000), NO_OP_GAS, Why.EXPIRED)


def test_what_is_about_to_be_signed_counts_for_the_budget_of_the_next_slot() -> None:
    """Two vaults want a newer plan at the same head, and the budget allows one."""
    first, newer = 100_000 * 41 * GWEI, 112_500 * 45_100_000_000
    life = Life(Account(replace(RULES, budget=replace(UNLIMITED, hour=Ceiling(first + newer)))))
    life.head()
    wishes: dict[Address, Wish] = {}
    for number in (0, 1):
        life.offer(plan(number))
        wishes[plan(number).vault] = Instead(replace(plan(number, state=1), gas_units=90_000))
    assert [(sign.nonce, sign.kind, sign.why) for sign in signs(life.head(wishes=wishes))] == [
        (7, Kind.REBALANCE, Why.SUPERSEDES),
        (8, Kind.NO_OP, Why.UNWANTED),
    ]


def test_what_could_not_be_signed_counts_no_longer() -> None:
    life = sent()
    life.arrive(3)
    life.account, _ = step(life.account, Reviewed({PLAN.vault: Wanted()}, NATIVE_USD))
    assert life.account.slots[0].planned_wei == 100_000 * 45_100_000_000
    life.tell(SignFailed(7, Why.RAISED, Refused(PLAN.vault, Reason.SIGNER_FAILED, "locked")))
    assert life.account.slots[0].planned_wei == 0


def test_a_plan_is_as_old_as_its_first_signature_whatever_was_signed_since() -> None:
    life = sent()
    assert life.account.slots[0].plan_since == 101
    life.head(3)
    assert (life.account.slots[0].signed_at, life.account.slots[0].plan_since) == (104, 101)
    life.head(wishes={PLAN.vault: Instead(ELSEWHERE)})
    assert life.account.slots[0].plan_since == 105
    life.head(wishes=UNWANTED)
    assert (life.account.slots[0].signed_at, life.account.slots[0].plan_since) == (106, 105)


def test_a_nonce_with_a_fresh_verdict_is_no_gap() -> None:
    life = sent(plan(0))
    life.offer(plan(1))
    life.nonce = 8
    life.settle(inclusion(101, tx=1), blocks=4)
    life.nonce = 7
    life.arrive()
    assert signs(life.review()) == []


def test_where_nothing_waits_there_is_no_gap() -> None:
    life = Life()
    assert life.head() == []
