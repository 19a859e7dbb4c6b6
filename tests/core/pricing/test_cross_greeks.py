"""Vanna, volga and charm are the slopes they are named after, and agree with sixty digits."""

import itertools

import mpmath  # type: ignore[import-untyped]
import numpy as np
import pytest

from keeper.core.pricing.black_scholes import greeks
from keeper.core.pricing.cross_greeks import cross_greeks

SPOT = 3000.0


def exact(spot: float, strike: float, time: float, sigma: float) -> tuple[mpmath.mpf, ...]:
    with mpmath.workdps(60):
        s, k, t, v = (mpmath.mpf(x) for x in (spot, strike, time, sigma))
        d1 = mpmath.log(s / k) / (v * mpmath.sqrt(t)) + v * mpmath.sqrt(t) / 2
        d2 = d1 - v * mpmath.sqrt(t)
        density = mpmath.exp(-(d1**2) / 2) / mpmath.sqrt(2 * mpmath.pi)
        return -density * d2 / v, s * density * mpmath.sqrt(t) * d1 * d2 / v, density * d2 / (2 * t)


def test_the_grid_agrees_with_sixty_digits() -> None:
    grid = itertools.product(
        (0.01, 0.3, 0.9, 0.999, 1.001, 1.1, 3, 100), (1e-6, 1 / 365, 0.1, 2.0), (0.1, 0.7, 5)
    )
    for ratio, time, sigma in grid:
        found = cross_greeks(SPOT, SPOT * ratio, time, sigma)
        for value, right in zip(found, exact(SPOT, SPOT * ratio, time, sigma), strict=True):
            if abs(right) > 1e-290:
                assert abs(float(value) / right - 1) < 1e-10, (ratio, time, sigma)


@pytest.mark.parametrize("call", [True, False])
def test_they_are_slopes_of_delta_and_vega(*, call: bool) -> None:
    spot, strike, time, sigma, step = np.linspace(2000.0, 4500.0, 26), 3000.0, 14 / 365, 0.7, 1e-5
    up, down = (greeks(spot, strike, time, sigma + by, call) for by in (step, -step))
    later, sooner = (greeks(spot, strike, time - by, sigma, call) for by in (1e-7, -1e-7))
    found = cross_greeks(spot, strike, time, sigma)
    np.testing.assert_allclose(found.vanna, (up.delta - down.delta) / (2 * step), atol=1e-8)
    np.testing.assert_allclose(found.volga, (up.vega - down.vega) / (2 * step), rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(found.charm, (later.delta - sooner.delta) / 2e-7, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("time", "sigma"), [(0.0, 0.7), (0.1, 0.0), (-1.0, 0.7)])
def test_a_dead_option_has_none(time: float, sigma: float) -> None:
    assert [float(each) for each in cross_greeks(SPOT, 3100.0, time, sigma)] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("position", range(4))
def test_a_missing_input_is_never_mistaken_for_a_number(position: int) -> None:
    inputs = np.array([3000.0, 3100.0, 0.1, 0.7])
    inputs[position] = np.nan
    assert np.all(np.isnan(cross_greeks(*inputs)))
