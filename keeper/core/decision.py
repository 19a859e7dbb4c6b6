"""The whole thought of one cycle.

There is one implementation of the rules: the daemon, a dry run, `once` and `replay` call `decide_all`,
`decide` is the same for one vault, and a backtest calls `decide_each`, of which both are made. It is a
function of values, so a stored cycle can be decided again and must give the same decision.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from keeper.core.exposure import Exposure, Situation, situations
from keeper.core.head import Head
from keeper.core.inventory import Band, Question, inventory_bands
from keeper.core.memory import Memory
from keeper.core.plan import Plan, propose
from keeper.core.policy import Mode, Policy
from keeper.core.reason import Reason
from keeper.core.snapshot import Snapshot
from keeper.core.units import Address
from keeper.core.verdict import Breach, Breached, Hold, Within, measured_against, prepared

T = TypeVar("T")

NO_BAND = Band(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Decision:
    """What was measured, what the policy made of it, and what is to be done.

    `action` is a plan, or a hold with its reason. `breaches` may be there although the action is to hold: a
    limit is passed, and `action` says why nothing is done about it.
    """

    head: Head
    vault: Address
    policy_sha256: str
    exposure: Exposure
    breaches: tuple[Breach, ...]
    band: Band
    action: Plan | Hold

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


@dataclass(frozen=True, slots=True)
class Case:
    """One vault at one head, with its policy and what is remembered of it."""

    policy: Policy
    situation: Situation
    memory: Memory


def decide_all(
    snapshot: Snapshot,
    policies: Mapping[Address, Policy],
    memories: Mapping[Address, Memory],
) -> Decided:
    """Decide every vault of a snapshot that has a policy. One vault's failure is not another's.

    What is in flight does not matter here: whether it is still wanted is asked of the decision.
    """
    cases = [
        Case(policies[vault], each, memories.get(vault, Memory(vault)))
        for each in situations(snapshot)
        if (vault := each.vault.address) in policies
    ]
    ends = [*decide_each(cases)]
    return Decided(
        tuple(end for end in ends if isinstance(end, Decision)),
        tuple(end for end in ends if isinstance(end, Failure)),
    )


def decide(policy: Policy, situation: Situation, memory: Memory) -> Decision:
    """Decide one vault. Raises what `decide_all` tells as a failure."""
    (end,) = decide_each([Case(policy, situation, memory)])
    if isinstance(end, Failure):
        raise end.error
    return end


def decide_each(cases: Sequence[Case]) -> Iterator[Decision | Failure]:
    """Each case by itself, in their order, but for the bands, which are found for all in one call.

    Cases may be of different heads: a backtest asks about many moments of one vault at once, and stops
    listening when it has heard enough.
    """
    found = [_supervised(case, _prepare) for case in cases]
    bands = iter(inventory_bands([each for each in found if isinstance(each, Question)]))
    for case, each in zip(cases, found, strict=True):
        if isinstance(each, Question):
            yield _supervised(case, partial(_conclude, band=next(bands)))
        else:
            yield each


def _supervised(case: Case, work: Callable[[Case], T]) -> T | Failure:
    try:
        return work(case)
    except Exception as error:  # noqa: BLE001 the vaults' supervisor: one vault's fault is not another's
        return Failure(case.situation.vault.address, error)


def _prepare(case: Case) -> Decision | Question:
    found = prepared(case.policy, case.situation)
    return _decision(case, (), NO_BAND, found) if isinstance(found, Hold) else found


def _conclude(case: Case, band: Band) -> Decision:
    match measured_against(case.policy, case.situation, band):
        case Within(hold):
            return _decision(case, (), band, hold)
        case Breached(breaches) as verdict:
            return _decision(case, breaches, band, _act(case, verdict))


def _decision(case: Case, breaches: tuple[Breach, ...], band: Band, action: Plan | Hold) -> Decision:
    situation = case.situation
    return Decision(
        head=situation.head,
        vault=situation.vault.address,
        policy_sha256=case.policy.sha256,
        exposure=situation.exposure,
        breaches=breaches,
        band=band,
        action=action,
    )


def _act(case: Case, verdict: Breached) -> Plan | Hold:
    refusal = _forbidden(case, verdict) or _cooling(case, verdict)
    return refusal or propose(case.policy, case.situation, verdict)


def _forbidden(case: Case, verdict: Breached) -> Hold | None:
    if case.policy.mode is Mode.PAUSED:
        return Hold(Reason.POLICY_PAUSED, 1.0, 0.0)
    if case.policy.mode is Mode.REDUCE_ONLY and not verdict.breaches[0].urgent:
        return Hold(Reason.REDUCE_ONLY, verdict.breaches[0].measured, verdict.breaches[0].limit)
    return None


def _cooling(case: Case, verdict: Breached) -> Hold | None:
    """The vault's cooldown binds always, the policy's unless something is urgent; reverts lengthen both."""
    rules, last, own_s = (
        case.situation.vault.rules,
        case.situation.vault.last_rebalance_at,
        case.policy.cooldown_s,
    )
    wait_s = rules.cooldown_s if verdict.breaches[0].urgent else max(rules.cooldown_s, own_s)
    ready_at = max(last + wait_s if last else 0, case.memory.blocked_until(own_s))
    now = case.situation.head.timestamp
    return Hold(Reason.COOLDOWN, float(now), float(ready_at)) if now < ready_at else None
