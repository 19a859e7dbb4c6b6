"""What receipts say, and when they are believed.

A receipt counts while the canonical chain has its block, and is a verdict at the required depth. No receipt
means nothing while the nonce is free, and not much when it has just gone: a node that answers for the nonce
may lag with the receipts. Only when the nonce stays gone, for as many blocks as a receipt would need, was
it taken by a transaction that was not made here.
"""

from dataclasses import replace

from keeper.core.outcome import Expired, Mined, NonceTaken, Outcome, Reverted
from keeper.core.transaction.account import Account, ChainView
from keeper.core.transaction.intent import Inclusion, Intent, Kind
from keeper.core.transaction.messages import Finish, ReceiptsRead, Step
from keeper.core.transaction.waiting import tend


def receipts_read(account: Account, event: ReceiptsRead) -> tuple[Account, Step]:
    """Judge an intent by the receipts of all its hashes."""
    intent, view = account.intent_at(event.nonce), account.view
    if intent is None or view is None or not intent.attempts:
        return account, ()
    ours = (each for each in event.inclusions if each.canonical and intent.attempt(each.tx_hash))
    inclusion = next(ours, None)
    if inclusion is not None:
        return _included(account, view, intent, inclusion)
    if view.nonce <= intent.nonce:
        return tend(account, intent)
    return _nonce_gone(account, view, intent)


def _included(
    account: Account, view: ChainView, intent: Intent, inclusion: Inclusion
) -> tuple[Account, Step]:
    if view.number - inclusion.block_number + 1 < account.rules.confirmations:
        waiting = replace(intent, included=inclusion, passed_at=None, recovered=False)
        return account.put(waiting), ()
    return _finish(account, view, intent, verdict(intent, inclusion))


def _nonce_gone(account: Account, view: ChainView, intent: Intent) -> tuple[Account, Step]:
    since = view.number if intent.passed_at is None else intent.passed_at
    if view.number - since >= account.rules.confirmations:
        taken = NonceTaken(intent.plan.vault, intent.plan.intent, intent.nonce)
        return _finish(account, view, intent, taken)
    return account.put(replace(intent, included=None, passed_at=since, recovered=False)), ()


def _finish(account: Account, view: ChainView, intent: Intent, outcome: Outcome) -> tuple[Account, Step]:
    floor = max(account.floor, intent.nonce + 1)
    account = replace(account.without(intent.nonce), floor=floor, floored_at=view.number)
    return account, (Finish(intent.nonce, outcome),)


def verdict(intent: Intent, inclusion: Inclusion) -> Outcome:
    """What a canonical inclusion of one of the intent's attempts means for the intent."""
    attempt, plan = intent.attempt(inclusion.tx_hash), intent.plan
    if attempt is not None and attempt.kind is Kind.NO_OP:
        return Expired(plan.vault, plan.intent, inclusion.tx_hash, inclusion.block_number, inclusion.cost_wei)
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
    )
