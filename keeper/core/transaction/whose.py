"""Whether a hedge that the chain shows was ours.

Whoever holds a keeper's key can hedge a vault, and the vault cannot tell a thief from a keeper. The journal
can: what is not in it was sent by somebody else.
"""

from enum import StrEnum

from keeper.core.transaction.account import Account
from keeper.core.transaction.states import State
from keeper.core.units import Address


class Whose(StrEnum):
    """Who sent a hedge. `UNKNOWN` while a receipt of ours is still to be read."""

    OURS = "ours"
    THEIRS = "theirs"
    UNKNOWN = "unknown"


def whose(account: Account, vault: Address, at: int) -> Whose:
    """Who hedged this vault in the block of this time."""
    own = [slot for slot in (*account.slots, *account.closed) if vault in slot.vaults]
    if any(each.included is not None and each.included.timestamp == at for each in own):
        return Whose.OURS
    if account.view is None:
        return Whose.UNKNOWN
    nonce, opened = account.view.nonce, account.slots
    unread = [each for each in opened if each.included is None and vault in each.vaults]
    in_doubt = any(each.nonce < nonce or each.state is State.RECOVERED for each in unread)
    return Whose.UNKNOWN if in_doubt else Whose.THEIRS
