"""The life of a transaction, as a function: `step(account, event) -> (account, commands)`.

    offered -> signed and journalled -> broadcast (or possibly so) -> mined at a block -> done
                       ^                     |  ^                          |
                       |    raise, no-op     |  |        reorganised       |
                       +---------------------+  +--------------------------+

There is no clock, no chance and no I/O here: time is the head's number and timestamp, and whoever carries out
the commands reports what happened as the next event. Every rule about a transaction is in this package, so a
property test can run years of a hostile chain through it in a second.
"""

import itertools
from dataclasses import replace

from keeper.core.outcome import Refused
from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.transaction.account import Account, ChainView
from keeper.core.transaction.answers import answered
from keeper.core.transaction.fees import AboveCeiling, Fees, cancellable, first_fees
from keeper.core.transaction.inclusion import receipts_read
from keeper.core.transaction.intent import Intent, Kind, gas_limit, reserved_wei
from keeper.core.transaction.messages import (
    Answered,
    Broadcast,
    Command,
    Event,
    HeadArrived,
    LookUp,
    Offered,
    ReceiptsRead,
    Refuse,
    Sign,
    Signed,
    SignFailed,
    Step,
    Stopping,
)
from keeper.core.transaction.waiting import is_expired, send_again, tend

FLOOR_HOLDS_BLOCKS = 64
"""A node that is further behind than this does not lag: the chain was rewritten, and its nonce counts."""


def step(account: Account, event: Event) -> tuple[Account, Step]:
    """Take in one fact, and say what is to be done about it."""
    match event:
        case HeadArrived():
            return _head_arrived(account, event.view)
        case Offered():
            return _offered(account, event)
        case Signed():
            return _signed(account, event)
        case SignFailed():
            return _sign_failed(account, event)
        case Answered():
            return answered(account, event)
        case ReceiptsRead():
            return receipts_read(account, event)
        case Stopping():
            return replace(account, stopping=True), ()


def _head_arrived(account: Account, view: ChainView) -> tuple[Account, Step]:
    """Ask for receipts where there may be one, and tend the rest, lowest nonce first."""
    account = replace(account, view=view)
    commands: list[Command] = []
    for intent in account.intents:
        if not intent.attempts:
            continue
        if intent.recovered or intent.included or view.nonce > intent.nonce:
            commands.append(LookUp(intent.nonce, intent.hashes))
        else:
            account, more = tend(account, intent)
            commands.extend(more)
    return account, tuple(commands)


def _offered(account: Account, event: Offered) -> tuple[Account, Step]:
    view, plan = account.view, event.plan
    if view is None:
        detail = "the account's nonce has not been read yet"
        return account, (Refuse(Refused(plan.vault, Reason.NODE_UNREACHABLE, detail)),)
    refused = _busy(account, plan) or _unfit(account, view, event)
    if refused is not None:
        return account, (Refuse(refused),)
    fees = first_fees(view.base_fee_wei, plan.priority_fee_wei, cancellable(plan.max_fee_wei))
    if isinstance(fees, AboveCeiling):
        detail = f"{fees.needed_wei} wei per gas are needed now, {fees.ceiling_wei} leave room to cancel"
        return account, (Refuse(Refused(plan.vault, Reason.FEE_CEILING, detail)),)
    return _reserve(account, view, plan, fees)


def _reserve(account: Account, view: ChainView, plan: Plan, fees: Fees) -> tuple[Account, Step]:
    owned = {intent.nonce for intent in account.intents}
    free = next(nonce for nonce in itertools.count(view.nonce) if nonce not in owned)
    intent = Intent(plan, free, waiting_since=view.number)
    sign = Sign(intent.nonce, plan, Kind.REBALANCE, fees, gas_limit(plan))
    return account.put(intent), (sign,)


def _busy(account: Account, plan: Plan) -> Refused | None:
    if account.stopping:
        return Refused(plan.vault, Reason.STOPPING, "no new intents while stopping")
    if any(intent.recovered for intent in account.intents):
        return Refused(plan.vault, Reason.PENDING, "intents of the last run have not been looked at yet")
    if plan.vault in account.vaults:
        return Refused(plan.vault, Reason.PENDING, "the vault has an intent in flight")
    if len(account.intents) >= account.rules.max_in_flight:
        return Refused(plan.vault, Reason.PENDING, f"{len(account.intents)} intents are in flight")
    return None


def _unfit(account: Account, view: ChainView, event: Offered) -> Refused | None:
    plan = event.plan
    if view.nonce < account.floor and view.number < account.floored_at + FLOOR_HOLDS_BLOCKS:
        detail = f"the node's nonce {view.nonce} is behind {account.floor}, which is known to be mined"
        return Refused(plan.vault, Reason.NODE_UNREACHABLE, detail)
    if view.timestamp >= plan.deadline:
        return Refused(plan.vault, Reason.EXPIRED, "the plan's deadline has passed")
    needed = sum(intent.reserved_wei for intent in account.intents) + reserved_wei(plan)
    if event.balance_wei < needed:
        detail = f"{needed} wei may be spent by what is in flight and this, {event.balance_wei} are there"
        return Refused(plan.vault, Reason.WALLET_EMPTY, detail)
    return None


def _signed(account: Account, event: Signed) -> tuple[Account, Step]:
    intent = account.intent_at(event.nonce)
    if intent is None:
        return account, ()
    attempt = event.attempt
    since = account.view.number if account.view else intent.waiting_since
    intent = replace(intent, attempts=(*intent.attempts, attempt), waiting_since=since)
    return account.put(intent), (Broadcast(intent.nonce, attempt.tx_hash, attempt.raw),)


def _sign_failed(account: Account, event: SignFailed) -> tuple[Account, Step]:
    """A nonce without a signature was never used.

    With one, the pool must not forget it while the signer is away; the next head asks the signer again.
    """
    intent, view = account.intent_at(event.nonce), account.view
    if intent is None or view is None:
        return account, ()
    if not intent.attempts:
        return account.without(event.nonce), (Refuse(event.refused),)
    return account, () if is_expired(view, intent) else send_again(intent)
