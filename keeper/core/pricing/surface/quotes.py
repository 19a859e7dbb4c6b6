"""Which quotes of an expiry can be believed together, and what smile they are.

A quote is refused for what it is (no number, nothing, crossed, worth no volatility) or for what it does to
the others: a bid above the cheapest combination of asks that pays at least as much is money for nothing, so
some quote of it is wrong. The cheapest combination is the convex, falling envelope of the asks of calls over
strikes, from the forward itself at strike zero (Davis & Hobson 2007, "The range of traded option prices";
puts enter as calls by parity). One quote after the other is refused, always the one without which the least
of that money is left, until none is.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from keeper.core.pricing.black_scholes import Flags, Floats
from keeper.core.pricing.implied import implied_volatility
from keeper.core.pricing.surface.flaws import Flaw, Unfit

FEWEST = 5
"""Quotes that five parameters need."""

_ROUNDING = 1e-9
"""Of the forward: less than that is no profit."""


@dataclass(frozen=True, slots=True)
class Quotes:
    """An expiry's options, four arrays of one length. Prices undiscounted, in the quote currency per unit."""

    forward: float
    years: float
    strike: Floats
    is_call: Flags
    bid: Floats
    ask: Floats


@dataclass(frozen=True, slots=True)
class Smile:
    """What of an expiry can be fitted. `kept` are positions in the quotes, `refused` the others' flaws.

    `moneyness` is ln(strike / forward), `spread` half the distance of the volatilities of bid and ask.
    """

    forward: float
    years: float
    moneyness: Floats
    volatility: Floats
    spread: Floats
    kept: tuple[int, ...]
    refused: tuple[tuple[int, Flaw], ...]


def screen(quotes: Quotes) -> Smile | Unfit:
    """The quotes that can be believed together, as volatilities; or why there is no smile at all."""
    if not np.isfinite([quotes.forward, quotes.years]).all():
        return Unfit(Flaw.NOT_A_NUMBER)
    if quotes.forward <= 0.0:
        return Unfit(Flaw.NOT_POSITIVE)
    if quotes.years <= 0.0:
        return Unfit(Flaw.EXPIRED)
    low, high = (
        implied_volatility(paid, quotes.forward, quotes.strike, quotes.years, quotes.is_call)
        for paid in (quotes.bid, quotes.ask)
    )
    flaws = dict(_alone(quotes, low, high))
    flaws |= _together(quotes, [i for i in range(len(quotes.strike)) if i not in flaws])
    kept = [i for i in range(len(quotes.strike)) if i not in flaws]
    if len(np.unique(quotes.strike[kept])) < FEWEST:
        return Unfit(Flaw.TOO_FEW_QUOTES)
    return Smile(
        forward=quotes.forward,
        years=quotes.years,
        moneyness=np.log(quotes.strike[kept] / quotes.forward),
        volatility=0.5 * (low[kept] + high[kept]),
        spread=0.5 * (high[kept] - low[kept]),
        kept=tuple(kept),
        refused=tuple(sorted(flaws.items())),
    )


def _alone(quotes: Quotes, low: Floats, high: Floats) -> Iterable[tuple[int, Flaw]]:
    """What is wrong with a quote whatever the others say."""
    columns = np.array((quotes.strike, quotes.bid, quotes.ask))
    tests = (
        (Flaw.NOT_A_NUMBER, np.logical_not(np.isfinite(columns)).any(axis=0)),
        (Flaw.NOT_POSITIVE, np.less_equal(columns, 0.0).any(axis=0)),
        (Flaw.CROSSED, quotes.bid > quotes.ask),
        (Flaw.NO_VOLATILITY, ~((low > 0.0) & (high > 0.0))),
    )
    for position, failed in enumerate(zip(*(np.atleast_1d(test).tolist() for _, test in tests), strict=True)):
        first = next((flaw for (flaw, _), true in zip(tests, failed, strict=True) if true), None)
        if first is not None:
            yield position, first


def _together(quotes: Quotes, sound: list[int]) -> dict[int, Flaw]:
    """The quotes to refuse so that no combination of the others pays more than it costs."""
    found: dict[int, Flaw] = {}
    parity = np.where(quotes.is_call, 0.0, quotes.forward - quotes.strike)
    bid, ask = quotes.bid + parity, quotes.ask + parity

    def gain(members: list[int]) -> Floats:
        """By how much each bid exceeds the envelope of the asks."""
        ceiling = _envelope(quotes.forward, quotes.strike[members], ask[members])
        return np.maximum(bid[members] - ceiling - _ROUNDING * quotes.forward, 0.0)

    members = list(sound)
    while members and gain(members).any():
        left = [float(gain([i for i in members if i != out]).sum()) for out in members]
        # Of quotes that are as bad as one another the one goes that others lose most against.
        worst = members[int(np.argmin(left))]
        found[worst] = Flaw.ARBITRAGE
        members.remove(worst)
    return found


def _envelope(forward: float, strike: Floats, ask: Floats) -> Floats:
    """The cheapest that a call's payoff can be had for, at each strike."""
    far = 1e3 * max(float(strike.max(initial=0.0)), forward)
    cheapest = float(ask.min(initial=forward))
    corners: list[tuple[float, float]] = []
    for point in sorted([(0.0, forward), *zip(strike.tolist(), ask.tolist(), strict=True), (far, cheapest)]):
        if corners and corners[-1][0] == point[0]:
            continue
        while len(corners) > 1 and _above(corners[-2], corners[-1], point):
            corners.pop()
        corners.append(point)
    x, y = zip(*corners, strict=True)
    ceiling: Floats = np.interp(strike, x, y)
    return ceiling


def _above(first: tuple[float, float], middle: tuple[float, float], last: tuple[float, float]) -> bool:
    """Whether a corner lies on or above the line between its neighbours."""
    rise = (middle[1] - first[1]) * (last[0] - first[0])
    return rise >= (last[1] - first[1]) * (middle[0] - first[0])
