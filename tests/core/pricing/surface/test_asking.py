"""No single quote decides a fit: a thin smile whose fit would hang on one is refused."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.core.pricing.surface import Flaw, Smile, Unfit
from keeper.core.pricing.surface.asking import MANY, TAKEN, ask, fitted_volatility, sensitivity
from keeper.core.pricing.surface.quotes import FEWEST
from tests.core.pricing.surface.build import crypto, replaced, smile, strikes

SPREAD = 0.005


@settings(max_examples=15, deadline=None)
@given(
    quoted=st.lists(st.floats(-0.01, 0.01), min_size=FEWEST, max_size=9),
    place=st.floats(0.0, 1.0),
    wrong=st.tuples(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0)),
)
def test_two_thin_smiles_that_differ_in_one_quote_are_near_or_refused(
    quoted: list[float], place: float, wrong: tuple[float, float]
) -> None:
    """Whatever the other quotes are: here up to two half spreads off, so that some are refused."""
    k = strikes(0.1, count=len(quoted))
    good = smile(crypto(0.1), k, SPREAD, np.array(quoted))
    position = round(place * (len(quoted) - 1))
    fits = [
        ask(replaced(good, position, max(float(good.volatility[position]) + by, 0.01), SPREAD))
        for by in wrong
    ]
    accepted = [fitted_volatility(good, each.parameters) for each in fits if not isinstance(each, Unfit)]
    for one, other in pairwise(accepted):
        assert np.max(np.abs(one - other)) <= 2 * TAKEN * SPREAD


@pytest.mark.parametrize(("count", "position", "wrong"), [(5, 0, 1.5), (5, 2, 3.0), (6, 3, 3.0), (7, 6, 1.0)])
def test_a_thin_smile_that_would_go_to_its_bad_quote_is_refused(
    count: int, position: int, wrong: float
) -> None:
    bad = replaced(thin(count), position, wrong, SPREAD)
    assert ask(bad) == Unfit(Flaw.HANGS_ON_ONE_QUOTE)


@pytest.mark.parametrize("count", [FEWEST, 8, MANY - 1])
def test_a_thin_smile_whose_quotes_agree_is_fitted(count: int) -> None:
    good = thin(count)
    found = ask(good)
    assert not isinstance(found, Unfit)
    np.testing.assert_allclose(fitted_volatility(good, found.parameters), good.volatility, atol=SPREAD)


def thin(count: int) -> Smile:
    return smile(crypto(0.1), strikes(0.1, count=count), SPREAD)


@given(
    st.floats(0.001, 0.2),
    st.floats(0.01, 1.5),
    st.floats(0.01, 1.5),
    st.floats(-0.3, 0.3),
    st.floats(0.02, 1.0),
)
def test_the_slopes_of_the_fitted_volatilities_are_those_of_small_steps(
    least: float, left: float, right: float, m: float, sigma: float
) -> None:
    of, at = smile(crypto(0.1), strikes(0.1, count=9)), np.array([least, left, right, m, sigma])
    found = sensitivity(of, at)
    for column, step in enumerate(np.maximum(1e-5 * np.abs(at), 1e-7)):
        up, down = at.copy(), at.copy()
        up[column] += step
        down[column] -= step
        slope = (fitted_volatility(of, up) - fitted_volatility(of, down)) / (2.0 * step)
        assert found[:, column] == pytest.approx(slope, rel=1e-4, abs=1e-5)
