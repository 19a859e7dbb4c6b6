"""What comes in: one half of the machine's conversation, the other being `commands`.

Events are facts, and an absent fact is no event: a receipt that could not be asked for is not a receipt
that is not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from keeper.core.outcome import Refused
from keeper.core.plan import Plan
from keeper.core.transaction.account import ChainView
from keeper.core.transaction.attempt import Attempt, Inclusion, Why
from keeper.core.transaction.wish import Wish
from keeper.core.transaction.words import Answer
from keeper.core.units import Address, TxHash


class Order(StrEnum):
    """What an operator may ask for one nonce."""

    CANCEL = "cancel"
    RAISE = "bump"


@dataclass(frozen=True, slots=True)
class HeadArrived:
    """A new tip, with the account as it is there. Nothing is sent for it: the decision comes first."""

    view: ChainView


@dataclass(frozen=True, slots=True)
class Offered:
    """The loop wants this plan mined. `native_usd_wad` is the price of the coin that pays for gas."""

    plan: Plan
    native_usd_wad: int


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The decision said at this head what it wants of vaults in flight; of those not named, nothing."""

    wishes: Mapping[Address, Wish]
    native_usd_wad: int


@dataclass(frozen=True, slots=True)
class Ordered:
    """An operator's order, by the number of the journal."""

    number: int
    nonce: int
    order: Order


@dataclass(frozen=True, slots=True)
class Signed:
    """An attempt is signed and durable in the journal; for a no-op there is no plan."""

    nonce: int
    attempt: Attempt
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class SignFailed:
    """There is no attempt, neither signed nor journalled. `why` it should have been made."""

    nonce: int
    why: Why
    refused: Refused


@dataclass(frozen=True, slots=True)
class Answered:
    """What all nodes together answered to a broadcast. `words` are the nodes' own.

    `outweighed` is what others said beside it, with their words: it decides nothing, but may be for people.
    """

    nonce: int
    tx_hash: TxHash
    answer: Answer
    words: str = ""
    outweighed: tuple[tuple[Answer, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiptsRead:
    """Nodes proven at the head were asked for all hashes of a slot; these have a receipt."""

    nonce: int
    inclusions: tuple[Inclusion, ...]


@dataclass(frozen=True, slots=True)
class Stopping:
    """No new intents from here on. Those in flight are still looked after."""


Event = HeadArrived | Offered | Reviewed | Ordered | Signed | SignFailed | Answered | ReceiptsRead | Stopping
