"""An operator's hand on one nonce: take it back, or offer more now.

The hand is bound by the same ceilings as the machine, and gets its answer in words. A nonce that is not ours
but waits in the pools can be cancelled too: that is the way out when a journal was lost.
"""

from keeper.core.transaction.account import Account, ChainView
from keeper.core.transaction.attempt import NO_OP_GAS, Kind, Why
from keeper.core.transaction.budget import OverBudget
from keeper.core.transaction.commands import Obey, Sign, Step, Waits
from keeper.core.transaction.fees import AboveCeiling, first_fees
from keeper.core.transaction.messages import Order, Ordered
from keeper.core.transaction.reviewing import bump, cancel
from keeper.core.transaction.slot import Slot, Terms
from keeper.core.transaction.states import State
from keeper.core.units import GWEI

STRANGER = Terms(max_fee_wei=500 * GWEI, tip_wei=3 * GWEI)
"""What a no-op may offer against a transaction of which nothing is known. A person asked for it."""


def ordered(account: Account, event: Ordered) -> tuple[Account, Step]:
    """Do it, and say what was done; or say why not."""
    view, slot = account.view, account.slot_at(event.nonce)
    if view is None:
        return account, (Obey(event.number, "the account's nonce has not been read yet; ask again"),)
    if slot is None:
        return _stranger(account, view, event)
    if slot.state is not State.PENDING or slot.nonce < view.nonce:
        return account, (Obey(event.number, f"nonce {slot.nonce} is {slot.state}: nothing can be done now"),)
    if event.order is Order.RAISE:
        plan = slot.wanted
        if plan is not None and view.timestamp >= plan.deadline:
            return account, (Obey(event.number, "not raised: it is past its deadline, and taken back"),)
        raised = bump(account, view, slot)
        if isinstance(raised, Waits):
            return account, (Obey(event.number, f"not raised: {raised.wait}: {raised.detail}"),)
        return account, (raised, Obey(event.number, f"raised to {raised.fees.max_fee_wei} wei per gas"))
    if slot.is_cancelled:
        return account, (Obey(event.number, "a no-op is under way already"),)
    taken_back = cancel(account, view, slot, Why.ORDERED)
    told = "a no-op was signed; cancelled only when that is mined, see `keeper tx show`"
    return account, (*taken_back, Obey(event.number, told))


def _stranger(account: Account, view: ChainView, event: Ordered) -> tuple[Account, Step]:
    waits = view.nonce <= event.nonce < view.pool_nonce and event.nonce not in account.owned
    if event.order is Order.RAISE or not waits:
        return account, (Obey(event.number, f"nothing waits at nonce {event.nonce}"),)
    fees = first_fees(view.base_fee_wei, STRANGER.tip_wei, STRANGER.max_fee_wei)
    if isinstance(fees, AboveCeiling):
        return account, (Obey(event.number, f"{fees.needed_wei} wei per gas are needed: above any ceiling"),)
    over = account.afford(event.nonce, NO_OP_GAS * fees.max_fee_wei, view.timestamp)
    if isinstance(over, OverBudget):
        detail = f"not signed: {over.needed_wei} wei by the {over.name}'s ceiling of {over.ceiling_wei}"
        return account, (Obey(event.number, detail),)
    account = account.put(Slot(event.nonce, view.number, STRANGER))
    sign = Sign(event.nonce, None, Kind.NO_OP, fees, NO_OP_GAS, Why.ORDERED)
    return account, (sign, Obey(event.number, "a no-op was signed against a transaction not made here"))
