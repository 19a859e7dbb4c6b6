"""Nonces that nobody owns and that others wait behind.

A reorganisation, or another user of the key, can leave such a gap, and nothing above it can be mined. The
next plan takes it if there is one; else a no-op does, on the terms of those who wait.
"""

from keeper.core.transaction.account import Account, ChainView
from keeper.core.transaction.attempt import NO_OP_GAS, Kind, Why
from keeper.core.transaction.budget import OverBudget
from keeper.core.transaction.commands import Alarm, Alert, Command, Sign, Step
from keeper.core.transaction.fees import AboveCeiling, Fees, first_fees
from keeper.core.transaction.slot import Slot, Terms


def fill_gaps(account: Account, view: ChainView) -> tuple[Account, Step]:
    """A no-op for each nonce that nobody owns and that others wait behind."""
    highest = max((slot.nonce for slot in account.slots if slot.plans), default=view.nonce)
    commands: list[Command] = []
    for nonce in range(view.nonce, highest):
        if nonce in account.owned or nonce < view.pool_nonce:
            # What a pool holds there may be somebody's hedge, and is no gap.
            continue
        sign = _filler(account, view, nonce)
        over = account.afford(nonce, sign.gas_limit * sign.fees.max_fee_wei, view.timestamp)
        if isinstance(over, OverBudget):
            detail = f"gap not filled: {over.needed_wei} wei by the {over.name}'s {over.ceiling_wei}"
            commands.append(Alarm(Alert.OVER_BUDGET, nonce, detail))
            continue
        worst = sign.gas_limit * sign.fees.max_fee_wei
        account = account.put(Slot(nonce, view.number, _terms_behind(account, nonce), planned_wei=worst))
        commands.append(sign)
    return account, tuple(commands)


def _filler(account: Account, view: ChainView, nonce: int) -> Sign:
    terms = _terms_behind(account, nonce)
    fees = first_fees(view.base_fee_wei, terms.tip_wei, terms.max_fee_wei)
    if isinstance(fees, AboveCeiling):
        fees = Fees(terms.max_fee_wei, min(terms.tip_wei, terms.max_fee_wei))
    return Sign(nonce, None, Kind.NO_OP, fees, NO_OP_GAS, Why.FILLS_GAP)


def _terms_behind(account: Account, nonce: int) -> Terms:
    """A gap is worth what those who wait behind it may pay."""
    behind = [slot.terms for slot in account.slots if slot.nonce > nonce]
    return Terms(max(each.max_fee_wei for each in behind), max(each.tip_wei for each in behind))
