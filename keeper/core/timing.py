"""Whether now is the time for what the policy wants.

A breach says that something should be done; here stands what may speak against doing it at this look. The
layers differ in it: the soft one waits for everything, a hard limit for the contract's cooldown only, and an
emergency for nothing, where the contract knows emergencies of its own.
"""

from collections.abc import Iterator

from keeper.core.admissible import cools_until
from keeper.core.exposure import Situation
from keeper.core.memory import Memory
from keeper.core.policy import Mode, Policy
from keeper.core.reason import Reason
from keeper.core.verdict import Breached, Hold


def objections(policy: Policy, situation: Situation, memory: Memory, verdict: Breached) -> Iterator[Hold]:
    """What speaks against acting now; the first decides."""
    yield from _forbidden(policy, verdict)
    yield from _cooling(policy, situation, memory, verdict)


def _forbidden(policy: Policy, verdict: Breached) -> Iterator[Hold]:
    first = verdict.breaches[0]
    if policy.mode is Mode.PAUSED:
        yield Hold(Reason.POLICY_PAUSED, 1.0, 0.0)
    if policy.mode is Mode.REDUCE_ONLY and not first.urgent:
        yield Hold(Reason.REDUCE_ONLY, first.measured, first.limit)


def _cooling(policy: Policy, situation: Situation, memory: Memory, verdict: Breached) -> Iterator[Hold]:
    """The vault's cooldown binds, the policy's unless something is urgent; reverts lengthen both."""
    now = situation.head.timestamp
    blocked_until = memory.blocked_until(_pause_s(policy, situation, verdict))
    ready_at = max(_rested_at(policy, situation, verdict), blocked_until)
    if now < ready_at:
        yield Hold(Reason.COOLDOWN, float(now), float(ready_at))


def _rested_at(policy: Policy, situation: Situation, verdict: Breached) -> int:
    vault = situation.vault
    if Reason.EMERGENCY_DELTA in verdict.reasons and vault.rules.emergency_trade_wad > 0:
        return 0
    if verdict.breaches[0].urgent or not vault.last_rebalance_at:
        return cools_until(situation)
    return max(cools_until(situation), vault.last_rebalance_at + policy.cooldown_s)


def _pause_s(policy: Policy, situation: Situation, verdict: Breached) -> int:
    """What doubles with each revert in a row; never nothing, or an emergency would burn gas at each block."""
    if verdict.is_emergency:
        return max(situation.vault.rules.cooldown_s, policy.hedging.look_interval_s)
    return policy.cooldown_s
