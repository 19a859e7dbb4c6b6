"""The cheapest combination is the cheapest, keeps every limit, and alone an instrument follows the rule."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp, minimize

from keeper.core.hedging import Costs, Legs, no_trade_region
from keeper.core.hedging.band import Floats, static_band
from keeper.core.hedging.combination import MOST_INSTRUMENTS, cheapest
from keeper.core.hedging.instruments import Combination, Instrument, Need, Short

FREE = np.zeros((4, 4))
WIDE = np.full(4, np.inf)


def need(
    present: Sequence[float], limit: Sequence[float], penalty: Floats | None = None, margin: float = math.inf
) -> Need:
    bound = np.array(limit, dtype=np.float64)
    none = np.zeros((len(bound), len(bound)))
    return Need(
        np.array(present, dtype=np.float64), -bound, bound, none if penalty is None else penalty, margin
    )


def spot(**changed: float) -> Instrument:
    return Instrument(
        (1.0, 0.0, 0.0, 0.0), **({"cost": 3.0, "fixed": 0.0, "least": -1e4, "most": 1e4} | changed)
    )


def option(effect: tuple[float, ...] = (0.5, 80.0, 3.0, -5.0), **changed: float) -> Instrument:
    return Instrument(effect, **({"cost": 4.0, "fixed": 0.0, "least": -500.0, "most": 500.0} | changed))


def found(of: Need, instruments: Sequence[Instrument]) -> Combination:
    best = cheapest(of, instruments)
    assert isinstance(best, Combination), best
    return best


@st.composite
def problems(draw: st.DrawFn, *, priced: bool = True) -> tuple[Need, list[Instrument]]:
    """A book with a penalty of full rank or none, and two to four instruments that may suffice or not."""
    number = st.floats(-1, 1)
    scales = np.array([50.0, 4_000.0, 150.0, 300.0])
    present = np.array([draw(number) for _ in range(4)]) * scales * 3
    low = -np.array([draw(st.floats(0.1, 1)) for _ in range(4)]) * scales
    high = np.array([draw(st.floats(0.1, 1)) for _ in range(4)]) * scales
    root = np.array([[draw(number) for _ in range(4)] for _ in range(4)]) / scales
    penalty = root.T @ root * draw(st.floats(1, 1e3)) if priced and draw(st.booleans()) else FREE
    instruments = [spot(cost=draw(st.floats(0, 10)), fixed=draw(st.floats(0, 50)))]
    for _ in range(draw(st.integers(1, 3))):
        gamma, share = draw(st.floats(20, 120)), draw(st.floats(0.5, 2))
        instruments.append(
            option(
                (draw(number), gamma, 0.04 * gamma * share, -0.06 * gamma / share),
                cost=draw(st.floats(0.1, 20)),
                fixed=draw(st.floats(0, 50)),
            )
        )
    return Need(present, low, high, penalty), instruments


def effects(instruments: Sequence[Instrument]) -> Floats:
    return np.array([each.effect for each in instruments])


def by_mixed_integers(of: Need, instruments: Sequence[Instrument]) -> float:
    """The least cost without a penalty, by another method altogether; infinite if there is none."""
    count, matrix = len(instruments), effects(instruments).T
    cost = np.array([each.cost for each in instruments])
    fixed = np.array([each.fixed for each in instruments])
    most = np.array([each.most for each in instruments])
    rows = [
        LinearConstraint(
            np.hstack([matrix, -matrix, np.zeros((4, count))]), of.low - of.present, of.high - of.present,
        ),
        LinearConstraint(np.hstack([np.eye(count), np.eye(count), -np.diag(most)]), -np.inf, 0.0),
    ]  # fmt: skip
    answer = milp(
        np.concatenate([cost, cost, fixed]),
        constraints=rows,
        integrality=np.concatenate([np.zeros(2 * count), np.ones(count)]),
        bounds=(0.0, np.concatenate([most, most, np.ones(count)])),  # type: ignore[arg-type]
        options={"mip_rel_gap": 1e-9},
    )
    return float(answer.fun) if answer.success else math.inf


@settings(deadline=None, max_examples=50)
@given(problems(priced=False))
def test_without_a_penalty_it_is_what_a_mixed_integer_program_finds(
    problem: tuple[Need, list[Instrument]],
) -> None:
    of, instruments = problem
    best, least = cheapest(of, instruments), by_mixed_integers(of, instruments)
    if isinstance(best, Short):
        assert least == math.inf
    else:
        assert best.cost_usd == pytest.approx(least, rel=1e-3, abs=1e-2)


@settings(deadline=None, max_examples=50)
@given(problems())
def test_no_limit_is_left_or_made_worse(problem: tuple[Need, list[Instrument]]) -> None:
    of, instruments = problem
    best = cheapest(of, instruments)
    if isinstance(best, Short):
        return
    after = of.present + np.array(best.trades) @ effects(instruments)
    assert np.array(best.after) == pytest.approx(after)
    assert np.all(after <= of.high)
    assert np.all(after >= of.low)
    assert all(each.least <= trade <= each.most for each, trade in zip(instruments, best.trades, strict=True))


@settings(deadline=None, max_examples=50)
@given(problems(), st.lists(st.floats(-1, 1), min_size=4, max_size=4), st.floats(1e-3, 1))
def test_no_trade_beside_it_is_better(
    problem: tuple[Need, list[Instrument]], direction: list[float], share: float
) -> None:
    of, instruments = problem
    best = cheapest(of, instruments)
    if isinstance(best, Short):
        return
    way = np.array(direction[: len(instruments)]) * [20.0, 10.0, 10.0, 10.0][: len(instruments)]
    trades = np.array(best.trades) + share * way
    after = of.present + trades @ effects(instruments)
    if np.any(after > of.high) or np.any(after < of.low):
        return
    assert objective(of, instruments, trades) >= best.objective_usd * (1 - 1e-3) - 1e-2


@settings(deadline=None, max_examples=50)
@given(problems())
def test_what_is_gained_by_one_more_unit_is_its_cost(problem: tuple[Need, list[Instrument]]) -> None:
    """The conditions of Karush, Kuhn and Tucker, where nothing but cost and penalty count."""
    of, instruments = problem
    of = Need(of.present, -WIDE, WIDE, of.penalty + np.diag([0.05, 1e-5, 1e-3, 1e-4]))
    free = [Instrument(each.effect, each.cost, 0.0, -1e5, 1e5) for each in instruments]
    best = found(of, free)
    gained = -effects(free) @ of.penalty @ np.array(best.after)
    for each, trade, gain in zip(free, best.trades, gained, strict=True):
        slack = 5e-3 * (each.cost + 1)
        assert abs(gain) <= each.cost + slack
        if abs(trade) > 1e-3:
            assert gain == pytest.approx(math.copysign(each.cost, trade), abs=slack)


def objective(of: Need, instruments: Sequence[Instrument], trades: Floats) -> float:
    after = of.present + trades @ effects(instruments)
    cost = sum(
        each.cost * abs(trade) + (each.fixed if trade else 0.0)
        for each, trade in zip(instruments, trades, strict=True)
    )
    return float(cost + after @ of.penalty @ after / 2)


def test_the_penalty_is_weighed_as_a_general_method_weighs_it() -> None:
    penalty = np.diag([2.0, 4e-4, 0.2, 0.02])
    of = need([40.0, -3_000.0, -90.0, 200.0], [1e9] * 4, penalty)
    instruments = [spot(), option(cost=9.0), option((-0.4, 60.0, 4.0, -3.0), cost=11.0)]
    best = found(of, instruments)

    def split(both: Floats) -> float:
        return objective(of, instruments, both[:3] - both[3:])

    general = minimize(
        split,
        np.full(6, 1.0),
        bounds=[(0, None)] * 6,
        method="L-BFGS-B",
        options={"ftol": 1e-15, "maxiter": 9_999},
    )
    assert best.objective_usd == pytest.approx(float(general.fun), rel=1e-6)
    grid = [np.linspace(trade - 5, trade + 5, 21) for trade in best.trades]
    least = min(objective(of, instruments, np.array(each)) for each in product(*grid))
    assert best.objective_usd <= least * (1 + 1e-9)


@given(st.floats(-400, 400), st.floats(0.5, 300), st.floats(0, 50), st.floats(1e-3, 20))
def test_one_instrument_without_limits_is_the_static_band(
    gap: float, fixed: float, cost: float, penalty: float
) -> None:
    """The rule of `no_trade_region` where gamma is small: beyond the outer bound, to the inner one."""
    one = np.ones(1)
    bound = static_band(one, one, one, fixed, cost, penalty)
    inner, outer = float(bound.inner[0]), float(bound.outer[0])
    assume(abs(abs(gap) - outer) > 1e-3 * (1 + outer))
    of = need([gap], [1e9], np.array([[penalty]]))
    best = found(of, [Instrument((1.0,), cost, fixed, -1e6, 1e6)])
    expected = math.copysign(inner, gap) if abs(gap) > outer else gap
    assert best.after[0] == pytest.approx(expected, abs=1e-4 * (1 + abs(gap)))


@given(st.floats(-150, 150), st.floats(2_400, 3_600))
def test_one_instrument_into_the_region_is_the_keepers_own_hedge(inventory: float, price: float) -> None:
    legs = Legs(np.array([3_000.0]), np.array([14 / 365]), np.array([True]), np.array([-100.0]))
    region = no_trade_region(legs, price, 0.7, 0.0, Costs(5.0, 1e-3), 1e-4, 1 / 8760)
    outside = inventory < region.buy_below or inventory > region.sell_above
    hedged = min(max(inventory, float(region.buy_to)), float(region.sell_to))
    low, high = (region.buy_to, region.sell_to) if outside else (region.buy_below, region.sell_above)
    of = Need(np.array([inventory]), np.array([float(low)]), np.array([float(high)]), np.zeros((1, 1)))
    best = found(of, [Instrument((1.0,), price * 1e-3, 5.0, -1e4, 1e4)])
    assert best.after[0] == pytest.approx(hedged if outside else inventory, abs=1e-4 * (1 + abs(inventory)))


@given(st.floats(0.01, 100))
def test_a_book_of_any_size_has_the_same_answer(factor: float) -> None:
    penalty = np.diag([0.05, 1e-5, 1e-3, 0.0])
    one = need([20.0, -9_000.0, -300.0, 500.0], [40.0, 6_000.0, 250.0, 600.0], penalty)
    many = Need(one.present * factor, one.low * factor, one.high * factor, one.penalty / factor)
    dear = [spot(fixed=5.0), option(fixed=2.0)]
    larger = [
        Instrument(each.effect, each.cost, each.fixed * factor, each.least * factor, each.most * factor)
        for each in dear
    ]
    small, large = found(one, dear), found(many, larger)
    assert np.array(large.trades) / factor == pytest.approx(np.array(small.trades), rel=1e-4, abs=1e-4)


def test_what_costs_nothing_hedges_all() -> None:
    of = need([40.0, -3_000.0], [1e9, 1e9], np.diag([1.0, 1e-3]))
    free = [Instrument((1.0, 0.0), 0.0, 0.0, -1e4, 1e4), Instrument((0.5, 80.0), 0.0, 0.0, -1e4, 1e4)]
    assert found(of, free).after == pytest.approx([0.0, 0.0], abs=1e-2)


def test_what_is_within_its_ranges_is_left_alone() -> None:
    best = found(need([1.0, 2.0, 3.0, 4.0], [10.0] * 4), [spot(), option()])
    assert best.trades == (0.0, 0.0)
    assert best.cost_usd == 0.0


def test_one_dear_ticket_is_taken_for_two_cheap_ones() -> None:
    """Fixed costs: the option that mends both alone is dearer by the unit and cheaper by the ticket."""
    mends_gamma, mends_vega = (
        option((0.0, 80.0, 0.0, 0.0), fixed=300.0),
        option((0.0, 0.0, 3.0, 0.0), fixed=300.0),
    )
    both = option((0.0, 80.0, 3.0, 0.0), cost=8.5, fixed=300.0)
    of = need([0.0, -8_000.0, -300.0, 0.0], [1.0, 1_000.0, 50.0, 1.0])
    assert [trade > 0 for trade in found(of, [mends_gamma, mends_vega, both]).trades] == [False, False, True]


def test_what_cannot_be_met_is_told_by_sensitivity_and_amount() -> None:
    few = option(most=10.0)
    short = cheapest(need([0.0, -3_000.0, 0.0, 0.0], [100.0, 1_000.0, 100.0, 100.0]), [spot(), few])
    assert isinstance(short, Short)
    assert short.missing == pytest.approx([0.0, -1_200.0, 0.0, 0.0], abs=0.1)
    alone = cheapest(need([0.0, 0.0, -400.0, 0.0], [1.0, 1.0, 100.0, 1.0]), [spot()])
    assert isinstance(alone, Short)
    assert alone.missing == pytest.approx([0.0, 0.0, -300.0, 0.0], abs=0.1)
    nothing = cheapest(need([5.0, 0.0, 0.0, 0.0], [1.0] * 4), [])
    assert isinstance(nothing, Short)
    assert nothing.missing == pytest.approx([4.0, 0.0, 0.0, 0.0])


def test_margin_bounds_all_together() -> None:
    of = need([0.0, -3_000.0, 0.0, 0.0], [100.0, 1_000.0, 1e3, 1e3], margin=2_000.0)
    free, bound = option(margin=100.0), option(cost=6.0, margin=50.0)
    trades = found(of, [spot(), free, bound]).trades
    assert trades[1] * 100 + trades[2] * 50 == pytest.approx(2_000.0, rel=1e-4)
    assert sum(trades[1:]) * 80 == pytest.approx(2_000.0, rel=1e-4)


def test_lots_are_whole_and_restore_all_the_same() -> None:
    of = need([0.0, -3_000.0, 0.0, 0.0], [100.0, 1_000.0, 1e3, 1e3])
    best = found(of, [spot(), option(lot=2.0)])
    assert best.trades == (0.0, 26.0)
    coarse = cheapest(of, [spot(), option(lot=400.0, most=500.0)])
    assert isinstance(coarse, Short)
    assert coarse.missing == pytest.approx([0.0, -2_000.0, 0.0, 0.0])


def test_the_finest_lots_take_up_what_the_others_leave() -> None:
    """The option's lots move delta by more than the range is wide: base settles that, not chance."""
    of = Need(
        np.array([0.0, -3_000.0]), np.array([-0.01, -1_000.0]), np.array([0.01, 1_000.0]), np.zeros((2, 2))
    )
    whole = option((0.37, 80.0), lot=10.0)
    base = Instrument((1.0, 0.0), 3.0, 0.0, -1e4, 1e4, lot=0.01)
    best = found(of, [base, whole])
    assert best.trades == pytest.approx((-11.09, 30.0), abs=0.011)
    loose = found(of, [replace(base, lot=0.0), whole])
    assert loose.trades == pytest.approx((-11.09, 30.0), abs=1e-5)


