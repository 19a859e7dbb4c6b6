"""The surface of a chain: sound between its expiries too, silent where nothing is known, and last SSVI."""

from dataclasses import replace

import numpy as np
import pytest

from keeper.core.pricing.surface import (
    Flaw,
    Kind,
    Quotes,
    Refused,
    Surface,
    Unfit,
    fit_surface,
    forward_at,
    volatility_at,
)
from keeper.core.pricing.surface.arbitrage import least_density, least_growth
from keeper.core.pricing.surface.ssvi import fit_ssvi, ssvi_slice
from keeper.core.pricing.surface.svi import durrleman, shape
from tests.core.pricing.surface.build import FORWARD, crypto, quotes, smile, strikes, volatility

TIMES = (7 / 365, 30 / 365, 90 / 365)
CHAIN = [quotes(crypto(years), strikes(years)) for years in TIMES]


def surface(chain: list[Quotes]) -> Surface:
    found = fit_surface(chain)
    assert isinstance(found, Surface)
    return found


FOUND = surface(CHAIN)


def test_the_order_of_the_chain_does_not_matter() -> None:
    assert surface(CHAIN[::-1]).slices == FOUND.slices
    assert FOUND.kinds == (Kind.FITTED,) * 3


@pytest.mark.parametrize("years", TIMES)
def test_at_an_expiry_it_is_the_expirys_slice(years: float) -> None:
    k = strikes(years)
    np.testing.assert_allclose(volatility_at(FOUND, k, years), volatility(crypto(years), k), atol=1e-3)


def test_between_expiries_total_variance_is_linear_in_time() -> None:
    k = np.linspace(-0.3, 0.3, 7)
    at = [volatility_at(FOUND, k, years) ** 2 * years for years in (TIMES[0], 20 / 365, TIMES[1])]
    share = (20 - 7) / (30 - 7)
    np.testing.assert_allclose(at[1], (1 - share) * at[0] + share * at[2], rtol=1e-12)


def test_total_variance_never_falls_and_no_butterfly_is_free_anywhere() -> None:
    """By finite differences in time and strike, at times that are no expiry."""
    k = np.linspace(-1.0, 1.0, 201)
    before = np.zeros_like(k)
    for years in np.linspace(1e-3, TIMES[-1], 60):
        w = volatility_at(FOUND, k, years) ** 2 * years
        assert np.all(w >= before)
        before = w
        step = k[1] - k[0]
        slope, bend = np.gradient(w, step), np.gradient(np.gradient(w, step), step)
        g = (1 - k * slope / (2 * w)) ** 2 - slope**2 / 4 * (1 / w + 0.25) + bend / 2
        assert g[2:-2].min() > -1e-3


def test_before_the_first_expiry_its_volatility_stands_and_after_the_last_nothing_does() -> None:
    at_first = volatility_at(FOUND, 0.05, TIMES[0])
    assert float(volatility_at(FOUND, 0.05, 1 / 365)) == pytest.approx(float(at_first))
    for years in (0.0, -1.0, 0.5, np.nan):
        assert np.isnan(volatility_at(FOUND, 0.05, years))
        assert np.isnan(forward_at(FOUND, years))
    assert np.isnan(volatility_at(FOUND, np.nan, 0.1))


def test_forwards_are_log_linear() -> None:
    chain = [replace(CHAIN[0]), _scaled(CHAIN[1], 1.02)]
    found = surface(chain)
    middle = (TIMES[0] + TIMES[1]) / 2
    assert float(forward_at(found, middle)) == pytest.approx(FORWARD * 1.02**0.5)
    assert float(forward_at(found, 1e-3)) == pytest.approx(FORWARD)


def test_a_bad_expiry_is_left_out_with_its_reason() -> None:
    expired = replace(CHAIN[1], years=0.0)
    few = quotes(crypto(0.2), strikes(0.2, count=4))
    found = surface([expired, CHAIN[0], few, CHAIN[0], CHAIN[2]])
    assert set(found.refused) == {
        Refused(0, Flaw.EXPIRED),
        Refused(2, Flaw.TOO_FEW_QUOTES),
        Refused(3, Flaw.REPEATED),
    }
    assert len(found.slices) == 2


def test_without_any_expiry_there_is_no_surface() -> None:
    assert fit_surface([]) == Unfit(Flaw.TOO_FEW_QUOTES)
    assert fit_surface([replace(CHAIN[0], years=-1.0)]) == Unfit(Flaw.EXPIRED)


def test_ssvi_finds_the_surface_that_made_its_quotes() -> None:
    rho, eta, gamma = -0.3, 1.1, 0.4
    made = []
    for years in TIMES:
        theta = 0.49 * years
        made.append(ssvi_slice(years, theta, rho, eta / (theta**gamma * (1 + theta) ** (1 - gamma))))
    found = fit_ssvi([smile(each, strikes(each.years)) for each in made])
    for one, other in zip(found, made, strict=True):
        k = strikes(one.years)
        np.testing.assert_allclose(volatility(one, k), volatility(other, k), atol=1e-4)
        assert least_density(one).value >= 0
    assert least_growth(found[0], found[1]).value >= 0


def test_where_slices_cannot_be_had_one_by_one_ssvi_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """No chain of ours or of the market's needs it, so the fit of single slices is made to fail."""
    monkeypatch.setattr("keeper.core.pricing.surface.building.fit_slice", lambda *_: Unfit(Flaw.NO_FIT))
    found = surface(CHAIN)
    assert found.kinds == (Kind.SSVI,) * 3
    for one in found.slices:
        assert least_density(one).value >= 0
    k = np.linspace(-0.2, 0.2, 9)
    np.testing.assert_allclose(volatility_at(found, k, 0.2), volatility(crypto(0.2), k), atol=0.05)


def test_scaling_a_sound_slice_down_in_time_keeps_it_sound() -> None:
    """What stands behind the volatility before the first expiry."""
    k = np.linspace(-3, 3, 601)
    for share in (0.01, 0.3, 0.9):
        one = shape(FOUND.slices[0], k)
        assert durrleman(k, type(one)(*(share * each for each in one))).min() >= 0


def _scaled(chain: Quotes, by: float) -> Quotes:
    return replace(
        chain, forward=chain.forward * by, strike=chain.strike * by, bid=chain.bid * by, ask=chain.ask * by
    )
