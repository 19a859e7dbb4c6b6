"""What to do for what is not mined: send it again, offer more, put something else in its place, or give up.

This is the only place from which anything is sent again, and it is reached only when the decision has just
been asked at the newest head whether the plan is still wanted. What could not be asked is left as it is. A
pool forgets without a word, so what is wanted and not mined after a block is sent again; the same bytes can
only be mined once. After some blocks the head of the queue offers more (those behind it cannot be mined
before it). Past its deadline, or unwanted, a plan is taken back by a freshly signed no-op at its nonce: what
is sent from then on is the no-op, never the original.
"""

from dataclasses import replace

from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.transaction.account import Account, ChainView
from keeper.core.transaction.attempt import NO_OP_GAS, Attempt, Kind, Route, Standing, Why
from keeper.core.transaction.budget import OverBudget
from keeper.core.transaction.commands import Broadcast, Command, Sign, Step, Wait, Waits
from keeper.core.transaction.fees import AboveCeiling, Fees, cancellable, raised, raised_fees
from keeper.core.transaction.filling import fill_gaps
from keeper.core.transaction.messages import Reviewed
from keeper.core.transaction.slot import Slot, gas_limit
from keeper.core.transaction.states import State
from keeper.core.transaction.wish import Instead, Unwanted, Wanted, Wish


def reviewed(account: Account, event: Reviewed) -> tuple[Account, Step]:
    """Look after every slot whose nonce is free at the head, lowest nonce first, and fill gaps below them."""
    view = account.view
    if view is None:
        return account, ()
    account = replace(account, native_usd_wad=event.native_usd_wad or account.native_usd_wad)
    commands: list[Command] = []
    for slot in account.slots:
        if slot.state is not State.PENDING or slot.nonce < view.nonce or slot.signed_at == view.number:
            continue
        tended = slot.unsure()
        wished = _wished(account, event, tended)
        moves = _next_move(account, view, tended, wished)
        planned = sum(each.gas_limit * each.fees.max_fee_wei for each in moves if isinstance(each, Sign))
        account = account.put(replace(tended, planned_wei=planned))
        commands.extend(moves)
    account, fillers = fill_gaps(account, view)
    return account, (*commands, *fillers)


def _wished(account: Account, event: Reviewed, slot: Slot) -> Wish | None:
    """What is wanted of a slot. A vault is traded at one nonce, however a reorganisation has doubled it.

    Of two that wait the first to be mined goes on; neither does where the intent was carried out already.
    """
    plan = slot.wanted
    if plan is None:
        return None
    before = [each.wanted for each in account.slots if each.nonce < slot.nonce]
    done = [each for each in (*account.slots, *account.closed) if each.included is not None]
    doubled = any(each is not None and each.vault == plan.vault for each in before)
    if doubled or any(plan.intent == each.intent for other in done for each in other.live_plans):
        return Unwanted(Reason.SUPERSEDED)
    return event.wishes.get(plan.vault)


def _next_move(account: Account, view: ChainView, slot: Slot, wished: Wish | None) -> Step:
    plan = slot.wanted
    if plan is None:
        return _go_on(account, view, slot)
    if view.timestamp >= plan.deadline:
        return cancel(account, view, slot, Why.EXPIRED)
    match wished:
        case Wanted():
            return _go_on(account, view, slot)
        case Unwanted():
            return cancel(account, view, slot, Why.UNWANTED)
        case Instead(newer):
            return _supersede(account, view, slot, newer)
        case _:
            return (Waits(slot.nonce, Wait.UNASKED),)


def _go_on(account: Account, view: ChainView, slot: Slot) -> Step:
    if slot.newest.kind is Kind.REBALANCE and view.number < slot.public_from:
        return (*send_again(view, slot), Waits(slot.nonce, Wait.PRIVATE, f"until block {slot.public_from}"))
    if slot.nonce != view.nonce:
        return (*send_again(view, slot), Waits(slot.nonce, Wait.BEHIND, f"nonce {view.nonce} is first"))
    waiting = slot.waiting_since if slot.waiting_since is not None else view.number
    since = max(waiting, slot.public_from if slot.newest.kind is Kind.REBALANCE else 0)
    if view.number - since < _patience(account, slot):
        return (*send_again(view, slot), Waits(slot.nonce, Wait.YOUNG))
    raised = bump(account, view, slot)
    return (*send_again(view, slot), raised) if isinstance(raised, Waits) else (raised,)


def _patience(account: Account, slot: Slot) -> int:
    """Blocks to wait before offering more. What holds up something urgent is as urgent."""
    rules = account.rules
    urgent = any(each.is_urgent for each in account.slots if each.nonce >= slot.nonce)
    return rules.urgent_bump_after_blocks if urgent else rules.bump_after_blocks


