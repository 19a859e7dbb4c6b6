"""A fit finds the slice that made the quotes, never has arbitrage, and no single quote can bend it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.core.pricing.surface import Slice, Smile, Unfit
from keeper.core.pricing.surface.arbitrage import SLACK, least_density, least_growth
from keeper.core.pricing.surface.fitting import Fitted, fit_slice
from keeper.core.pricing.surface.svi import JumpWings, from_jump_wings
from tests.core.pricing.surface.build import VOGT, crypto, smile, strikes, volatility

BEND = 10.0
"""Half spreads by which one bad quote may move the fit, at any quoted strike (docs/pricing.md)."""

made = st.builds(
    lambda days, atm, skew, left, right, least: from_jump_wings(
        days / 365, JumpWings(atm**2, skew, left, right, least * atm**2)
    ),
    days=st.sampled_from([7, 30, 90]),
    atm=st.floats(0.4, 1.0),
    skew=st.floats(-0.15, -0.02),
    left=st.floats(0.35, 0.8),
    right=st.floats(0.35, 0.8),
    least=st.floats(0.8, 0.95),
)


def atm(of: Slice) -> float:
    return float(volatility(of, np.zeros(1))[0])


def fitted(to: Smile, after: Slice | None = None) -> Slice:
    found = fit_slice(to, after)
    assert isinstance(found, Fitted)
    return found.smile


@settings(max_examples=50)
@given(made)
def test_quotes_of_a_sound_slice_give_it_back(of: Slice) -> None:
    """If it is sound with something to spare, and no sharper than quotes of this distance can show."""
    k = strikes(of.years, atm(of), 21)
    if least_density(of).value < 1e-3 or of.sigma < 0.1 * float(np.ptp(k)):
        return
    found = fit_slice(smile(of, k))
    assert isinstance(found, Fitted)
    assert not found.repaired
    np.testing.assert_allclose(volatility(found.smile, k), volatility(of, k), atol=2e-4)


def test_a_butterfly_is_repaired_and_the_quotes_kept_nearly() -> None:
    k = np.linspace(-1.5, 1.5, 31)
    found = fit_slice(smile(VOGT, k))
    assert isinstance(found, Fitted)
    assert found.repaired
    assert least_density(found.smile).value >= 0
    error = volatility(found.smile, k) - volatility(VOGT, k)
    assert np.sqrt(np.mean(error**2)) < 0.008


def test_a_later_expiry_that_is_quoted_below_an_earlier_is_lifted() -> None:
    early, late = crypto(0.1, atm=0.9), crypto(0.11, atm=0.7)
    first = fitted(smile(early, strikes(0.1)))
    second = fit_slice(smile(late, strikes(0.11)), first)
    assert isinstance(second, Fitted)
    assert second.repaired
    assert least_growth(first, second.smile).value >= -SLACK
    assert least_density(second.smile).value >= 0


@settings(max_examples=30)
@given(st.lists(st.floats(0.1, 3.0), min_size=8, max_size=15), st.sampled_from([1 / 365, 0.1, 1.0]))
def test_whatever_is_quoted_a_slice_has_no_arbitrage_or_there_is_none(
    quoted: list[float], years: float
) -> None:
    k = strikes(years, count=len(quoted))
    whole = tuple(range(len(quoted)))
    found = fit_slice(Smile(3000.0, years, k, np.array(quoted), np.full(len(k), 0.01), whole, ()))
    if isinstance(found, Unfit):
        return
    assert least_density(found.smile).value >= 0


@settings(max_examples=60)
@given(
    of=made,
    position=st.integers(0, 14),
    wrong=st.floats(0.01, 5.0),
    certain=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_bad_quote_cannot_bend_the_slice_beyond_a_bound(
    of: Slice, position: int, wrong: float, seed: int, *, certain: bool
) -> None:
    """Fifteen quotes anywhere within their spread; one is replaced by any volatility, with any certainty."""
    if least_density(of).value < 1e-3:
        return
    spread = 0.005
    k = strikes(of.years, atm(of))
    noise = np.random.default_rng(seed).uniform(-spread, spread, len(k))
    good = smile(of, k, spread, noise)
    quoted, spreads = good.volatility.copy(), good.spread.copy()
    quoted[position], spreads[position] = wrong, 0.0 if certain else spread
    bad = Smile(good.forward, good.years, k, quoted, spreads, good.kept, ())
    one, other = fit_slice(good), fit_slice(bad)
    if isinstance(one, Unfit) or isinstance(other, Unfit):
        return
    bend = np.abs(volatility(one.smile, k) - volatility(other.smile, k)) / spread
    assert bend.max() < BEND


@pytest.mark.parametrize("position", [0, 7, 14])
def test_a_quote_gains_no_weight_by_being_certain(position: int) -> None:
    k = strikes(0.1)
    good = smile(crypto(0.1), k)
    spreads = good.spread.copy()
    spreads[position] = 0.0
    quoted = good.volatility.copy()
    quoted[position] += 0.2
    bad = Smile(good.forward, good.years, k, quoted, spreads, good.kept, ())
    np.testing.assert_allclose(volatility(fitted(bad), k), good.volatility, atol=0.01)
