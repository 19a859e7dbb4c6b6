"""A concentrated position against the pool's own integers, its slopes, and the integral of what it loses."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import dblquad, quad

from keeper.core.pricing.black_scholes import price
from keeper.core.pricing.concentrated import Concentrated, concentrated, expected_loss, loss_rate
from keeper.core.pricing.liquidity import Q96, swap_exact_in

SPOT = 3000.0
NAMES = Concentrated._fields

spots = st.floats(500.0, 9000.0)
widths = st.floats(1e-3, 3.0)
volatilities = st.floats(0.1, 2.0)


def value(spot: float, low: float, high: float, size: float = 100.0) -> float:
    return float(concentrated(spot, low, high, size).value)


@given(spots, spots, widths)
def test_delta_is_the_slope_of_the_value_and_gamma_that_of_delta(
    spot: float, low: float, width: float
) -> None:
    high = low * (1.0 + width)
    step = 1e-4 * spot
    position = concentrated(spot, low, high, 100.0)
    slope = (value(spot + step, low, high) - value(spot - step, low, high)) / (2 * step)
    steepest = 100.0 / min(spot, low) ** 1.5
    assert float(position.delta) == pytest.approx(slope, abs=steepest * step + 1e-9)
    if all(abs(spot - edge) > 2 * step for edge in (low, high)):
        up, down = (concentrated(spot + by, low, high, 100.0).delta for by in (step, -step))
        assert float(position.gamma) == pytest.approx(float(up - down) / (2 * step), rel=1e-6, abs=1e-12)


@given(spots, spots, widths)
def test_it_is_a_strip_of_options(spot: float, low: float, width: float) -> None:
    """Carr & Madan 1998: the payoff is its tangent at the top less puts, one for each strike in the range."""
    high = low * (1.0 + width)

    def short_put(strike: float) -> float:
        return float(max(strike - spot, 0.0) * 50.0 / strike**1.5)

    kink = [spot] if low < spot < high else None
    strip, _ = quad(short_put, low, high, points=kink, epsabs=1e-9)
    top = 100.0 * (math.sqrt(high) - math.sqrt(low))
    below = 100.0 * (low**-0.5 - high**-0.5)
    # Under the range what is left of the strip is the underlying, bought at its own strikes.
    assert value(spot, low, high) == pytest.approx(top - strip, rel=1e-9, abs=1e-7)
    assert value(0.5 * low, low, high) == pytest.approx(below * 0.5 * low, rel=1e-12)


@given(spots, spots, widths, st.floats(1 / 365, 0.5), volatilities)
def test_the_expected_loss_is_what_the_strip_of_options_is_worth(
    spot: float, low: float, width: float, years: float, sigma: float
) -> None:
    """Independent of the partial moments: time value of the strip, by Black and Scholes and quadrature."""
    high = low * (1.0 + width)

    def time_value(strike: float) -> float:
        worth = float(price(spot, strike, years, sigma, is_call=False))
        return float((worth - max(strike - spot, 0.0)) * 50.0 / strike**1.5)

    kink = [spot] if low < spot < high else None
    strip, _ = quad(time_value, low, high, points=kink, epsabs=1e-10, epsrel=1e-10)
    assert float(expected_loss(spot, low, high, 100.0, years, sigma)) == pytest.approx(
        strip, rel=1e-6, abs=2e-9
    )


@pytest.mark.parametrize(("low", "high"), [(2500.0, 3600.0), (3100.0, 3300.0), (2000.0, 2900.0)])
def test_the_expected_loss_is_the_integral_of_the_rate(low: float, high: float) -> None:
    """Over time and over the lognormal density, with no closed form in it but the rate's."""
    years, sigma, size = 30 / 365, 0.8, 100.0

    def rate(z: float, root: float) -> float:
        """At the standard normal deviate z, after root^2 years; the root tames the start."""
        width = sigma * root
        spot = SPOT * math.exp(width * z - 0.5 * width * width)
        flow = float(loss_rate(spot, low, high, size, sigma))
        return flow * math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi) * 2 * root

    def edge(bound: float, root: float) -> float:
        width = sigma * root
        return min(max(math.log(bound / SPOT) / width + 0.5 * width, -9.0), 9.0)

    loss, _ = dblquad(
        rate,
        1e-9,
        math.sqrt(years),
        lambda root: edge(low, root) + 1e-12,
        lambda root: edge(high, root) - 1e-12,
        epsabs=1e-8,
        epsrel=1e-8,
    )
    assert float(expected_loss(SPOT, low, high, size, years, sigma)) == pytest.approx(loss, rel=1e-6)


