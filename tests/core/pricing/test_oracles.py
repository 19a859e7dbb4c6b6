"""Ours beside the libraries of the field: they agree wherever the library keeps its digits."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.pricers import Keeper, LetsBeRational, Options, QuantLib, Vollib

ratios = st.floats(0.4, 2.5)
times = st.floats(1 / 365, 2.0)
volatilities = st.floats(0.2, 2.0)


def one(ratio: float, years: float, sigma: float, *, call: bool) -> Options:
    spot, strike, time, volatility = (np.array([each]) for each in (3000.0, 3000.0 * ratio, years, sigma))
    return Options(spot, strike, time, volatility, np.array([call], dtype=np.bool_))


@given(ratio=ratios, years=times, sigma=volatilities, call=st.booleans())
def test_greeks_agree_with_vollib_and_quantlib(
    ratio: float, years: float, sigma: float, *, call: bool
) -> None:
    option = one(ratio, years, sigma, call=call)
    ours = Keeper().greeks(option)
    np.testing.assert_allclose(ours, Vollib().greeks(option), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(ours, QuantLib().greeks(option), rtol=1e-5, atol=1e-6)


@given(ratio=ratios, years=times, sigma=volatilities)
def test_implied_volatilities_agree_with_lets_be_rational(ratio: float, years: float, sigma: float) -> None:
    option = one(ratio, years, sigma, call=ratio >= 1.0)
    price = Keeper().greeks(option)[:, 0]
    for other in (LetsBeRational(), Vollib()):
        np.testing.assert_allclose(Keeper().implied(option, price), other.implied(option, price), rtol=1e-9)
