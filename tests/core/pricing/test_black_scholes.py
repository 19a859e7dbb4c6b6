"""Prices and Greeks against 60-digit arithmetic, finite differences and the identities every option obeys."""

import itertools

import mpmath  # type: ignore[import-untyped]
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.core.pricing.black_scholes import Floats, Greeks, greeks, price

CALL, PUT = np.True_, np.False_
NAMES = ("price", "delta", "gamma", "vega", "theta")
UNDERFLOW = 1e-290
SPOT = 3000.0

MONEYNESS = (
    0.01,
    0.1,
    0.3,
    0.5,
    0.8,
    0.9,
    0.97,
    0.999,
    1 - 1e-6,
    1.0,
    1 + 1e-9,
    1.001,
    1.03,
    1.1,
    1.25,
    2,
    3,
    10,
    100,
)
YEARS = (1e-8, 1e-6, 1e-4, 1 / 365, 7 / 365, 0.1, 0.5, 2.0)
VOLATILITY = (1e-4, 1e-2, 0.1, 0.3, 0.7, 1.5, 5.0)

spots = st.floats(1e-3, 1e6)
moneyness = st.floats(-np.log(100), np.log(100)).map(lambda x: float(np.exp(x)))
years = st.floats(-18.4, 0.69).map(lambda x: float(np.exp(x)))
volatility = st.floats(-9.2, 1.6).map(lambda x: float(np.exp(x)))


def exact(spot: float, strike: float, time: float, sigma: float, *, call: bool) -> tuple[mpmath.mpf, ...]:
    """The textbook formulas, in arithmetic that forgives them."""
    with mpmath.workdps(60):
        s, k, t, v = (mpmath.mpf(x) for x in (spot, strike, time, sigma))
        deviation = v * mpmath.sqrt(t)
        d1 = mpmath.log(s / k) / deviation + deviation / 2
        d2 = d1 - deviation
        density = mpmath.exp(-(d1**2) / 2) / mpmath.sqrt(2 * mpmath.pi)
        sign = 1 if call else -1

        def normal(x: mpmath.mpf) -> mpmath.mpf:
            return mpmath.erfc(-x / mpmath.sqrt(2)) / 2

        return (
            sign * (s * normal(sign * d1) - k * normal(sign * d2)),
            sign * normal(sign * d1),
            density / (s * deviation),
            s * density * mpmath.sqrt(t),
            -s * density * v / (2 * mpmath.sqrt(t)),
        )


def worst_relative_error(result: Greeks, truth: tuple[mpmath.mpf, ...]) -> float:
    worst = 0.0
    for name, right in zip(NAMES, truth, strict=True):
        value = float(getattr(result, name))
        if abs(right) > UNDERFLOW:
            worst = max(worst, float(abs(value / right - 1)))
        else:
            assert abs(value) <= 10 * UNDERFLOW
    return worst


@pytest.mark.parametrize("sigma", VOLATILITY)
def test_the_corner_grid_agrees_with_sixty_digits(sigma: float) -> None:
    for ratio, time, call in itertools.product(MONEYNESS, YEARS, (True, False)):
        strike = SPOT * ratio
        error = worst_relative_error(
            greeks(SPOT, strike, time, sigma, call), exact(SPOT, strike, time, sigma, call=call)
        )
        assert error < 1e-11, (strike, time, sigma, call)


@settings(max_examples=300)
@given(spot=spots, ratio=moneyness, time=years, sigma=volatility, call=st.booleans())
def test_any_option_agrees_with_sixty_digits(
    spot: float, ratio: float, time: float, sigma: float, *, call: bool
) -> None:
    strike = spot * ratio
    truth = exact(spot, strike, time, sigma, call=call)
    assert worst_relative_error(greeks(spot, strike, time, sigma, call), truth) < 1e-10


@given(spots, moneyness, years, volatility)
def test_put_call_parity_holds_to_the_last_digits(
    spot: float, ratio: float, time: float, sigma: float
) -> None:
    strike = spot * ratio
    call, put = greeks(spot, strike, time, sigma, CALL), greeks(spot, strike, time, sigma, PUT)
    assert float(call.price - put.price) == pytest.approx(
        spot - strike, rel=1e-12, abs=4e-16 * (spot + strike)
    )
    assert float(call.delta - put.delta) == pytest.approx(1.0, rel=1e-15)
    assert (call.gamma, call.vega, call.theta) == (put.gamma, put.vega, put.theta)


@given(spot=spots, ratio=moneyness, time=years, sigma=volatility, call=st.booleans())
def test_the_value_lies_between_intrinsic_and_its_ceiling(
    spot: float, ratio: float, time: float, sigma: float, *, call: bool
) -> None:
    strike = spot * ratio
    result = greeks(spot, strike, time, sigma, call)
    intrinsic = max(spot - strike, 0.0) if call else max(strike - spot, 0.0)
    assert intrinsic <= result.price <= (spot if call else strike) * (1 + 1e-15)
    assert 0.0 <= abs(result.delta) <= 1.0
    assert result.gamma >= 0.0
    assert result.vega >= 0.0
    assert result.theta <= 0.0


