"""A table can be told in a few words, solved again from them, and known again; and it says where it ends."""

from dataclasses import replace

import numpy as np
import pytest

from keeper.core.hedging import (
    WITHIN_FACTOR,
    Legs,
    Now,
    Origin,
    Recipe,
    Solved,
    Table,
    Term,
    Tier,
    Unsolved,
    again,
    solve,
    tier_of,
)

DAY = 1 / 365
RECIPE = Recipe(
    terms=(Term(3000.0, 6 * DAY, is_call=True, size=-1.0), Term(2800.0, 6 * DAY, is_call=False, size=-1.0)),
    spot=3000.0,
    volatility=0.7,
    fixed=0.5,
    proportional=1e-3,
    aversion=0.02,
    look=DAY / 6,
)
SOLVED = Solved.of(RECIPE, 1_700_000_000, RECIPE.solve())
LEGS = RECIPE.legs()


def table(solved: Solved = SOLVED) -> Table:
    assert isinstance(solved.table, Table)
    return solved.table


def now(spot: float = 3000.0, **changes: float) -> Now:
    moved = replace(RECIPE, **changes)  # type: ignore[arg-type]
    inputs = (spot, moved.volatility, 0.0, moved.fixed, moved.proportional, moved.aversion)
    return Now(*map(np.asarray, inputs))


def tier(
    question: Now | None = None,
    legs: Legs = LEGS,
    look: float = RECIPE.look,
    solved: Solved | Unsolved = SOLVED,
) -> Tier:
    return tier_of(solved, legs, now() if question is None else question, look)


def test_a_recipe_is_what_solve_is_asked() -> None:
    direct = solve(LEGS, RECIPE.spot, RECIPE.inputs())
    assert isinstance(direct, Table)
    np.testing.assert_array_equal(direct.bounds, table().bounds)


def test_solved_again_a_table_is_known_again() -> None:
    assert again(SOLVED.origin).origin == SOLVED.origin


def test_another_table_has_another_digest() -> None:
    dearer = replace(RECIPE, fixed=0.51)
    assert Solved.of(dearer, 0, dearer.solve()).origin.found != SOLVED.origin.found
    bounds = table().bounds.copy()
    bounds[3, 7, 2] += 2.0**-14
    assert Solved.of(RECIPE, 0, replace(table(), bounds=bounds)).origin.found != SOLVED.origin.found


def test_the_last_bits_in_which_processors_differ_do_not_make_another_table() -> None:
    for grid, quantum in ((table().bounds, 2.0**-14), (table().log_spots, 2.0**-32)):
        np.testing.assert_array_equal(np.rint(grid / quantum) * quantum, grid)


def test_the_death_of_a_worker_is_not_tried_again() -> None:
    died = Origin(replace(RECIPE, volatility=float("nan")), 5, Unsolved.DIED.value)
    assert again(died).origin == died
    assert again(died).table is Unsolved.DIED


def test_what_is_recorded_as_unsolved_and_can_be_solved_is_another_origin() -> None:
    lie = replace(SOLVED.origin, found=Unsolved.TOO_LARGE.value)
    assert again(lie).origin != lie


def test_a_book_of_a_recipe_has_its_table() -> None:
    assert tier() is Tier.TABLE
    assert tier(solved=Unsolved.NOT_YET) is Tier.NO_TABLE


INPUTS = {
    Tier.VOLATILITY: "volatility",
    Tier.GAS: "fixed",
    Tier.SPREAD: "proportional",
    Tier.AVERSION: "aversion",
}


@pytest.mark.parametrize("name", INPUTS)
def test_an_input_may_move_as_far_as_its_tolerance_and_no_further(name: Tier) -> None:
    solved, factor = getattr(RECIPE, INPUTS[name]), WITHIN_FACTOR[name]
    for within, beyond in ((factor * 0.999, factor * 1.001), (1.001 / factor, 0.999 / factor)):
        assert tier(now(**{INPUTS[name]: solved * within})) is Tier.TABLE
        assert tier(now(**{INPUTS[name]: solved * beyond})) is name
    assert tier(now(**{INPUTS[name]: float("nan")})) is name


def test_a_price_beyond_the_table_is_the_closed_forms() -> None:
    low, high = np.exp(table().log_spots[[0, -1]])
    assert tier(now(low * 1.0001)) is tier(now(high * 0.9999)) is Tier.TABLE
    assert tier(now(low * 0.9999)) is tier(now(high * 1.0001)) is Tier.SPOT


def test_another_book_is_told_before_any_input() -> None:
    more = replace(RECIPE, terms=(*RECIPE.terms, Term(3300.0, 6 * DAY, is_call=True, size=1.0))).legs()
    assert tier(now(volatility=2.0), legs=more) is Tier.BOOK
    rolled = replace(RECIPE, terms=tuple(each._replace(years=13 * DAY) for each in RECIPE.terms)).legs()
    assert tier(legs=rolled) is Tier.BOOK


def test_a_book_after_its_last_expiry_is_another() -> None:
    over = replace(RECIPE, terms=tuple(each._replace(years=0.0) for each in RECIPE.terms)).legs()
    assert tier(legs=over) is Tier.BOOK


def test_time_that_passes_makes_no_other_book() -> None:
    later = tuple(each._replace(years=each.years - 5.9 * DAY) for each in RECIPE.terms)
    assert tier(legs=replace(RECIPE, terms=later).legs()) is Tier.TABLE


def test_looks_at_another_interval_want_another_table() -> None:
    assert tier(look=RECIPE.look / 2) is Tier.LOOKS


def test_what_could_not_be_solved_is_told_for_as_long_as_it_would_be_the_same() -> None:
    failed = Solved.of(RECIPE, 0, Unsolved.TOO_LARGE)
    assert tier(solved=failed) is Tier.UNSOLVED
    assert tier(now(volatility=0.9), solved=failed) is Tier.NO_TABLE
    assert tier(look=RECIPE.look / 2, solved=failed) is Tier.NO_TABLE
    assert tier(legs=replace(RECIPE, terms=RECIPE.terms[:1]).legs(), solved=failed) is Tier.NO_TABLE


def test_a_recipe_without_legs_has_no_table() -> None:
    assert replace(RECIPE, terms=()).solve() is Unsolved.NO_LEGS
