"""A loan against the protocol's own integer arithmetic, QuantLib's one-touch options, and its definition."""

import math

import numpy as np
import pytest
import QuantLib as ql  # type: ignore[import-untyped]  # noqa: N813 as its own manual spells it
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.pricing.lending import health_factor, liquidation, touch_probability

DAYS = 365


def on_chain(collateral: list[int], threshold_bps: list[int], debt: list[int]) -> float:
    """Aave v3, GenericLogic: the average threshold in whole basis points, percentMul and wadDiv half up."""
    held = sum(collateral)
    average = sum(c * t for c, t in zip(collateral, threshold_bps, strict=True)) // held
    weighted = (held * average + 5_000) // 10_000
    owed = sum(debt)
    return ((weighted * 10**18 + owed // 2) // owed) / 1e18


def one_touch(move: float, days: int, sigma: float) -> float:
    """QuantLib: an American option that pays one at once when the barrier is reached, with no rate."""
    today = ql.Date(1, 1, 2025)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    free = ql.YieldTermStructureHandle(ql.FlatForward(today, 0.0, count))
    level = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), sigma, count))
    spot = ql.QuoteHandle(ql.SimpleQuote(100.0))
    kind = ql.Option.Put if move < 1.0 else ql.Option.Call
    option = ql.VanillaOption(
        ql.CashOrNothingPayoff(kind, 100.0 * move, 1.0), ql.AmericanExercise(today, today + days)
    )
    process = ql.BlackScholesMertonProcess(spot, free, free, level)
    option.setPricingEngine(ql.AnalyticDigitalAmericanEngine(process))
    return float(option.NPV())


@given(move=st.floats(0.2, 5.0), days=st.integers(1, 700), sigma=st.floats(0.1, 3.0))
def test_the_chance_of_a_touch_is_what_a_one_touch_option_costs(move: float, days: int, sigma: float) -> None:
    found = float(touch_probability(move, days / DAYS, sigma))
    assert found == pytest.approx(one_touch(move, days, sigma), rel=1e-7, abs=1e-12)


def test_a_known_chance() -> None:
    """The reference's Monte Carlo found 12.48 +- 0.23 % for a health factor of 1.25, 80 %, 14 days."""
    found = float(touch_probability(1 / 1.25, 14 / DAYS, 0.8))
    assert found == pytest.approx(one_touch(0.8, 14, 0.8), rel=1e-9)


@given(st.floats(0.05, 0.999), st.floats(0.01, 2.0), st.floats(0.1, 3.0))
def test_a_nearer_level_and_a_longer_time_are_likelier(move: float, years: float, sigma: float) -> None:
    here = float(touch_probability(move, years, sigma))
    assert here <= float(touch_probability(min(move * 1.05, 1.0), years, sigma)) + 1e-15
    assert here <= float(touch_probability(move, years * 1.1, sigma)) + 1e-15
    assert 0.0 <= here <= 1.0


@given(st.floats(1.001, 50.0), st.floats(0.001, 50.0))
def test_a_driftless_price_rises_to_a_level_at_most_as_often_as_it_can_afford(
    move: float, width: float
) -> None:
    """Doob: a positive martingale reaches x times its value with a chance of at most 1 / x."""
    assert float(touch_probability(move, 1.0, width)) <= 1.0 / move + 1e-12


@given(
    collateral=st.lists(st.integers(10**9, 10**15), min_size=1, max_size=4),
    thresholds=st.lists(st.integers(1_000, 9_700), min_size=4, max_size=4),
    debt=st.lists(st.integers(10**9, 10**15), min_size=1, max_size=4),
)
def test_the_health_factor_is_the_protocols_to_a_basis_point_of_threshold(
    collateral: list[int], thresholds: list[int], debt: list[int]
) -> None:
    shares = thresholds[: len(collateral)]
    found = float(health_factor(collateral, np.array(shares) / 10_000, debt))
    real = on_chain(collateral, shares, debt)
    average = sum(c * t for c, t in zip(collateral, shares, strict=True)) / sum(collateral) / 10_000
    assert real - 1e-8 <= found * (1 + 1e-12)
    assert found * (1 - 1e-4 / average) <= real * (1 + 1e-8) + 1e-8


amounts = st.floats(0.0, 1e6)


