"""Whatever a feed says and whenever, a bar is the variance of its time, or there is none."""

import math
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.forecast import Bar, History, Tick, Unfolded, folded, restored, unbroken
from keeper.core.forecast.history import (
    BAR_S,
    KEPT_BARS,
    LONGEST_GAP_S,
    MOST_AT_ONCE,
    NOTHING_HEARD,
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


def test_after_a_silence_of_days_bars_go_on_behind_a_hole() -> None:
    before = fed(walk(1, 60))
    late = [replace(tick, at=tick.at + 5 * BAR_S + LONGEST_GAP_S) for tick in walk(2, 60)]
    after = fed(late, before)
    assert after.bars == before.bars + fed(late).bars
    assert after.bars[3].ends - after.bars[2].ends > LONGEST_GAP_S


@pytest.mark.parametrize("wild", [1.0, 1_000.0, 7_000.0, 1e9])
def test_one_price_that_is_no_continuation_changes_no_bar(wild: float) -> None:
    ticks = walk(1, 60)
    strayed = [*ticks[:30], Tick(ticks[29].at + 400, wild), *ticks[30:]]
    assert fed(strayed) == fed(ticks)


def test_another_level_that_goes_on_is_believed_behind_a_hole_and_makes_no_return() -> None:
    before, after = walk(1, 40), [replace(tick, price=tick.price / 1e3) for tick in walk(1, 100)[40:]]
    history, alone = fed([*before, *after]), fed(after)
    assert history.bars == fed(before).bars + alone.bars
    assert (history.last, history.open) == (alone.last, alone.open)


def test_the_answer_that_confirms_another_level_is_held_to_what_every_answer_is() -> None:
    history = fed([Tick(START, 3_000.0), Tick(START + 900, 3_000.0), Tick(START + 1_800, 9_000.0)])
    assert folded(history, Tick(START + 1_800, 9_000.0)) is Unfolded.KNOWN
    assert folded(history, Tick(START + 1_700, 3_001.0)) is Unfolded.EARLIER
    assert folded(history, Tick(START + 1_800 + SAMPLE_S - 1, 9_001.0)) is Unfolded.TOO_SOON
    assert fed([Tick(START + 2_700, 20_000.0)], history).doubted == Tick(START + 2_700, 20_000.0)


@given(st.lists(st.sampled_from([0.0, -1.0, 1.0, 1e9, math.nan]), max_size=25), st.randoms())
def test_wild_prices_strewn_about_leave_the_bars_that_there_were(wild: list[float], random: Random) -> None:
    ticks, history = walk(5, 200), History()
    strays = {random.randrange(1, 40) * 5: price for price in wild}
    for index, tick in enumerate(ticks):
        seen = [tick, Tick(tick.at + 450, strays[index])] if index in strays else [tick]
        for each in seen:
            after = folded(history, each)
            history = after if isinstance(after, History) else history
    assert replace(history, doubted=NOTHING_HEARD) == replace(fed(ticks), doubted=NOTHING_HEARD)


def test_a_silence_longer_than_is_kept_leaves_nothing() -> None:
    history = fed([Tick(START + index * BAR_S, 3_000.0) for index in range(20)])
    late = Tick(history.last.at + KEPT_BARS * BAR_S, 3_000.0)
    assert folded(history, late) == History(last=late, since=late.at)


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


def test_stored_bars_with_a_hole_are_all_gone_on_with_unless_too_old() -> None:
    bars = [Bar(START + index * BAR_S, 0.5, 3_000.0) for index in (-KEPT_BARS, 0, 1, 2, 4, 5)]
    history = restored(bars)
    assert history.bars == tuple(bars[1:])
    assert history.last == Tick(START + 5 * BAR_S, 3_000.0)
    assert unbroken(bars) == bars[4:]
    assert (restored([]), [*unbroken([])]) == (History(), [])
