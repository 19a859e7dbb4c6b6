"""What a look leaves to the next: which breaches stand, how many slices are left, what the pool gave back.

A look that only acts on what it sees forgets that a limit must be left by more than it was passed by, that
half a hedge is done, or that a price has come back since our own trade. None of it can be told from the
chain, so it is written in the commit of the look's cycle.
"""

from dataclasses import replace

from keeper.core.case import Case
from keeper.core.impact import recovered
from keeper.core.memory import NO_SLICES, NOTHING, Carried
from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.verdict import Breached, Hold

MOMENTARY = frozenset({Reason.DELTA_BAND, Reason.EMERGENCY_DELTA})
"""The band is restored at its inner edge and needs nothing to stand; the other is for the contract to say."""

ENDING = frozenset(
    {Reason.COST_EXCEEDS_BENEFIT, Reason.TRADE_TOO_SMALL, Reason.NO_INVENTORY, Reason.INSIDE_BAND}
)
"""Why what is left of a need that is traded in pieces is given up, instead of waited for."""


def _carried(case: Case, verdict: Breached, action: Plan | Hold) -> Carried:
    before = case.memory.carried
    if action.reason is Reason.OWN_IMPACT:
        # What the keeper may have caused itself is no breach that could stand.
        return before
    breached = tuple(each.reason for each in verdict.breaches if each.reason not in MOMENTARY)
    if isinstance(action, Plan):
        return Carried(breached, action.slices)
    gone = verdict.breaches[0].urgent or action.reason in ENDING
    return Carried(breached, NO_SLICES if gone else before.slices)


def carried_on(case: Case, verdict: Breached, action: Plan | Hold) -> Carried:
    """What a look leaves that found breaches."""
    return _watched(_carried(case, verdict, action), case)


def carried_quietly(case: Case) -> Carried:
    """What a look leaves that found none."""
    return _watched(NOTHING, case)


def _watched(carried: Carried, case: Case) -> Carried:
    given_back = recovered(case)
    return carried if given_back == carried.recovered else replace(carried, recovered=given_back)