def test_what_is_next_to_the_finest_takes_up_what_that_cannot() -> None:
    """Base is at its limit, so that the rest of the delta is the perpetual's, in lots that fit."""
    of = Need(
        np.array([100.0, -3_000.0]), np.array([-0.1, -1_000.0]), np.array([0.1, 1_000.0]), np.zeros((2, 2))
    )
    base = Instrument((1.0, 0.0), 1.8, 0.0, -60.0, 1e4, lot=0.01)
    perpetual = Instrument((1.0, 0.0), 2.1, 0.0, -1e4, 1e4, lot=0.1)
    best = found(of, [base, perpetual, option((0.37, 80.0), lot=10.0)])
    assert best.trades == pytest.approx((-60.0, -51.0, 30.0), abs=0.11)


def test_what_is_dearer_to_sell_is_bought_where_either_would_do() -> None:
    of = need([0.0, 3_000.0], [100.0, 1_000.0])
    one = Instrument((0.0, 80.0), 4.0, 0.0, -500.0, 500.0, dearer_sold=8.0)
    other = Instrument((0.0, -80.0), 5.0, 0.0, -500.0, 500.0, dearer_sold=-3.0)
    best = found(of, [one, other])
    assert best.trades == pytest.approx((0.0, 25.0), abs=1e-3)
    assert best.cost_usd == pytest.approx(125.0, rel=1e-4)
    assert found(of, [one]).cost_usd == pytest.approx(25 * 12.0, rel=1e-4)
    assert found(need([0.0, -3_000.0], [100.0, 1_000.0]), [other]).cost_usd == pytest.approx(50.0, rel=1e-4)
    with pytest.raises(ValueError, match="not below zero"):
        cheapest(of, [replace(one, dearer_sold=-4.1)])