def test_a_known_value() -> None:
    """A range without ends is a v2 pool: V = 2 L sqrt(S), of which arbitrage takes sigma^2 / 8 a year."""
    everywhere = concentrated(SPOT, 1e-12, 1e18, 100.0)
    assert float(everywhere.value) == pytest.approx(200.0 * math.sqrt(SPOT), rel=1e-6)
    rate = loss_rate(SPOT, 1e-12, 1e18, 100.0, 0.8)
    assert float(rate / everywhere.value) == pytest.approx(0.8**2 / 8, rel=1e-6)


@given(spot=st.floats(1500.0, 4500.0), share=st.floats(0.02, 0.9))
def test_it_holds_what_the_pool_pays_out(spot: float, share: float) -> None:
    """Sold through the pool in integers, the underlying of the position is what the model says is left."""
    size, low = 10.0, spot * share
    start, end = (int(math.sqrt(each) * Q96) for each in (spot, low))
    fill = swap_exact_in(start, int(size * 1e18), 0, 10**30, zero_for_one=True, limit=end)
    before, after = (concentrated(each, 10.0, 9000.0, size) for each in (spot, low))
    assert fill.amount_in / 1e18 == pytest.approx(float(after.delta - before.delta), rel=1e-9)
    assert fill.amount_out / 1e18 == pytest.approx(float(before.quote - after.quote), rel=1e-9)


@given(st.floats(1e-6, 1e-3))
def test_a_narrow_range_keeps_its_digits(width: float) -> None:
    """Below the range the value is L S (high - low) / (sqrt(low high) (sqrt(low) + sqrt(high)))."""
    low, high = SPOT, SPOT * (1.0 + width)
    gap = high - low
    exact = 0.9 * SPOT * gap / (math.sqrt(low * high) * (math.sqrt(low) + math.sqrt(high)))
    assert value(0.9 * SPOT, low, high, 1.0) == pytest.approx(exact, rel=1e-13)


def test_outside_the_range_nothing_is_left_to_lose() -> None:
    for spot in (2000.0, 4000.0):
        assert float(concentrated(spot, 2500.0, 3500.0, 100.0).gamma) == 0.0
        assert float(loss_rate(spot, 2500.0, 3500.0, 100.0, 0.8)) == 0.0
    assert float(concentrated(4000.0, 2500.0, 3500.0, 100.0).delta) == 0.0


@pytest.mark.parametrize(("years", "sigma"), [(0.0, 0.8), (0.1, 0.0), (-1.0, 0.8), (0.1, -0.5)])
def test_without_time_or_volatility_nothing_is_expected_to_be_lost(years: float, sigma: float) -> None:
    for spot in (2000.0, 2500.0, 3000.0, 3500.0, 4000.0):
        assert float(expected_loss(spot, 2500.0, 3500.0, 100.0, years, sigma)) == pytest.approx(0, abs=1e-11)


@pytest.mark.parametrize(
    ("spot", "low", "high"), [(0.0, 1.0, 2.0), (-1.0, 1.0, 2.0), (1.0, 2.0, 2.0), (1.0, 0.0, 2.0)]
)
def test_no_range_and_no_price_have_no_value(spot: float, low: float, high: float) -> None:
    assert np.all(np.isnan(concentrated(spot, low, high, 1.0)))
    assert np.isnan(expected_loss(spot, low, high, 1.0, 0.1, 0.8))


@pytest.mark.parametrize("position", range(4))
def test_a_missing_input_is_never_mistaken_for_a_number(position: int) -> None:
    inputs = np.array([3000.0, 2500.0, 3500.0, 100.0])
    inputs[position] = np.nan
    assert np.all(np.isnan(concentrated(*inputs)))


def test_inputs_broadcast() -> None:
    found = concentrated(np.array([[2000.0], [3000.0]]), 2500.0, np.array([3000.0, 3500.0, 4000.0]), 1.0)
    assert {getattr(found, name).shape for name in NAMES} == {(2, 3)}
