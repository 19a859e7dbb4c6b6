"""What is known of all transactions of one account.

Only one process writes for an account, so this is the whole truth about its nonces that there is outside the
chain: which are owned, by what, and below which the chain has given its verdict.
"""

from dataclasses import dataclass, replace

from keeper.core.transaction.budget import UNLIMITED, Budget, OverBudget, Spend, WithinBudget, judged, risked
from keeper.core.transaction.slot import Slot
from keeper.core.transaction.states import State
from keeper.core.units import Address, BlockHash

CLOSED_KEPT_BLOCKS = 64
"""For so long a verdict is looked at again when the chain reorganises.

Chains have gone back further (Polygon by 157 blocks). That an older verdict is gone is not told then: the
vault is found unhedged, and the nonce counts again.
"""


@dataclass(frozen=True, slots=True)
class Rules:
    """How one account is run. Depths and patience in blocks; a receipt in the tip's own block has depth 1.

    `confirmations` counts where the chain has no finality tag, or none is asked for (see `ChainView`).
    """

    confirmations: int
    bump_after_blocks: int
    urgent_bump_after_blocks: int = 1
    max_in_flight: int = 16
    budget: Budget = UNLIMITED


@dataclass(frozen=True, slots=True)
class ChainView:
    """The head, and the account as nodes at that head see it.

    `pool_nonce` counts what waits in their pools. `delegated` accounts (EIP-7702) may have one transaction in
    a pool. `final_number` is the block behind the finality tag; None where finality is a matter of depth.
    """

    number: int
    hash: BlockHash
    parent_hash: BlockHash
    timestamp: int
    base_fee_wei: int
    nonce: int
    pool_nonce: int
    balance_wei: int
    delegated: bool = False
    final_number: int | None = None

    def follows(self, other: "ChainView") -> bool:
        """Whether this is the other head or its child: then no block of its chain was replaced."""
        return other.hash in {self.hash, self.parent_hash}


@dataclass(frozen=True, slots=True)
class Recalled:
    """What the journal knows of an account: open slots, the newest closed ones, what the last day cost."""

    slots: tuple[Slot, ...]
    closed: tuple[Slot, ...]
    spent: tuple[Spend, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """The one writer's whole state. `slots` is ordered by nonce; `closed` are those with a fresh verdict.

    `floor` is one more than the highest nonce with a verdict, given at head `floored_at`: a node that says
    less lags. `accounted` is the nonce below which every use is explained, or was told to be foreign.
    `foreign_pending` while the nodes' pools hold transactions of this account that were not made here.
    `by_price` is learnt from a node that refuses a raise of both caps (see `fees.raised_fees`).
    """

    rules: Rules
    slots: tuple[Slot, ...] = ()
    closed: tuple[Slot, ...] = ()
    view: ChainView | None = None
    floor: int = 0
    floored_at: int = 0
    accounted: int | None = None
    foreign_pending: bool = False
    by_price: bool = False
    stopping: bool = False
    spent: tuple[Spend, ...] = ()
    native_usd_wad: int = 0

    @property
    def vaults(self) -> frozenset[Address]:
        """Vaults that something in flight may still trade."""
        return frozenset(vault for slot in self.slots for vault in slot.vaults)

    def slot_at(self, nonce: int) -> Slot | None:
        """The open slot of this nonce."""
        return next((slot for slot in self.slots if slot.nonce == nonce), None)

    def closed_at(self, nonce: int) -> Slot | None:
        """The slot of this nonce that has a fresh verdict."""
        return next((slot for slot in self.closed if slot.nonce == nonce), None)

    @property
    def owned(self) -> frozenset[int]:
        """Nonces at which something of ours is, or was when the chain was last believed."""
        return frozenset(slot.nonce for slot in (*self.slots, *self.closed))

    def put(self, slot: Slot) -> "Account":
        """The account with this slot in the place of its nonce."""
        others = [each for each in self.slots if each.nonce != slot.nonce]
        return replace(self, slots=tuple(sorted([*others, slot], key=lambda each: each.nonce)))

    def without(self, nonce: int) -> "Account":
        """The account without the slot of this nonce."""
        return replace(self, slots=tuple(each for each in self.slots if each.nonce != nonce))

    def afford(self, nonce: int, worst_wei: int, now: int) -> WithinBudget | OverBudget:
        """Whether an attempt at this nonce that may cost `worst_wei` keeps every ceiling."""
        others, worst = self._bills(nonce, worst_wei)
        return judged(self.rules.budget, self.spent, others, worst, now, self.native_usd_wad)

    def afford_hedge(
        self, nonce: int, worst_wei: int, now: int, *, urgent: bool
    ) -> WithinBudget | OverBudget:
        """The same for what may revert and then was paid for nothing; a no-op cannot."""
        bill = self.afford(nonce, worst_wei, now)
        if isinstance(bill, OverBudget):
            return bill
        at_risk = sum(self._bills(nonce, worst_wei))
        return risked(self.rules.budget, self.spent, at_risk, now, self.native_usd_wad, urgent=urgent)

    def _bills(self, nonce: int, worst_wei: int) -> tuple[int, int]:
        """The worst of all other nonces, and of this one with an attempt that may cost `worst_wei`."""
        others = sum(slot.worst_wei for slot in self.slots if slot.nonce != nonce)
        own = self.slot_at(nonce)
        return others, max(worst_wei, own.worst_wei if own else 0)


def is_final(account: Account, view: ChainView, block_number: int) -> bool:
    """Whether a block is final at this head: behind the tag, or as deep as the rules ask."""
    if view.final_number is not None:
        return block_number <= view.final_number
    return view.number - block_number + 1 >= account.rules.confirmations


def recovered(
    rules: Rules, slots: tuple[Slot, ...], closed: tuple[Slot, ...] = (), spent: tuple[Spend, ...] = ()
) -> Account:
    """An account as the journal left it: every attempt may have been sent, and none has been looked at.

    `closed` are the newest slots with a verdict: the chain may have taken one back while nobody looked.
    """
    opened = sorted(slots, key=lambda slot: slot.nonce)
    nonces = [slot.nonce for slot in (*slots, *closed)]
    reopened = {slot.nonce for slot in slots}
    return Account(
        rules,
        tuple(replace(slot.unsure(), state=State.RECOVERED) for slot in opened),
        tuple(replace(slot, state=State.CLOSED) for slot in sorted(closed, key=lambda slot: slot.nonce)),
        accounted=min(nonces) if nonces else None,
        spent=tuple(each for each in spent if each.nonce not in reopened),
    )
