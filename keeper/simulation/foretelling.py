"""What models would have said at each step of a market, from the steps before it.

The daemon folds each answer of the feed into bars and reads its models off after each bar. So does this, for
all steps at once: an outlook changes with a bar only, and the fits are made once for all the policies and
vaults of a market, which is what they cost. Pool and references of a market say what it says, so of the
prices only those that a policy's own bounds refuse are not believed.
"""

from functools import lru_cache

from keeper.core.forecast import NO_OUTLOOK, Bar, History, Outlook, Tick, folded, outlooks
from keeper.core.forecast.history import MOST_AT_ONCE
from keeper.core.policy import Policy
from keeper.core.units import WAD
from keeper.simulation.book import GENESIS
from keeper.simulation.path import MarketPath


def outlooks_of(policy: Policy, market: MarketPath) -> tuple[Outlook, ...]:
    """The outlook at each step; none throughout for a policy that asks for none."""
    if policy.forecast.unused:
        return (NO_OUTLOOK,) * len(market)
    return _told(market, policy.oracle.price.min_wad / WAD, policy.oracle.price.max_wad / WAD)


@lru_cache(maxsize=2)
def _told(market: MarketPath, least: float, most: float) -> tuple[Outlook, ...]:
    bars, newest = _bars(market, least, most)
    told = outlooks(bars)
    return tuple(told[index] if index >= 0 else NO_OUTLOOK for index in newest)


def _bars(market: MarketPath, least: float, most: float) -> tuple[list[Bar], list[int]]:
    """The bars of a market, and which was the last at each step; -1 where a history has none yet."""
    history, bars, newest = History(), [Bar(0, 0.0, 0.0)], []
    for step, price in enumerate(market.price.tolist()):
        tick = Tick(GENESIS + step * market.step_s, price)
        after = folded(history, tick) if least <= price <= most else history
        if isinstance(after, History):
            history = after
            bars += [bar for bar in history.bars[-MOST_AT_ONCE:] if bar.ends > bars[-1].ends]
        newest.append(len(bars) - 2)
    return bars[1:], newest
