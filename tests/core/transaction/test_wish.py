"""Whether what waits is still wanted is a comparison of what was signed with what would be decided now."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.decision import Decision, decide
from keeper.core.memory import Memory
from keeper.core.plan import Plan
from keeper.core.quote import Side
from keeper.core.reason import Reason
from keeper.core.transaction.wish import Instead, Unwanted, Wanted, is_as_good, wish
from keeper.core.verdict import Hold
from tests.core.build import POLICY, VAULT, situation
from tests.core.transaction.build import PLAN

SIZE, OUT, LEAST = PLAN.amount_in, PLAN.expected_out, PLAN.min_out


def decided(action: Plan | Hold) -> Decision:
    return replace(decide(POLICY, situation(), Memory(VAULT)), action=action)


def test_the_same_plan_again_is_wanted() -> None:
    assert wish(PLAN, decided(PLAN)) == Wanted()


def test_another_plan_is_wanted_instead() -> None:
    other = replace(PLAN, amount_in=2 * SIZE, expected_out=2 * OUT)
    assert wish(PLAN, decided(other)) == Instead(other)


@pytest.mark.parametrize("reason", sorted(set(Reason) - {Reason.FEE_CEILING, Reason.SLIPPAGE_CEILING}))
def test_a_hold_is_a_reason_to_take_it_back(reason: Reason) -> None:
    assert wish(PLAN, decided(Hold(reason, 0.0, 0.0))) == Unwanted(reason)


@pytest.mark.parametrize("reason", [Reason.FEE_CEILING, Reason.SLIPPAGE_CEILING])
def test_what_a_new_plan_would_cost_is_nothing_against_the_one_that_is_out(reason: Reason) -> None:
    assert wish(PLAN, decided(Hold(reason, 0.0, 0.0))) == Wanted()


def test_a_plan_for_another_state_or_the_other_side_is_another_plan() -> None:
    assert not is_as_good(PLAN, replace(PLAN, state_hash=b"\x01" * 32))
    assert not is_as_good(PLAN, replace(PLAN, side=Side.BUY_BASE))


def test_an_urgent_plan_wants_an_urgent_one_and_a_routine_plan_is_content_with_either() -> None:
    urgent = replace(PLAN, urgent=True)
    assert not is_as_good(PLAN, urgent)
    assert is_as_good(urgent, PLAN)
    assert is_as_good(urgent, urgent)


@pytest.mark.parametrize("percent", [90, 110])
def test_a_size_that_differs_by_a_tenth_is_the_same_wish_and_by_a_unit_more_is_not(percent: int) -> None:
    size = SIZE * percent // 100
    more = 1 if percent > 100 else -1
    assert is_as_good(PLAN, replace(PLAN, amount_in=size, expected_out=OUT * 2))
    assert not is_as_good(PLAN, replace(PLAN, amount_in=size + more, expected_out=OUT * 2))


def test_a_plan_that_the_market_would_just_fill_is_as_good_and_one_unit_short_is_not() -> None:
    assert is_as_good(PLAN, replace(PLAN, expected_out=LEAST))
    assert not is_as_good(PLAN, replace(PLAN, expected_out=LEAST - 1))


@given(size=st.integers(1, 10**24), out=st.integers(0, 10**24))
def test_whether_it_can_be_filled_is_asked_of_the_price_and_not_of_the_size(size: int, out: int) -> None:
    fresh = replace(PLAN, amount_in=size, expected_out=out)
    near = 100 * abs(size - SIZE) <= 10 * SIZE
    assert is_as_good(PLAN, fresh) == (near and out * SIZE >= LEAST * size)
