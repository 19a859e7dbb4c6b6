"""Whether what is in flight is still wanted, asked of the decision at the newest head.

A transaction that waits was decided on a block that is past. Before anything more is paid for it, the same
function that decided it decides again, and its answer is compared with what was signed.
"""

from dataclasses import dataclass

from keeper.core.decision import Decision
from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.verdict import Hold

TOLERANCE_PERCENT = 10
"""A wish that differs by less is the same wish: a replacement pays a tenth more, for hardly another hedge."""

NOT_AGAINST = frozenset({Reason.FEE_CEILING, Reason.SLIPPAGE_CEILING})
"""Holds that speak of what a new plan would cost, and not against the one that is out."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Go on with it."""


@dataclass(frozen=True, slots=True)
class Unwanted:
    """Take it back. `reason` is why nothing is wanted any more."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Instead:
    """Something else is wanted in its place."""

    plan: Plan


Wish = Wanted | Unwanted | Instead


def wish(in_flight: Plan, decision: Decision) -> Wish:
    """What the decision at the newest head makes of a plan that waits."""
    action = decision.action
    if isinstance(action, Hold):
        return Wanted() if action.reason in NOT_AGAINST else Unwanted(action.reason)
    return Wanted() if is_as_good(in_flight, action) else Instead(action)


def is_as_good(in_flight: Plan, fresh: Plan) -> bool:
    """Whether the older plan does what the fresh one would do, and can still be filled."""
    same_trade = in_flight.state_hash == fresh.state_hash and in_flight.side is fresh.side
    # An older plan never passes the ceiling that it was signed under, though the policy's was raised since.
    is_freed = fresh.max_fee_wei > in_flight.max_fee_wei
    if not same_trade or is_freed or (fresh.urgent and not in_flight.urgent):
        return False
    off = abs(fresh.amount_in - in_flight.amount_in)
    # Cross-multiplied: the fill that the market gives now, at the older size, against the least it accepts.
    fillable = fresh.expected_out * in_flight.amount_in >= in_flight.min_out * fresh.amount_in
    return fillable and off * 100 <= TOLERANCE_PERCENT * in_flight.amount_in
