"""Whatever a feed says and whenever, a bar is the variance of its time, or there is none."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.forecast import Bar, History, Tick, Unfolded, folded, restored
from keeper.core.forecast.history import (
    BAR_S,
    KEPT_BARS,
    LONGEST_GAP_S,
    MOST_AT_ONCE,
    SAMPLE_S,
)
from keeper.core.units import YEAR_SECONDS

START = 1_700_006_400
"""The end of a bar."""

assert START % BAR_S == 0


def fed(ticks: list[Tick], history: History | None = None) -> History:
    """A history of ticks that all count."""
    found = history or History()
    for tick in ticks:
        after = folded(found, tick)
        assert isinstance(after, History), after
        found = after
    return found


def walk(seed: int, count: int, every_s: int = 900) -> list[Tick]:
    rng = np.random.default_rng(seed)
    price = 3_000.0 * np.exp(np.cumsum(0.7 * math.sqrt(every_s / YEAR_SECONDS) * rng.standard_normal(count)))
    return [Tick(START + index * every_s, each) for index, each in enumerate(price.tolist())]


def test_a_bar_is_the_sum_of_the_squared_returns_in_it() -> None:
    ticks = walk(1, 17)
    (bar,) = fed(ticks).bars
    returns = np.diff(np.log([tick.price for tick in ticks]))
    assert bar.ends == START + BAR_S
    assert bar.variance == pytest.approx(float(np.sum(returns**2)) * YEAR_SECONDS / BAR_S)
    assert bar.price == pytest.approx(ticks[-1].price)


def test_a_bar_that_the_history_began_within_is_none() -> None:
    ticks = [replace(tick, at=tick.at + 60) for tick in walk(1, 60)]
    assert [bar.ends for bar in fed(ticks).bars] == [START + 2 * BAR_S, START + 3 * BAR_S]


def test_a_return_over_several_bars_is_shared_out_by_time() -> None:
    first, last = Tick(START, 3_000.0), Tick(START + 5 * BAR_S // 2, 3_100.0)
    history = fed([first, last])
    square = math.log(3_100 / 3_000) ** 2
    assert [bar.variance for bar in history.bars] == pytest.approx([square * 0.4 * YEAR_SECONDS / BAR_S] * 2)
    assert history.open == pytest.approx(square * 0.2)
    assert history.bars[0].price == pytest.approx(3_000 * (3_100 / 3_000) ** 0.4)


@given(
    st.lists(st.tuples(st.integers(SAMPLE_S, LONGEST_GAP_S), st.floats(-0.1, 0.1)), min_size=1, max_size=40),
    st.integers(0, BAR_S - 1),
)
def test_bridged_or_not_no_variance_is_lost_or_made(moves: list[tuple[int, float]], late_s: int) -> None:
    at, price, ticks = START + late_s, 3_000.0, [Tick(START + late_s, 3_000.0)]
    for gap_s, move in moves:
        at, price = at + gap_s, price * math.exp(move)
        ticks.append(Tick(at, price))
    history = fed(ticks)
    total = sum(bar.variance for bar in history.bars) * BAR_S / YEAR_SECONDS + history.open
    squares = sum(move * move for _, move in moves)
    first = (-late_s) % BAR_S
    if not late_s:
        assert total == pytest.approx(squares, abs=1e-12)
    else:
        assert total <= squares + 1e-12
        assert first
    ends = [bar.ends for bar in history.bars]
    assert ends == [ends[0] + BAR_S * index for index in range(len(ends))] if ends else True


@pytest.mark.parametrize(
    ("tick", "why"),
    [
        (Tick(START + 5_000, math.nan), Unfolded.NO_PRICE),
        (Tick(START + 5_000, math.inf), Unfolded.NO_PRICE),
        (Tick(START + 5_000, 0.0), Unfolded.NO_PRICE),
        (Tick(START + 5_000, -1.0), Unfolded.NO_PRICE),
        (Tick(START + 900, 3_010.0), Unfolded.KNOWN),
        (Tick(START + 900, 3_020.0), Unfolded.EARLIER),
        (Tick(START + 10, 3_020.0), Unfolded.EARLIER),
        (Tick(START + 900 + SAMPLE_S - 1, 3_020.0), Unfolded.TOO_SOON),
    ],
)
def test_what_is_no_news_changes_nothing_and_says_why(tick: Tick, why: Unfolded) -> None:
    assert folded(fed([Tick(START, 3_000.0), Tick(START + 900, 3_010.0)]), tick) is why


@pytest.mark.parametrize(
    "tick",
    [Tick(START + BAR_S + LONGEST_GAP_S + 1, 3_000.0), Tick(START + BAR_S + 900, 6_001.0)],
    ids=["a silence of days", "another price altogether"],
)
def test_what_is_no_continuation_begins_again(tick: Tick) -> None:
    history = fed([Tick(START, 3_000.0), Tick(START + BAR_S, 3_000.0)])
    assert len(history.bars) == 1
    assert folded(history, tick) == History(last=tick, since=tick.at)


def test_a_history_keeps_what_models_need_and_no_more() -> None:
    history = fed([Tick(START + index * BAR_S, 3_000.0 + index % 7) for index in range(KEPT_BARS + 9)])
    assert len(history.bars) == KEPT_BARS
    assert history.bars[-1].ends == START + (KEPT_BARS + 8) * BAR_S


def test_one_answer_ends_no_more_bars_than_are_said() -> None:
    history = fed([Tick(START, 3_000.0), Tick(START + LONGEST_GAP_S, 3_010.0)])
    assert len(history.bars) <= MOST_AT_ONCE
    late = fed([Tick(START + BAR_S - 1, 3_000.0), Tick(START + BAR_S - 1 + LONGEST_GAP_S, 3_010.0)])
    assert len(late.bars) <= MOST_AT_ONCE


@given(st.integers(2, 300), st.integers(1, 299))
def test_a_keeper_that_was_stopped_goes_on_with_the_bars_that_it_had(count: int, stopped: int) -> None:
    ticks = walk(3, count, 2_000)
    before = fed(ticks[: min(stopped, count)])
    again = restored(before.bars)
    assert again.bars == before.bars
    straight, resumed = fed(ticks), fed(ticks[min(stopped, count) :], again if again.bars else None)
    if again.bars:
        assert [bar.ends for bar in resumed.bars] == [bar.ends for bar in straight.bars]
        untouched = len(before.bars)
        assert resumed.bars[:untouched] == straight.bars[:untouched]
        # The bar that it was stopped in is bridged, and so may be the next; the rest is as without it.
        assert resumed.bars[untouched + 2 :] == straight.bars[untouched + 2 :]


def test_of_stored_bars_with_a_hole_the_newest_count() -> None:
    bars = [Bar(START + index * BAR_S, 0.5, 3_000.0) for index in (0, 1, 2, 4, 5)]
    history = restored(bars)
    assert history.bars == tuple(bars[3:])
    assert history.last == Tick(START + 5 * BAR_S, 3_000.0)
    assert restored([]) == History()
