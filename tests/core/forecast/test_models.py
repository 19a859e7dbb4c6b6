import math

import numpy as np
import pytest
from numpy.typing import NDArray

from keeper.core.forecast import Ewma, Garch, Har, Unfitted, fit_garch, fit_har, realised_variance

Floats = NDArray[np.float64]


def garch_bars(model: Garch, count: int, seed: int) -> Floats:
    """Squared returns of a market that is a GARCH."""
    rng = np.random.default_rng(seed)
    now, bars = model.level, np.empty(count)
    for index, shock in enumerate(rng.standard_normal(count)):
        bars[index] = now * shock**2
        now = model.level * (1 - model.persistence) + model.news * bars[index] + model.memory * now
    return bars


def test_an_ewma_of_a_constant_is_the_constant_and_a_shock_fades_by_what_is_kept() -> None:
    bars = np.full(50, 0.5)
    assert Ewma().course(bars) == pytest.approx(bars)
    bars[10] = 1.5
    course = Ewma(0.9).course(bars) - 0.5
    assert course[10:13] == pytest.approx([0.1, 0.09, 0.081])
    assert len(Ewma().course(np.empty(0))) == 0


def test_har_of_a_calm_market_is_what_it_was() -> None:
    bars = np.full(60, 0.49)
    assert Har(0.0, (0.5, 0.3, 0.2), 0.0).course(bars) == pytest.approx(bars)


def test_har_weighs_its_three_spans() -> None:
    bars = np.full(60, 1.0)
    bars[-1] = math.e
    yesterday, week, month = math.e, (6 + math.e) / 7, (29 + math.e) / 30
    expected = yesterday**0.5 * week**0.3 * month**0.2
    assert Har(0.0, (0.5, 0.3, 0.2), 0.0).course(bars)[-1] == pytest.approx(expected)


def test_a_fit_of_har_finds_what_the_bars_were_made_of() -> None:
    rng = np.random.default_rng(3)
    truth = Har(-0.05, (0.45, 0.3, 0.15), 0.09)
    bars = np.full(4_000, 0.6)
    for index in range(30, len(bars)):
        last = bars[index - 30 : index]
        known = [math.log(last[-span:].mean()) for span in (1, 7, 30)]
        mean = truth.constant + float(np.dot(truth.weights, known))
        bars[index] = math.exp(mean + 0.3 * rng.standard_normal())
    fitted = fit_har(bars[200:])
    assert isinstance(fitted, Har)
    assert fitted.weights == pytest.approx(truth.weights, abs=0.07)
    assert fitted.spread == pytest.approx(0.09, rel=0.1)
    # And it is unbiased, logarithms or not.
    assert float(np.mean(fitted.course(bars)[:-1] / bars[1:])) == pytest.approx(math.exp(0.09), rel=0.03)


def test_garch_reverts_to_its_level_over_its_horizon() -> None:
    model = Garch(0.5, 0.1, 0.8, horizon=7)
    bars = np.array([2.0])
    soon = float(model.next_variance(bars)[0])
    expected = np.mean([0.5 + 0.9**ahead * (soon - 0.5) for ahead in range(7)])
    assert model.course(bars)[0] == pytest.approx(expected)
    far = Garch(0.5, 0.1, 0.8, horizon=10_000)
    assert far.course(bars)[0] == pytest.approx(0.5, abs=0.01)


def test_a_fit_of_garch_finds_what_the_bars_were_made_of() -> None:
    truth = Garch(0.5, 0.12, 0.80)
    fitted = fit_garch(garch_bars(truth, 6_000, 1))
    assert isinstance(fitted, Garch)
    assert fitted.news == pytest.approx(0.12, abs=0.03)
    assert fitted.memory == pytest.approx(0.80, abs=0.06)


def test_a_fit_of_garch_is_that_of_an_independent_library() -> None:
    """arch 8.0.0 on the same 6,000 returns, without variance targeting: alpha 0.133514, beta 0.774289."""
    fitted = fit_garch(garch_bars(Garch(0.5, 0.12, 0.80), 6_000, 1))
    assert isinstance(fitted, Garch)
    assert (fitted.news, fitted.memory) == pytest.approx((0.133514, 0.774289), abs=0.002)


def test_a_market_whose_wildness_says_nothing_of_tomorrows_has_no_news() -> None:
    rng = np.random.default_rng(7)
    fitted = fit_garch(0.5 * rng.standard_normal(3_000) ** 2)
    assert isinstance(fitted, Garch)
    assert 0.0 <= fitted.news < 0.05
    assert fitted.persistence < 1.0


@pytest.mark.parametrize("fit", [fit_har, fit_garch])
def test_what_says_nothing_is_not_fitted(fit: object) -> None:
    assert callable(fit)
    assert fit(np.full(59, 0.5)) is Unfitted.TOO_FEW
    assert fit(np.array([*np.full(80, 0.5), math.nan])) is Unfitted.NOT_FINITE
    assert fit(np.zeros(80)) is Unfitted.NO_MOVES


def test_realised_variance_is_that_of_the_market() -> None:
    rng = np.random.default_rng(1)
    returns = 0.7 * math.sqrt(1 / (365 * 288)) * rng.standard_normal(288 * 200)
    price = 3000.0 * np.exp(np.concatenate([[0.0], np.cumsum(returns)]))
    bars = realised_variance(price, 288, 1 / 365)
    assert len(bars) == 200
    assert float(np.mean(bars)) == pytest.approx(0.49, rel=0.02)


@pytest.mark.parametrize("price", [0.0, -1.0, math.nan, math.inf])
def test_a_price_that_is_none_makes_no_bars(price: float) -> None:
    with pytest.raises(ValueError, match="positive and finite"):
        realised_variance(np.array([1.0, price, 1.0]), 1, 1 / 365)
