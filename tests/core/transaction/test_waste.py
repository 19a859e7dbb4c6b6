"""Gas for nothing has its own ceiling: nodes that lie in concert cannot have more burnt than that."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.transaction.account import Account, recovered
from keeper.core.transaction.attempt import Kind
from keeper.core.transaction.budget import (
    DAY_S,
    UNLIMITED,
    Budget,
    Ceiling,
    OverBudget,
    Spend,
    WithinBudget,
    risked,
)
from keeper.core.transaction.commands import Alert, Wait
from keeper.core.units import GWEI, WAD
from tests.core.transaction.build import DEADLINE, plan
from tests.core.transaction.life import RULES, Life, alarms, broadcasts, inclusion, refused, signs

FIRST = 100_000 * 41 * GWEI
"""The worst cost of the first attempt of a plan."""
COST = 50_000 * 21 * GWEI
"""What one that is mined costs."""
FAR = 2**40


def life_with(waste_wei: int, spent: tuple[Spend, ...] = ()) -> Life:
    rules = replace(RULES, budget=replace(UNLIMITED, waste=Ceiling(waste_wei)))
    life = Life(replace(Account(rules), spent=spent))
    life.head()
    return life


def urgent(number: int = 0) -> Plan:
    return replace(plan(number), urgent=True)


def lost(wei: int, at: int = 1_012) -> tuple[Spend, ...]:
    return (Spend(6, at, wei, wasted=True),)


def test_a_revert_is_wasted_and_a_success_or_a_no_op_is_not() -> None:
    for succeeded in (True, False):
        life = Life()
        life.head()
        life.offer()
        life.nonce = 8
        life.settle(inclusion(102, succeeded=succeeded), blocks=3)
        assert life.account.spent == (Spend(7, 1_012, COST, wasted=not succeeded),)


def test_a_routine_hedge_may_use_half_of_it_and_not_a_wei_more() -> None:
    assert signs(life_with(2 * FIRST).offer())
    commands = life_with(2 * FIRST - 1).offer()
    assert refused(commands) is Reason.WASTE_CEILING
    assert alarms(commands) == [Alert.WASTED_GAS]


def test_an_urgent_hedge_may_use_all_of_it_and_not_a_wei_more() -> None:
    assert signs(life_with(FIRST).offer(urgent()))
    assert refused(life_with(FIRST - 1).offer(urgent())) is Reason.WASTE_CEILING


def test_what_was_wasted_counts_for_a_day_and_what_was_well_spent_does_not() -> None:
    assert refused(life_with(2 * FIRST + 1, lost(1)).offer()) is Reason.WASTE_CEILING
    assert signs(life_with(2 * FIRST + 2, lost(1)).offer())
    assert signs(life_with(2 * FIRST, (Spend(6, 1_012, FIRST),)).offer())


def test_the_budget_leaks_with_the_day() -> None:
    budget, spent = replace(UNLIMITED, waste=Ceiling(10)), lost(7, at=1_000)
    assert risked(budget, spent, 4, 999 + DAY_S, WAD, urgent=True) == OverBudget("waste", 11, 10)
    assert risked(budget, spent, 3, 999 + DAY_S, WAD, urgent=True) == WithinBudget()
    assert risked(budget, spent, 4, 1_000 + DAY_S, WAD, urgent=True) == WithinBudget()
    assert risked(budget, spent, 0, 999 + DAY_S, WAD, urgent=False) == OverBudget("waste", 7, 5)


def test_a_ceiling_in_usd_goes_by_the_price_of_the_coin() -> None:
    budget = replace(UNLIMITED, waste=Ceiling(usd_wad=30))
    assert risked(budget, (), 10, 0, 3 * WAD, urgent=True) == WithinBudget()
    assert risked(budget, (), 11, 0, 3 * WAD, urgent=True) == OverBudget("waste", 11, 10)


def test_everything_that_may_still_revert_counts_at_its_worst() -> None:
    life = life_with(2 * FIRST)
    assert signs(life.offer(urgent(0)))
    assert signs(life.offer(urgent(1)))
    assert refused(life.offer(urgent(2))) is Reason.WASTE_CEILING


def test_the_other_ceilings_are_asked_first() -> None:
    rules = replace(RULES, budget=Budget(Ceiling(0), Ceiling(), Ceiling(), Ceiling(0)))
    life = Life(Account(rules))
    life.head()
    assert refused(life.offer()) is Reason.SPEND_CEILING


def test_a_raise_beyond_it_is_not_signed_and_the_old_bytes_go_on() -> None:
    life = life_with(2 * FIRST)
    life.offer()
    life.head(3)
    assert broadcasts(life.head(3)) == [b"1"]
    assert (life.waits[-1].wait, life.waits[-1].detail[:5]) == (Wait.BUDGET, "waste")


def test_a_raise_of_something_urgent_may_use_what_a_routine_one_may_not() -> None:
    life = life_with(3 * FIRST)
    life.offer(urgent())
    life.head(3)
    assert signs(life.head(3))


def test_a_plan_can_be_taken_back_and_its_no_op_raised_whatever_was_wasted() -> None:
    life = life_with(2 * FIRST)
    life.offer()
    life.timestamp = DEADLINE
    (no_op,) = signs(life.head())
    assert no_op.kind is Kind.NO_OP
    life.head(3)
    (again,) = signs(life.head(3))
    assert again.kind is Kind.NO_OP


def test_a_restart_forgets_nothing() -> None:
    rules = replace(RULES, budget=replace(UNLIMITED, waste=Ceiling(2 * FIRST)))
    life = Life(recovered(rules, (), (), lost(1)))
    life.head()
    assert refused(life.offer()) is Reason.WASTE_CEILING


@given(waste=st.integers(0, 20 * FIRST), urgencies=st.lists(st.booleans(), min_size=1, max_size=12))
def test_whatever_the_nodes_make_the_keeper_send_costs_no_more_than_the_ceiling(
    waste: int, urgencies: list[bool]
) -> None:
    life = life_with(waste)
    for number, is_urgent in enumerate(urgencies):
        offered = replace(plan(state=number, deadline=FAR), urgent=is_urgent)
        commands = life.offer(offered)
        if not signs(commands):
            assert refused(commands) is Reason.WASTE_CEILING
            continue
        nonce = life.nonce
        life.nonce += 1
        tx = life.account.slots[0].attempts[-1].tx_hash
        reverted = replace(inclusion(life.number + 1, succeeded=False), tx_hash=tx)
        life.settle(reverted, nonce=nonce, blocks=3)
    assert sum(each.wei for each in life.account.spent if each.wasted) <= waste
