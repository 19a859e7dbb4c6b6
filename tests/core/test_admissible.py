"""What the guard lets through, as far as the keeper must know it before it asks."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.admissible import needed_gap, sway, turnover_binds, turnover_left_usd
from keeper.core.exposure import Situation
from keeper.core.position import Leg
from keeper.core.pricing.black_scholes import greeks
from keeper.core.units import WAD
from tests.core.build import DAY, NOW, RULES, SPOT, STRADDLE, situation, vault

ERROR_BPS = 50
legs = st.builds(
    Leg,
    is_call=st.booleans(),
    strike_wad=st.integers(SPOT // 2, SPOT * 2).map(lambda strike: strike * WAD),
    expiry=st.integers(NOW - DAY, NOW + 60 * DAY),
    size_wad=st.integers(-1_000, 1_000).map(lambda size: size * WAD),
)


def seen(*book: Leg, error_bps: int = ERROR_BPS) -> Situation:
    return situation(vault(rules=replace(RULES, price_error_bps=error_bps)), book)


def book_delta(each: Situation, spot: float) -> float:
    legs = each.legs
    unit = greeks(spot, legs.strike, legs.years, each.exposure.volatility, legs.is_call).delta
    return float(np.sum(legs.size * unit))


@given(st.lists(legs, min_size=1, max_size=8), st.floats(-1, 1))
def test_no_price_within_the_error_moves_the_books_delta_by_more_than_the_sway(
    book: list[Leg], share: float
) -> None:
    each = seen(*book)
    other = SPOT * (1 + share * ERROR_BPS / 10_000)
    moved = abs(book_delta(each, other) - book_delta(each, SPOT))
    assert moved <= sway(each) + 1e-4


def test_without_an_error_or_a_book_only_the_band_counts() -> None:
    assert needed_gap(seen()) == pytest.approx(0.1)
    assert needed_gap(seen(*STRADDLE, error_bps=0)) == pytest.approx(0.1)


def test_a_short_straddle_needs_a_gap_that_the_error_cannot_explain() -> None:
    each = seen(*STRADDLE)
    # Two weeks at 70 % are a deviation of 0.137: half a percent moves each delta by 0.4 x 0.005 / 0.137.
    assert sway(each) == pytest.approx(2_000 * 0.399 * 0.005 / 0.137, rel=0.05)
    assert needed_gap(each) == pytest.approx(0.1 + sway(each))


def test_the_turnover_budget_is_a_part_of_the_net_value() -> None:
    rules = replace(RULES, turnover_cap_pips=250_000)
    each = situation(vault(rules=rules, turnover_used_wad=WAD // 20), ())
    nav = 2_000_000 + 500 * SPOT
    assert turnover_left_usd(each) == pytest.approx(0.99 * 0.2 * nav)
    assert turnover_binds(each, 0.2 * nav / SPOT)
    assert not turnover_binds(each, 0.19 * nav / SPOT)


def test_a_spent_budget_leaves_nothing() -> None:
    rules = replace(RULES, turnover_cap_pips=1)
    assert turnover_left_usd(situation(vault(rules=rules, turnover_used_wad=WAD), ())) == 0
