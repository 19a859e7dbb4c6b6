"""Black's formula against the textbook in sixty digits, and against its own slopes."""

import mpmath  # type: ignore[import-untyped]
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.pricing.black_76 import black_76
from keeper.core.pricing.black_scholes import greeks


def exact(forward: float, strike: float, time: float, sigma: float, rate: float, *, call: bool) -> mpmath.mpf:
    with mpmath.workdps(60):
        f, k, t, v, r = (mpmath.mpf(x) for x in (forward, strike, time, sigma, rate))
        d1 = mpmath.log(f / k) / (v * mpmath.sqrt(t)) + v * mpmath.sqrt(t) / 2
        sign = 1 if call else -1
        first, second = (mpmath.ncdf(sign * d) for d in (d1, d1 - v * mpmath.sqrt(t)))
        return mpmath.exp(-r * t) * sign * (f * first - k * second)


@given(
    ratio=st.floats(0.3, 3.0),
    time=st.floats(1e-3, 2.0),
    sigma=st.floats(0.1, 3.0),
    rate=st.floats(-0.05, 0.3),
    call=st.booleans(),
)
def test_any_option_agrees_with_sixty_digits(
    ratio: float, time: float, sigma: float, rate: float, *, call: bool
) -> None:
    right = exact(3000.0, 3000.0 * ratio, time, sigma, rate, call=call)
    found = float(black_76(3000.0, 3000.0 * ratio, time, sigma, call, rate=rate).price)
    assert found == pytest.approx(float(right), rel=1e-10, abs=1e-290)


def test_a_known_value() -> None:
    """Hull, Options, Futures and Other Derivatives: a put on oil at 20, 25 %, four months, 9 %: 1.12."""
    assert float(black_76(20.0, 20.0, 4 / 12, 0.25, is_call=False, rate=0.09).price) == pytest.approx(
        1.12, abs=0.005
    )


@pytest.mark.parametrize("call", [True, False])
def test_greeks_are_the_slopes_of_the_price(*, call: bool) -> None:
    forward, time, sigma = np.linspace(2000.0, 4500.0, 26), 0.25, 0.7
    found = black_76(forward, 3000.0, time, sigma, call, rate=0.08)

    def value(df: float = 0.0, dt: float = 0.0, dv: float = 0.0) -> np.ndarray:
        return black_76(forward + df, 3000.0, time + dt, sigma + dv, call, rate=0.08).price

    np.testing.assert_allclose(found.delta, (value(0.5) - value(-0.5)), atol=1e-6)
    np.testing.assert_allclose(found.gamma, (value(0.5) - 2 * value() + value(-0.5)) / 0.25, atol=1e-7)
    np.testing.assert_allclose(found.vega, (value(dv=1e-4) - value(dv=-1e-4)) / 2e-4, rtol=1e-5)
    np.testing.assert_allclose(-found.theta, (value(dt=1e-6) - value(dt=-1e-6)) / 2e-6, rtol=1e-4)


def test_without_a_rate_it_is_black_and_scholes() -> None:
    one = black_76(3000.0, 3100.0, 0.1, 0.7, is_call=True, rate=0.0)
    other = greeks(3000.0, 3100.0, 0.1, 0.7, is_call=True)
    assert one == other
