"""Power perpetuals against integrals over the lognormal density, and against their own slopes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from keeper.core.pricing.power import (
    SQUEETH_FUNDING_YEARS,
    claim_left,
    power_perpetual,
    power_volatility,
)

SPOT = 3000.0
spots = st.floats(100.0, 1e4)
volatilities = st.floats(0.1, 2.5)
powers = st.sampled_from([2.0, 3.0, 0.5, -1.0, 1.7])


def expected_power(power: float, years: float, sigma: float) -> float:
    """E[S^p] of a driftless lognormal price, by quadrature."""
    width = sigma * math.sqrt(years)

    def weighted(z: float) -> float:
        move = math.exp(width * z - 0.5 * width * width)
        return float(move**power) * math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)

    found, _ = quad(weighted, -14.0, 14.0 + 2 * power * width, epsabs=1e-13, epsrel=1e-12, limit=200)
    return float(found * SPOT**power)


@given(powers, volatilities, st.floats(1 / 365, 0.3))
def test_what_is_expected_of_a_token_later_is_its_value_now(power: float, sigma: float, years: float) -> None:
    """Funding in kind at the fair mark makes the token a martingale: that is what fair means."""
    now = power_perpetual(SPOT, 1.0, sigma, power=power)
    mark, index = float(now.value), SPOT**power
    funded = (mark / index) ** (-years / SQUEETH_FUNDING_YEARS)
    later = funded * mark / index * expected_power(power, years, sigma)
    assert later == pytest.approx(mark, rel=1e-9)


@given(spots, powers, volatilities)
def test_greeks_are_the_slopes_of_the_value(spot: float, power: float, sigma: float) -> None:
    step, bump = 1e-4 * spot, 1e-5
    found = power_perpetual(spot, 0.3, sigma, power=power)

    def value(ds: float = 0.0, dv: float = 0.0) -> float:
        return float(power_perpetual(spot + ds, 0.3, sigma + dv, power=power).value)

    size = value() / spot
    assert float(found.delta) == pytest.approx((value(step) - value(-step)) / (2 * step), rel=1e-6)
    curvature = (value(step) - 2 * value() + value(-step)) / step**2
    assert float(found.gamma) == pytest.approx(curvature, rel=1e-5, abs=1e-6 * size / spot)
    slope = (value(dv=bump) - value(dv=-bump)) / (2 * bump)
    assert float(found.vega) == pytest.approx(slope, rel=1e-6, abs=1e-9 * value())


@given(spots, powers, volatilities)
def test_theta_pays_for_gamma(spot: float, power: float, sigma: float) -> None:
    found = power_perpetual(spot, 0.3, sigma, power=power)
    assert float(found.theta) == pytest.approx(-0.5 * (sigma * spot) ** 2 * float(found.gamma), rel=1e-12)


@given(spots, st.floats(0.1, 2.6))
def test_theta_is_what_funding_takes(spot: float, sigma: float) -> None:
    """As long as the bounds on the mark do not bind."""
    token = power_perpetual(spot, 1.0, sigma)
    moment = 1e-7
    left = float(claim_left(token.value, spot**2, moment))
    assert float(token.theta) == pytest.approx((left - 1.0) * float(token.value) / moment, rel=1e-4)


@given(volatilities, powers)
def test_the_volatility_comes_back_from_the_mark(sigma: float, power: float) -> None:
    mark = power_perpetual(SPOT, 1.0, sigma, power=power).value
    found = float(power_volatility(mark, SPOT**power, power=power))
    assert found == pytest.approx(sigma, rel=1e-9) or power == 0.5


def test_a_known_value() -> None:
    """The reference: at 70 % and 17.5 days mark / index = exp(0.49 * 17.5 / 365) = 1.02377."""
    assert float(power_perpetual(SPOT, 1.0, 0.7).value) / SPOT**2 == pytest.approx(1.02377, abs=1e-5)


def test_the_venue_ignores_what_a_mark_is_beyond_its_bounds() -> None:
    period = SQUEETH_FUNDING_YEARS
    np.testing.assert_allclose(
        claim_left([0.1, 0.8, 1.0, 1.4, 9.0], 1.0, period), [1.25, 1.25, 1.0, 1 / 1.4, 1 / 1.4]
    )


def test_a_mark_below_the_index_has_no_volatility_and_a_bad_price_no_value() -> None:
    assert np.isnan(power_volatility(0.9, 1.0))
    assert float(power_volatility(1.0, 1.0)) == 0.0
    for bad in (0.0, -1.0, np.nan):
        assert np.all(np.isnan(power_perpetual(bad, 1.0, 0.7)))
        assert np.isnan(claim_left(bad, 1.0, 0.1))
        assert np.isnan(claim_left(1.0, bad, 0.1))
        assert np.isnan(power_volatility(bad, 1.0))
    assert np.all(np.isnan(power_perpetual(SPOT, 1.0, np.nan)))


def test_inputs_broadcast() -> None:
    found = power_perpetual(np.array([[2900.0], [3100.0]]), np.array([1.0, 0.5, 0.2]), 0.7)
    assert {each.shape for each in found} == {(2, 3)}
