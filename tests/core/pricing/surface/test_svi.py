"""The slice against the published example, digit for digit, and against the density it implies."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from keeper.core.pricing.black_scholes import Floats, price
from keeper.core.pricing.surface import Slice, total_variance
from keeper.core.pricing.surface.arbitrage import least_density, least_growth
from keeper.core.pricing.surface.ssvi import ssvi_slice
from keeper.core.pricing.surface.svi import durrleman, from_jump_wings, jump_wings, repaired_wings, shape
from tests.core.pricing.surface.build import VOGT, crypto

slices = st.builds(
    Slice,
    years=st.just(0.25),
    a=st.floats(0.01, 0.2),
    b=st.floats(0.01, 0.5),
    rho=st.floats(-0.9, 0.9),
    m=st.floats(-0.5, 0.5),
    sigma=st.floats(0.05, 1.0),
)


def test_the_published_jump_wings_of_vogts_slice() -> None:
    """Gatheral & Jacquier 2014, example 5.1."""
    published = (0.01742625, -0.1752111, 0.6997381, 1.316798, 0.0116249)
    np.testing.assert_allclose(jump_wings(VOGT), published, rtol=5e-7)


def test_the_published_butterfly_of_vogts_slice() -> None:
    least = least_density(VOGT)
    assert least.value == pytest.approx(-0.03286357, abs=1e-7)
    assert least.at == pytest.approx(0.8792, abs=1e-3)
    k = np.array([0.64, 0.65, 1.25, 1.26])
    np.testing.assert_array_equal(durrleman(k, shape(VOGT, k)) > 0, [True, False, False, True])


def test_the_published_repair_of_vogts_slice() -> None:
    wings = repaired_wings(jump_wings(VOGT))
    assert wings.right == pytest.approx(0.3493158, abs=1e-7)
    assert wings.least == pytest.approx(0.01548182, abs=1e-8)
    k = np.linspace(-1.5, 1.5, 3001)
    repaired = from_jump_wings(1.0, wings)
    assert durrleman(k, shape(repaired, k)).min() == pytest.approx(0.278, abs=5e-4)
    assert least_density(repaired).value > 0


def test_the_published_best_repair_is_just_free() -> None:
    best = from_jump_wings(1.0, jump_wings(VOGT)._replace(right=0.8564763))
    assert least_density(best).value == pytest.approx(0.0081, abs=2e-4)


@given(slices)
def test_the_wings_give_the_slice_back(of: Slice) -> None:
    wings = jump_wings(of)
    # Where the least variance is at the money, the wings say nothing of the curve's centre and width.
    assume(abs(of.m) > 1e-2 and 1.0 - wings.least / wings.atm > 1e-6)
    again = from_jump_wings(of.years, wings)
    k = np.linspace(-1.0, 1.0, 11)
    np.testing.assert_allclose(total_variance(again, k), total_variance(of, k), rtol=1e-6)


@given(slices, st.floats(-2.0, 2.0))
def test_slopes_are_slopes(of: Slice, k: float) -> None:
    step = 1e-5
    at = shape(of, k)
    up, down = (shape(of, k + by) for by in (step, -step))
    assert float(at.slope) == pytest.approx(float(up.variance - down.variance) / (2 * step), abs=1e-8)
    assert float(at.bend) == pytest.approx(float(up.slope - down.slope) / (2 * step), rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("of", [VOGT, crypto(0.25), crypto(7 / 365)])
def test_g_is_negative_where_a_butterfly_pays(of: Slice) -> None:
    """Independent of the formula: butterflies of Black-Scholes prices on the slice itself."""
    k = np.linspace(-1.2, 1.4, 53)
    strike, step = np.exp(k), 1e-3

    def cost(by: float) -> Floats:
        volatility = np.sqrt(total_variance(of, k + np.log1p(by)) / of.years)
        return price(1.0, strike * (1 + by), of.years, volatility, is_call=True)

    butterfly = cost(-step) - 2 * cost(0.0) + cost(step)
    g = durrleman(k, shape(of, k))
    clear = np.abs(g) > 1e-2
    np.testing.assert_array_equal(butterfly[clear] > 0, g[clear] > 0)


@given(theta=st.floats(1e-3, 2.0), rho=st.floats(-0.95, 0.95), share=st.floats(0.01, 0.999))
def test_ssvi_slices_within_their_bounds_are_free(theta: float, rho: float, share: float) -> None:
    """Gatheral & Jacquier 2014, theorem 4.2."""
    phi = share * min(4 / (theta * (1 + abs(rho))), (4 / (theta * (1 + abs(rho)))) ** 0.5)
    assert least_density(ssvi_slice(1.0, theta, rho, phi)).value >= -1e-12


def test_a_wing_too_steep_or_no_variance_is_never_free() -> None:
    assert least_density(Slice(1.0, 0.1, 1.5, 0.5, 0.0, 0.3)).value == -np.inf
    assert least_density(Slice(1.0, -0.2, 0.1, 0.0, 0.0, 0.3)).value == -np.inf


def test_two_slices_cross_where_the_later_has_less_variance() -> None:
    assert least_growth(crypto(0.1), crypto(0.2)).value > 0
    assert least_growth(crypto(0.2), crypto(0.1)).value < 0
    inverted = least_growth(crypto(0.1, atm=1.2), crypto(0.12, atm=0.7))
    assert inverted.value < 0


def test_a_wing_that_falls_over_time_crosses_however_far_out() -> None:
    early = Slice(0.1, 0.01, 0.1, 0.0, 0.0, 0.3)
    assert least_growth(early, Slice(0.2, 0.5, 0.0999999, 0.0, 0.0, 0.3)).value == -np.inf
    assert least_growth(early, Slice(0.2, 0.5, 0.1, 1e-6, 0.0, 0.3)).value == -np.inf
