"""The bands solve their equations, have the published limits, and stay ordered in every corner."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.hedging.band import MOST, Band, looked_at, mixed_band, static_band, wider
from keeper.core.pricing.black_scholes import greeks

SPOT, VOLATILITY, AVERSION, PROPORTIONAL = 3000.0, 0.7, 0.01, 1e-3
UNIT_COST = PROPORTIONAL * SPOT

any_size = st.one_of(st.just(0.0), st.floats(-60, 60).map(lambda x: float(10.0**x)))
positive = st.floats(-6, 6).map(lambda x: float(10.0**x))


def at_the_money_gamma(days: float) -> np.ndarray:
    return greeks(SPOT, SPOT, days / 365, VOLATILITY, True).gamma  # noqa: FBT003 - a call


@pytest.mark.parametrize(("fixed", "inner", "outer"), [(0.05, 0.059, 0.142), (2.0, 0.021, 0.270)])
def test_the_published_bands_a_week_before_expiry(fixed: float, inner: float, outer: float) -> None:
    """K = S = 3000, 70 %, 10 bp, risk aversion 0.01: the optimum's own bands are .055/.126 and .019/.246."""
    band = mixed_band(at_the_money_gamma(7), fixed, UNIT_COST, AVERSION)
    assert float(band.inner) == pytest.approx(inner, abs=5e-4)
    assert float(band.outer) == pytest.approx(outer, abs=5e-4)


@given(positive, positive, positive, positive)
def test_both_bounds_solve_the_smooth_pasting_system(
    gamma: float, fixed: float, per_unit: float, aversion: float
) -> None:
    b, outer = (float(x) for x in mixed_band(np.asarray(gamma), fixed, per_unit, aversion))
    beta = aversion / (3 * gamma**2)
    # The inner bound is a difference: relative to the outer one it has all its digits.
    assert beta * b * outer * (b + outer) == pytest.approx(per_unit, rel=1e-9, abs=1e-14 * beta * outer**3)
    assert beta * (outer - b) ** 3 * (outer + b) / 4 == pytest.approx(
        fixed, rel=1e-9, abs=1e-14 * beta * outer**4
    )


@given(positive, positive, positive)
def test_without_gas_it_is_the_band_of_whalley_and_wilmott(
    gamma: float, cost: float, aversion: float
) -> None:
    band = mixed_band(np.asarray(gamma), 0.0, cost, aversion)
    expected = (1.5 * cost * gamma**2 / aversion) ** (1 / 3)
    assert float(band.inner) == pytest.approx(expected, rel=1e-12)
    assert float(band.outer) == pytest.approx(expected, rel=1e-12)


@given(positive, positive, positive)
def test_with_gas_alone_one_trades_back_to_the_centre(gamma: float, gas: float, aversion: float) -> None:
    band = mixed_band(np.asarray(gamma), gas, 0.0, aversion)
    expected = (12 * gas * gamma**2 / aversion) ** 0.25
    assert float(band.outer) == pytest.approx(expected, rel=1e-12)
    assert float(band.inner) == pytest.approx(0.0, abs=1e-12 * expected)


def test_a_book_of_many_options_is_one_option_scaled() -> None:
    """N options, aversion a, gas G are N times the band of one option with aversion a N and gas G / N."""
    gamma, count, gas = at_the_money_gamma(14), 100.0, 5.0
    one = mixed_band(gamma, gas / count, UNIT_COST, AVERSION)
    book = mixed_band(gamma * count, gas, UNIT_COST, AVERSION / count)
    np.testing.assert_allclose(book, np.multiply(count, one), rtol=1e-12)


@pytest.mark.parametrize("fixed", [0.05, 2.0])
def test_the_loss_rate_is_the_risk_left_plus_what_the_trades_cost(fixed: float) -> None:
    """Loss gamma s^2 S^2 (b^2 + bB + B^2) / 6, from a walk that stops at +-B and restarts at +-b.

    Such a walk takes (B^2 - b^2) / variance rate on average and has a mean square of (b^2 + B^2) / 6.
    All terms here are divided by gamma s^2 S^2.
    """
    gamma = at_the_money_gamma(14)
    b, outer = mixed_band(gamma, fixed, UNIT_COST, AVERSION)
    loss = (b * b + b * outer + outer * outer) / 6
    risk = (b * b + outer * outer) / 12
    trades = 1 / (outer * outer - b * b)
    beta = AVERSION / (3 * gamma**2)
    spent = (fixed + UNIT_COST * (outer - b)) * trades / (3 * beta)
    assert float(risk + spent) == pytest.approx(float(loss), rel=1e-9)


def test_the_static_band_by_hand() -> None:
    """1e-3 / (0.01 * 0.49 * 3000 * 0.1), and sqrt(2 * 5 / (0.01 * 0.49 * 9e6 * 0.1)) more."""
    band = static_band(np.asarray(SPOT), np.asarray(VOLATILITY), np.asarray(0.1), 5.0, PROPORTIONAL, AVERSION)
    assert float(band.inner) == pytest.approx(1e-3 / 1.47)
    assert float(band.outer - band.inner) == pytest.approx((10 / 4410) ** 0.5)


@given(any_size, any_size, any_size, any_size)
def test_the_mixed_band_is_ordered_and_finite_everywhere(
    gamma: float, fixed: float, per_unit: float, aversion: float
) -> None:
    inner, outer = mixed_band(np.asarray(gamma), fixed, per_unit, aversion)
    assert 0.0 <= inner <= outer <= MOST


@given(any_size, any_size, any_size, any_size, any_size, any_size)
def test_the_static_band_is_ordered_and_finite_everywhere(
    spot: float, sigma: float, horizon: float, fixed: float, proportional: float, aversion: float
) -> None:
    inner, outer = static_band(
        np.asarray(spot), np.asarray(sigma), np.asarray(horizon), fixed, proportional, aversion
    )
    assert 0.0 <= inner <= outer <= MOST


@given(any_size, any_size, any_size)
def test_a_look_narrows_the_band_and_keeps_its_order(inner: float, more: float, step: float) -> None:
    before = Band(np.asarray(inner), np.asarray(inner + more))
    after = looked_at(before, np.asarray(step))
    assert 0.0 <= after.inner <= after.outer
    assert after.inner <= before.inner
    assert after.outer <= before.outer


def test_a_look_moves_a_gasless_band_by_the_whole_overshoot_on_both_sides() -> None:
    edge = Band(np.asarray(0.08), np.asarray(0.08))
    np.testing.assert_allclose(looked_at(edge, np.asarray(0.01)), 0.08 - 0.005826)


def test_a_look_leaves_the_landing_point_where_it_is_once_gas_keeps_the_bounds_apart() -> None:
    """Eight steps apart it has forgotten the looks; half a step apart it moves by 58 % of the overshoot."""
    band = looked_at(Band(np.array([0.04, 0.04]), np.array([0.12, 0.045])), np.asarray(0.01))
    np.testing.assert_allclose(band.outer, [0.12 - 0.005826, 0.045 - 0.005826])
    np.testing.assert_allclose(band.inner, [0.04, 0.04 - 0.005826 * np.exp(-0.55)], atol=1e-6)


def test_wider_takes_each_bound_from_whichever_band_has_it_farther_out() -> None:
    one, other = Band(np.array([1.0]), np.array([5.0])), Band(np.array([2.0]), np.array([3.0]))
    assert [float(x[0]) for x in wider(one, other)] == [2.0, 5.0]
