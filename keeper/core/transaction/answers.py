"""What the nodes' answer to a broadcast changes.

Little: an answer is an opinion of one set of bytes. It can release a nonce only if these were the only bytes
ever signed for it, this is the first word about them, and every node says a clear no. Everything else is
settled by receipts and the nonce.
"""

from dataclasses import replace

from keeper.core.outcome import Refused
from keeper.core.reason import Reason
from keeper.core.transaction.account import Account
from keeper.core.transaction.attempt import Attempt, Standing, Why
from keeper.core.transaction.commands import Alarm, Alert, Release, Sign, Step
from keeper.core.transaction.messages import Answered
from keeper.core.transaction.reviewing import bump, cancel
from keeper.core.transaction.slot import Slot
from keeper.core.transaction.states import Signal
from keeper.core.transaction.weighing import TAKEN
from keeper.core.transaction.words import Answer

NOT_TAKEN = {
    Answer.REPLACEMENT_UNDERPRICED: Reason.NODE_REFUSED,
    Answer.UNDERPRICED: Reason.NODE_REFUSED,
    Answer.INSUFFICIENT_FUNDS: Reason.WALLET_EMPTY,
    Answer.NODE_FEE_CAP: Reason.FEE_CEILING,
    Answer.POOL_FULL: Reason.NODE_REFUSED,
    Answer.POOL_CONFLICT: Reason.NODE_REFUSED,
    Answer.DELEGATED_LIMIT: Reason.PENDING,
    Answer.WOULD_REVERT: Reason.SIMULATION_REVERTED,
    Answer.FORBIDDEN: Reason.NODE_REFUSED,
}
"""Clear refusals, and the reason that an offer is refused for."""

FOR_PEOPLE = {
    Answer.NODE_FEE_CAP: Alert.NODE_FEE_CAP,
    Answer.POOL_CONFLICT: Alert.POOL_CONFLICT,
    Answer.UNKNOWN: Alert.UNKNOWN_WORDS,
}
"""What waiting does not cure, and only a person can."""

HOPELESS = frozenset({Answer.FORBIDDEN, Answer.WOULD_REVERT})
"""What these bytes will not recover from: their nonce is better used up."""


def answered(account: Account, event: Answered) -> tuple[Account, Step]:
    """Note how an attempt stands, and react where waiting would not help."""
    slot = account.slot_at(event.nonce)
    attempt = slot.attempt(event.tx_hash) if slot else None
    if slot is None or attempt is None:
        return account, ()
    alarms = _for_people(slot, attempt, event)
    if event.answer in TAKEN:
        return account.put(slot.with_standing(event.tx_hash, Standing.ACCEPTED)), alarms
    if event.answer in NOT_TAKEN:
        account, commands = _not_taken(account, slot, attempt, event)
        return account, (*alarms, *commands)
    if attempt.standing is Standing.ACCEPTED:
        return account, ()
    return account.put(slot.with_standing(event.tx_hash, Standing.UNKNOWN)), alarms


def _for_people(slot: Slot, attempt: Attempt, event: Answered) -> tuple[Alarm, ...]:
    """What a person must hear of, from whichever node; from others than the weightiest until it is taken."""
    others = () if attempt.standing is Standing.ACCEPTED else event.outweighed
    said = dict(((event.answer, event.words), *others))
    return tuple(
        Alarm(FOR_PEOPLE[answer], slot.nonce, words) for answer, words in said.items() if answer in FOR_PEOPLE
    )


def _not_taken(account: Account, slot: Slot, attempt: Attempt, event: Answered) -> tuple[Account, Step]:
    if _is_first_word(account, slot, attempt):
        return _release(account, slot, NOT_TAKEN[event.answer], event)
    if attempt.standing is Standing.ACCEPTED:
        return account, ()
    slot = slot.with_standing(attempt.tx_hash, Standing.REFUSED)
    account = account.put(slot)
    if attempt.tx_hash == slot.newest.tx_hash:
        return _react(account, slot, event.answer)
    return account, ()


def _release(account: Account, slot: Slot, reason: Reason, event: Answered) -> tuple[Account, Step]:
    slot.heard(Signal.REJECTED)
    vault = slot.plans[-1].vault
    refused = Refused(vault, reason, event.words or event.answer.value)
    return account.without(slot.nonce), (Release(slot.nonce, refused),)


def _is_first_word(account: Account, slot: Slot, attempt: Attempt) -> bool:
    """Whether nothing of this slot can be in any pool, and no higher nonce would be left behind a gap."""
    return (
        len(slot.attempts) == 1
        and bool(slot.plans)
        and attempt.standing is Standing.SIGNED
        and slot.nonce == account.slots[-1].nonce
    )


def _react(account: Account, slot: Slot, answer: Answer) -> tuple[Account, Step]:
    view = account.view
    if view is None:
        return account, ()
    if answer is Answer.REPLACEMENT_UNDERPRICED and not account.by_price and len(slot.attempts) > 1:
        # A raise of both caps satisfies every rule but Besu's: this node goes by the price really paid.
        account = replace(account, by_price=True)
        raised = bump(account, view, slot)
        return account, (raised,) if isinstance(raised, Sign) else ()
    all_refused = all(each.standing is Standing.REFUSED for each in slot.attempts)
    if answer in HOPELESS and all_refused and not slot.is_cancelled:
        return account, cancel(account, view, slot, Why.UNWANTED)
    return account, ()
