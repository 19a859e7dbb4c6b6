"""No attempt passes a ceiling: of a transaction, of an hour, of a day, in coin or in usd."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.reason import Reason
from keeper.core.transaction.account import Account
from keeper.core.transaction.attempt import Kind
from keeper.core.transaction.budget import (
    UNLIMITED,
    Budget,
    Ceiling,
    OverBudget,
    Spend,
    WithinBudget,
    judged,
    kept,
)
from keeper.core.transaction.commands import Alert, Wait
from keeper.core.transaction.messages import Order, Ordered, Reviewed
from keeper.core.transaction.wish import Instead, Unwanted, Wish
from keeper.core.units import GWEI, WAD, Address
from tests.core.transaction.build import DEADLINE, plan
from tests.core.transaction.life import RULES, Life, alarms, broadcasts, inclusion, refused, signs

FIRST = 100_000 * 41 * GWEI
"""The worst cost of the first attempt of a plan."""


def life_with(budget: Budget) -> Life:
    life = Life(Account(replace(RULES, budget=budget)))
    life.head()
    return life


def test_a_transaction_that_could_cost_more_than_its_ceiling_is_not_signed() -> None:
    life = life_with(replace(UNLIMITED, transaction=Ceiling(FIRST - 1)))
    commands = life.offer()
    assert refused(commands) is Reason.SPEND_CEILING
    assert alarms(commands) == [Alert.OVER_BUDGET]
    assert life.account.slots == ()


def test_a_ceiling_is_not_passed_by_a_wei_and_may_be_reached() -> None:
    assert signs(life_with(replace(UNLIMITED, transaction=Ceiling(FIRST))).offer())


def test_a_ceiling_in_usd_goes_by_the_price_of_the_coin() -> None:
    usd_wad = FIRST * 3_000
    assert signs(life_with(replace(UNLIMITED, hour=Ceiling(usd_wad=usd_wad))).offer())
    less = life_with(replace(UNLIMITED, hour=Ceiling(usd_wad=usd_wad - 3_000)))
    assert refused(less.offer()) is Reason.SPEND_CEILING


def test_without_a_price_a_ceiling_in_usd_allows_nothing() -> None:
    assert Ceiling(usd_wad=10**30).in_wei(0) == 0
    assert Ceiling(wei=5).in_wei(0) == 5


def test_everything_in_flight_counts_at_its_worst() -> None:
    life = life_with(replace(UNLIMITED, hour=Ceiling(2 * FIRST - 1)))
    assert signs(life.offer(plan(0)))
    assert refused(life.offer(plan(1))) is Reason.SPEND_CEILING


def test_what_was_paid_counts_for_an_hour_and_for_a_day() -> None:
    spent = (Spend(7, 1_012, 7),)
    tight = Budget(Ceiling(), hour=Ceiling(10), day=Ceiling(12))
    assert judged(tight, spent, 0, 3, 1_012 + 3_599, WAD) == WithinBudget()
    assert judged(tight, spent, 0, 4, 1_012 + 3_599, WAD) == OverBudget("hour", 11, 10)
    assert judged(tight, spent, 0, 5, 1_012 + 3_600, WAD) == WithinBudget()
    assert judged(tight, spent, 0, 6, 1_012 + 86_399, WAD) == OverBudget("day", 13, 12)
    assert kept(spent, 1_012 + 86_400) == ()


def test_a_mined_transaction_is_counted_at_what_it_cost() -> None:
    life = life_with(replace(UNLIMITED, hour=Ceiling(FIRST + 50_000 * 21 * GWEI)))
    life.offer()
    life.nonce = 8
    life.settle(inclusion(102), blocks=3)
    assert life.account.spent == (Spend(7, 1_012, 50_000 * 21 * GWEI),)
    assert signs(life.offer(plan(1)))


def test_39_a_raise_beyond_the_budget_is_not_signed_and_the_old_bytes_go_on() -> None:
    life = life_with(replace(UNLIMITED, transaction=Ceiling(FIRST)))
    life.offer()
    life.head(3)
    assert broadcasts(life.head(3)) == [b"1"]
    assert life.waits[-1].wait is Wait.BUDGET


def test_a_plan_can_be_taken_back_whatever_the_budget_says() -> None:
    life = life_with(replace(UNLIMITED, transaction=Ceiling(FIRST)))
    life.offer()
    life.timestamp = DEADLINE
    (no_op,) = signs(life.head())
    assert no_op.kind is Kind.NO_OP
    assert no_op.gas_limit * no_op.fees.max_fee_wei <= FIRST


@given(
    ceilings=st.tuples(st.integers(0, 10**18), st.integers(0, 10**18), st.integers(0, 10**18)),
    spends=st.lists(st.tuples(st.integers(0, 200_000), st.integers(0, 10**17)), max_size=8),
    worst=st.lists(st.integers(0, 10**17), min_size=1, max_size=8),
)
def test_whatever_is_let_through_keeps_every_ceiling(
    ceilings: tuple[int, int, int], spends: list[tuple[int, int]], worst: list[int]
) -> None:
    budget = Budget(*(Ceiling(wei) for wei in ceilings))
    spent = tuple(Spend(0, *each) for each in spends)
    now, let_through = 200_000, 0
    for each in worst:
        if judged(budget, spent, let_through, each, now, WAD) == WithinBudget():
            let_through += each
            assert each <= ceilings[0]
    hour = sum(wei for at, wei in spends if at > now - 3_600)
    day = sum(wei for at, wei in spends if at > now - 86_400)
    assert let_through == 0 or (let_through + hour <= ceilings[1] and let_through + day <= ceilings[2])


@pytest.mark.parametrize(
    ("text", "ceiling"),
    [
        ("0.05 coin", Ceiling(wei=5 * WAD // 100)),
        ("200 usd", Ceiling(usd_wad=200 * WAD)),
        ("0.000000000000000001 coin, 1500.5 usd", Ceiling(1, 3_001 * WAD // 2)),
    ],
)
def test_a_ceiling_is_written_as_people_say_it_and_shown_the_same_way(text: str, ceiling: Ceiling) -> None:
    assert Ceiling.read(text) == ceiling
    assert Ceiling.read(str(ceiling)) == ceiling


@pytest.mark.parametrize("text", ["", "5", "5 eth", "-1 coin", "1e3 usd", "1 coin, 2 coin", "nan usd"])
def test_what_is_no_ceiling_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"write `0\.05 coin`, `200 usd`, or both"):
        Ceiling.read(text)


def test_no_ceiling_says_so() -> None:
    assert str(Ceiling()) == "no ceiling"


def test_what_one_review_signs_counts_together() -> None:
    life = life_with(replace(UNLIMITED, hour=Ceiling(4 * FIRST + FIRST // 5)))
    for number in range(4):
        life.offer(plan(number))
    life.base_fee = 40 * GWEI
    newer: dict[Address, Wish] = {
        plan(number).vault: Instead(replace(plan(number), amount_in=7 * 10**18)) for number in range(4)
    }
    life.head(wishes=newer)
    assert sum(slot.worst_wei for slot in life.account.slots) <= 4 * FIRST + FIRST // 5


def test_a_no_op_never_may_cost_more_than_what_it_takes_back_or_the_ceiling() -> None:
    life = life_with(replace(UNLIMITED, transaction=Ceiling(FIRST)))
    life.offer(plan(max_fee_wei=2_000 * GWEI))
    life.base_fee = 500 * GWEI
    vault = plan().vault
    (no_op,) = signs(life.head(wishes={vault: Unwanted(Reason.INSIDE_BAND)}))
    assert no_op.kind is Kind.NO_OP
    assert no_op.gas_limit * no_op.fees.max_fee_wei <= FIRST
    assert no_op.fees.max_fee_wei > 41 * GWEI


def test_without_a_price_at_one_head_the_last_one_counts() -> None:
    life = life_with(replace(UNLIMITED, hour=Ceiling(usd_wad=FIRST * 30_000)))
    life.offer()
    life.arrive()
    life.tell(Reviewed({}, 0))
    assert signs(life.tell(Ordered(1, 7, Order.RAISE)))


def test_the_first_ceiling_that_is_passed_is_named() -> None:
    budget = Budget(transaction=Ceiling(1), hour=Ceiling(2), day=Ceiling(3))
    assert judged(budget, (), 0, 2, 0, WAD) == OverBudget("transaction", 2, 1)
    assert judged(budget, (), 2, 1, 0, WAD) == OverBudget("hour", 3, 2)
    assert judged(replace(budget, hour=Ceiling(9)), (), 3, 1, 0, WAD) == OverBudget("day", 4, 3)


def test_a_price_of_one_unit_is_a_price_and_none_is_none() -> None:
    assert Ceiling(usd_wad=5).in_wei(1) == 5 * WAD
    assert Ceiling(usd_wad=5).in_wei(0) == Ceiling(usd_wad=5).in_wei(-1) == 0
    assert Ceiling(wei=3, usd_wad=5).in_wei(1) == 3
