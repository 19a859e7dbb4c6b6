"""A frontier has its price, and a budget finds its place on it."""

import math
from dataclasses import replace

import numpy as np
import pytest

from keeper.core.policy import Policy
from keeper.simulation.backtest import opening
from keeper.simulation.frictions import Frictions
from keeper.simulation.scores import result
from keeper.simulation.standing import standing
from keeper.simulation.study import Course, Study, compare, world
from keeper.simulation.tuning import (
    Budget,
    Frontier,
    Measure,
    Met,
    OutOfReach,
    Period,
    Point,
    Tuning,
    TuningError,
    at_the_money,
)
from tests.simulation.build import START, policy, setup

WEEK = 7 * 86_400


def study(tuned: Policy | None = None, *, days: float = 14, paths: int = 2) -> Study:
    course = Course("gbm", START, days, 3_600)
    return Study((tuned or policy(5_000),), setup(), course, Frictions(), tuple(range(1, paths + 1)))


def tuning(of: Study | None = None, period: Period = Period.WEEK) -> Tuning:
    return Tuning(of or study(), period, lambda: None, processes=1)


@pytest.fixture(scope="module")
def frontier() -> Frontier:
    return tuning().survey()


def test_what_bears_more_risk_costs_less(frontier: Frontier) -> None:
    points = [each for each in frontier.points if each != frontier.now]
    assert len(points) == 9
    for name in ("band", "deviation_usd"):
        values = [getattr(point, name) for point in points]
        assert values == sorted(values), name
    for name in ("cost_usd", "trades"):
        values = [getattr(point, name) for point in points]
        assert values == sorted(values, reverse=True), name


def test_the_policy_itself_stands_on_the_frontier_with_its_own_number() -> None:
    odd = policy(4_321.5)
    found = tuning(study(odd, days=7, paths=1)).survey()
    assert found.now in found.points
    assert found.now.tolerance_usd == 4_321.5


def test_a_point_is_what_a_backtest_of_the_policy_says(frontier: Frontier) -> None:
    (compared,) = compare(study(), lambda: None, processes=1)
    assert frontier.now.cost_usd == pytest.approx(compared.score.cost_usd / 2)
    assert frontier.now.trades == pytest.approx(compared.score.trades / 2)
    assert frontier.nav_usd == pytest.approx(6.0 * 100 * START.price, rel=1e-6)


def test_a_weeks_deviation_is_that_of_weeks() -> None:
    """Estimated from looks, it agrees with what whole weeks do, of which there are many here."""
    of = study(policy(60_000), days=7, paths=40)
    course = tuning(of).survey().now
    weeks = []
    for seed in of.seeds:
        (alone,) = compare(replace(of, seeds=(seed,)), lambda: None, processes=1)
        weeks.append(result(alone.track)[-1])
    assert course.deviation_usd == pytest.approx(float(np.std(weeks)), rel=3 / math.sqrt(2 * len(weeks)))


@pytest.mark.parametrize("measure", [Measure.DEVIATION, Measure.TAIL])
def test_the_tolerance_that_is_chosen_keeps_the_budget_and_uses_it(measure: Measure) -> None:
    tuned = tuning(period=Period.DAY)
    frontier = tuned.survey()
    scale = Budget(measure, 0.0)
    most = math.sqrt(scale.risk(frontier.points[5]) * scale.risk(frontier.points[7]))
    ending = tuned.choose(frontier, Budget(measure, most))
    assert isinstance(ending, Met)
    assert ending.point in ending.frontier.points
    assert scale.risk(ending.point) <= most
    larger = [each for each in frontier.points if each.tolerance_usd > ending.point.tolerance_usd]
    assert scale.risk(larger[0]) > most


