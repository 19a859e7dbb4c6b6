"""The whole thought of one cycle.

There is one implementation of the rules: the daemon, a dry run, `once` and `replay` call `decide_all`,
`decide` is the same for one vault, and a backtest calls `decide_each`, of which both are made. It is a
function of values, so a stored cycle can be decided again and must give the same decision.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from keeper.core.advice import NOTHING_LISTED, Advice, NoAdvice, Unadvised, advise
from keeper.core.carrying import carried_on, carried_quietly
from keeper.core.case import Case
from keeper.core.exposure import Exposure, Situation, situations
from keeper.core.head import Head
from keeper.core.hedging import Solved, Tier, Unsolved
from keeper.core.inventory import Band, Question, inventory_bands
from keeper.core.memory import Carried, Memory
from keeper.core.plan import Plan, propose
from keeper.core.policy import Policy
from keeper.core.reason import Reason
from keeper.core.risk import UNASKED, Risk, Unasked, risks_asked_for
from keeper.core.snapshot import Snapshot
from keeper.core.timing import objections
from keeper.core.units import Address
from keeper.core.verdict import Breach, Breached, Hold, Verdict, Within, measured_against, prepared

T = TypeVar("T")

NO_BAND = Band(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Decision:
    """What was measured, what the policy made of it, and what is to be done.

    `action` is a plan, or a hold with its reason. `breaches` may be there although the action is to hold: a
    limit is passed, and `action` says why nothing is done about it. `carried` is what the next look is to
    know of this one, `tier` says what found the band, and `risk` was measured if the policy limits it.
    `advice` is for people, where the policy lists what they can trade.
    """

    head: Head
    vault: Address
    policy_sha256: str
    exposure: Exposure
    breaches: tuple[Breach, ...]
    band: Band
    carried: Carried
    action: Plan | Hold
    tier: Tier = Tier.NO_TABLE
    risk: Risk | Unasked = UNASKED
    advice: Advice | NoAdvice = NOTHING_LISTED

    @property
    def reason(self) -> Reason:
        """The one word for this decision."""
        return self.action.reason


@dataclass(frozen=True, slots=True)
class Failure:
    """A vault whose decision failed in a way that nobody foresaw."""

    vault: Address
    error: Exception


@dataclass(frozen=True, slots=True)
class Decided:
    """All decisions of a snapshot, in its order, and the vaults that could not be decided."""

    decisions: tuple[Decision, ...]
    failures: tuple[Failure, ...]


def decide_all(
    snapshot: Snapshot,
    policies: Mapping[Address, Policy],
    memories: Mapping[Address, Memory],
    tables: Mapping[Address, Solved] = MappingProxyType({}),
) -> Decided:
    """Decide every vault of a snapshot that has a policy. One vault's failure is not another's.

    `tables` are what was solved before; a vault without any is decided by the closed form.
    What is in flight does not matter here: whether it is still wanted is asked of the decision.
    """
    cases = [
        Case(policies[vault], each, memories.get(vault, Memory(vault)), tables.get(vault, Unsolved.NOT_YET))
        for each in situations(snapshot)
        if (vault := each.vault.address) in policies
    ]
    ends = [*decide_each(cases)]
    return Decided(
        tuple(end for end in ends if isinstance(end, Decision)),
        tuple(end for end in ends if isinstance(end, Failure)),
    )


def decide(
    policy: Policy, situation: Situation, memory: Memory, solved: Solved | Unsolved = Unsolved.NOT_YET
) -> Decision:
    """Decide one vault. Raises what `decide_all` tells as a failure."""
    (end,) = decide_each([Case(policy, situation, memory, solved)])
    if isinstance(end, Failure):
        raise end.error
    return end


def decide_each(cases: Sequence[Case]) -> Iterator[Decision | Failure]:
    """Each case by itself, in their order, but for bands and risks, which are found for all in one call.

    Cases may be of different heads: a backtest asks about many moments of one vault at once, and stops
    listening when it has heard enough.
    """
    found = [_supervised(case, _prepare) for case in cases]
    bands = iter(inventory_bands([each for each in found if isinstance(each, Question)]))
    asked = zip(cases, found, strict=True)
    risks = risks_asked_for([(c.policy, c.situation) for c, each in asked if isinstance(each, Question)])
    for case, each in zip(cases, found, strict=True):
        if isinstance(each, Question):
            yield _supervised(case, partial(_conclude, band=next(bands), risk=next(risks), tier=each.tier))
        else:
            yield each


def _supervised(case: Case, work: Callable[[Case], T]) -> T | Failure:
    try:
        return work(case)
    except Exception as error:  # noqa: BLE001 the vaults' supervisor: one vault's fault is not another's
        return Failure(case.situation.vault.address, error)


def _prepare(case: Case) -> Decision | Question:
    """Where nothing could be measured, what stood breached still stands."""
    found = prepared(case)
    if isinstance(found, Hold):
        return _decision(case, found, NO_BAND, case.memory.carried, found)
    return found


def _conclude(case: Case, band: Band, risk: Risk | Unasked, tier: Tier) -> Decision:
    verdict = measured_against(case, band, risk)
    if isinstance(verdict, Within):
        return _decision(case, verdict, band, carried_quietly(case), verdict.hold, tier, risk)
    action = _act(case, verdict)
    return _decision(case, verdict, band, carried_on(case, verdict, action), action, tier, risk)


def _decision(
    case: Case,
    verdict: Verdict,
    band: Band,
    carried: Carried,
    action: Plan | Hold,
    tier: Tier = Tier.NO_TABLE,
    risk: Risk | Unasked = UNASKED,
) -> Decision:
    situation = case.situation
    return Decision(
        head=situation.head,
        vault=situation.vault.address,
        policy_sha256=case.policy.sha256,
        exposure=situation.exposure,
        breaches=verdict.breaches if isinstance(verdict, Breached) else (),
        band=band,
        carried=carried,
        action=action,
        tier=tier,
        risk=risk,
        advice=_advice(case, verdict, action),
    )


def _act(case: Case, verdict: Breached) -> Plan | Hold:
    for objection in objections(case, verdict):
        return objection
    return propose(case, verdict)


def _advice(case: Case, verdict: Verdict, action: Plan | Hold) -> Advice | NoAdvice:
    """What goes wrong in what people are told must not undo what the keeper itself does."""
    if not case.policy.instruments:
        return NOTHING_LISTED
    found = _supervised(case, partial(advise, verdict=verdict, action=action))
    return NoAdvice(Unadvised.FAULT, fault=repr(found.error)) if isinstance(found, Failure) else found
