"""A feed's answers, folded into bars of one length as they come.

A feed speaks when the price has moved or a heartbeat is over, a keeper is stopped and started, and a node
falls behind: what is heard comes at odd times, twice, late, or not at all. A bar must be the variance of its
time whatever happened, or be no bar. So the squared return between two answers belongs to all the time
between them and is shared out over it, which keeps the variance right on average where a bar had no answer.
What cannot be bridged so, a silence of days or a price that is not a continuation, begins the history again:
models that are short of bars say nothing, models of wrong bars say something wrong.

A bar keeps the price at its end. A history is thus made again of its bars alone, and whoever stores bars has
stored it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from keeper.core.units import YEAR_SECONDS

BAR_S: Final = 4 * 3_600
"""Six bars a day: few enough for feeds that speak once an hour, many enough to be fitted after weeks."""

SAMPLE_S: Final = 300
"""Answers closer than this to the one before are left out: a feed's own noise would count as movement."""

LONGEST_GAP_S: Final = 2 * 86_400
"""A silence that is bridged: twice the longest heartbeat in use."""

LARGEST_MOVE: Final = math.log(2.0)
"""Logarithm of a change that is no continuation: another feed, another unit, or a price nobody traded at."""

MOST_BARS: Final = 1_080
"""Half a year: what models are fitted on, and what is kept of a history."""

REFIT_S: Final = 3 * 86_400
"""Models are fitted on the bars that were over at the last moment of which this is a divisor."""

KEPT_BARS: Final = MOST_BARS + REFIT_S // BAR_S
"""Bars of which an outlook depends, at most."""

MOST_AT_ONCE: Final = LONGEST_GAP_S // BAR_S + 1
"""Bars that one answer can end."""

_BARS_A_YEAR: Final = YEAR_SECONDS / BAR_S


@dataclass(frozen=True, slots=True)
class Tick:
    """An answer of a feed: quote per base, and the Unix second since when it holds."""

    at: int
    price: float


@dataclass(frozen=True, slots=True)
class Bar:
    """The annualised variance of the `BAR_S` seconds before `ends`, and the price then."""

    ends: int
    variance: float
    price: float


class Unfolded(StrEnum):
    """Why an answer was left out."""

    NO_PRICE = "not a positive, finite price"
    KNOWN = "known already"
    EARLIER = "older than one that was heard"
    TOO_SOON = "too soon after the last"


@dataclass(frozen=True, slots=True)
class History:
    """Bars without a gap, oldest first, and what is known of the bar that is not over.

    Nothing was heard yet where `last.at` is 0. `since` is when the unbroken history began: a bar that it
    began within is not whole. `open` is the sum of squared returns from the end of the last bar to `last`.
    """

    bars: tuple[Bar, ...] = ()
    last: Tick = Tick(0, 0.0)
    since: int = 0
    open: float = 0.0


def restored(bars: Sequence[Bar]) -> History:
    """The history that the newest bars without a gap are of; `bars` ascend by their ends."""
    first = len(bars) - 1
    while first > 0 and bars[first - 1].ends == bars[first].ends - BAR_S:
        first -= 1
    kept = tuple(bars[max(first, len(bars) - KEPT_BARS) :])
    if not kept:
        return History()
    end = kept[-1]
    return History(kept, Tick(end.ends, end.price), kept[0].ends - BAR_S)


def folded(history: History, tick: Tick) -> History | Unfolded:
    """The history with one more answer, or why it is as it was."""
    last = history.last
    if not (math.isfinite(tick.price) and tick.price > 0.0):
        return Unfolded.NO_PRICE
    gap = tick.at - last.at
    if gap <= 0:
        return Unfolded.KNOWN if tick == last else Unfolded.EARLIER
    if gap < SAMPLE_S:
        return Unfolded.TOO_SOON
    if not last.at or gap > LONGEST_GAP_S or abs(math.log(tick.price / last.price)) > LARGEST_MOVE:
        return History(last=tick, since=tick.at)
    return _continued(history, tick)


def _continued(history: History, tick: Tick) -> History:
    last, bars, total = history.last, history.bars, history.open
    move = math.log(tick.price / last.price)
    per_second = move * move / (tick.at - last.at)
    at, end = last.at, (last.at // BAR_S + 1) * BAR_S
    while end <= tick.at:
        total += per_second * (end - at)
        if history.since <= end - BAR_S:
            share = (end - last.at) / (tick.at - last.at)
            bars = (*bars, Bar(end, total * _BARS_A_YEAR, last.price * math.exp(move * share)))
        at, end, total = end, end + BAR_S, 0.0
    return replace(history, bars=bars[-KEPT_BARS:], last=tick, open=total + per_second * (tick.at - at))
