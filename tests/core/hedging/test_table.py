"""The table is the optimum of its book, bends with its inputs, and keeps silent where it knows nothing."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.hedging import by_table, closed_form
from benchmarks.lattice import Floats, World, cost_of, optimum
from keeper.core.hedging import (
    Costs,
    Inputs,
    Legs,
    Region,
    Table,
    Unsolved,
    no_trade_region,
    side_by_side,
    solve,
)

HOUR, DAY = 1 / 8760, 1 / 365
INPUTS = Inputs(0.7, Costs(0.5, 1e-3), 0.02, HOUR)
SPOTS = np.linspace(2000.0, 4500.0, 51)


def book(*rows: tuple[float, float, bool, float]) -> Legs:
    """Rows of strike, days, is call, size."""
    strike, days, call, size = (np.array(column) for column in zip(*rows, strict=True))
    return Legs(strike.astype(float), days / 365, call.astype(bool), size.astype(float))


CALL = book((3000, 6, True, -1))
STRANGLE = book((2800, 6, False, -1), (3200, 6, True, -1))
SPREAD = book((3000, 6, True, -1), (3300, 6, True, 1))
CALENDAR = book((3000, 4, True, -1), (3000, 8, True, 1))
BOOKS = {"call": CALL, "strangle": STRANGLE, "call spread": SPREAD, "calendar": CALENDAR}


def solved(legs: Legs, inputs: Inputs = INPUTS) -> Table:
    found = solve(legs, 3000.0, inputs)
    assert isinstance(found, Table)
    return found


TABLES = {name: solved(legs) for name, legs in BOOKS.items()}


def region(
    legs: Legs,
    tables: Sequence[Table | Unsolved],
    *,
    spot: Floats | float = SPOTS,
    inputs: Inputs = INPUTS,
    time: float = 0.0,
) -> Region:
    arguments = (
        legs,
        spot,
        inputs.volatility,
        time,
        inputs.costs,
        inputs.risk_aversion,
        inputs.look_interval,
    )
    return no_trade_region(*arguments, tables=tables)


def world(legs: Legs, inputs: Inputs = INPUTS) -> World:
    return World(legs, inputs.volatility, inputs.costs, inputs.risk_aversion, inputs.look_interval)


@pytest.mark.parametrize("legs", BOOKS.values(), ids=BOOKS)
def test_a_table_is_the_optimum_within_one_percent_and_beats_the_closed_form(legs: Legs) -> None:
    here = world(legs)
    least = optimum(here)
    with_table = cost_of(here, by_table(here)) / least - 1
    assert -1e-3 < with_table < 0.01
    assert with_table < cost_of(here, closed_form(here)) / least - 1


MOVED = {
    "volatility up": replace(INPUTS, volatility=0.7 * 1.1),
    "volatility down": replace(INPUTS, volatility=0.7 / 1.1),
    "gas up": replace(INPUTS, costs=Costs(0.5 * 1.35, 1e-3)),
    "gas down": replace(INPUTS, costs=Costs(0.5 / 1.35, 1e-3)),
    "spread up": replace(INPUTS, costs=Costs(0.5, 1.5e-3)),
    "spread down": replace(INPUTS, costs=Costs(0.5, 1e-3 / 1.5)),
    "aversion up": replace(INPUTS, risk_aversion=0.02 * 1.3),
    "aversion down": replace(INPUTS, risk_aversion=0.02 / 1.3),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["call", "strangle"])
@pytest.mark.parametrize("moved", MOVED.values(), ids=MOVED)
def test_at_the_end_of_each_tolerance_a_table_still_costs_next_to_nothing(name: str, moved: Inputs) -> None:
    here, legs = world(BOOKS[name], moved), BOOKS[name]

    def rule(spots: Floats, time: float) -> Region:
        return region(legs, [TABLES[name]], spot=spots, inputs=moved, time=time)

    assert -1e-3 < cost_of(here, rule) / optimum(here) - 1 < 0.006


@pytest.mark.parametrize(
    "moved",
    [
        replace(INPUTS, volatility=0.771),
        replace(INPUTS, costs=Costs(0.676, 1e-3)),
        replace(INPUTS, costs=Costs(0.5, 0.66e-3)),
        replace(INPUTS, risk_aversion=0.0261),
    ],
)
def test_beyond_a_tolerance_the_closed_form_answers_alone(moved: Inputs) -> None:
    np.testing.assert_array_equal(
        region(CALL, [TABLES["call"]], inputs=moved), region(CALL, [], inputs=moved)
    )


def test_far_from_where_it_was_solved_the_closed_form_answers_alone() -> None:
    far = np.array([1000.0, 9000.0])
    np.testing.assert_array_equal(region(CALL, [TABLES["call"]], spot=far), region(CALL, [], spot=far))
    near = region(CALL, [TABLES["call"]], spot=3000.0)
    assert float(near.buy_to) != float(region(CALL, [], spot=3000.0).buy_to)


@pytest.mark.parametrize(
    "other",
    [
        STRANGLE,
        book((3001, 6, True, -1)),
        book((3000, 6, False, -1)),
        book((3000, 6, True, -1.01)),
        book((3000, 6.01, True, -1)),
        book((3000, 6, True, 0)),
    ],
)
def test_another_book_has_no_use_for_a_table(other: Legs) -> None:
    np.testing.assert_array_equal(region(other, [TABLES["call"]]), region(other, []))


def test_a_book_without_a_table_is_answered_in_closed_form() -> None:
    np.testing.assert_array_equal(region(CALL, [Unsolved.NOT_YET]), region(CALL, []))


def test_legs_that_are_stated_later_are_found_at_their_time() -> None:
    later = book((3000, 2, True, -1), (3000, 6, True, 1))
    np.testing.assert_allclose(
        region(later, [TABLES["calendar"]]),
        region(CALENDAR, [TABLES["calendar"]], time=2 * DAY),
        rtol=1e-9,
        atol=1e-12,
    )
    moved = region(later, [TABLES["calendar"]], spot=3000.0)
    assert abs(float(moved.sell_above - region(later, [], spot=3000.0).sell_above)) > 1e-4


def test_what_is_left_of_a_book_after_an_expiry_is_still_its_book() -> None:
    left = book((3000, 3, True, 1))
    found, plain = (region(left, tables, spot=3000.0) for tables in ([TABLES["calendar"]], []))
    assert abs(float(found.sell_above - plain.sell_above)) > 1e-4


def test_a_leg_that_has_expired_and_is_not_settled_takes_no_table_from_its_book() -> None:
    unsettled = book((3000, 0, True, -1), (3000, 3, True, 1))
    found, plain = (region(unsettled, tables, spot=3000.0) for tables in ([TABLES["calendar"]], []))
    assert abs(float(found.sell_above - plain.sell_above)) > 1e-4


def test_many_books_at_once_are_each_book_alone() -> None:
    books, spots = [CALL, CALENDAR, STRANGLE], np.array([2950.0, 3000.0, 3100.0])
    tables: list[Table | Unsolved] = [TABLES["call"], TABLES["calendar"], Unsolved.NOT_YET]
    together = region(side_by_side(books), tables, spot=spots)
    for row, legs in enumerate(books):
        alone = region(legs, [tables[row]], spot=float(spots[row]))
        np.testing.assert_allclose([bound[row] for bound in together], alone, rtol=1e-12, atol=1e-15)


@given(
    name=st.sampled_from(list(BOOKS)),
    spot=st.floats(500.0, 12_000.0),
    share=st.floats(0.0, 1.0),
    factors=st.tuples(*[st.floats(0.4, 2.5)] * 4),
)
def test_any_question_to_a_table_has_an_ordered_finite_answer(
    name: str, spot: float, share: float, factors: tuple[float, float, float, float]
) -> None:
    legs = BOOKS[name]
    volatility, fixed, proportional, aversion = factors
    moved = Inputs(0.7 * volatility, Costs(0.5 * fixed, 1e-3 * proportional), 0.02 * aversion, HOUR)
    time = share * float(legs.years.max())
    found = region(legs, [TABLES[name]], spot=spot, inputs=moved, time=time)
    assert all(np.isfinite(found))
    assert found.buy_below <= found.buy_to <= found.sell_to <= found.sell_above


@settings(max_examples=15, deadline=None)
@given(
    volatility=st.floats(0.05, 3.0),
    fixed=st.sampled_from([0.0, 1e-4, 1.0, 100.0]),
    proportional=st.sampled_from([1e-5, 1e-3, 0.05]),
    aversion=st.floats(-5, 1).map(lambda x: float(10.0**x)),
    size=st.sampled_from([-1000.0, -1.0, 0.01]),
)
def test_any_book_is_solved_or_refused(
    volatility: float, fixed: float, proportional: float, aversion: float, size: float
) -> None:
    inputs = Inputs(volatility, Costs(fixed, proportional), aversion, DAY)
    found = solve(book((3000, 30, True, size)), 3000.0, inputs)
    if isinstance(found, Table):
        assert np.all(np.diff(found.times) > 0)
        assert np.all(np.diff(found.bounds, axis=-1) >= -1e-9)
    else:
        assert found is Unsolved.TOO_LARGE


@pytest.mark.parametrize(
    ("legs", "inputs", "why"),
    [
        (book((3000, 0, True, -1)), INPUTS, Unsolved.NO_LEGS),
        (book((3000, 6, True, 0)), INPUTS, Unsolved.NO_LEGS),
        (CALL, replace(INPUTS, volatility=0.0), Unsolved.NOTHING_TO_WEIGH),
        (CALL, replace(INPUTS, costs=Costs(0.0, 0.0)), Unsolved.NOTHING_TO_WEIGH),
        (CALL, replace(INPUTS, risk_aversion=0.0), Unsolved.NOTHING_TO_WEIGH),
        (CALL, replace(INPUTS, risk_aversion=1e6), Unsolved.TOO_LARGE),
        (CALL, replace(INPUTS, volatility=float("nan")), Unsolved.NOTHING_TO_WEIGH),
    ],
)
def test_what_cannot_be_solved_is_refused_with_its_reason(legs: Legs, inputs: Inputs, why: Unsolved) -> None:
    assert solve(legs, 3000.0, inputs) is why
