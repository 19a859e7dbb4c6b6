"""The keeper does not sell into its own fall."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.case import Case
from keeper.core.decision import Decision, decide
from keeper.core.impact import LONGEST_DOUBT_S, chased, footprint, less, own_part, recovered
from keeper.core.inventory import Band
from keeper.core.memory import Carried, Memory
from keeper.core.plan import Plan
from keeper.core.policy import Policy
from keeper.core.pricing.liquidity import mid_price_wad_down
from keeper.core.quote import quote
from keeper.core.reason import Reason
from keeper.core.triggers import Emergency, Triggers
from keeper.core.units import WAD
from keeper.core.verdict import Breach, Breached
from tests.core.build import NOW, POLICY, SPOT, STRADDLE, VAULT, pool, situation, vault
from tests.core.keeping import Keeping, inventory

WINDOW = 1_800
AVERSE = replace(POLICY.hedging, risk_tolerance_usd=200.0)
GUARDED = replace(POLICY, triggers=Triggers(own_impact_s=WINDOW), cooldown_s=60, hedging=AVERSE)
BLIND = replace(GUARDED, triggers=Triggers())
NEUTRAL = -situation(legs=STRADDLE).exposure.book_delta
SHALLOW = 5 * 10**17


def lenient(policy: Policy) -> Policy:
    return replace(policy, costs=replace(policy.costs, max_slippage_bps=9_000))


def alone(policy: Policy, gap: float, looks: int) -> tuple[Keeping, list[Decision]]:
    """Nobody else trades, and the oracle shows what the pool does: whatever moves is our own doing."""
    rules = replace(vault().rules, max_slippage_bps=9_000)
    start = vault(base_wei=inventory(max(NEUTRAL + gap, 0.0)), rules=rules, pool=pool(liquidity=SHALLOW))
    kept, made = Keeping(lenient(policy), start, STRADDLE), []
    for _ in range(looks):
        made.append(kept.step(120))
        here = kept.state.pool
        kept.shows(mid_price_wad_down(here.sqrt_price_x96, 18, 6, base_is_token0=True) / WAD, here)
    return kept, made


def sold(made: list[Decision]) -> float:
    return -sum(each.action.trade for each in made if isinstance(each.action, Plan))


def test_an_oracle_that_follows_the_pool_does_not_lead_the_keeper_on() -> None:
    _, led_on = alone(BLIND, 95.0, 12)
    _, guarded = alone(GUARDED, 95.0, 12)
    first = guarded[0].action
    assert isinstance(first, Plan)
    assert sold(guarded) == pytest.approx(-first.trade)
    assert {each.reason for each in guarded[1:]} <= {Reason.OWN_IMPACT, Reason.INSIDE_BAND}
    assert Reason.OWN_IMPACT in {each.reason for each in guarded}
    assert sold(led_on) > 1.3 * sold(guarded)


def remembered(moved_by: float, age_s: int = 60) -> Memory:
    return Memory(VAULT, rebalances=1, rebalanced_at=NOW - age_s, moved_from=float(SPOT), moved_by=moved_by)


def case(move: float, memory: Memory, policy: Policy = GUARDED, gap: float = 0.0) -> Case:
    """The oracle and the pool have moved by this fraction since the keeper's hedge."""
    price = SPOT * (1 + move)
    state = vault(
        price=replace(vault().price, answer_wad=round(price * 10**8) * 10**10),
        pool=pool(price),
        base_wei=inventory(NEUTRAL + 500.0 + gap),
    )
    return Case(policy, situation(state, STRADDLE), memory)


@pytest.mark.parametrize(
    ("move", "moved_by", "share"),
    [
        (-0.010, -0.010, 1.0),  # all of the move may be ours
        (-0.004, -0.010, 1.0),
        (-0.020, -0.010, 0.5),  # half of it is the market's
        (+0.010, -0.010, 0.0),  # the other way is never ours
        (-0.010, +0.010, 0.0),
        (0.0, -0.010, 0.0),  # no new round
    ],
)
def test_a_move_is_taken_for_ours_as_far_as_our_own_went(move: float, moved_by: float, share: float) -> None:
    here = case(move, remembered(moved_by))
    delta = here.situation.exposure.book_delta
    before = case(0.0, remembered(moved_by)).situation.exposure.book_delta
    assert own_part(here) == pytest.approx(share * (delta - before), rel=0.05, abs=1e-9)