def test_eight_instruments_are_the_most() -> None:
    of = need([0.0, -8_000.0, -300.0, 0.0], [1.0, 1_000.0, 50.0, 1e3])
    many = [spot(fixed=1.0), *(option((0.1 * n, 60.0 + n, 3.0 - 0.1 * n, -5.0), fixed=3.0) for n in range(7))]
    assert found(of, many).cost_usd > 0
    with pytest.raises(ValueError, match="at most 8"):
        cheapest(of, many + [spot()] * (MOST_INSTRUMENTS - 7))


@pytest.mark.parametrize(
    ("of", "traded"),
    [
        (need([math.nan], [1.0]), Instrument((1.0,), 1.0, 0.0, -1.0, 1.0)),
        (need([0.0], [-1.0]), Instrument((1.0,), 1.0, 0.0, -1.0, 1.0)),
        (need([0.0], [1.0], margin=-1.0), Instrument((1.0,), 1.0, 0.0, -1.0, 1.0)),
        (need([0.0], [1.0]), Instrument((math.inf,), 1.0, 0.0, -1.0, 1.0)),
        (need([0.0], [1.0]), Instrument((1.0,), -1.0, 0.0, -1.0, 1.0)),
        (need([0.0], [1.0]), Instrument((1.0,), 1.0, 0.0, 1.0, 2.0)),
    ],
)
def test_nonsense_is_refused(of: Need, traded: Instrument) -> None:
    with pytest.raises(ValueError, match=r"."):
        cheapest(of, [traded])