@given(
    held=st.lists(amounts, min_size=3, max_size=3),
    owed=st.lists(amounts, min_size=3, max_size=3),
    flags=st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_where_the_price_has_moved_that_far_the_health_factor_is_one(
    held: list[float], owed: list[float], flags: list[bool]
) -> None:
    threshold = np.array([0.8, 0.83, 0.75])
    found = liquidation(held, threshold, owed, flags, 30 / DAYS, 0.8)
    move, health = float(found.move), float(found.health)
    if health < 1.0:
        assert (move, float(found.distance), float(found.probability)) == (1.0, 0.0, 1.0)
    elif 1e-6 < move < 1e6:
        scale = np.where(flags, move, 1.0)
        backing = float(np.sum(np.array(held) * scale * threshold))
        assert backing == pytest.approx(float(np.sum(np.array(owed) * scale)), rel=1e-7, abs=1e-6)
    elif move in (0.0, math.inf):
        assert float(found.probability) == 0.0
        for factor in (1e-9, 1.0, 1e9):
            scale = np.where(flags, factor, 1.0)
            assert not health_factor(np.array(held) * scale, threshold, np.array(owed) * scale) < 1 - 1e-9


def test_one_collateral_is_as_far_as_the_logarithm_of_its_factor() -> None:
    found = liquidation([3000.0, 0.0], [0.8, 0.8], [0.0, 1600.0], [True, False], 14 / DAYS, 0.8)
    assert float(found.health) == pytest.approx(1.5)
    assert float(found.move) == pytest.approx(1 / 1.5)
    assert float(found.distance) == pytest.approx(math.log(1.5))
    assert float(found.sigmas) == pytest.approx(math.log(1.5) / (0.8 * math.sqrt(14 / DAYS)))
    assert float(found.probability) == pytest.approx(one_touch(1 / 1.5, 14, 0.8), rel=1e-9)


def test_a_borrower_of_the_asset_is_liquidated_by_its_rise() -> None:
    found = liquidation([3000.0, 0.0], [0.8, 0.8], [0.0, 1600.0], [False, True], 14 / DAYS, 0.8)
    assert float(found.move) == pytest.approx(1.5)
    assert float(found.probability) == pytest.approx(one_touch(1.5, 14, 0.8), rel=1e-9)


def test_without_debt_nothing_is_ever_liquidated() -> None:
    found = liquidation([3000.0, 5.0], [0.8, 0.9], [0.0, 0.0], [True, False], 1.0, 0.8)
    assert float(found.health) == math.inf
    assert (float(found.move), float(found.probability)) == (0.0, 0.0)
    assert float(found.sigmas) == math.inf


def test_without_time_nothing_is_touched_but_what_is_there() -> None:
    np.testing.assert_array_equal(touch_probability([0.5, 1.0, 2.0], 0.0, 0.8), [0.0, 1.0, 0.0])
    np.testing.assert_array_equal(touch_probability([0.5, 1.0, 2.0], 0.1, 0.0), [0.0, 1.0, 0.0])
    np.testing.assert_array_equal(touch_probability([0.0, math.inf], 0.1, 0.8), [0.0, 0.0])


def test_a_level_far_below_and_a_small_width_underflow_in_silence() -> None:
    assert float(touch_probability(1e-300, 1e-8, 0.5)) == 0.0


def test_missing_inputs_are_never_mistaken_for_numbers() -> None:
    assert np.all(np.isnan(touch_probability([np.nan, 0.5, 0.5, -1.0], [1, np.nan, 1, 1], [1, 1, np.nan, 1])))
    for position in range(3):
        inputs = [[3000.0, 1.0], [0.8, 0.8], [1600.0, 1.0]]
        inputs[position][0] = np.nan
        held, threshold, owed = inputs
        found = liquidation(held, threshold, owed, [True, False], 0.1, 0.8)
        assert np.all(np.isnan(found))


def test_many_accounts_are_one_call() -> None:
    rng = np.random.default_rng(7)
    held, owed = rng.uniform(0, 10, (5, 3)), rng.uniform(0, 3, (5, 3))
    together = liquidation(held, [0.8, 0.7, 0.9], owed, [True, False, False], 0.1, 0.8)
    alone = [
        liquidation(h, [0.8, 0.7, 0.9], o, [True, False, False], 0.1, 0.8)
        for h, o in zip(held, owed, strict=True)
    ]
    np.testing.assert_array_equal(together.probability, [float(each.probability) for each in alone])
    np.testing.assert_array_equal(together.move, [float(each.move) for each in alone])
