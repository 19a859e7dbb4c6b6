"""Whether now is the time for what the policy wants.

A breach says that something should be done; here stands what may speak against doing it at this look. The
layers differ in it: the soft one waits for everything, a hard limit for the contract's cooldown only, and an
emergency for nothing, where the contract knows emergencies of its own.
"""

from collections.abc import Iterator

import numpy as np

from keeper.core.admissible import cools_until
from keeper.core.case import Case
from keeper.core.impact import chased
from keeper.core.policy import Mode
from keeper.core.reason import Reason
from keeper.core.slicing import is_under_way
from keeper.core.units import YEAR_SECONDS
from keeper.core.verdict import Breached, Hold

PINNED = 2.0
"""Standard deviations from its strike within which an option may yet expire on either side."""


HARD = frozenset({Reason.DELTA_LIMIT, Reason.EMERGENCY_DELTA})
"""What delta may be traded for where only limits are to be restored."""


def objections(case: Case, verdict: Breached) -> Iterator[Hold]:
    """What speaks against acting now; the first decides."""
    yield from _forbidden(case, verdict)
    if not verdict.breaches[0].urgent:
        yield from _between_slices(case)
    yield from _cooling(case, verdict)
    if not verdict.breaches[0].urgent:
        yield from _pinned(case)
    yield from chased(case, verdict)


def _forbidden(case: Case, verdict: Breached) -> Iterator[Hold]:
    if case.policy.mode is Mode.PAUSED:
        yield Hold(Reason.POLICY_PAUSED, 1.0, 0.0)
    if case.policy.mode is Mode.REDUCE_ONLY and verdict.reasons.isdisjoint(HARD) and not verdict.restoring:
        # Low collateral makes a hedge to the band urgent, and no more than a hedge to the band.
        for breach in verdict.breaches:
            if breach.reason is Reason.DELTA_BAND:
                yield Hold(Reason.REDUCE_ONLY, breach.measured, breach.limit)


def _between_slices(case: Case) -> Iterator[Hold]:
    now, vault = case.situation.head.timestamp, case.situation.vault
    ready_at = vault.last_rebalance_at + case.policy.triggers.slicing.every_s
    if now < ready_at and is_under_way(case.situation, case.memory, case.situation.exposure.gap):
        yield Hold(Reason.NEXT_SLICE, float(now), float(ready_at))


def _cooling(case: Case, verdict: Breached) -> Iterator[Hold]:
    """The vault's cooldown binds, the policy's unless something is urgent; reverts lengthen both."""
    now = case.situation.head.timestamp
    ready_at = max(_rested_at(case, verdict), case.memory.blocked_until(_pause_s(case, verdict)))
    if now < ready_at:
        yield Hold(Reason.COOLDOWN, float(now), float(ready_at))


def _rested_at(case: Case, verdict: Breached) -> int:
    vault, contracts = case.situation.vault, cools_until(case.situation)
    if Reason.EMERGENCY_DELTA in verdict.reasons and vault.rules.emergency_trade_wad > 0:
        return 0
    if verdict.breaches[0].urgent or not vault.last_rebalance_at:
        return contracts
    return max(contracts, vault.last_rebalance_at + case.policy.cooldown_s)


def _pause_s(case: Case, verdict: Breached) -> int:
    """What doubles with each revert in a row; never nothing, or an emergency would burn gas at each block."""
    if verdict.is_emergency:
        return max(case.situation.vault.rules.cooldown_s, case.policy.hedging.look_interval_s)
    return case.policy.cooldown_s


def _pinned(case: Case) -> Iterator[Hold]:
    """A leg about to expire near its strike: its delta is all or nothing soon, and no hedge fits both.

    Near is measured by what the price may do in the whole of the quiet time, so that a leg is not let go and
    taken up again as its time runs out.
    """
    quiet_s, legs, exposure = case.policy.triggers.quiet_s, case.situation.legs, case.situation.exposure
    quiet = quiet_s / YEAR_SECONDS
    reach = PINNED * exposure.volatility * quiet**0.5
    ends = (legs.years > 0.0) & (legs.years <= quiet)
    near = np.abs(np.log(exposure.spot / legs.strike)) <= reach
    pinned = legs.years[ends & near & (legs.size != 0.0)]
    if len(pinned):
        yield Hold(Reason.PIN_RISK, float(pinned.min()) * YEAR_SECONDS, float(quiet_s))
