"""An outlook is a function of the bars that are over: whoever asks, and whatever comes after."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.core.forecast import (
    NO_OUTLOOK,
    Bar,
    Forecast,
    Name,
    Outlook,
    Silent,
    Turbulence,
    Unfitted,
    outlook,
    outlooks,
)
from keeper.core.forecast.fitting import FEWEST
from keeper.core.forecast.history import BAR_S, KEPT_BARS, REFIT_S
from keeper.core.forecast.models import SPANS

START = 1_700_006_400 // REFIT_S * REFIT_S


def bars_of(seed: int, count: int, begins: int = START) -> list[Bar]:
    """Bars whose variance wanders, and is wild now and then."""
    rng = np.random.default_rng(seed)
    level, found = 0.0, []
    for index in range(count):
        level = 0.9 * level + 0.3 * rng.standard_normal() + (1.0 if index % 97 == 60 else 0.0)
        variance = 0.4 * math.exp(level + 0.5 * rng.standard_normal())
        found.append(Bar(begins + (index + 1) * BAR_S, variance, 3_000.0))
    return found


def spoken(found: Outlook) -> dict[str, Forecast]:
    return {each.model: each for each in found.forecasts if isinstance(each, Forecast)}


def test_without_enough_bars_every_model_says_so() -> None:
    assert outlook([]) == NO_OUTLOOK
    found = outlook(bars_of(1, FEWEST - 1))
    assert found.bars == FEWEST - 1
    assert found.forecasts == tuple(Silent(name, Unfitted.TOO_FEW) for name in Name)
    assert found.turbulence == Silent("regime", Unfitted.TOO_FEW)


def test_with_enough_bars_at_a_moment_of_fitting_all_speak() -> None:
    found = outlook(bars_of(1, 600))
    assert set(spoken(found)) == set(Name)
    for each in spoken(found).values():
        assert 0.1 < each.volatility < 3.0
        assert each.fitted_at == found.until // REFIT_S * REFIT_S
    assert isinstance(found.turbulence, Turbulence)
    assert 0.0 <= found.turbulence.probability <= 1.0


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1_000), st.integers(1, 200), st.integers(0, 17))
def test_no_outlook_knows_the_future_and_all_ways_to_it_are_one(seed: int, now: int, offset: int) -> None:
    bars = bars_of(seed, 200, START + offset * BAR_S)
    changed = [*bars[:now], *bars_of(seed + 1, 200, START + offset * BAR_S)[now:]]
    known, other = outlooks(bars), outlooks(changed)
    assert known[:now] == other[:now]
    assert outlooks(bars[:now]) == known[:now]
    assert outlook(bars[:now]) == known[now - 1]


def test_what_is_older_than_is_kept_changes_nothing() -> None:
    bars = bars_of(5, KEPT_BARS + 60)
    assert outlook(bars) == outlook(bars[-KEPT_BARS:])


def test_models_are_fitted_at_fixed_moments_and_speak_after_each_bar() -> None:
    bars = bars_of(2, 300)
    told = outlooks(bars)
    fits = [each.forecasts[1].fitted_at for each in told if isinstance(each.forecasts[1], Forecast)]
    assert set(np.diff(fits).tolist()) <= {0, REFIT_S}
    assert len({each.forecasts for each in told[200:]}) == 100


def test_behind_a_hole_models_are_silent_until_half_of_their_longest_span_is_there() -> None:
    first, second = bars_of(3, 200), bars_of(4, 150, START + 300 * BAR_S)
    told = outlooks([*first, *second])
    assert told[:200] == outlooks(first)
    half = SPANS[-1] // 2
    for each in told[200 : 200 + half - 1]:
        assert {silent.why for silent in each.forecasts if isinstance(silent, Silent)} == {Unfitted.HOLED}
        assert each.turbulence == Silent("regime", Unfitted.HOLED)
        assert len(each.forecasts) == len(Name)
    assert all(set(spoken(each)) == set(Name) for each in told[200 + half - 1 :])


def test_a_short_hole_silences_nobody_and_what_is_missing_is_passed_over() -> None:
    bars = bars_of(3, 300)
    holed = [*bars[:280], *bars[293:]]
    assert set(spoken(outlook(holed))) == set(Name)
    found = outlook(holed)
    assert found.bars == outlook(bars).bars - 13
    assert found.until == bars[-1].ends


def test_bars_before_a_hole_are_too_old_by_time_and_not_by_number() -> None:
    old, new = bars_of(3, 100), bars_of(4, 200, START + KEPT_BARS * BAR_S)
    assert outlook([*old, *new]) == outlook(new)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1_000), st.data())
def test_with_any_holes_no_outlook_knows_the_future_and_all_ways_to_it_are_one(
    seed: int, data: st.DataObject
) -> None:
    bars = bars_of(seed, 260)
    for _ in range(data.draw(st.integers(0, 4))):
        start = data.draw(st.integers(1, len(bars) - 2))
        del bars[start : start + data.draw(st.integers(1, 25))]
    now = data.draw(st.integers(1, len(bars)))
    known = outlooks(bars)
    assert len(known) == len(bars)
    assert outlooks(bars[:now]) == known[:now]
    assert outlook(bars[:now]) == known[now - 1]


def test_a_bar_that_is_no_number_silences_and_does_not_spread() -> None:
    bars = bars_of(1, 300)
    bars[50] = Bar(bars[50].ends, math.nan, 3_000.0)
    assert {each.why for each in outlook(bars).forecasts if isinstance(each, Silent)} == {Unfitted.NOT_FINITE}
    assert len(outlook(bars).forecasts) == len(Name)


@pytest.mark.parametrize("variance", [0.0, 1e12])
def test_a_feed_that_stands_still_or_runs_mad_is_answered_with_numbers_or_reasons(variance: float) -> None:
    bars = [Bar(bar.ends, variance, bar.price) for bar in bars_of(1, 300)]
    for each in outlook(bars).forecasts:
        assert isinstance(each, Silent) or math.isfinite(each.volatility)
