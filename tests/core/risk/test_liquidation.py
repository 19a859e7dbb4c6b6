"""The distance to a margin call is where the ratio, taken anew, is at its floor."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from keeper.core.exposure import Situation, measure
from keeper.core.market import Reading
from keeper.core.position import Leg
from keeper.core.pricing.black_scholes import Floats
from keeper.core.pricing.lending import touch_probability
from keeper.core.risk.liquidation import FALLS, RISES, Distance, distances
from keeper.core.risk.repricing import books_of
from keeper.core.units import WAD
from tests.core.build import CALL, NOW, SPOT, STRADDLE, snapshot
from tests.core.risk.build import books, holding, worth

RUNGS = (*FALLS, *RISES)


def distance(each: Situation, floor: float = 1.1) -> Distance:
    return distances(books_of([each]), np.array([floor]))


def ratio_at(each: Situation, move: float) -> float:
    """The collateral ratio that the ordinary measure gives at a moved price."""
    moved = replace(each.vault, price=Reading(round(SPOT * move * 10**9) * 10**9, NOW, 1))
    (found,) = measure(replace(snapshot(moved, STRADDLE), head=each.head))
    return found.collateral_ratio


def test_at_the_distance_the_ratio_is_at_its_floor_and_before_it_above() -> None:
    each = holding(STRADDLE, 300.0, 700_000.0)
    (fall,), (rise,), _ = distance(each)
    for move, inner in ((1 - fall, 1 - 0.9 * fall), (1 + rise, 1 + 0.9 * rise)):
        assert ratio_at(each, move) == pytest.approx(1.1, abs=1e-3)
        assert ratio_at(each, move) >= 1.1 - 1e-6
        assert ratio_at(each, inner) > 1.1


@given(books, st.integers(0, 300), st.integers(0, 2_000_000), st.floats(1.0, 3.0))
def test_the_floor_is_met_at_the_distance_and_not_on_the_way(
    book: tuple[Leg, ...], base: int, quote: int, floor: float
) -> None:
    each = holding(book, base, quote)
    one = books_of([each])
    assume(one.margin[0] > 0)
    (fall,), (rise,), _ = distances(one, np.array([floor]))

    def cover(move: Floats) -> Floats:
        net: Floats = quote + worth(each, move, 0.7) - floor * one.margin[0] * SPOT * move
        return net

    size = SPOT * (base + float(np.abs(each.legs.size).sum())) + quote
    rungs = [move for move in RUNGS if 1 - min(fall, 1.0) <= move <= 1 + min(rise, 5.0)]
    if fall == 0.0 or rise == 0.0:
        assert fall == rise == 0.0
        assert cover(np.ones(1))[0] <= 1e-9 * size
        return
    assert (cover(np.array(rungs)) >= -1e-4 * size).all()
    for edge in (1 - fall, 1 + rise):
        if np.isfinite(edge):
            assert abs(cover(np.array([edge]))[0]) < 1e-3 * size


def test_a_vault_without_short_legs_is_never_called() -> None:
    long = (Leg(is_call=True, strike_wad=SPOT * WAD, expiry=NOW + 86_400, size_wad=WAD),)
    found = distance(holding(long, quote=0.0))
    assert (found.fall[0], found.rise[0], found.probability[0]) == (math.inf, math.inf, 0.0)


def test_a_covered_call_is_called_by_neither_side() -> None:
    found = distance(holding(CALL, 1_000.0))
    assert math.isinf(found.rise[0])
    assert math.isinf(found.fall[0])


def test_the_chance_is_that_of_touching_either_side_within_a_day() -> None:
    found = distance(holding(STRADDLE, 300.0, 700_000.0))
    sides = np.array([1 - found.fall[0], 1 + found.rise[0]])
    assert found.probability[0] == pytest.approx(float(touch_probability(sides, 1 / 365, 0.7).sum()))
    fall, rise = found.sigmas(np.array([0.7]))
    assert fall[0] == pytest.approx(-math.log(sides[0]) / (0.7 * math.sqrt(1 / 365)))
    assert rise[0] == pytest.approx(math.log(sides[1]) / (0.7 * math.sqrt(1 / 365)))


def test_a_floor_just_before_a_bend_is_found() -> None:
    """An expired call spread, at 1.75 and 1.78: steep between its strikes and flat beyond; met at 1.779."""
    spread = tuple(
        Leg(is_call=True, strike_wad=strike * WAD, expiry=NOW - 1, size_wad=size * WAD)
        for strike, size in ((5_250, -100), (5_340, 100))
    )
    floor = 0.01
    quote = floor * 0.1 * 100 * SPOT * 1.779 + 100 * SPOT * 0.029
    assert distance(holding(spread, quote=quote), floor).rise[0] == pytest.approx(0.779, abs=1e-4)


def test_more_quote_is_farther_from_a_call() -> None:
    falls = [distance(holding(STRADDLE, 300.0, quote)).fall[0] for quote in (6e5, 7e5, 8e5)]
    assert falls == sorted(falls)
    assert falls[0] > 0


def test_without_a_number_there_is_no_distance() -> None:
    one = books_of([holding(STRADDLE)])
    one.volatility[0] = np.nan
    found = distances(one, np.array([1.1]))
    assert np.isnan([found.fall[0], found.rise[0], found.probability[0]]).all()
