"""What is known of an account: which nonces are owned, what they may cost, what a restart leaves."""

from dataclasses import replace

import pytest

from keeper.core.transaction.account import Account, Rules, is_final, recovered
from keeper.core.transaction.attempt import Attempt, Kind, Standing, Why
from keeper.core.transaction.budget import UNLIMITED, Budget, Ceiling, OverBudget, Spend, WithinBudget
from keeper.core.transaction.commands import Obey
from keeper.core.transaction.fees import Fees
from keeper.core.transaction.messages import HeadArrived, Order, Ordered
from keeper.core.transaction.slot import Slot, Terms
from keeper.core.transaction.states import State
from keeper.core.units import GWEI, WAD, TxHash
from tests.core.transaction.build import PLAN, plan
from tests.core.transaction.life import RULES, Life, inclusion, only, sent, signs

TERMS = Terms(100 * GWEI, GWEI)


def slot(nonce: int, *, gas: int = 10, fee: int = 7) -> Slot:
    attempt = Attempt(TxHash(f"0x{nonce}"), b"", Kind.REBALANCE, Fees(fee, 1), gas, Why.FIRST, plan=0)
    return Slot(nonce, 100, TERMS, State.PENDING, (plan(nonce),), (attempt,))


def ceiling(wei: int) -> Rules:
    return replace(RULES, budget=replace(UNLIMITED, hour=Ceiling(wei)))


def test_an_account_told_nothing_else_has_sixteen_in_flight_and_raises_the_urgent_after_a_block() -> None:
    rules = Rules(confirmations=1, bump_after_blocks=1)
    assert (rules.max_in_flight, rules.urgent_bump_after_blocks, rules.budget) == (16, 1, UNLIMITED)


def test_an_account_that_was_never_used_begins_with_nonce_zero() -> None:
    life = Life(nonce=0)
    life.number = 0
    life.head()
    assert signs(life.offer())[0].nonce == 0


def test_slots_are_in_the_order_of_their_nonces_and_each_nonce_has_one() -> None:
    account = Account(RULES).put(slot(8)).put(slot(7)).put(slot(9)).put(slot(8, gas=20))
    assert [each.nonce for each in account.slots] == [7, 8, 9]
    assert account.slot_at(8) == slot(8, gas=20)
    assert account.slot_at(10) is None
    assert account.without(8).slots == (slot(7), slot(9))
    assert account.vaults == {plan(number).vault for number in (7, 8, 9)}


def test_a_nonce_with_a_fresh_verdict_is_still_owned() -> None:
    account = replace(Account(RULES, (slot(9),)), closed=(slot(7), slot(8)))
    assert account.owned == {7, 8, 9}
    assert account.closed_at(8) == slot(8)
    assert account.closed_at(9) is None


def test_the_worst_of_a_nonce_is_the_dearest_that_was_ever_signed_for_it() -> None:
    """Its new attempt replaces the old one in the sum, and is no cheaper for being smaller."""
    account = Account(ceiling(100), (slot(7), slot(8, gas=1, fee=30)))
    assert account.afford(8, 30, 0) == WithinBudget()
    assert account.afford(8, 31, 0) == OverBudget("hour", 101, 100)
    assert replace(account, rules=ceiling(99)).afford(8, 5, 0) == OverBudget("hour", 100, 99)


def test_a_nonce_at_which_nothing_is_signed_costs_only_what_is_asked_for_it() -> None:
    account = Account(ceiling(0))
    assert account.afford(7, 0, 0) == WithinBudget()
    assert account.afford(7, 1, 0) == OverBudget("hour", 1, 0)


def test_before_the_coin_has_a_price_a_raise_below_a_ceiling_in_usd_is_not_signed() -> None:
    rich = Budget(Ceiling(usd_wad=10**40 * WAD), Ceiling(), Ceiling())
    again = Life(recovered(replace(RULES, budget=rich), sent().account.slots))
    again.arrive()
    again.receipts()
    told = only(again.tell(Ordered(1, 7, Order.RAISE)))
    assert isinstance(told, Obey)
    assert "budget" in told.detail


def test_a_block_is_final_behind_the_tag_or_as_deep_as_the_rules_ask() -> None:
    life = Life()
    account, view = Account(RULES), life.view()
    assert [is_final(account, view, number) for number in (98, 99)] == [True, False]
    tagged = replace(view, final_number=50)
    assert [is_final(account, tagged, number) for number in (50, 51)] == [True, False]


def test_the_same_head_twice_is_no_reorganisation() -> None:
    life = sent()
    life.nonce = 8
    life.settle(inclusion(102), blocks=3)
    assert life.arrive() == []
    assert life.tell(HeadArrived(life.view())) == []


def test_after_a_restart_slots_are_in_order_and_all_their_bytes_may_have_been_sent() -> None:
    account = recovered(RULES, (slot(9), slot(7)), (slot(6), slot(5)))
    assert [each.nonce for each in account.slots] == [7, 9]
    assert {each.state for each in account.slots} == {State.RECOVERED}
    assert {each.newest.standing for each in account.slots} == {Standing.UNKNOWN}
    assert [each.nonce for each in account.closed] == [5, 6]
    assert {each.state for each in account.closed} == {State.CLOSED}


@pytest.mark.parametrize(
    ("slots", "closed", "accounted"),
    [((7, 9), (5, 6), 5), ((7, 9), (), 7), ((), (5, 6), 5), ((), (), None)],
)
def test_after_a_restart_nonces_are_accounted_for_from_the_lowest_that_is_remembered(
    slots: tuple[int, ...], closed: tuple[int, ...], accounted: int | None
) -> None:
    account = recovered(RULES, tuple(map(slot, slots)), tuple(map(slot, closed)))
    assert account.accounted == accounted


def test_what_an_open_slot_had_cost_before_a_reorganisation_is_not_counted_after_a_restart() -> None:
    spent = (Spend(6, 1_000, 5), Spend(7, 1_000, 6))
    assert recovered(RULES, (slot(7),), (), spent).spent == (Spend(6, 1_000, 5),)


def test_a_view_says_nothing_of_a_delegation_unless_it_was_seen() -> None:
    life = sent(PLAN)
    view = life.view()
    fields = {name: getattr(view, name) for name in ("number", "hash", "parent_hash", "timestamp")}
    amounts = {name: getattr(view, name) for name in ("base_fee_wei", "nonce", "pool_nonce", "balance_wei")}
    life.tell(HeadArrived(type(view)(**fields, **amounts)))
    assert signs(life.offer(plan(1)))[0].nonce == 8