def test_a_gap_that_without_our_own_move_would_be_on_the_other_side_is_left_alone() -> None:
    here = case(-0.1, remembered(-0.1))
    delta = here.situation.exposure.book_delta
    state = replace(here.situation.vault, base_wei=inventory(110.0 - delta))
    made = decide(GUARDED, situation(state, STRADDLE), remembered(-0.1))
    assert made.exposure.gap == pytest.approx(110.0)
    assert made.exposure.gap - own_part(Case(GUARDED, situation(state, STRADDLE), remembered(-0.1))) < -110.0
    assert made.reason is Reason.OWN_IMPACT


def test_an_emergency_is_met_in_full_whoever_caused_it() -> None:
    ready = replace(GUARDED, emergency=Emergency(max_fee_wei=10**13))
    here = case(-0.02, remembered(-0.02))
    state = replace(here.situation.vault, base_wei=inventory(400.0 - here.situation.exposure.book_delta))
    each = situation(state, STRADDLE)
    ours, theirs = (decide(ready, each, memory) for memory in (remembered(-0.02), Memory(VAULT)))
    assert ours.reason is theirs.reason is Reason.EMERGENCY_DELTA
    assert isinstance(ours.action, Plan)
    assert isinstance(theirs.action, Plan)
    assert ours.action.trade == theirs.action.trade
    assert own_part(Case(ready, each, remembered(-0.02))) > 0


@pytest.mark.parametrize(("age_s", "counts"), [(WINDOW, True), (WINDOW + 1, False)])
def test_after_the_oracles_window_it_is_the_markets(age_s: int, counts: bool) -> None:  # noqa: FBT001
    assert (own_part(case(-0.01, remembered(-0.01, age_s))) != 0.0) is counts


def test_a_policy_that_does_not_ask_takes_every_move_for_the_markets() -> None:
    assert own_part(case(-0.01, remembered(-0.01), BLIND)) == 0.0


def test_what_the_market_adds_is_hedged_and_no_more() -> None:
    kept, _ = alone(GUARDED, 95.0, 2)
    led_on, _ = alone(BLIND, 95.0, 1)
    for each in (kept, led_on):
        each.now += 120
        each.shows(SPOT * 0.975, pool(SPOT * 0.975, liquidity=SHALLOW))
    ours, theirs = kept.look().action, led_on.look().action
    assert isinstance(ours, Plan)
    assert isinstance(theirs, Plan)
    assert 0 < abs(ours.trade) < abs(theirs.trade)


def test_an_own_hedge_is_remembered_with_the_move_of_the_pools_price() -> None:
    kept = Keeping(GUARDED, vault(base_wei=inventory(NEUTRAL + 700.0)), STRADDLE)
    kept.step()
    after = mid_price_wad_down(kept.state.pool.sqrt_price_x96, 18, 6, base_is_token0=True) / WAD
    assert kept.memory.moved_from == SPOT
    assert kept.memory.moved_by == pytest.approx(after / SPOT - 1, rel=1e-6)
    assert kept.memory.moved_by < 0


@pytest.mark.parametrize("base_is_token0", [True, False])
@pytest.mark.parametrize("trade", [50.0, -50.0])
def test_a_sale_lowers_the_pools_price_of_a_base_and_a_purchase_raises_it(
    trade: float,
    base_is_token0: bool,  # noqa: FBT001
) -> None:
    quoted = quote(situation(vault(pool=pool(base_is_token0=base_is_token0))), trade)
    assert quoted.moves * trade > 0


def test_hedges_in_a_row_add_up_and_one_the_other_way_begins_anew() -> None:
    here = SPOT * 0.98
    for age_s, moves, expected in (
        (60, -0.01, (SPOT, 0.99 * 0.99 - 1)),
        (60, +0.01, (here, 0.01)),
        (WINDOW + 1, -0.01, (here, -0.01)),
    ):
        made = footprint(case(-0.02, remembered(-0.01, age_s)), moves)
        assert (made.moved_from, made.moved_by) == pytest.approx(expected)


MEAN = 30
"""Looks a minute apart, of which an oracle shows the mean price: the window."""