@given(spots, moneyness, years, volatility)
def test_theta_pays_for_gamma(spot: float, ratio: float, time: float, sigma: float) -> None:
    """The Black-Scholes equation itself, with a zero rate."""
    result = greeks(spot, spot * ratio, time, sigma, CALL)
    decay = 0.5 * sigma**2 * spot**2 * result.gamma
    assert float(result.theta) == pytest.approx(-float(decay), rel=1e-12, abs=1e-290)


@pytest.mark.parametrize("call", [True, False])
def test_greeks_are_the_slopes_of_the_price(*, call: bool) -> None:
    spot = np.linspace(2000.0, 4500.0, 26)
    time, sigma, strike = 14 / 365, 0.7, 3000.0
    result = greeks(spot, strike, time, sigma, call)

    def value(ds: float = 0.0, dt: float = 0.0, dv: float = 0.0) -> Floats:
        return price(spot + ds, strike, time + dt, sigma + dv, call)

    step = 0.5
    np.testing.assert_allclose(result.delta, (value(step) - value(-step)) / (2 * step), atol=1e-6)
    np.testing.assert_allclose(result.gamma, (value(step) - 2 * value() + value(-step)) / step**2, atol=1e-8)
    np.testing.assert_allclose(result.vega, (value(dv=1e-4) - value(dv=-1e-4)) / 2e-4, rtol=1e-5)
    np.testing.assert_allclose(-result.theta, (value(dt=1e-6) - value(dt=-1e-6)) / 2e-6, rtol=1e-5)


@pytest.mark.parametrize(("time", "sigma"), [(0.0, 0.7), (-1.0, 0.7), (0.1, 0.0), (0.1, -0.2), (0.0, 0.0)])
def test_without_time_or_volatility_an_option_is_its_payoff(time: float, sigma: float) -> None:
    spot = np.array([2000.0, 3000.0, 4000.0])
    call, put = greeks(spot, 3000.0, time, sigma, CALL), greeks(spot, 3000.0, time, sigma, PUT)
    np.testing.assert_array_equal(call.price, [0.0, 0.0, 1000.0])
    np.testing.assert_array_equal(put.price, [1000.0, 0.0, 0.0])
    np.testing.assert_array_equal(call.delta, [0.0, 0.5, 1.0])
    np.testing.assert_array_equal(put.delta, [-1.0, -0.5, 0.0])
    for result in (call, put):
        for flat in (result.gamma, result.vega, result.theta):
            np.testing.assert_array_equal(flat, np.zeros(3))


def test_the_step_at_the_strike_is_the_limit_of_the_formula() -> None:
    assert float(greeks(3000.0, 3000.0, 1e-16, 1e-4, CALL).delta) == pytest.approx(0.5, abs=1e-9)


def test_a_worthless_underlying_and_a_free_strike_are_limits_too() -> None:
    nothing = greeks(0.0, 3000.0, 0.1, 0.7, np.array([True, False]))
    np.testing.assert_array_equal(nothing.price, [0.0, 3000.0])
    np.testing.assert_array_equal(nothing.delta, [0.0, -1.0])
    free = greeks(3000.0, 0.0, 0.1, 0.7, np.array([True, False]))
    np.testing.assert_array_equal(free.price, [3000.0, 0.0])
    np.testing.assert_array_equal(free.delta, [1.0, 0.0])


@pytest.mark.parametrize("position", range(4))
def test_a_missing_input_is_never_mistaken_for_a_number(position: int) -> None:
    inputs = np.array([3000.0, 3100.0, 0.1, 0.7])
    inputs[position] = np.nan
    spot, strike, time, sigma = inputs
    result = greeks(spot, strike, time, sigma, CALL)
    assert all(np.isnan(getattr(result, name)) for name in NAMES)


def test_absurd_volatility_tends_to_the_underlying_without_a_warning() -> None:
    result = greeks(3000.0, 3100.0, 2.0, np.array([80.0, 1e4, 1e100]), CALL)
    np.testing.assert_allclose(result.price, 3000.0)
    np.testing.assert_allclose(result.delta, 1.0)
    np.testing.assert_array_equal(result.gamma, 0.0)


def test_inputs_broadcast_and_every_field_has_the_common_shape() -> None:
    result = greeks(np.array([[2900.0], [3100.0]]), np.array([3000.0, 3100.0, 3200.0]), 0.1, 0.7, CALL)
    assert {getattr(result, name).shape for name in NAMES} == {(2, 3)}
    assert float(result.price[1, 2]) == float(price(3100.0, 3200.0, 0.1, 0.7, CALL))


def test_a_known_value() -> None:
    """S = K = 3000, 70 %, 14 days: the reference case of the hedging tables, premium 163.9."""
    assert float(price(3000.0, 3000.0, 14 / 365, 0.7, CALL)) == pytest.approx(163.95, abs=0.005)


def test_no_options_are_no_greeks() -> None:
    assert greeks(3000.0, np.empty(0), np.empty(0), 0.7, np.empty(0, dtype=bool)).price.shape == (0,)
