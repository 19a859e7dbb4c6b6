"""The keeper and the rules of the field on one path, each with a vault of its own.

A rule of the field decides by its region and is otherwise given all that the keeper has: the same trades in
the same pool, through the same code that sizes and prices them (`keeper.core.plan.propose`), whatever they
cost. Like the keeper, and as the vault's contract insists, it never trades across a closed gap.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from benchmarks.rules import See, View, hedge, leland, seers, to
from benchmarks.worlds import AVERSION, OPTION, STEP_S, UNITS, played
from keeper.core.case import Case
from keeper.core.decision import NO_BAND, Decision, decide_each
from keeper.core.hedging import Costs, Legs, Tier
from keeper.core.inventory import Band
from keeper.core.market import FeedRules
from keeper.core.plan import Plan, propose
from keeper.core.policy import CostCeilings, Hedging, Limits, Mode, OracleRules, Policy
from keeper.core.pricing.black_scholes import price as option_price
from keeper.core.quote import trade_costs
from keeper.core.reason import Reason
from keeper.core.units import BPS, GWEI, WAD, Address
from keeper.core.verdict import Breach, Breached, Hold
from keeper.simulation.backtest import Decide, Setup, Track, backtest
from keeper.simulation.book import DAY_S, GENESIS
from keeper.simulation.frictions import Frictions, world_of
from keeper.simulation.scores import result
from keeper.simulation.solving import Bands
from keeper.simulation.study import setup_of

KEEPER: Final = "keeper"
_FAR: Final = 10**12 * WAD

POLICY: Final = Policy(
    name=KEEPER,
    vault=Address("0x0000000000000000000000000000000000000001"),
    mode=Mode.ARMED,
    limits=Limits(_FAR, _FAR, _FAR, _FAR, 0),
    hedging=Hedging(1 / AVERSION, STEP_S, 0, _FAR),
    costs=CostCeilings(450_000, 100_000 * GWEI, 10**9, BPS // 10),
    oracle=OracleRules(
        price=FeedRules(STEP_S, 1, _FAR),
        volatility=FeedRules(STEP_S, 1, _FAR),
        max_pool_deviation_bps=100,
        reference_max_age_s=0,
        max_reference_deviation_bps=0,
    ),
    cooldown_s=0,
    deadline_s=DAY_S // 2,
    sha256="",
)
"""Hard limits and ceilings out of the way: what is compared is the rule."""

RULES: Final = replace(
    setup_of(OPTION, UNITS).rules, band_wad=0, price_error_bps=0, cooldown_s=0, max_slippage_bps=BPS // 10
)


@dataclass(frozen=True, slots=True)
class Duel:
    """A path by its name (see `worlds.played`), and what finds the keeper's bands there."""

    arena: str
    number: int
    file: str
    bands: Bands = Bands.CLOSED_FORM


@dataclass(frozen=True, slots=True)
class Result:
    """What hedging one path came to, in usd; how many tables it took, and their share of the looks."""

    loss: float
    cost: float
    trades: int
    tables: int
    by_table: float


Fought = Mapping[str, Result]


def fight(duel: Duel) -> Fought:
    """All rules on one path; of a duel with tables the keeper alone, for no other rule knows them."""
    path = played(duel.arena, duel.number, duel.file)
    world = world_of(path.market, Frictions(), path.seed)
    setup = Setup(OPTION, UNITS, RULES)
    # The option was sold at the quoted volatility; what that brought too much or too little is no rule's.
    premium = _premium(float(path.market.volatility[0])) - _premium(path.fair_volatility)
    found = {}
    for name, decide in deciders().items():
        if name != KEEPER and duel.bands is Bands.TABLES:
            continue
        track = backtest(POLICY, setup, world, decide, duel.bands)
        spent = sum(trade.gas_usd + trade.fees_usd for trade in track.trades)
        traded = sum(not trade.failed for trade in track.trades)
        loss = premium - float(result(track)[-1])
        found[name] = Result(loss, spent, traded, len(track.origins), _share(track))
    return found


def _share(track: Track) -> float:
    """Of looks at which a table answered."""
    return track.tiers[Tier.TABLE] / len(track.spot)


def _premium(volatility: float) -> float:
    (leg,) = OPTION.legs
    spot = 3000.0
    return UNITS * float(option_price(spot, leg.moneyness * spot, leg.days / 365, volatility, leg.is_call))


def deciders() -> Mapping[str, Decide]:
    """Everyone, by name, the keeper first."""
    hourly, daily = _every(STEP_S), _every(DAY_S)
    return {
        KEEPER: decide_each,
        "delta every hour": _deciding(lambda view: to(hedge(view)), hourly),
        "delta every day": _deciding(lambda view: to(hedge(view)), daily),
        "daily, Leland": _deciding(lambda view: to(leland(view)), daily),
        **{name: _deciding(see, hourly) for name, see in seers().items() if name != "delta at each look"},
    }


def _every(seconds: int) -> Callable[[Case], bool]:
    return lambda case: (case.situation.head.timestamp - GENESIS) % seconds == 0


def _deciding(see: See, due: Callable[[Case], bool]) -> Decide:
    def decide(cases: Sequence[Case]) -> list[Decision]:
        if not len(cases[0].situation.legs.size):
            return [_decision(case, NO_BAND, _rest(case)) for case in cases]
        return [
            _act(case, band) if due(case) else _decision(case, band, _rest(case))
            for case, band in zip(cases, _bands(see, cases), strict=True)
        ]

    return decide


def _bands(see: See, cases: Sequence[Case]) -> list[Band]:
    """The rule's region at each look, as inventories, and never across a closed gap."""
    situations = [case.situation for case in cases]
    costs = [trade_costs(case.policy, case.situation) for case in cases]
    first, years = situations[0].legs, np.stack([each.legs.years for each in situations])
    fixed, proportional = np.array([(each.fixed, each.proportional) for each in costs]).T
    view = View(
        legs=Legs(first.strike, years, first.is_call, first.size),
        spot=np.array([each.exposure.spot for each in situations]),
        volatility=np.array([each.exposure.volatility for each in situations]),
        costs=Costs(fixed, proportional),
        aversion=AVERSION,
        unit=UNITS,
    )
    region = see(view)
    target = np.array([each.exposure.target_delta for each in situations])
    closed = target - np.array([each.exposure.book_delta for each in situations])
    edges = (
        np.minimum(region.buy_below + target, closed),
        np.minimum(region.buy_to + target, closed),
        np.maximum(region.sell_to + target, closed),
        np.maximum(region.sell_above + target, closed),
    )
    return [Band(*edge) for edge in zip(*(edge.tolist() for edge in edges), strict=True)]


def _act(case: Case, band: Band) -> Decision:
    exposure = case.situation.exposure
    if band.buy_below <= exposure.inventory <= band.sell_above:
        return _decision(case, band, _rest(case))
    breach = Breach(Reason.DELTA_BAND, exposure.inventory, band.sell_above, urgent=True)
    return _decision(case, band, propose(case, Breached((breach,), band)))


def _rest(case: Case) -> Hold:
    return Hold(Reason.INSIDE_BAND, case.situation.exposure.inventory, 0.0)


def _decision(case: Case, band: Band, action: Plan | Hold) -> Decision:
    return Decision(
        head=case.situation.head,
        vault=case.situation.vault.address,
        policy_sha256=case.policy.sha256,
        exposure=case.situation.exposure,
        breaches=(),
        band=band,
        carried=case.memory.carried,
        action=action,
    )
