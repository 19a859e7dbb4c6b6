"""Does the policy want action, and why.

Two questions are kept apart. Whether what was read is fit to act on comes first (see `fitness`), because a
wrong price makes every later number wrong; it ends in `Hold`. Then each sensitivity is held against its
limit, and the inventory against the band inside which a trade costs more than the risk it removes; what lies
outside is a `Breach`, urgent if it is a hard limit. A limit that was passed stands as breached until the
measure is well behind it again, so that one which trembles around its limit is one breach and not many.

Between the two questions stands the band (see `inventory`), which is found for all vaults at once. So a
verdict comes in two steps, `prepared` and `measured_against`, and `judge` is both for one vault.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from keeper.core.admissible import emergency_gap
from keeper.core.case import Case
from keeper.core.exposure import Exposure, Situation
from keeper.core.fitness import fitness
from keeper.core.inventory import Band, Question, inventory_bands, question
from keeper.core.market import Unfit, in_quote
from keeper.core.memory import Carried, Memory
from keeper.core.policy import Limits, Policy, exceeds, falls_below
from keeper.core.quote import trade_costs
from keeper.core.reason import Reason
from keeper.core.risk import UNASKED, Risk, Unasked, passed, restoring_trade, risks_asked_for
from keeper.core.slicing import is_under_way


@dataclass(frozen=True, slots=True)
class Hold:
    """No action. `measured` and `limit` are in the unit that the reason's page states."""

    reason: Reason
    measured: float
    limit: float


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit is passed. `urgent` means whatever it costs."""

    reason: Reason
    measured: float
    limit: float
    urgent: bool


EMERGENCIES = frozenset({Reason.EMERGENCY_DELTA, Reason.EMERGENCY_COLLATERAL})


@dataclass(frozen=True, slots=True)
class Breached:
    """The policy wants action.

    `breaches` is never empty: an emergency comes first, then what a trade can restore, urgent before not.
    `restoring` is the least trade, in base, after which no risk is beyond its limit; 0 if there is none.
    """

    breaches: tuple[Breach, ...]
    band: Band
    restoring: float = 0.0

    @property
    def reasons(self) -> frozenset[Reason]:
        """The words of all breaches."""
        return frozenset(each.reason for each in self.breaches)

    @property
    def is_emergency(self) -> bool:
        """Whether the highest layer acts."""
        return not EMERGENCIES.isdisjoint(self.reasons)


@dataclass(frozen=True, slots=True)
class Within:
    """Everything is fit, and nothing is passed."""

    hold: Hold
    band: Band


Verdict = Hold | Within | Breached


def prepared(case: Case) -> Hold | Question:
    """Whether the vault can be judged at all, and if so what there is to find out about its band."""
    policy, situation = case.policy, case.situation
    unfit = fitness(policy, situation)
    if isinstance(unfit, Unfit):
        return Hold(unfit.reason, float(unfit.measured), float(unfit.limit))
    return question(policy, situation, trade_costs(policy, situation), case.solved)


def measured_against(case: Case, band: Band, risk: Risk | Unasked = UNASKED) -> Within | Breached:
    """Hold a vault that is fit against the limits and its band, knowing what the last look left."""
    limits, exposure, carried = case.policy.limits, case.situation.exposure, case.memory.carried
    risks = [Breach(*each, urgent=True) for each in passed(limits, exposure, risk, carried.breached)]
    beyond = {each.reason for each in risks}
    trade = restoring_trade(case.policy, case.situation, beyond) if risks else 0.0
    by_trade = [*delta_breach(case, exposure, band), *(risks if trade else ())]
    breaches = (
        *_emergencies(case.policy, case.situation, carried),
        *sorted(by_trade, key=lambda breach: not breach.urgent),
        *_other_breaches(limits, exposure, carried),
        *(() if trade else risks),
    )
    if breaches:
        return Breached(breaches, band, trade)
    edge = band.sell_above if exposure.gap > 0 else band.buy_below
    return Within(Hold(Reason.INSIDE_BAND, exposure.inventory, edge), band)


def judge(policy: Policy, situation: Situation) -> Verdict:
    """Hold one vault, of which nothing is remembered, against its policy."""
    case = Case(policy, situation, Memory(situation.vault.address))
    found = prepared(case)
    if isinstance(found, Hold):
        return found
    (band,) = inventory_bands((found,))
    (risk,) = risks_asked_for([(policy, situation)])
    return measured_against(case, band, risk)


def _emergencies(policy: Policy, situation: Situation, carried: Carried) -> Iterator[Breach]:
    """The contract's own threshold, beyond which anybody may hedge, and the policy's for collateral."""
    if policy.emergency.max_fee_wei == 0:
        return
    exposure, threshold = situation.exposure, emergency_gap(situation)
    if abs(exposure.gap) > threshold:
        yield Breach(Reason.EMERGENCY_DELTA, exposure.gap, threshold, urgent=True)
    ratio, least_wad = exposure.collateral_ratio, policy.emergency.collateral_ratio_wad
    floor = _floor(policy.limits, least_wad, Reason.EMERGENCY_COLLATERAL, carried)
    if math.isfinite(ratio) and falls_below(ratio, floor):
        yield Breach(Reason.EMERGENCY_COLLATERAL, ratio, in_quote(floor), urgent=True)


def delta_breach(case: Case, exposure: Exposure, band: Band) -> tuple[Breach, ...]:
    """Whether an exposure of this vault is beyond its limit of delta or its band; one breach or none.

    While a need is traded in pieces, what is left of it counts down to the inner edge.
    """
    limits, memory = case.policy.limits, case.memory
    if is_under_way(case.situation, memory, exposure.gap):
        band = Band(band.buy_to, band.buy_to, band.sell_to, band.sell_to)
    limit_wad = _ceiling(limits, limits.delta_usd_wad, Reason.DELTA_LIMIT, memory.carried)
    if exceeds(exposure.gap_usd, limit_wad):
        return (Breach(Reason.DELTA_LIMIT, exposure.gap_usd, in_quote(limit_wad), urgent=True),)
    if exposure.inventory > band.sell_above:
        return (Breach(Reason.DELTA_BAND, exposure.inventory, band.sell_above, urgent=False),)
    if exposure.inventory < band.buy_below:
        return (Breach(Reason.DELTA_BAND, exposure.inventory, band.buy_below, urgent=False),)
    return ()


def _other_breaches(limits: Limits, exposure: Exposure, carried: Carried) -> tuple[Breach, ...]:
    """Limits that trading the base alone cannot restore: told to the operator, they do not stop a hedge."""
    ceilings = (
        (Reason.GAMMA_LIMIT, exposure.gamma_usd, limits.gamma_usd_wad),
        (Reason.VEGA_LIMIT, exposure.vega_usd, limits.vega_usd_wad),
        (Reason.THETA_LIMIT, exposure.theta_usd, limits.theta_usd_wad),
    )
    held_to = [
        (reason, measured, _ceiling(limits, limit, reason, carried)) for reason, measured, limit in ceilings
    ]
    passed = [
        Breach(reason, measured, in_quote(limit), urgent=False)
        for reason, measured, limit in held_to
        if exceeds(measured, limit)
    ]
    ratio = exposure.collateral_ratio
    floor = _floor(limits, limits.collateral_ratio_wad, Reason.COLLATERAL_LIMIT, carried)
    if math.isfinite(ratio) and falls_below(ratio, floor):
        passed.append(Breach(Reason.COLLATERAL_LIMIT, ratio, in_quote(floor), urgent=True))
    return tuple(passed)


def _ceiling(limits: Limits, limit_wad: int, reason: Reason, carried: Carried) -> int:
    """What a measure is held to: its limit, or where that is cleared once it was passed."""
    return limits.cleared_below(limit_wad) if reason in carried.breached else limit_wad


def _floor(limits: Limits, floor_wad: int, reason: Reason, carried: Carried) -> int:
    return limits.cleared_above(floor_wad) if reason in carried.breached else floor_wad
