"""What is to be done: one half of the machine's conversation, the other being `messages`.

Commands are carried out in order; each that can end in more than one way answers with an event.
"""

from dataclasses import dataclass
from enum import StrEnum

from keeper.core.outcome import Outcome, Refused
from keeper.core.plan import Plan
from keeper.core.transaction.attempt import Kind, Route, Why
from keeper.core.transaction.budget import Spend
from keeper.core.transaction.fees import Fees
from keeper.core.transaction.slot import Slot
from keeper.core.units import TxHash


class Alert(StrEnum):
    """What a person must hear of at once. The value is the metric's label and a section of the docs."""

    FOREIGN_USE = "foreign-use"
    FOREIGN_PENDING = "foreign-pending"
    FINALITY_BROKEN = "finality-broken"
    NODE_FEE_CAP = "node-fee-cap"
    POOL_CONFLICT = "pool-conflict"
    UNKNOWN_WORDS = "unknown-words"
    OVER_BUDGET = "over-budget"
    WASTED_GAS = "wasted-gas"
    FOREIGN_HEDGE = "foreign-hedge"


class Wait(StrEnum):
    """Why nothing more is offered for a slot now."""

    YOUNG = "young"
    BEHIND = "behind"
    CEILING = "ceiling"
    BUDGET = "budget"
    PRIVATE = "private"
    UNASKED = "unasked"


@dataclass(frozen=True, slots=True)
class Sign:
    """Sign and journal an attempt, then say `Signed` or `SignFailed`. Nothing is broadcast yet."""

    nonce: int
    plan: Plan | None
    kind: Kind
    fees: Fees
    gas_limit: int
    why: Why


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Hand these bytes to the nodes, or to the relay, then say `Answered`."""

    nonce: int
    tx_hash: TxHash
    raw: bytes
    route: Route


@dataclass(frozen=True, slots=True)
class LookUp:
    """Ask for the receipts of all these hashes, then say `ReceiptsRead`; if one went unanswered, nothing."""

    nonce: int
    hashes: tuple[TxHash, ...]


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer an offer: no nonce was used."""

    refused: Refused


@dataclass(frozen=True, slots=True)
class Release:
    """Answer an offer: no node took its only attempt, and its nonce is free again."""

    nonce: int
    refused: Refused


@dataclass(frozen=True, slots=True)
class Finish:
    """Report the verdict: one outcome for each intent that was ever signed for in the slot."""

    nonce: int
    outcomes: tuple[Outcome, ...]
    spend: Spend | None


@dataclass(frozen=True, slots=True)
class Reopen:
    """Take a verdict back in the journal: the chain did."""

    slot: Slot


@dataclass(frozen=True, slots=True)
class Waits:
    """Tell why nothing more is offered for a slot."""

    nonce: int
    wait: Wait
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Tell a person."""

    alert: Alert
    nonce: int
    detail: str


@dataclass(frozen=True, slots=True)
class Obey:
    """Tell the operator what became of an order."""

    number: int
    detail: str


Command = Sign | Broadcast | LookUp | Refuse | Release | Finish | Reopen | Waits | Alarm | Obey
Step = tuple[Command, ...]
