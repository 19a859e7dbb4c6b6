"""What receipts say, and when they are believed.

A receipt counts while the canonical chain has its block, and is a verdict when that block is final. No
receipt means nothing while the nonce is free, and not much when it has just gone: a node that answers for the
nonce may lag with the receipts. Only when the nonce stays gone until the block in which it went is final was
it taken by a transaction that was not made here. A verdict that the chain takes back, deeper than finality
was thought to be, opens the slot again.
"""

from dataclasses import replace

from keeper.core.transaction.account import Account, ChainView, is_final
from keeper.core.transaction.attempt import Inclusion
from keeper.core.transaction.budget import Spend
from keeper.core.transaction.commands import Alarm, Alert, Command, Finish, Reopen, Step
from keeper.core.transaction.endings import displaced, verdicts
from keeper.core.transaction.messages import ReceiptsRead
from keeper.core.transaction.slot import Slot
from keeper.core.transaction.states import Signal


def receipts_read(account: Account, event: ReceiptsRead) -> tuple[Account, Step]:
    """Judge a slot by the receipts of all its hashes."""
    view = account.view
    slot = account.slot_at(event.nonce)
    if view is None:
        return account, ()
    if slot is None:
        return _closed_again(account, view, event)
    inclusion = _ours(slot, event)
    if inclusion is not None:
        return _included(account, view, slot, inclusion)
    if view.nonce <= slot.nonce:
        return account.put(_waiting_again(view, slot)), ()
    return _nonce_gone(account, view, slot)


def _ours(slot: Slot, event: ReceiptsRead) -> Inclusion | None:
    ours = (each for each in event.inclusions if each.canonical and slot.attempt(each.tx_hash))
    return next(ours, None)


def _waiting_again(view: ChainView, slot: Slot) -> Slot:
    """The nonce is free. Patience begins anew for bytes that were in a block, or in another run's hands."""
    unsure = slot.unsure().heard(Signal.FREE)
    return replace(unsure, included=None, passed_at=None, waiting_since=view.number)


def _included(account: Account, view: ChainView, slot: Slot, inclusion: Inclusion) -> tuple[Account, Step]:
    slot = replace(slot.heard(Signal.FOUND), included=inclusion, passed_at=None)
    if not is_final(account, view, inclusion.block_number):
        return account.put(slot), ()
    spend = Spend(slot.nonce, inclusion.timestamp, inclusion.cost_wei, wasted=not inclusion.succeeded)
    return _finish(account, view, slot, Finish(slot.nonce, verdicts(slot, inclusion), spend))


def _nonce_gone(account: Account, view: ChainView, slot: Slot) -> tuple[Account, Step]:
    since = view.number if slot.passed_at is None else slot.passed_at
    told = () if slot.passed_at is not None else (_suspicion(slot.nonce),)
    slot = replace(slot.heard(Signal.GONE), included=None, passed_at=since)
    if told or not is_final(account, view, since):
        return account.put(slot), told
    return _finish(account, view, slot, Finish(slot.nonce, displaced(slot), None))


def _suspicion(nonce: int) -> Command:
    detail = (
        f"nonce {nonce} is used, and none of the hashes signed for it has a receipt: a node lags, or the key "
        "is used elsewhere; nothing is signed at it until that is final"
    )
    return Alarm(Alert.FOREIGN_USE, nonce, detail)


def _finish(account: Account, view: ChainView, slot: Slot, finish: Finish) -> tuple[Account, Step]:
    closed = slot.heard(Signal.FINAL)
    floor = max(account.floor, slot.nonce + 1)
    spent = account.spent if finish.spend is None else (*account.spent, finish.spend)
    account = replace(
        account.without(slot.nonce),
        closed=tuple(sorted((*account.closed, closed), key=lambda each: each.nonce)),
        floor=floor,
        floored_at=view.number,
        spent=spent,
    )
    return account, (finish,)


def _closed_again(account: Account, view: ChainView, event: ReceiptsRead) -> tuple[Account, Step]:
    """Look again at a verdict after a reorganisation, or after a restart."""
    slot = account.closed_at(event.nonce)
    if slot is None:
        return account, ()
    inclusion = _ours(slot, event)
    if _stands(view, slot, inclusion):
        seen = replace(slot, included=inclusion)
        kept = tuple(seen if each.nonce == slot.nonce else each for each in account.closed)
        return replace(account, closed=kept), ()
    return _reopened(account, view, slot, inclusion)


def _stands(view: ChainView, slot: Slot, inclusion: Inclusion | None) -> bool:
    """Whether the chain still says what the verdict said, though maybe in another block."""
    was_displaced, before = slot.passed_at is not None, slot.included
    if inclusion is None:
        # A verdict of before the start, whose receipt the nodes may have pruned, is as good as a used nonce.
        # What was displaced never had one.
        return view.nonce > slot.nonce and before is None
    return not was_displaced and (before is None or before.succeeded is inclusion.succeeded)


def _reopened(
    account: Account, view: ChainView, slot: Slot, inclusion: Inclusion | None
) -> tuple[Account, Step]:
    if inclusion is not None:
        slot = replace(slot.heard(Signal.FOUND), included=inclusion, passed_at=None)
    elif view.nonce <= slot.nonce:
        slot = _waiting_again(view, slot)
    else:
        slot = replace(slot.heard(Signal.GONE), included=None, passed_at=view.number)
    closed = tuple(each for each in account.closed if each.nonce != slot.nonce)
    # What the block that is gone had cost was never paid.
    spent = tuple(each for each in account.spent if each.nonce != slot.nonce)
    account = replace(account, closed=closed, spent=spent, floor=min(account.floor, slot.nonce)).put(slot)
    detail = (
        f"the verdict on nonce {slot.nonce} was final here, and the chain has taken it back: it is "
        f"{slot.state} again; raise KEEPER_CONFIRMATIONS, and check the node"
    )
    return account, (Reopen(slot), Alarm(Alert.FINALITY_BROKEN, slot.nonce, detail))
