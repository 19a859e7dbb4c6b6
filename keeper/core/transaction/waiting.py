"""What to do for an intent that is not mined: send the same bytes, offer more, or give the nonce up.

A pool forgets without a word, so whatever is not mined after a block is sent again; the same bytes can only
be mined once. After some blocks the head of the queue offers more (those behind it cannot be mined before
it). Past the deadline the contract would refuse the rebalance, so a freshly signed no-op takes the nonce:
what is sent from then on is the no-op, never the expired original.
"""

from dataclasses import replace

from keeper.core.transaction.account import Account, ChainView
from keeper.core.transaction.fees import AboveCeiling, cancellable, raised_fees
from keeper.core.transaction.intent import NO_OP_GAS, Attempt, Intent, Kind, Standing
from keeper.core.transaction.messages import Broadcast, Sign, Step


def tend(account: Account, intent: Intent) -> tuple[Account, Step]:
    """Look after an intent whose nonce is still free at the head."""
    view = account.view
    if view is None:
        return account, ()
    returned = intent.included is not None or intent.recovered
    since = view.number if returned or intent.waiting_since is None else intent.waiting_since
    fresh = intent.unsure()
    intent = replace(fresh, included=None, passed_at=None, recovered=False, waiting_since=since)
    return account.put(intent), _next_move(account, view, intent, since)


def _next_move(account: Account, view: ChainView, intent: Intent, since: int) -> Step:
    if is_expired(view, intent):
        return cancel(account, view, intent)
    is_head_of_queue = intent.nonce == view.nonce
    if is_head_of_queue and view.number - since >= account.rules.bump_after_blocks:
        return bump(account, view, intent) or send_again(intent)
    return send_again(intent)


def is_expired(view: ChainView, intent: Intent) -> bool:
    """Whether the next block, whose time is later than the head's, would refuse what was sent last."""
    return view.timestamp >= intent.plan.deadline and intent.newest.kind is Kind.REBALANCE


def cancel(account: Account, view: ChainView, intent: Intent) -> Step:
    """Sign a no-op at the intent's nonce. The reserve below the ceiling is for this raise."""
    fees = raised_fees(
        intent.newest.fees,
        view.base_fee_wei,
        intent.plan.priority_fee_wei,
        intent.plan.max_fee_wei,
        by_price=account.by_price,
    )
    if isinstance(fees, AboveCeiling):
        # Nothing better is allowed; a pool that has lost the original takes the no-op at the same fees.
        fees = intent.newest.fees
    return (Sign(intent.nonce, intent.plan, Kind.NO_OP, fees, NO_OP_GAS),)


def bump(account: Account, view: ChainView, intent: Intent) -> Step:
    """Sign the same transaction with raised fees; nothing when that would pass the ceiling."""
    newest, plan = intent.newest, intent.plan
    is_no_op = newest.kind is Kind.NO_OP
    ceiling = plan.max_fee_wei if is_no_op else cancellable(plan.max_fee_wei)
    fees = raised_fees(
        newest.fees, view.base_fee_wei, plan.priority_fee_wei, ceiling, by_price=account.by_price
    )
    if isinstance(fees, AboveCeiling):
        return ()
    limit = NO_OP_GAS if is_no_op else intent.gas_limit
    return (Sign(intent.nonce, plan, newest.kind, fees, limit),)


def send_again(intent: Intent) -> Step:
    """The newest attempt, and before it the last one that was not refused: that one may be all a pool has."""
    return tuple(Broadcast(intent.nonce, each.tx_hash, each.raw) for each in _standing_attempts(intent))


def _standing_attempts(intent: Intent) -> tuple[Attempt, ...]:
    newest = intent.newest
    if newest.standing is not Standing.REFUSED:
        return (newest,)
    same_kind = [each for each in intent.attempts if each.kind is newest.kind]
    standing = [each for each in same_kind if each.standing is not Standing.REFUSED]
    return (*standing[-1:], newest)
