"""The life of a transaction, as a function: `step(account, event) -> (account, commands)`.

A head brings the account's nonce and asks for receipts; only the review that follows it, when the decision
has said what it still wants, sends anything. There is no clock, no chance and no I/O here: time is the head's
number and timestamp, and whoever carries out the commands reports what happened as the next event. Every rule
about a transaction is in this package, so a property test can run years of a hostile chain through it in
seconds. The states of a nonce are a table (`states`).
"""

from dataclasses import replace

from keeper.core.transaction.account import Account
from keeper.core.transaction.answers import answered
from keeper.core.transaction.arriving import head_arrived
from keeper.core.transaction.attempt import Why
from keeper.core.transaction.commands import Broadcast, Refuse, Step
from keeper.core.transaction.inclusion import receipts_read
from keeper.core.transaction.messages import (
    Answered,
    Event,
    HeadArrived,
    Offered,
    Ordered,
    ReceiptsRead,
    Reviewed,
    Signed,
    SignFailed,
    Stopping,
)
from keeper.core.transaction.offering import offered
from keeper.core.transaction.ordering import ordered
from keeper.core.transaction.reviewing import reviewed, route_of, send_again
from keeper.core.transaction.states import Signal


def step(account: Account, event: Event) -> tuple[Account, Step]:
    """Take in one fact, and say what is to be done about it."""
    match event:
        case HeadArrived():
            return head_arrived(account, event.view)
        case Offered():
            return offered(account, event)
        case Reviewed():
            return reviewed(account, event)
        case Ordered():
            return ordered(account, event)
        case Signed():
            return _signed(account, event)
        case SignFailed():
            return _sign_failed(account, event)
        case _:
            return _told(account, event)


def _told(account: Account, event: Answered | ReceiptsRead | Stopping) -> tuple[Account, Step]:
    match event:
        case Answered():
            return answered(account, event)
        case ReceiptsRead():
            return receipts_read(account, event)
        case Stopping():
            return replace(account, stopping=True), ()


def _signed(account: Account, event: Signed) -> tuple[Account, Step]:
    slot, view = account.slot_at(event.nonce), account.view
    if slot is None or view is None:
        return account, ()
    is_new = event.plan is not None and event.plan not in slot.plans
    slot = slot.signed(event.attempt, event.plan)
    slot = replace(slot, plan_since=view.number if is_new else slot.plan_since)
    slot = replace(slot, signed_at=view.number, waiting_since=view.number)
    newest = slot.newest
    sent = Broadcast(slot.nonce, newest.tx_hash, newest.raw, route_of(view, slot, newest))
    return account.put(slot), (sent,)


def _sign_failed(account: Account, event: SignFailed) -> tuple[Account, Step]:
    """A nonce without a signature was never used; with one, the next head asks the signer again.

    The pool must not forget what is still wanted while the signer is away.
    """
    slot, view = account.slot_at(event.nonce), account.view
    if slot is None or view is None:
        return account, ()
    refuse = Refuse(event.refused)
    if not slot.attempts:
        slot.heard(Signal.UNSIGNABLE)
        return account.without(event.nonce), (refuse,)
    account = account.put(replace(slot, planned_wei=0))
    if event.why is Why.RAISED:
        return account, (refuse, *send_again(view, slot))
    return account, (refuse,)
