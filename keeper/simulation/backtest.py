"""One policy, one vault, one market: what would have happened.

The loop is the daemon's, on another clock: look, decide, send, and at some later look find out what became of
it. The decisions are `keeper.core.decision`'s own, and a desk follows what they advise. They are asked for
many looks at a time, as though none of them would act or leave anything to the next; from the first one that
does, the rest is asked again.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from keeper.core.case import Case
from keeper.core.decision import Decision, Failure, decide_each
from keeper.core.exposure import Situation
from keeper.core.hedging import Origin, Tier
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
from keeper.simulation.solving import Bands, Shelf

Decide = Callable[[Sequence[Case]], Iterable[Decision | Failure]]
"""What decides: the keeper, unless a benchmark holds another rule against it."""

MOST_LOOKS = 400
"""In one call, when no trade is foreseen."""

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
    the looks by what was decided, `tiers` by what found the band; `origins` are of all its tables. What the
    desk was advised and did is `bought`.
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
    tiers: Mapping[Tier, int]
    origins: tuple[Origin, ...]
    bought: tuple[Bought, ...] = ()


def backtest(
    policy: Policy,
    setup: Setup,
    world: World,
    decide: Decide = decide_each,
    bands: Bands = Bands.CLOSED_FORM,
) -> Track:
    """Follow one vault through a world.

    Raises what a decision raised that nobody foresaw: in a backtest that is a defect, not a vault's bad day.
    """
    books = eras(setup.structure, setup.units, world.market)
    looks = Looks(policy, setup.rules, books, world)
    ledger, desk = _opened(policy, setup, looks, world), Desk()
    heard, shelf, never = _Heard(), Shelf(bands), len(world.market)
    for era in books:
        ledger.pay(era.paid_units)
        while (first := len(heard)) < era.end:
            ledger.receive(world, first)
            ledger.pay(desk.settle(world.market, first))
            shelf.receive(first)
            news = min(ledger.arrives(world), desk.until(world.market), shelf.due(never))
            end = min(first + MOST_LOOKS, era.end, max(news, first + 1))
            end = first + _until_outside(looks.gaps(era, range(first, end), ledger, desk), heard)
            cases = looks.cases(era, range(first, end), ledger, desk, shelf.newest)
            heard.until_one_acts(cases, decide(cases), ledger, desk, shelf)
    return _track(heard, ledger, desk, shelf, setup, world)


def opening(policy: Policy, setup: Setup, world: World) -> Situation:
    """A vault at its first look."""
    books = eras(setup.structure, setup.units, world.market)
    looks = Looks(policy, setup.rules, books, world)
    ledger = _opened(policy, setup, looks, world)
    ledger.pay(books[0].paid_units)
    (case,) = looks.cases(books[0], range(1), ledger, Desk())
    return case.situation


@dataclass(slots=True)
class _Heard:
    """What was decided at each look so far. Lists of numbers: a year has a hundred thousand looks."""

    gap: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    value_usd: list[float] = field(default_factory=list)
    outside: list[bool] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    tiers: list[Tier] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.reasons)

    def until_one_acts(
        self,
        cases: Sequence[Case],
        ends: Iterable[Decision | Failure],
        ledger: Ledger,
        desk: Desk,
        shelf: Shelf,
    ) -> None:
        """Hear some decisions; the first plan among them, unless one is on its way, is sent.

        What a decision leaves to the next look is remembered, and ends the run too if it is new; so do a
        table that the next look is to use, and what the desk is advised, once it has done it.
        """
        for case, end in zip(cases, ends, strict=True):
            if isinstance(end, Failure):
                raise end.error
            self._hear(end, ledger)
            shelf.want(case, end, len(self) - 1)
            sent = ledger.sent
            if isinstance(end.action, Plan):
                ledger.send(end.action, len(self) - 1)
            advised = asks(end)
            if advised:
                ledger.pay(-desk.follow(end))
            if end.carried != ledger.memory.carried:
                ledger.memory = replace(ledger.memory, carried=end.carried)
                return
            if advised or ledger.sent is not sent or shelf.due(len(self) + 1) <= len(self):
                return

    def _hear(self, decision: Decision, ledger: Ledger) -> None:
        exposure, band = decision.exposure, decision.band
        closed = exposure.inventory - exposure.gap
        self.gap.append(exposure.gap)
        self.low.append(band.buy_below - closed)
        self.high.append(band.sell_above - closed)
        self.value_usd.append(exposure.nav_usd - ledger.owed_usd)
        self.outside.append(any(breach.reason in _DELTA for breach in decision.breaches))
        self.reasons.append(decision.reason)
        self.tiers.append(decision.tier)


def _until_outside(gaps: Floats, heard: _Heard) -> int:
    """How many looks to decide in one call: up to the one that will act, as far as can be foreseen.

    Each call costs as much as a dozen looks, and what lies behind the look that acts is decided in vain. The
    gap of each look is known as long as nothing is traded, and its band is about that of the last one.
    """
    if not len(heard):
        return 1
    outside = (gaps < heard.low[-1]) | (gaps > heard.high[-1])
    return int(np.argmax(outside)) + 1 if outside.any() else len(gaps)


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


def _track(heard: _Heard, ledger: Ledger, desk: Desk, shelf: Shelf, setup: Setup, world: World) -> Track:
    return Track(
        step_s=world.market.step_s,
        spot=world.market.price,
        gap=np.array(heard.gap),
        low=np.array(heard.low),
        high=np.array(heard.high),
        value_usd=np.array(heard.value_usd),
        outside=np.array(heard.outside),
        target=setup.rules.target_delta_wad / WAD,
        trades=tuple(ledger.trades),
        reasons=Counter(heard.reasons),
        tiers=Counter(heard.tiers),
        origins=tuple(shelf.origins),
        bought=tuple(desk.bought),
    )
