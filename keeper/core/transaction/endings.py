"""The verdict on a slot, told for each intent that was ever signed in it.

One transaction of a nonce is mined at most, so one intent was carried out at most. The others learn what
became of them in the same breath: nobody is left to wonder whether they might still happen.
"""

from keeper.core.outcome import Cancelled, Filled, Mined, NonceTaken, Outcome, Reverted, Superseded
from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.transaction.attempt import NO_PLAN, Attempt, Inclusion, Why
from keeper.core.transaction.slot import Slot

CANCELLED_FOR = {Why.UNWANTED: Reason.UNWANTED, Why.ORDERED: Reason.ORDERED}


def verdicts(slot: Slot, inclusion: Inclusion) -> tuple[Outcome, ...]:
    """What a final inclusion of one of the slot's attempts means for each of its intents."""
    mined = slot.attempt(inclusion.tx_hash)
    if mined is None or mined.plan == NO_PLAN:
        why = _cancelled_for(slot, mined)
        ended = tuple(_cancelled(plan, inclusion, why) for plan in _intents(slot))
        return ended or (_filled(slot, inclusion),)
    plan = slot.plans[mined.plan]
    others = (each for each in _intents(slot) if each.intent != plan.intent)
    superseded = (Superseded(each.vault, each.intent, plan.intent, inclusion.tx_hash) for each in others)
    return (_carried_out(plan, inclusion), *superseded)


def displaced(slot: Slot) -> tuple[Outcome, ...]:
    """The nonce is gone for good, and nothing of this slot was mined at it."""
    return tuple(NonceTaken(plan.vault, plan.intent, slot.nonce) for plan in _intents(slot))


def _intents(slot: Slot) -> tuple[Plan, ...]:
    """The newest plan of each intent: a vault's state can have had several."""
    return tuple({plan.intent: plan for plan in slot.plans}.values())


def _cancelled_for(slot: Slot, mined: Attempt | None) -> Reason:
    """Why the nonce was given up: a no-op may have been raised since it was first signed."""
    upto = slot.attempts if mined is None else slot.attempts[: slot.attempts.index(mined) + 1]
    reasons = [CANCELLED_FOR[each.why] for each in upto if each.why in CANCELLED_FOR]
    return reasons[-1] if reasons else Reason.EXPIRED


def _cancelled(plan: Plan, inclusion: Inclusion, why: Reason) -> Cancelled:
    return Cancelled(
        vault=plan.vault,
        intent=plan.intent,
        tx_hash=inclusion.tx_hash,
        block_number=inclusion.block_number,
        timestamp=inclusion.timestamp,
        gas_cost_wei=inclusion.cost_wei,
        why=why,
    )


def _filled(slot: Slot, inclusion: Inclusion) -> Filled:
    return Filled(
        slot.nonce, inclusion.tx_hash, inclusion.block_number, inclusion.timestamp, inclusion.cost_wei
    )


def _carried_out(plan: Plan, inclusion: Inclusion) -> Mined | Reverted:
    if not inclusion.succeeded:
        return Reverted(
            vault=plan.vault,
            intent=plan.intent,
            tx_hash=inclusion.tx_hash,
            block_number=inclusion.block_number,
            timestamp=inclusion.timestamp,
            gas_used=inclusion.gas_used,
            gas_cost_wei=inclusion.cost_wei,
            error=inclusion.error,
            why=inclusion.why,
        )
    return Mined(
        vault=plan.vault,
        intent=plan.intent,
        tx_hash=inclusion.tx_hash,
        block_number=inclusion.block_number,
        timestamp=inclusion.timestamp,
        gas_used=inclusion.gas_used,
        gas_cost_wei=inclusion.cost_wei,
        spent=inclusion.spent,
        got=inclusion.got,
        moved_from=plan.moved_from,
        moved_by=plan.moved_by,
        moved_since=plan.moved_since,
        left_at=plan.left_at,
    )