def kept_at(policy: Policy, liquidity: int, gap: float = 0.0) -> Keeping:
    """A vault whose target leaves it base to sell, with so much too much of it."""
    rules = replace(vault().rules, max_slippage_bps=9_000, target_delta_wad=1_000 * WAD)
    base = inventory(NEUTRAL + 1_000.0 + gap)
    state = vault(base_wei=base, quote_units=2 * 10**12, rules=rules, pool=pool(liquidity=liquidity))
    oracle = replace(policy.oracle, max_pool_deviation_bps=2_000)
    return Keeping(replace(lenient(policy), oracle=oracle), state, STRADDLE)


def beyond_in_a_trend(policy: Policy, liquidity: int, change: float, minutes: int) -> float:
    """The share of looks after which the gap is beyond its limit, while others keep the pool in line."""
    kept, prices, beyond = kept_at(policy, liquidity), [float(SPOT)] * MEAN, 0
    for minute in range(minutes):
        prices.append(SPOT * (1.0 + change) ** (minute / minutes))
        kept.shows(sum(prices[-MEAN:]) / MEAN, pool(prices[-1], liquidity=liquidity))
        action = kept.step(60).action
        exposure = kept.looks[-1][0].situation.exposure
        gap = action.gap_after if isinstance(action, Plan) else exposure.gap
        beyond += abs(gap) * exposure.spot > 1.0001 * policy.limits.delta_usd_wad / WAD
    return beyond / minutes


@pytest.mark.parametrize("liquidity", [SHALLOW, 10 * SHALLOW])
@pytest.mark.parametrize(("change", "minutes"), [(-0.1, 180), (0.1, 180), (-0.2, 360)])
def test_in_a_trend_the_limit_is_kept_as_well_as_without_the_guard(
    liquidity: int, change: float, minutes: int
) -> None:
    guarded, blind = (beyond_in_a_trend(each, liquidity, change, minutes) for each in (GUARDED, BLIND))
    assert guarded <= blind + 0.01


@pytest.mark.parametrize("half_life_s", [300, 900])
@pytest.mark.parametrize("mean", [1, MEAN], ids=["spot", "mean"])
def test_a_move_that_we_made_and_that_is_traded_back_is_not_chased(half_life_s: int, mean: int) -> None:
    def traded(policy: Policy) -> list[float]:
        kept, price, prices = kept_at(policy, SHALLOW, 110.0), float(SPOT), [float(SPOT)] * MEAN
        for _ in range(120):
            price = SPOT + (price - SPOT) * 0.5 ** (60 / half_life_s)
            prices.append(price)
            kept.shows(sum(prices[-mean:]) / mean, pool(price, liquidity=SHALLOW))
            if isinstance(kept.step(60).action, Plan):
                price = mid_price_wad_down(kept.state.pool.sqrt_price_x96, 18, 6, base_is_token0=True) / WAD
        return [each.action.trade for _, each in kept.looks if isinstance(each.action, Plan)]

    calm = replace(GUARDED, hedging=POLICY.hedging)
    assert len(traded(calm)) == 1
    if mean == 1:
        assert len(traded(replace(calm, triggers=Triggers()))) > 1


def test_what_the_pool_gave_back_is_the_most_that_any_look_saw_since_the_last_own_hedge() -> None:
    left = replace(remembered(-0.02), left_at=SPOT * 0.98)
    seen = [recovered(case(move, left)) for move in (-0.03, -0.02, -0.01)]
    assert seen == pytest.approx([0.0, 0.0, 0.99 / 0.98 - 1.0], abs=1e-9)
    known = replace(left, carried=Carried(recovered=0.015))
    assert recovered(case(-0.01, known)) == 0.015
    assert recovered(case(-0.01, replace(known, rebalanced_at=NOW - WINDOW - 1))) == 0.0
    assert decide(GUARDED, case(-0.01, left).situation, left).carried.recovered == seen[2]
    kept = Keeping(GUARDED, vault(base_wei=inventory(NEUTRAL + 700.0)), STRADDLE, memory=known)
    kept.step()
    assert kept.memory.carried.recovered == 0.0


