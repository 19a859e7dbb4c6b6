"""A volatility gives a price, and the price the volatility: on the whole grid, as far as a price can tell."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.pricing.black_scholes import greeks, price
from keeper.core.pricing.implied import implied_volatility

MONEYNESS = (0.01, 0.1, 0.3, 0.5, 0.8, 0.9, 0.97, 0.999, 1.0, 1.001, 1.03, 1.1, 1.25, 2, 3, 10, 100)
YEARS = (1e-8, 1e-6, 1e-4, 1 / 365, 7 / 365, 0.1, 0.5, 2.0)
VOLATILITY = (1e-4, 1e-2, 0.1, 0.3, 0.7, 1.5, 5.0)
SMALLEST = 2.3e-308
SPOT = 3000.0


def allowed(paid: float, vega: float, sigma: float) -> float:
    """Relative move of the volatility by sixteen roundings of the price, and the price's own accuracy."""
    return 1e-11 + 16 * float(np.spacing(paid)) / (vega * sigma)


@pytest.mark.parametrize("call", [True, False])
def test_the_whole_grid_comes_back_to_what_a_rounding_of_its_price_tells(*, call: bool) -> None:
    seen = 0
    for ratio, time, sigma in itertools.product(MONEYNESS, YEARS, VOLATILITY):
        option = greeks(SPOT, SPOT * ratio, time, sigma, call)
        paid, vega = float(option.price), float(option.vega)
        value = paid - max((SPOT - SPOT * ratio) * (1 if call else -1), 0.0)
        if value < SMALLEST or allowed(paid, vega, sigma) > 1e-3:
            continue
        seen += 1
        found = float(implied_volatility(paid, SPOT, SPOT * ratio, time, call))
        assert abs(found / sigma - 1) < allowed(paid, vega, sigma), (ratio, time, sigma)
    assert seen > 300


@given(
    ratio=st.floats(-4.6, 4.6).map(lambda x: float(np.exp(x))),
    time=st.floats(-18.0, 0.69).map(lambda x: float(np.exp(x))),
    sigma=st.floats(-9.2, 1.6).map(lambda x: float(np.exp(x))),
)
def test_any_out_of_the_money_option_comes_back(ratio: float, time: float, sigma: float) -> None:
    call = ratio >= 1.0
    option = greeks(SPOT, SPOT * ratio, time, sigma, call)
    if option.price > SMALLEST and allowed(float(option.price), float(option.vega), sigma) < 1e-3:
        found = float(implied_volatility(option.price, SPOT, SPOT * ratio, time, call))
        assert abs(found / sigma - 1) < 10 * allowed(float(option.price), float(option.vega), sigma)


def test_a_price_that_no_volatility_gives_has_none() -> None:
    call = np.array([True, True, True, False, True, True])
    paid = np.array([-1.0, 99.0, 3100.0, 3000.0, 10.0, np.nan])
    strike = np.array([3000.0, 3000.0, 3000.0, 3000.0, 0.0, 3000.0])
    assert np.all(np.isnan(implied_volatility(paid, 3100.0, strike, 0.1, call)))
    assert np.isnan(implied_volatility(10.0, 3000.0, 3000.0, 0.0, is_call=True))


def test_the_intrinsic_value_is_no_volatility() -> None:
    assert float(implied_volatility(100.0, 3100.0, 3000.0, 0.1, is_call=True)) == 0.0
    assert float(implied_volatility(0.0, 3100.0, 3000.0, 0.1, is_call=False)) == 0.0


def test_a_dearer_option_has_more_volatility() -> None:
    paid = np.linspace(1.0, 2990.0, 500)
    found = implied_volatility(paid, 3000.0, 3200.0, 0.25, is_call=True)
    assert np.all(np.diff(found) > 0)
    np.testing.assert_allclose(price(3000.0, 3200.0, 0.25, found, is_call=True), paid, rtol=1e-12)
