"""What to do with a plan that the loop wants mined: which nonce it gets, or why it gets none.

An urgent plan waits behind nothing that is not: it takes over the nonce of the first routine transaction that
it can outbid, whichever vault that one is of. The routine one may still be mined in its place; both never.
"""

import itertools
from collections.abc import Iterator
from dataclasses import replace

from keeper.core.outcome import Refused
from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.transaction.account import CLOSED_KEPT_BLOCKS, Account, ChainView
from keeper.core.transaction.attempt import Kind, Why
from keeper.core.transaction.budget import WASTE, OverBudget, WithinBudget
from keeper.core.transaction.commands import Alarm, Alert, Refuse, Sign, Step
from keeper.core.transaction.fees import AboveCeiling, Fees, cancellable, first_fees, raised_fees
from keeper.core.transaction.messages import Offered
from keeper.core.transaction.slot import Slot, Terms, gas_limit, reserved_wei
from keeper.core.transaction.states import State


def offered(account: Account, event: Offered) -> tuple[Account, Step]:
    """Reserve a nonce and ask for a signature, or refuse."""
    view, plan = account.view, event.plan
    account = replace(account, native_usd_wad=event.native_usd_wad)
    if view is None:
        detail = "the account's nonce has not been read yet"
        return account, (Refuse(Refused(plan.vault, Reason.NODE_UNREACHABLE, detail)),)
    refused = _busy(account, plan) or _unfit(account, view, plan)
    if refused is not None:
        return account, (Refuse(refused),)
    fees = first_fees(view.base_fee_wei, plan.priority_fee_wei, cancellable(plan.max_fee_wei))
    if isinstance(fees, AboveCeiling):
        detail = f"{fees.needed_wei} wei per gas are needed now, {fees.ceiling_wei} leave room to cancel"
        return account, (Refuse(Refused(plan.vault, Reason.FEE_CEILING, detail)),)
    slots = (*_taken_over(account, view, plan), *_next_free(account, view, plan, fees))
    if not slots:
        return account, (Refuse(_full(account, view, plan)),)
    bills = [
        account.afford_hedge(
            slot.nonce, sign.gas_limit * sign.fees.max_fee_wei, view.timestamp, urgent=plan.urgent
        )
        for slot, sign in slots
    ]
    for (slot, sign), bill in zip(slots, bills, strict=True):
        if isinstance(bill, WithinBudget):
            return account.put(slot), (sign,)
    (over, *_) = [bill for bill in bills if isinstance(bill, OverBudget)]
    return account, _over_budget(plan, slots[0][0].nonce, over)


def _next_free(account: Account, view: ChainView, plan: Plan, fees: Fees) -> Iterator[tuple[Slot, Sign]]:
    if len(account.slots) >= _most_in_flight(account, view):
        return
    free = next(nonce for nonce in itertools.count(view.nonce) if nonce not in account.owned)
    slot = Slot(free, view.number, Terms(plan.max_fee_wei, plan.priority_fee_wei))
    yield slot, Sign(free, plan, Kind.REBALANCE, fees, gas_limit(plan), Why.FIRST)


def _taken_over(account: Account, view: ChainView, plan: Plan) -> Iterator[tuple[Slot, Sign]]:
    """Slots of routine plans that this one may be signed into, the first to be mined first."""
    if not plan.urgent:
        return
    for slot in account.slots:
        free = slot.state is State.PENDING and slot.nonce >= view.nonce
        if not free or slot.is_urgent or slot.is_cancelled:
            continue
        fees = raised_fees(
            slot.newest.fees,
            view.base_fee_wei,
            plan.priority_fee_wei,
            cancellable(plan.max_fee_wei),
            by_price=account.by_price,
        )
        if isinstance(fees, Fees):
            yield slot, Sign(slot.nonce, plan, Kind.REBALANCE, fees, gas_limit(plan), Why.TAKES_OVER)


def _most_in_flight(account: Account, view: ChainView) -> int:
    """Pools hold one transaction of an account that has delegated its code (EIP-7702)."""
    return 1 if view.delegated else account.rules.max_in_flight


def _full(account: Account, view: ChainView, plan: Plan) -> Refused:
    most = _most_in_flight(account, view)
    why = f"{len(account.slots)} are in flight, {most} may be"
    return Refused(plan.vault, Reason.PENDING, why + (" of a delegated account" if view.delegated else ""))


def _busy(account: Account, plan: Plan) -> Refused | None:
    if account.stopping:
        return Refused(plan.vault, Reason.STOPPING, "no new intents while stopping")
    if any(slot.state is State.RECOVERED for slot in account.slots):
        return Refused(plan.vault, Reason.PENDING, "intents of the last run have not been looked at yet")
    if plan.vault in account.vaults:
        return Refused(plan.vault, Reason.PENDING, "the vault has an intent in flight")
    if account.foreign_pending:
        detail = "the pool holds transactions of this account that were not made here: see `keeper tx list`"
        return Refused(plan.vault, Reason.FOREIGN_PENDING, detail)
    return None


def _unfit(account: Account, view: ChainView, plan: Plan) -> Refused | None:
    # A node that is further behind than this does not lag: the chain was rewritten, and its nonce counts.
    if view.nonce < account.floor and view.number < account.floored_at + CLOSED_KEPT_BLOCKS:
        detail = f"the node's nonce {view.nonce} is behind {account.floor}, which is known to be mined"
        return Refused(plan.vault, Reason.NODE_UNREACHABLE, detail)
    if view.timestamp >= plan.deadline:
        return Refused(plan.vault, Reason.EXPIRED, "the plan's deadline has passed")
    needed = sum(slot.reserved_wei for slot in account.slots) + reserved_wei(plan)
    if view.balance_wei < needed:
        detail = f"{needed} wei may be spent by what is in flight and this, {view.balance_wei} are there"
        return Refused(plan.vault, Reason.WALLET_EMPTY, detail)
    return None


def _over_budget(plan: Plan, nonce: int, over: OverBudget) -> Step:
    detail = f"{over.needed_wei} wei could be spent by the {over.name}'s ceiling of {over.ceiling_wei}"
    is_waste = over.name == WASTE
    refused = Refused(plan.vault, Reason.WASTE_CEILING if is_waste else Reason.SPEND_CEILING, detail)
    return Refuse(refused), Alarm(Alert.WASTED_GAS if is_waste else Alert.OVER_BUDGET, nonce, detail)
