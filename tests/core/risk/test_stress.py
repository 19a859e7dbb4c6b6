"""The grid is the published one, and every cell of it is a full re-pricing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.forecast import NO_OUTLOOK, Turbulence
from keeper.core.policy import ForecastRules
from keeper.core.position import Leg
from keeper.core.risk import Risk, risks_asked_for
from keeper.core.risk.repricing import books_of
from keeper.core.risk.stress import FAR, MOVES, SCENARIOS, Scenario, Shock, shocked, stress
from keeper.core.units import WAD
from tests.core.build import CALL, NOW, POLICY, SPOT, STRADDLE
from tests.core.risk.build import books, holding, worth


def test_the_moves_and_fractions_are_those_that_the_venues_publish() -> None:
    assert pytest.approx((-0.16, -0.12, -0.08, -0.04, 0, 0.04, 0.08, 0.12, 0.16)) == MOVES
    assert len(SCENARIOS) == 3 * 9 + 8
    assert [(each.move, round(100 * each.fraction, 2)) for each in FAR] == [
        (-0.66, 24.24), (-0.33, 48.48), (0.5, 32.0), (1.0, 16.0),
        (2.0, 8.0), (3.0, 5.33), (4.0, 4.0), (5.0, 3.2),
    ]  # fmt: skip
    assert {each.shock for each in FAR} == {Shock.UP}


@pytest.mark.parametrize(
    ("days", "up", "down"),
    [
        (30, 0.7 * 1.5, 0.7 * 0.75),
        (7, 0.7 * (1 + 0.5 * (30 / 7) ** 0.3), 0.7 * (1 - 0.25 * (30 / 7) ** 0.3)),
        (90, 0.7 * (1 + 0.5 * (1 / 3) ** 0.13), 0.7 * (1 - 0.25 * (1 / 3) ** 0.13)),
        (0.01, 0.7 * (1 + 0.5 * 30**0.3), 0.7 * (1 - 0.25 * 30**0.3)),
    ],
)
def test_volatility_is_shocked_by_the_published_power_of_what_is_left(
    days: float, up: float, down: float
) -> None:
    sigma, years = np.array([0.7]), np.array([days / 365])
    found = [float(shocked(sigma, years, shock)[0]) for shock in Shock]
    assert found == pytest.approx([up, 0.7, down])


def test_a_calm_volatility_is_shocked_up_to_half_at_least_and_never_down_below_nothing() -> None:
    low, soon = np.array([0.1]), np.array([1 / 365])
    assert shocked(low, soon, Shock.UP)[0] == 0.5
    assert shocked(np.array([1e-9]), soon, Shock.DOWN)[0] >= 0.0


@given(books, st.integers(0, 300))
def test_each_scenario_is_the_vault_priced_anew(book: tuple[Leg, ...], base: int) -> None:
    each = holding(book, base)
    found = stress(books_of([each]))
    for scenario, profit in zip(SCENARIOS, found.profit[0], strict=True):
        sigma = shocked(np.full(len(book), 0.7), each.legs.years, scenario.shock)
        moved = worth(each, np.array([1 + scenario.move]), sigma)[0] - worth(each, np.ones(1), 0.7)[0]
        assert profit == pytest.approx(scenario.fraction * moved, abs=1e-5)
    assert found.loss[0] == -found.profit[0].min() >= 0
    assert found.worst[0] in SCENARIOS


def test_inventory_alone_loses_most_at_the_edge_of_the_grid_and_no_more_beyond() -> None:
    found = stress(books_of([holding(base=500.0)]))
    assert found.loss[0] == pytest.approx(0.16 * 500 * SPOT, rel=1e-4)
    assert found.worst[0].move < 0


def test_a_far_short_call_is_only_seen_by_the_extended_table() -> None:
    far = Leg(is_call=True, strike_wad=3 * SPOT * WAD, expiry=CALL[0].expiry, size_wad=-1_000 * WAD)
    found = stress(books_of([holding((far,))]))
    assert found.worst[0] == Scenario(5.0, Shock.UP, 0.032)
    assert found.loss[0] == pytest.approx(0.032 * 1_000 * 3 * SPOT, rel=0.01)


def test_a_short_straddle_fears_volatility_and_a_long_one_its_absence() -> None:
    short = stress(books_of([holding(STRADDLE)]))
    bought = tuple(Leg(each.is_call, each.strike_wad, each.expiry, -each.size_wad) for each in STRADDLE)
    long = stress(books_of([holding(bought)]))
    assert short.worst[0].shock is Shock.UP
    assert (long.worst[0].shock, long.worst[0].move) == (Shock.DOWN, 0.0)


def test_without_a_number_there_is_no_number() -> None:
    one = books_of([holding(CALL)])
    one.spot[0] = np.nan
    assert np.isnan(stress(one).loss[0])


def test_a_turbulent_market_moves_farther_and_a_vault_of_a_calm_one_is_as_it_was() -> None:
    both = [holding(STRADDLE), holding(STRADDLE, 500)]
    calm, wild = stress(books_of(both)), stress(books_of(both, [1.5, 1.0]))
    assert np.array_equal(calm.profit[1], wild.profit[1])
    assert wild.loss[0] > calm.loss[0]
    sigma = shocked(np.full(2, 0.7), both[0].legs.years, Shock.UP)
    moved = worth(both[0], np.array([1 - 0.16 * 1.5]), sigma)[0] - worth(both[0], np.ones(1), 0.7)[0]
    assert wild.profit[0, 0] == pytest.approx(moved, abs=1e-5)


def test_however_turbulent_something_is_left_of_the_price() -> None:
    found = stress(books_of([holding(base=100)], [100.0]))
    assert np.isfinite(found.profit).all()
    assert found.loss[0] == pytest.approx(100 * SPOT * 0.99)


def test_the_policys_factor_of_turbulence_reaches_the_loss_and_the_move_that_are_told() -> None:
    wild = replace(
        holding(STRADDLE), outlook=replace(NO_OUTLOOK, until=NOW, turbulence=Turbulence(1, 1.0, NOW))
    )
    limits = replace(POLICY.limits, stress_loss_usd_wad=WAD)
    plain = replace(POLICY, limits=limits)
    asking = replace(plain, forecast=ForecastRules((), 0.5, 1.5, 0.5, 2.0))
    before, after = risks_asked_for([(plain, wild), (asking, wild)])
    assert isinstance(before, Risk)
    assert isinstance(after, Risk)
    assert after.stress_loss_usd > before.stress_loss_usd
    assert after.stress_move == pytest.approx(1.5 * before.stress_move)
    assert after.expected_shortfall_usd == before.expected_shortfall_usd
