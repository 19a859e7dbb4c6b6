"""The whole thought of one cycle about one vault.

`decide` is the only implementation of the rules: the daemon, a dry run, `once`, `explain`, `replay` and the
demo call it. It is a function of values, so a stored cycle can be decided again and must give the same
decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from keeper.core.exposure import Exposure, Situation, situations
from keeper.core.head import Head
from keeper.core.memory import Memory
from keeper.core.plan import Plan, propose
from keeper.core.policy import Mode, Policy
from keeper.core.reason import Reason
from keeper.core.snapshot import Snapshot
from keeper.core.units import Address
from keeper.core.verdict import Band, Breach, Breached, Hold, Within, judge

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


def decide_all(
    snapshot: Snapshot,
    policies: Mapping[Address, Policy],
    memories: Mapping[Address, Memory],
    pending: frozenset[Address],
) -> tuple[Decision, ...]:
    """Decide every vault of a snapshot that has a policy, in its order."""
    return tuple(
        decide(
            policies[each.vault.address],
            each,
            memories.get(each.vault.address, Memory(each.vault.address)),
            pending=each.vault.address in pending,
        )
        for each in situations(snapshot)
        if each.vault.address in policies
    )


def decide(policy: Policy, situation: Situation, memory: Memory, *, pending: bool) -> Decision:
    """Decide one vault."""
    verdict = judge(policy, situation)
    match verdict:
        case Hold():
            return _decision(policy, situation, (), NO_BAND, verdict)
        case Within():
            return _decision(policy, situation, (), verdict.band, verdict.hold)
        case Breached():
            action = _act(policy, situation, memory, verdict, pending=pending)
            return _decision(policy, situation, verdict.breaches, verdict.band, action)


def _decision(
    policy: Policy, situation: Situation, breaches: tuple[Breach, ...], band: Band, action: Plan | Hold
) -> Decision:
    return Decision(
        head=situation.head,
        vault=situation.vault.address,
        policy_sha256=policy.sha256,
        exposure=situation.exposure,
        breaches=breaches,
        band=band,
        action=action,
    )


def _act(
    policy: Policy, situation: Situation, memory: Memory, verdict: Breached, *, pending: bool
) -> Plan | Hold:
    refusal = _forbidden(policy, verdict, pending=pending) or _cooling(policy, situation, memory, verdict)
    return refusal or propose(policy, situation, verdict)


def _forbidden(policy: Policy, verdict: Breached, *, pending: bool) -> Hold | None:
    if policy.mode is Mode.PAUSED:
        return Hold(Reason.POLICY_PAUSED, 1.0, 0.0)
    if pending:
        return Hold(Reason.PENDING, 1.0, 0.0)
    if policy.mode is Mode.REDUCE_ONLY and not verdict.breaches[0].urgent:
        return Hold(Reason.REDUCE_ONLY, verdict.breaches[0].measured, verdict.breaches[0].limit)
    return None


def _cooling(policy: Policy, situation: Situation, memory: Memory, verdict: Breached) -> Hold | None:
    """The vault's cooldown binds always, the policy's unless something is urgent; reverts lengthen both."""
    rules, last = situation.vault.rules, situation.vault.last_rebalance_at
    wait_s = rules.cooldown_s if verdict.breaches[0].urgent else max(rules.cooldown_s, policy.cooldown_s)
    ready_at = max(last + wait_s if last else 0, memory.blocked_until(policy.cooldown_s))
    now = situation.head.timestamp
    return Hold(Reason.COOLDOWN, float(now), float(ready_at)) if now < ready_at else None