def cancel(account: Account, view: ChainView, slot: Slot, why: Why) -> Step:
    """Sign a no-op at the slot's nonce. The reserve below the ceiling is for this raise."""
    terms = slot.terms
    fees = raised_fees(
        slot.newest.fees, view.base_fee_wei, terms.tip_wei, slot.promised_fee_wei, by_price=account.by_price
    )
    if isinstance(fees, AboveCeiling):
        # Nothing better is allowed; a pool that has lost the original takes the no-op at the same fees.
        fees = slot.newest.fees
    if isinstance(account.afford(slot.nonce, NO_OP_GAS * fees.max_fee_wei, view.timestamp), OverBudget):
        # The least that may replace what is signed, or as much more as that could have cost anyway.
        least = max(raised(slot.newest.fees.max_fee_wei), slot.worst_wei // NO_OP_GAS)
        fee = min(fees.max_fee_wei, least)
        fees = Fees(fee, min(fees.tip_wei, fee))
    return (Sign(slot.nonce, None, Kind.NO_OP, fees, NO_OP_GAS, why),)


def bump(account: Account, view: ChainView, slot: Slot) -> Sign | Waits:
    """Sign the same transaction with raised fees, or tell which ceiling is in the way."""
    newest, terms = slot.newest, slot.terms
    ceiling = slot.promised_fee_wei if newest.kind is Kind.NO_OP else cancellable(terms.max_fee_wei)
    fees = raised_fees(newest.fees, view.base_fee_wei, terms.tip_wei, ceiling, by_price=account.by_price)
    if isinstance(fees, AboveCeiling):
        return Waits(slot.nonce, Wait.CEILING, f"{fees.needed_wei} wei are needed, {ceiling} allowed")
    return _affordable(account, view, slot, _again(slot, fees))


def _again(slot: Slot, fees: Fees) -> Sign:
    newest = slot.newest
    plan = None if newest.kind is Kind.NO_OP else slot.plans[newest.plan]
    return Sign(slot.nonce, plan, newest.kind, fees, newest.gas_limit, Why.RAISED)


def _affordable(account: Account, view: ChainView, slot: Slot, sign: Sign) -> Sign | Waits:
    worst = sign.gas_limit * sign.fees.max_fee_wei
    over = (
        account.afford(slot.nonce, worst, view.timestamp)
        if sign.plan is None
        else account.afford_hedge(slot.nonce, worst, view.timestamp, urgent=sign.plan.urgent)
    )
    if isinstance(over, OverBudget):
        detail = f"{over.name}: {over.needed_wei} wei could be spent, {over.ceiling_wei} may"
        return Waits(slot.nonce, Wait.BUDGET, detail)
    return sign


def _supersede(account: Account, view: ChainView, slot: Slot, newer: Plan) -> Step:
    """Sign the newer plan at the same nonce. What cannot be outbid is taken back by a no-op instead."""
    fees = raised_fees(
        slot.newest.fees,
        view.base_fee_wei,
        newer.priority_fee_wei,
        cancellable(newer.max_fee_wei),
        by_price=account.by_price,
    )
    if isinstance(fees, AboveCeiling):
        return cancel(account, view, slot, Why.UNWANTED)
    sign = Sign(slot.nonce, newer, Kind.REBALANCE, fees, gas_limit(newer), Why.SUPERSEDES)
    afforded = _affordable(account, view, slot, sign)
    return cancel(account, view, slot, Why.UNWANTED) if isinstance(afforded, Waits) else (afforded,)


def send_again(view: ChainView, slot: Slot) -> tuple[Broadcast, ...]:
    """The newest attempt, and before it the last one that was not refused: that one may be all a pool has."""
    return tuple(
        Broadcast(slot.nonce, each.tx_hash, each.raw, route_of(view, slot, each))
        for each in _standing_attempts(slot)
    )


def _standing_attempts(slot: Slot) -> tuple[Attempt, ...]:
    newest = slot.newest
    if newest.standing is not Standing.REFUSED:
        return (newest,)
    same = [each for each in slot.attempts if each.plan == newest.plan]
    standing = [each for each in same if each.standing is not Standing.REFUSED]
    return (*standing[-1:], newest)


def route_of(view: ChainView, slot: Slot, attempt: Attempt) -> Route:
    """Who may see an attempt now. A no-op hides nothing, and must reach every pool at once."""
    hidden = attempt.kind is Kind.REBALANCE and view.number < slot.public_from
    return Route.PRIVATE if hidden else Route.PUBLIC
