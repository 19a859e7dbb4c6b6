"""One policy, one vault, one market: what would have happened.

The loop is the daemon's, on another clock: look, decide, send, and at some later look find out what became of
it. The decisions are `keeper.core.decision`'s own, and a desk follows what they advise. They are asked for
many looks at a time, as though none of them would act or leave anything to the next; from the first one that
does, the rest is asked again.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from keeper.core.case import Case
from keeper.core.decision import Decision, Failure, decide_each
from keeper.core.exposure import Situation
from keeper.core.memory import Memory
from keeper.core.plan import Plan
from keeper.core.policy import Policy
from keeper.core.position import VaultRules
from keeper.core.reason import Reason
from keeper.core.units import WAD, wad_from_float_down
from keeper.simulation.book import QUOTE_DECIMALS, Structure, eras
from keeper.simulation.desk import Bought, Desk, asks
from keeper.simulation.frictions import World
from keeper.simulation.ledger import Ledger, Trade
from keeper.simulation.looks import Looks
from keeper.simulation.path import Floats

Decide = Callable[[Sequence[Case]], Iterable[Decision | Failure]]
"""What decides: the keeper, unless a benchmark holds another rule against it."""

CALL_LOOKS = 14.0
"""What a call costs besides its looks, in looks."""

_DELTA: Final = {Reason.DELTA_BAND, Reason.DELTA_LIMIT}


@dataclass(frozen=True, slots=True)
class Setup:
    """A vault before the first step: `units` of notional in base."""

    structure: Structure
    units: float
    rules: VaultRules


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What happened, a row for each look, and each transaction.

    `gap`, `low` and `high` in base, the last two the band's edges less the inventory that closes the gap;
    `value_usd` is net of what is owed and of no gas; `outside`: a band or limit was passed. `reasons` counts
    the looks by what was decided. `bought` is what the desk was advised and did.
    """

    step_s: int
    spot: Floats
    gap: Floats
    low: Floats
    high: Floats
    value_usd: Floats
    outside: NDArray[np.bool_]
    target: float
    trades: tuple[Trade, ...]
    reasons: Mapping[Reason, int]
    bought: tuple[Bought, ...] = ()


def backtest(policy: Policy, setup: Setup, world: World, decide: Decide = decide_each) -> Track:
    """Follow one vault through a world.

    Raises what a decision raised that nobody foresaw: in a backtest that is a defect, not a vault's bad day.
    """
    books = eras(setup.structure, setup.units, world.market)
    looks = Looks(policy, setup.rules, books, world)
    ledger, desk = _opened(policy, setup, looks, world), Desk()
    rows: list[_Row] = []
    for era in books:
        ledger.pay(era.paid_units)
        while len(rows) < era.end:
            first = len(rows)
            ledger.receive(world, first)
            ledger.pay(desk.settle(world.market, first))
            acted = len(ledger.trades) + len(desk.bought)
            arrives = max(min(ledger.arrives(world), desk.until(world.market)), first + 1)
            end = min(first + _window(first, acted), era.end, arrives)
            cases = looks.cases(era, range(first, end), ledger, desk)
            rows += _until_one_acts(decide(cases), ledger, desk, first)
    return _track(rows, ledger, desk, setup, world)


def opening(policy: Policy, setup: Setup, world: World) -> Situation:
    """A vault at its first look."""
    books = eras(setup.structure, setup.units, world.market)
    looks = Looks(policy, setup.rules, books, world)
    ledger = _opened(policy, setup, looks, world)
    ledger.pay(books[0].paid_units)
    (case,) = looks.cases(books[0], range(1), ledger, Desk())
    return case.situation


def _window(looks: int, trades: int) -> int:
    """How many looks to decide in one call: the more, the fewer calls, and the more is thrown away.

    If one look in m acts, a call for n looks costs the call and n of them for each m or n that are kept,
    whichever is less; the least is near sqrt(2 m c), where c is what a call costs.
    """
    return max(round(math.sqrt(2.0 * CALL_LOOKS * (looks + 1) / (trades + 1))), 1)


@dataclass(frozen=True, slots=True)
class _Row:
    gap: float
    low: float
    high: float
    value_usd: float
    outside: bool
    reason: Reason


def _until_one_acts(ends: Iterable[Decision | Failure], ledger: Ledger, desk: Desk, first: int) -> list[_Row]:
    """What holds of some decisions; the first plan among them, unless one is on its way, is sent.

    What a decision leaves to the next look is remembered, and ends the run too if it is new. So does what the
    desk is advised, once it has done it.
    """
    rows: list[_Row] = []
    for end in ends:
        if isinstance(end, Failure):
            raise end.error
        rows.append(_row(end, ledger))
        before = ledger.sent, ledger.memory
        ledger.memory = replace(ledger.memory, carried=end.carried)
        if isinstance(end.action, Plan):
            ledger.send(end.action, first + len(rows) - 1)
        if asks(end):
            ledger.pay(-desk.follow(end))
            break
        if (ledger.sent, ledger.memory) != before:
            break
    return rows


def _row(decision: Decision, ledger: Ledger) -> _Row:
    exposure, band = decision.exposure, decision.band
    closed = exposure.inventory - exposure.gap
    return _Row(
        gap=exposure.gap,
        low=band.buy_below - closed,
        high=band.sell_above - closed,
        value_usd=exposure.nav_usd - ledger.owed_usd,
        outside=any(breach.reason in _DELTA for breach in decision.breaches),
        reason=decision.reason,
    )


def _opened(policy: Policy, setup: Setup, looks: Looks, world: World) -> Ledger:
    """A vault that is hedged, and has its capital beside what it holds."""
    spot = float(world.market.price[0])
    base = looks.opening(setup.rules.target_delta_wad / WAD)
    capital = setup.structure.capital * setup.units * spot
    return Ledger(
        vault=policy.vault,
        quote_units=max(round((capital - base * spot) * 10**QUOTE_DECIMALS), 0),
        base_wei=wad_from_float_down(base),
        memory=Memory(policy.vault),
    )


def _track(rows: Sequence[_Row], ledger: Ledger, desk: Desk, setup: Setup, world: World) -> Track:
    gap, low, high, value = (
        np.array([getattr(row, name) for row in rows]) for name in ("gap", "low", "high", "value_usd")
    )
    return Track(
        step_s=world.market.step_s,
        spot=world.market.price,
        gap=gap,
        low=low,
        high=high,
        value_usd=value,
        outside=np.array([row.outside for row in rows]),
        target=setup.rules.target_delta_wad / WAD,
        trades=tuple(ledger.trades),
        reasons=Counter(row.reason for row in rows),
        bought=tuple(desk.bought),
    )
