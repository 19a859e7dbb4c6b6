"""What comes in, and what is to be done: the two halves of the machine's conversation.

Events are facts, and an absent fact is no event: a receipt that could not be asked for is not a receipt
that is not there. Commands are carried out in order; each that can end in more than one way answers with an
event.
"""

from dataclasses import dataclass

from keeper.core.outcome import Outcome, Refused
from keeper.core.plan import Plan
from keeper.core.transaction.account import ChainView
from keeper.core.transaction.fees import Fees
from keeper.core.transaction.intent import Attempt, Inclusion, Kind
from keeper.core.transaction.words import Answer
from keeper.core.units import TxHash


@dataclass(frozen=True, slots=True)
class HeadArrived:
    """A new tip, with the account's nonce at it."""

    view: ChainView


@dataclass(frozen=True, slots=True)
class Offered:
    """The loop wants this plan mined. `balance_wei` is what the account has."""

    plan: Plan
    balance_wei: int


@dataclass(frozen=True, slots=True)
class Signed:
    """An attempt is signed and durable in the journal."""

    nonce: int
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class SignFailed:
    """There is no attempt, neither signed nor journalled."""

    nonce: int
    refused: Refused


@dataclass(frozen=True, slots=True)
class Answered:
    """A node's answer to a broadcast. `words` are the node's own."""

    nonce: int
    tx_hash: TxHash
    answer: Answer
    words: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptsRead:
    """All hashes of an intent were asked for; `inclusions` holds those with a receipt."""

    nonce: int
    inclusions: tuple[Inclusion, ...]


@dataclass(frozen=True, slots=True)
class Stopping:
    """No new intents from here on. Those in flight are still looked after."""


Event = HeadArrived | Offered | Signed | SignFailed | Answered | ReceiptsRead | Stopping


@dataclass(frozen=True, slots=True)
class Sign:
    """Sign and journal an attempt, then say `Signed` or `SignFailed`. Nothing is broadcast yet."""

    nonce: int
    plan: Plan
    kind: Kind
    fees: Fees
    gas_limit: int


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Hand these bytes to the node, then say `Answered`."""

    nonce: int
    tx_hash: TxHash
    raw: bytes


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
    """Answer an offer: the node definitely did not take its only attempt, and its nonce is free again."""

    nonce: int
    refused: Refused


@dataclass(frozen=True, slots=True)
class Finish:
    """Report the verdict."""

    nonce: int
    outcome: Outcome


Command = Sign | Broadcast | LookUp | Refuse | Release | Finish
Step = tuple[Command, ...]