@pytest.mark.parametrize("band", [0.04, 0.1, 0.23])
def test_a_band_is_met_to_the_digits_of_the_tolerance(frontier: Frontier, band: float) -> None:
    ending = tuning().choose(frontier, Budget(Measure.BAND, band))
    assert isinstance(ending, Met)
    assert ending.point.band == pytest.approx(band, rel=0.01)
    assert ending.point.band <= band
    again = tuning(study(policy(ending.point.tolerance_usd))).survey().now
    assert again.band == ending.point.band


def test_a_budget_below_all_that_was_tried_is_out_of_reach(frontier: Frontier) -> None:
    ending = tuning().choose(frontier, Budget(Measure.DEVIATION, 1.0))
    assert isinstance(ending, OutOfReach)
    assert ending.least == frontier.points[0]


def test_a_budget_above_all_that_was_tried_takes_the_cheapest(frontier: Frontier) -> None:
    ending = tuning().choose(frontier, Budget(Measure.DEVIATION, 1e9))
    assert isinstance(ending, Met)
    assert ending.point == frontier.points[-1]


def test_a_tail_that_is_least_in_the_middle_is_searched_from_there() -> None:
    """Left of the least, hedges cost more than they save: what is beyond the budget there does not count."""
    points = tuple(
        Point(tolerance, 0.1, 1.0, 1.0, tail, 1.0)
        for tolerance, tail in ((1.0, 900.0), (10.0, 500.0), (100.0, 700.0), (1000.0, 2000.0))
    )
    made = Frontier(points[0], points, Period.WEEK, 20.0, 1e6)
    below, within = Budget(Measure.TAIL, 499.0), Budget(Measure.TAIL, 700.0)
    assert tuning().choose(made, below) == OutOfReach(made, below, points[1])
    assert tuning().choose(made, within) == Met(made, within, points[2])


def test_the_worst_twentieth_of_a_few_weeks_is_no_figure(frontier: Frontier) -> None:
    assert not frontier.has_tail
    with pytest.raises(TuningError, match=r"the worst twentieth of 4.0 weeks is none"):
        tuning().choose(frontier, Budget(Measure.TAIL, 5_000.0))


def test_without_a_living_option_there_is_nothing_to_tune() -> None:
    empty = replace(setup(), structure=replace(setup().structure, legs=()))
    with pytest.raises(TuningError, match="no leg is alive"):
        tuning(replace(study(days=2), setup=empty)).survey()


def test_a_vault_on_chain_goes_on_as_it_stands() -> None:
    of = study()
    vault = opening(policy(5_000), of.setup, world(of, 1))
    at = standing("there", vault, Frictions(failure_rate=0.2))
    assert at.frictions.failure_rate == 0.2
    assert at.frictions.depth_usd == pytest.approx(Frictions().depth_usd, rel=1e-6)
    assert at.frictions.pool_fee_pips == Frictions().pool_fee_pips
    assert at.days == pytest.approx(21.0)
    course = Course("gbm", at.start, at.days, 3_600, None, at.calm_fee_wei)
    goes_on = Study((policy(5_000),), at.setup, course, at.frictions, (1,))
    again = opening(policy(5_000), goes_on.setup, world(goes_on, 1))
    assert again.legs.strike == pytest.approx(vault.legs.strike)
    assert again.legs.size == pytest.approx(vault.legs.size)
    assert again.exposure.nav_usd == pytest.approx(vault.exposure.nav_usd, rel=1e-6)
    assert again.exposure.gamma == pytest.approx(vault.exposure.gamma, rel=1e-6)
    assert again.exposure.target_delta == vault.exposure.target_delta
    found, expected = at_the_money(policy(), again), at_the_money(policy(), vault)
    assert found.width(1e-4) == pytest.approx(expected.width(1e-4), rel=0.1)


def test_gas_costs_on_chain_what_it_costs() -> None:
    of = study()
    cheap = replace(of, course=replace(of.course, calm_fee_wei=of.course.calm_fee_wei / 1000))
    dear, light = (compare(each, lambda: None, processes=1)[0].score for each in (of, cheap))
    assert light.gas_usd < dear.gas_usd / 5
