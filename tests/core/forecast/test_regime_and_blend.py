import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.forecast import Blend, NoOpinion, Opinion, Regime, Regimes, blended, tightened

REGIMES = Regimes(mean=(-1.5, 0.5), deviation=(0.6, 0.8), stay=(0.98, 0.9))


def drawn(count: int) -> tuple[list[float], list[int]]:
    """Bars of a market that changes its regime, and the regime of each."""
    rng = np.random.default_rng(2)
    state, bars, states = 0, [], []
    for _ in range(count):
        if rng.random() > REGIMES.stay[state]:
            state = 1 - state
        states.append(state)
        bars.append(math.exp(REGIMES.mean[state] + REGIMES.deviation[state] * rng.standard_normal()))
    return bars, states


def test_the_filter_is_that_of_an_independent_library() -> None:
    """MarkovRegression of statsmodels 0.15.0 with the same parameters, filtered, on the same bars."""
    wild = REGIMES.filtered(np.array(drawn(400)[0]))[[0, 50, 200, 399], Regime.WILD]
    theirs = [0.002618592245322164, 0.9816027593015356, 0.9615382047319552, 7.216225857702572e-05]
    assert wild == pytest.approx(np.array(theirs), rel=1e-9)


def test_the_filter_finds_the_regime_that_a_market_is_in() -> None:
    bars, states = drawn(3_000)
    wild = REGIMES.filtered(np.array(bars))[:, Regime.WILD]
    assert float(np.mean((wild > 0.5) == np.array(states))) > 0.93
    # A probability that is believed: where it says three in four, it is.
    unsure = (wild > 0.6) & (wild < 0.9)
    assert float(np.mean(np.array(states)[unsure])) == pytest.approx(float(np.mean(wild[unsure])), abs=0.12)


def test_the_filter_is_bayes_rule_one_bar_at_a_time() -> None:
    bar = 1.2
    prior = np.array([0.1, 0.02]) / 0.12
    before = prior @ np.array([[0.98, 0.02], [0.1, 0.9]])
    density = [
        math.exp(-0.5 * ((math.log(bar) - mean) / deviation) ** 2) / deviation
        for mean, deviation in zip(REGIMES.mean, REGIMES.deviation, strict=True)
    ]
    weight = before * density
    assert REGIMES.filtered(np.array([bar]))[0] == pytest.approx(weight / weight.sum())


@given(st.lists(st.floats(0.0, 1e30), max_size=40))
def test_probabilities_are_probabilities_whatever_happens(bars: list[float]) -> None:
    found = REGIMES.filtered(np.array(bars))
    assert np.all(found >= 0.0)
    assert found.sum(axis=1) == pytest.approx(np.ones(len(bars)))


def test_the_surer_the_wild_regime_the_tighter() -> None:
    assert tightened(1e-4, 0.0, 3.0) == 1e-4
    assert tightened(1e-4, 0.5, 3.0) == pytest.approx(2e-4)
    assert tightened(1e-4, 1.0, 3.0) == pytest.approx(3e-4)


def test_a_blend_is_of_variances_and_says_what_it_is_made_of() -> None:
    har, quoted = Opinion("har", 1, 0.6, 1.0), Opinion("implied", 1, 0.8, 3.0)
    found = blended([har, quoted])
    assert isinstance(found, Blend)
    assert found.volatility == pytest.approx(math.sqrt(0.25 * 0.36 + 0.75 * 0.64))
    assert [(each.source, each.weight) for each in found.used] == [("har", 0.25), ("implied", 0.75)]


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0.0, -0.3])
def test_an_opinion_that_is_no_volatility_leaves_its_weight_to_the_others(bad: float) -> None:
    quoted = Opinion("implied", 1, 0.8, 3.0)
    found = blended([Opinion("garch", 1, bad, 1.0), quoted, Opinion("ewma", 1, 0.5, 0.0)])
    assert isinstance(found, Blend)
    assert found.volatility == pytest.approx(0.8)
    assert [each.source for each in found.used] == ["implied"]
    assert blended([Opinion("garch", 1, bad, 1.0)]) == NoOpinion()
    assert blended([]) == NoOpinion()
