"""A large need is traded in pieces, each a share of what is left of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.decision import Decision
from keeper.core.memory import Memory
from keeper.core.plan import Plan
from keeper.core.policy import Policy
from keeper.core.reason import Reason
from keeper.core.triggers import Slicing, Triggers
from tests.core.build import POLICY, SPOT, VAULT, situation, usd, vault
from tests.core.keeping import Keeping, inventory

HEDGE = -situation().exposure.book_delta
EVERY = 900
SLICED = replace(POLICY, triggers=Triggers(slicing=Slicing(usd(50_000), 4, EVERY)))
AT_ONCE = POLICY


def gapped(gap: float, policy: Policy = SLICED) -> Keeping:
    return Keeping(policy, vault(base_wei=inventory(HEDGE + gap)))


def trades(made: list[Decision]) -> list[float]:
    return [each.action.trade for each in made if isinstance(each.action, Plan)]


def steps(kept: Keeping, count: int, seconds: int = EVERY) -> list[Decision]:
    return [kept.step(seconds) for _ in range(count)]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_large_need_is_traded_in_equal_pieces_that_add_up_to_it(sign: int) -> None:
    whole = gapped(sign * 90.0, AT_ONCE).look().action
    assert isinstance(whole, Plan)
    made = trades(steps(gapped(sign * 90.0), 6))
    assert len(made) == 4
    assert sum(made) == pytest.approx(whole.trade, rel=2e-3)
    assert made == pytest.approx([whole.trade / 4] * 4, rel=5e-3)


def test_looks_between_the_pieces_do_not_forget_them() -> None:
    kept = gapped(90.0)
    made = steps(kept, 20, EVERY // 3)
    assert len(trades(made)) == 4
    assert trades(made) == pytest.approx([trades(made)[0]] * 4, rel=5e-3)
    assert {each.reason for each in made} == {
        Reason.DELTA_BAND,
        Reason.NEXT_SLICE,
        Reason.INSIDE_BAND,
    }


def test_a_small_need_is_traded_at_once() -> None:
    patient = replace(SLICED, triggers=Triggers(slicing=Slicing(usd(290_000), 4, EVERY)))
    assert len(trades(steps(gapped(90.0, patient), 6))) == 1


def test_the_next_piece_waits_its_time_and_says_so() -> None:
    kept = gapped(90.0)
    first = kept.step(EVERY - 1)
    assert isinstance(first.action, Plan)
    waiting = kept.step(1)
    assert waiting.reason is Reason.NEXT_SLICE
    assert waiting.action.limit == waiting.action.measured + 1  # type: ignore[union-attr]
    assert isinstance(kept.step().action, Plan)


def test_a_piece_that_came_to_nothing_is_none() -> None:
    kept = gapped(90.0)
    for _ in range(3):
        made = kept.look().action
        assert isinstance(made, Plan)
        kept.now += EVERY
    assert kept.memory.carried.slices.since == kept.state.sequence
    assert len(trades(steps(kept, 6))) == 4


def test_no_piece_is_below_the_least_trade_unless_it_is_the_rest() -> None:
    coarse = replace(SLICED, hedging=replace(SLICED.hedging, min_trade_usd_wad=usd(30_000)))
    kept = gapped(90.0, coarse)
    steps(kept, 1)
    kept.state = replace(kept.state, base_wei=kept.state.base_wei - inventory(18.0))
    made = kept.look().action
    assert isinstance(made, Plan)
    assert abs(made.trade) == pytest.approx(10.0, rel=1e-6)


def test_what_a_plan_in_flight_began_is_not_begun_again_at_each_look() -> None:
    kept = gapped(90.0)
    kept.look()
    begun = kept.memory.carried.slices
    kept.state = replace(kept.state, base_wei=inventory(HEDGE + 95.0))
    made = kept.look().action
    assert isinstance(made, Plan)
    assert kept.memory.carried.slices == begun
    assert abs(made.trade) <= abs(begun.size) * (1 + 1e-9)


def test_an_intention_does_not_narrow_the_band() -> None:
    kept = gapped(90.0)
    kept.look()
    assert kept.memory.carried.slices.count == 4
    kept.state = replace(kept.state, base_wei=inventory(HEDGE + 60.0))
    made = kept.look()
    assert made.reason is Reason.INSIDE_BAND
    assert made.exposure.inventory > made.band.sell_to


def test_a_need_that_has_gone_is_not_traded() -> None:
    kept = gapped(90.0)
    steps(kept, 2)
    kept.state = replace(kept.state, base_wei=inventory(HEDGE))
    assert [made.reason for made in steps(kept, 3)] == [Reason.INSIDE_BAND] * 3
    assert kept.memory.carried.slices.count == 0


def test_a_need_that_has_grown_is_not_chased_in_larger_pieces() -> None:
    kept = gapped(80.0)
    (first,) = trades(steps(kept, 1))
    kept.state = replace(kept.state, base_wei=kept.state.base_wei + inventory(15.0))
    later = trades(steps(kept, 3))
    assert len(later) == 3
    assert all(abs(each) <= abs(first) * (1 + 1e-9) for each in later)


def test_a_need_that_has_turned_begins_pieces_of_its_own() -> None:
    kept = gapped(90.0)
    steps(kept, 1)
    kept.state = replace(kept.state, base_wei=inventory(HEDGE - 90.0))
    made = steps(kept, 6)
    assert len([trade for trade in trades(made) if trade > 0]) == 4
    assert len(trades(made)) == 4


def test_beyond_a_hard_limit_nothing_waits_for_pieces() -> None:
    kept = gapped(90.0)
    steps(kept, 1)
    kept.state = replace(kept.state, base_wei=inventory(HEDGE + 150.0))
    made = kept.look().action
    assert isinstance(made, Plan)
    assert abs(made.trade) > 60.0
    assert kept.memory.carried.slices.count == 0


def test_what_is_left_is_given_up_where_it_is_not_worth_its_gas() -> None:
    kept = gapped(90.0)
    steps(kept, 2)
    dear = replace(kept.policy, costs=replace(kept.policy.costs, gas_units=30_000_000))
    kept.policy = dear
    assert kept.step().reason is Reason.COST_EXCEEDS_BENEFIT
    assert kept.memory.carried.slices.count == 0
    assert kept.step().reason is Reason.INSIDE_BAND


def test_a_piece_counts_as_soon_as_the_chain_shows_it_although_its_outcome_is_not_final() -> None:
    kept = gapped(90.0)
    made = kept.look().action
    assert isinstance(made, Plan)
    unsettled = kept.memory
    kept.fills(made)
    kept.memory = unsettled
    assert kept.look().reason is Reason.NEXT_SLICE
    kept.now += EVERY
    assert len(trades(steps(kept, 5))) == 3


def test_another_ones_hedge_is_a_piece_too() -> None:
    """A ripcord closes half of the need: what is left is divided by the pieces that are left."""
    kept = gapped(90.0)
    (first,) = trades(steps(kept, 1))
    left = kept.state.base_wei + inventory(2 * first)
    kept.state = replace(kept.state, base_wei=left, sequence=kept.state.sequence + 1)
    rest = trades(steps(kept, 5))
    assert len(rest) == 2
    assert all(abs(each) < 0.8 * abs(first) for each in rest)


@given(st.floats(70.0, 99.0), st.sampled_from([1, -1]), st.integers(2, 12))
def test_pieces_add_up_to_the_need_or_the_rest_is_not_worth_its_gas(
    gap: float, sign: int, count: int
) -> None:
    policy = replace(POLICY, triggers=Triggers(slicing=Slicing(usd(50_000), count, EVERY)))
    whole = gapped(sign * gap, AT_ONCE).look().action
    if not isinstance(whole, Plan) or abs(whole.trade) * SPOT < 50_000:
        return
    made = steps(gapped(sign * gap, policy), count + 3)
    total, pieces = sum(trades(made)), len(trades(made))
    assert 1 <= pieces <= count
    assert total / whole.trade <= 1 + 5e-3
    given_up = Reason.COST_EXCEEDS_BENEFIT in {each.reason for each in made}
    assert given_up or total == pytest.approx(whole.trade, rel=5e-3)
    assert total == pytest.approx(whole.trade * (pieces / count), rel=5e-3)


def test_the_memory_of_a_vault_without_pieces_is_as_small_as_before() -> None:
    kept = gapped(90.0, AT_ONCE)
    kept.look()
    assert kept.memory == Memory(VAULT)
