"""What a new head changes before anybody has decided anything: it is looked where there may be a receipt.

The nonce tells more than it seems to. Used up without a transaction of ours, it says that somebody else has
the key. Lower than a verdict, it says that the chain took the verdict back. Higher in the pool than what is
ours, it says that transactions wait there which this journal does not know.
"""

from dataclasses import replace

from keeper.core.transaction.account import CLOSED_KEPT_BLOCKS, Account, ChainView
from keeper.core.transaction.budget import kept
from keeper.core.transaction.commands import Alarm, Alert, Command, LookUp, Step
from keeper.core.transaction.slot import Slot
from keeper.core.transaction.states import State


def head_arrived(account: Account, view: ChainView) -> tuple[Account, Step]:
    """Take in a head: alarms first, then what is to be looked up, lowest nonce first."""
    before = account.view
    account = replace(account, view=view, spent=kept(account.spent, view.timestamp))
    account, foreign = _used_by_others(account, view)
    account, pending = _pooled_by_others(account, view)
    account = replace(account, closed=_still_kept(account, view))
    closed = account.closed if before is None or not view.follows(before) else ()
    look_ups = [LookUp(slot.nonce, slot.hashes) for slot in closed]
    look_ups += [LookUp(slot.nonce, slot.hashes) for slot in account.slots if _may_be_mined(view, slot)]
    return account, (*foreign, *pending, *look_ups)


def _may_be_mined(view: ChainView, slot: Slot) -> bool:
    in_doubt = slot.state in {State.RECOVERED, State.INCLUDED, State.UNKNOWN}
    return bool(slot.attempts) and (in_doubt or view.nonce > slot.nonce)


def _still_kept(account: Account, view: ChainView) -> tuple[Slot, ...]:
    """Verdicts that a reorganisation might still reach; those from the journal are looked at once."""
    oldest = view.number - CLOSED_KEPT_BLOCKS
    return tuple(slot for slot in account.closed if _settled_at(slot, view) > oldest)


def _settled_at(slot: Slot, view: ChainView) -> int:
    """The block that a verdict rests on; now, where it has not been looked at since the start."""
    if slot.included is not None:
        return slot.included.block_number
    return view.number if slot.passed_at is None else slot.passed_at


def _used_by_others(account: Account, view: ChainView) -> tuple[Account, tuple[Command, ...]]:
    """Nonces that are used and were never owned here. Those of open slots are the receipts' business."""
    known = account.accounted
    account = replace(account, accounted=view.nonce if known is None else max(known, view.nonce))
    if known is None:
        return account, ()
    since = max(known, account.floor)
    foreign = [nonce for nonce in range(since, view.nonce) if nonce not in account.owned]
    if not foreign:
        return account, ()
    detail = f"{len(foreign)} nonces from {foreign[0]} were used by transactions that were not made here"
    return account, (Alarm(Alert.FOREIGN_USE, foreign[0], detail),)


def _pooled_by_others(account: Account, view: ChainView) -> tuple[Account, tuple[Command, ...]]:
    """Whether pools hold nonces above all of ours. The journal may be lost, or the key used elsewhere."""
    ours = max((nonce + 1 for nonce in account.owned), default=view.nonce)
    strange = view.pool_nonce > max(ours, view.nonce)
    told = account.foreign_pending
    account = replace(account, foreign_pending=strange)
    if not strange or told:
        return account, ()
    nonce = max(ours, view.nonce)
    detail = (
        f"nodes' pools hold transactions up to nonce {view.pool_nonce - 1} of this account, and this journal "
        f"knows none from {nonce}: nothing new is sent until they are mined, or taken back by "
        "`keeper tx cancel`"
    )
    return account, (Alarm(Alert.FOREIGN_PENDING, nonce, detail),)
