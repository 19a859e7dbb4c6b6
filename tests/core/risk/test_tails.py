"""Expected shortfall against closed forms, brute force, and the axioms that make it a measure of risk."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, t

from keeper.core.exposure import Situation
from keeper.core.position import Leg
from keeper.core.pricing.black_scholes import Floats
from keeper.core.risk.repricing import books_of
from keeper.core.risk.tails import (
    CONFIDENCE,
    FREEDOM,
    HORIZON_YEARS,
    cells,
    expected_shortfall,
    tail_profits,
)
from tests.core.build import SPOT, STRADDLE
from tests.core.risk.build import books, holding, worth

DAY_SIGMA = 0.7 * math.sqrt(HORIZON_YEARS)
freedoms = st.sampled_from([2.5, 3.0, 4.0, 7.0, 30.0])


def shortfall(each: Situation, freedom: float = FREEDOM, confidence: float = CONFIDENCE) -> float:
    profit = tail_profits(books_of([each]), freedom, confidence)
    return float(expected_shortfall(profit, cells(freedom, confidence).weight, confidence)[0])


def closed_form(scale: float, freedom: float, confidence: float) -> float:
    """Mean loss of a Student t of unit variance beyond a confidence, as in the textbooks."""
    q = t.ppf(confidence, freedom)
    share = t.pdf(q, freedom) * (freedom + q * q) / ((freedom - 1) * (1 - confidence))
    return float(scale * math.sqrt((freedom - 2) / freedom) * share)


@given(freedoms, st.sampled_from([0.9, 0.95, 0.975, 0.99, 0.999]))
def test_the_cells_are_a_law_without_a_mean(freedom: float, confidence: float) -> None:
    mean, weight = cells(freedom, confidence)
    assert weight.sum() == pytest.approx(1.0, abs=1e-15)
    assert weight.min() > 0
    assert float(mean @ weight) == pytest.approx(0.0, abs=1e-14)
    assert (np.diff(mean) > 0).all()
    assert float(mean**2 @ weight) < 1.0


@given(freedoms, st.sampled_from([0.9, 0.975, 0.99]))
def test_inventory_alone_has_the_closed_form(freedom: float, confidence: float) -> None:
    expected = closed_form(100 * SPOT * DAY_SIGMA * 0.1, freedom, confidence)
    calm = holding(base=100.0, volatility=0.07)
    assert shortfall(calm, freedom, confidence) == pytest.approx(expected, rel=1e-9)


def test_the_fat_tail_goes_over_into_the_normal_one() -> None:
    normal = 100 * SPOT * DAY_SIGMA * 0.1 * norm.pdf(norm.ppf(0.975)) / 0.025
    found = [shortfall(holding(base=100.0, volatility=0.07), f) for f in (3.0, 5.0, 10.0, 100.0, 1e4, 1e6)]
    assert found == sorted(found, reverse=True)
    assert found[-1] == pytest.approx(normal, rel=1e-5)


def continuous(each: Situation, count: int = 40_000) -> float:
    """The same law without cells: its quantiles at so many even steps, each book priced at every one."""
    level = (np.arange(count) + 0.5) / count
    returns = t.ppf(level, FREEDOM) * math.sqrt((FREEDOM - 2) / FREEDOM) * DAY_SIGMA
    profit: Floats = worth(each, np.maximum(1 + returns, 0.0), 0.7) - worth(each, np.ones(1), 0.7)[0]
    return float(-np.sort(profit)[: round(count * (1 - CONFIDENCE))].mean())


def test_it_agrees_with_brute_force_for_bare_books_and_for_hedged_ones() -> None:
    relative, of_a_day = [], []
    for seed in range(20):
        draw = np.random.default_rng(seed)
        book = random_book(draw)
        bare = holding(book, float(draw.uniform(0, 300)))
        each = bare if seed % 2 else holding(book, max(bare.exposure.inventory - bare.exposure.gap, 0.0))
        off = abs(shortfall(each) - (exact := continuous(each)))
        relative.append(off / exact)
        of_a_day.append(off / (each.exposure.gross_delta_usd * DAY_SIGMA))
    assert np.median(relative) < 1e-3
    assert max(of_a_day) < 0.01


def random_book(draw: np.random.Generator) -> tuple[Leg, ...]:
    return tuple(
        Leg(
            is_call=bool(draw.integers(2)),
            strike_wad=int(SPOT * math.exp(draw.normal(0, 0.15))) * 10**18,
            expiry=STRADDLE[0].expiry + int(draw.integers(-12, 60)) * 86_400,
            size_wad=int(draw.integers(-300, 300)) * 10**18,
        )
        for _ in range(draw.integers(1, 6))
    )


def test_a_hedged_straddle_is_not_without_risk_as_its_delta_would_say() -> None:
    bare = holding(STRADDLE)
    hedged = holding(STRADDLE, -bare.exposure.book_delta)
    assert abs(hedged.exposure.gap_usd) < 1.0
    assert shortfall(hedged) > 50_000


@given(books, st.integers(0, 300), books, st.integers(0, 300))
def test_two_books_together_never_have_more_of_it_than_apart(
    first: tuple[Leg, ...], base: int, second: tuple[Leg, ...], other: int
) -> None:
    apart = shortfall(holding(first, base)) + shortfall(holding(second, other))
    assert shortfall(holding(first + second, base + other)) <= apart + 1e-5


@given(books, st.integers(0, 300))
def test_it_grows_with_the_confidence_on_one_law(book: tuple[Leg, ...], base: int) -> None:
    profit = tail_profits(books_of([holding(book, base)]))
    weight = cells(FREEDOM, CONFIDENCE).weight
    found = [float(expected_shortfall(profit, weight, level)[0]) for level in (0.5, 0.9, 0.975, 0.99, 0.999)]
    assert all(low <= high + 1e-6 for low, high in pairwise(found))


@given(st.lists(st.floats(-1e6, 1e6), min_size=48, max_size=48), st.floats(0, 1e5), st.floats(0, 10))
def test_cash_lowers_it_by_its_amount_and_size_multiplies_it(
    outcomes: list[float], cash: float, size: float
) -> None:
    profit, weight = np.array([outcomes]), cells(FREEDOM, CONFIDENCE).weight
    assert len(weight) == 48
    base = expected_shortfall(profit, weight, 0.975)[0]
    assert expected_shortfall(profit + cash, weight, 0.975)[0] == pytest.approx(base - cash, abs=1e-6)
    assert expected_shortfall(size * profit, weight, 0.975)[0] == pytest.approx(size * base, abs=1e-6)


def test_without_volatility_nothing_is_lost_and_without_a_number_there_is_none() -> None:
    assert shortfall(holding(STRADDLE, 100.0, volatility=0.0)) == 0.0
    one = books_of([holding(STRADDLE)])
    one.volatility[0] = np.nan
    assert np.isnan(expected_shortfall(tail_profits(one), cells(FREEDOM, CONFIDENCE).weight, CONFIDENCE)[0])
