"""A feed's answers, folded into bars of one length as they come.

A feed speaks when the price has moved or a heartbeat is over, a keeper is stopped and started, and a node
falls behind: what is heard comes at odd times, twice, late, or not at all. A bar must be the variance of its
time whatever happened, or be no bar. So the squared return between two answers belongs to all the time
between them and is shared out over it, which keeps the variance right on average where a bar had no answer.

What cannot be bridged so is a hole: a silence of days, or a price that is not a continuation. The bars before
it stay what they were, as returns know no level, and are forgotten when they are too old. One price alone is
never believed to be another level: it is doubted, and left out, unless the next answer goes on from it.

A bar keeps the price at its end. A history is thus made again of its bars alone, and whoever stores bars has
stored it.
"""

import math
from bisect import bisect_right
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
"""Bars of which an outlook depends, at most, and for how many bars' time one is kept."""

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


NOTHING_HEARD: Final = Tick(0, 0.0)


@dataclass(frozen=True, slots=True)
class History:
    """Bars, oldest first, and what is known of the one that is not over. There may be holes between them.

    `since` is when the run of answers began that `last` is of: a bar that it began within is not whole.
    `open` is the sum of squared returns from the end of the last bar to `last`. `doubted` came after `last`
    and is no continuation of it.
    """

    bars: tuple[Bar, ...] = ()
    last: Tick = NOTHING_HEARD
    since: int = 0
    open: float = 0.0
    doubted: Tick = NOTHING_HEARD


def restored(bars: Sequence[Bar]) -> History:
    """The history that these bars are of; they ascend by their ends."""
    if not bars:
        return History()
    end = bars[-1]
    return History(_kept(tuple(bars), end.ends), Tick(end.ends, end.price), end.ends)


def unbroken(bars: Sequence[Bar]) -> Sequence[Bar]:
    """The newest bars that have no hole between them."""
    first = len(bars) - 1
    while first > 0 and bars[first - 1].ends == bars[first].ends - BAR_S:
        first -= 1
    return bars[max(first, 0) :]


def folded(history: History, tick: Tick) -> History | Unfolded:
    """The history with one more answer, or why it is as it was."""
    last, doubted = history.last, history.doubted
    if not (math.isfinite(tick.price) and tick.price > 0.0):
        return Unfolded.NO_PRICE
    if tick.at <= max(last.at, doubted.at):
        return Unfolded.KNOWN if tick in (last, doubted) else Unfolded.EARLIER
    if tick.at - last.at < SAMPLE_S:
        return Unfolded.TOO_SOON
    if not last.at or tick.at - last.at > LONGEST_GAP_S:
        return _begun(history, tick)
    if _goes_on(last, tick):
        return _continued(history, tick)
    if not (doubted.at and _goes_on(doubted, tick)):
        return replace(history, doubted=tick)
    if tick.at - doubted.at < SAMPLE_S:
        return Unfolded.TOO_SOON
    return _continued(_begun(history, doubted), tick)


def _goes_on(before: Tick, after: Tick) -> bool:
    return abs(math.log(after.price / before.price)) <= LARGEST_MOVE


def _begun(history: History, tick: Tick) -> History:
    """Another run of answers, behind a hole."""
    return History(_kept(history.bars, tick.at), last=tick, since=tick.at)


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
    return History(_kept(bars, at), last=tick, since=history.since, open=total + per_second * (tick.at - at))


def _kept(bars: tuple[Bar, ...], until: int) -> tuple[Bar, ...]:
    """Those of which something may yet depend."""
    return bars[bisect_right(bars, until - KEPT_BARS * BAR_S, key=_ends) :]


def _ends(bar: Bar) -> int:
    return bar.ends