@pytest.mark.parametrize("fallen", [1.0, 0.5, 0.2, 0.0])
def test_a_price_without_us_is_not_beyond_the_pools_own_with_what_is_left(fallen: float) -> None:
    """The pool had come back from our 2 %, and has fallen again since: the oracle shows a mean of it."""
    memory = replace(remembered(-0.02), left_at=SPOT * 0.98, carried=Carried(recovered=0.02 / 0.98))
    here = case(-0.02, memory)
    state = replace(here.situation.vault, pool=pool(SPOT * (1.0 - 0.02 * fallen)))
    whole = own_part(case(-0.02, remembered(-0.02)))
    found = own_part(replace(here, situation=situation(state, STRADDLE)))
    assert found == pytest.approx((1.0 - fallen) * whole, rel=0.03, abs=0.01)


def test_hedges_in_a_row_count_as_far_as_the_pool_has_not_come_back_and_since_the_first() -> None:
    first = replace(remembered(-0.02), left_at=SPOT * 0.98, moved_since=NOW - 900)
    for came_back, expected in ((0.0, 0.98 * 0.99 - 1.0), (0.01, 0.98 * 1.01 * 0.99 - 1.0), (0.03, -0.01)):
        made = footprint(case(-0.02, replace(first, carried=Carried(recovered=came_back))), -0.01)
        assert made.moved_by == pytest.approx(expected)
        assert made.moved_since == NOW - 900
        assert made.left_at == pytest.approx(SPOT * 0.98 * 0.99)
    assert footprint(case(-0.02, first), 0.01).moved_since == NOW


@pytest.mark.parametrize(("since_s", "counts"), [(LONGEST_DOUBT_S, True), (LONGEST_DOUBT_S + 1, False)])
def test_hedges_in_a_row_are_doubted_for_an_hour_since_the_first(since_s: int, counts: bool) -> None:  # noqa: FBT001
    memory = replace(remembered(-0.01), moved_since=NOW - since_s)
    assert (own_part(case(-0.01, memory)) != 0.0) is counts
    assert footprint(case(-0.01, memory), -0.01).moved_since == NOW - since_s, "it is one row all the same"


def test_a_policy_that_does_not_ask_writes_nothing_of_it_down() -> None:
    made = footprint(case(-0.01, remembered(-0.01), BLIND), -0.01)
    assert (made.moved_since, made.left_at) == (0, 0.0)


def test_a_pool_that_we_emptied_from_a_price_beyond_measure_is_no_division_by_nothing() -> None:
    memory = replace(remembered(-1.0), moved_from=1e30)
    assert math.isfinite(own_part(case(0.0, memory)))


@given(
    moved_by=st.one_of(st.just(-1.0), st.floats(-1.0, 5.0)),
    move=st.floats(-0.999, 5.0),
    back=st.floats(-0.999, 5.0),
    left_at=st.sampled_from([0.0, 1e-300, 1.0, float(SPOT), 1e9]),
)
def test_whatever_is_remembered_the_part_is_a_number_and_no_more_than_the_move(
    moved_by: float, move: float, back: float, left_at: float
) -> None:
    memory = replace(remembered(moved_by), left_at=left_at, carried=Carried(recovered=back))
    here = case(move, memory)
    delta = here.situation.exposure.book_delta
    whole = delta - situation(vault(), STRADDLE).exposure.book_delta
    assert abs(own_part(here)) <= abs(whole) + 1e-6
    assert math.isfinite(footprint(here, -1.0).moved_by)


def test_a_breach_that_may_be_our_own_doing_does_not_stand() -> None:
    _, made = alone(GUARDED, 95.0, 12)
    assert all(each.carried.breached == () for each in made if each.reason is Reason.OWN_IMPACT)


@given(st.floats(-100, 100), st.floats(-100, 100))
def test_a_part_never_enlarges_nor_turns_a_trade(wanted: float, part: float) -> None:
    left = less(wanted, part)
    assert abs(left) <= abs(wanted)
    assert left * wanted >= 0


def test_a_trade_that_restores_a_risk_is_not_held_back_by_what_the_keeper_moved() -> None:
    asked = case(-0.01, remembered(-0.01), gap=-480.0)
    held = asked.situation.exposure.inventory
    edge = held - own_part(asked) / 2
    band = Band(0.0, 0.0, edge - 1.0, edge)
    verdict = Breached((Breach(Reason.DELTA_BAND, held, edge, urgent=False),), band)
    assert [each.reason for each in chased(asked, verdict)] == [Reason.OWN_IMPACT]
    assert [*chased(asked, replace(verdict, restoring=-1.0))] == []
