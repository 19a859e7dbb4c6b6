"""What became of an intent.

Peers return `bool` or "a receipt or nothing" from a send, and lose facts that cost money: inclusion is
counted as success, a dry run as a hedge, a timeout as a failure. Here each end is a type of its own with the
facts that belong to it.
"""

from dataclasses import dataclass

from keeper.core.reason import Reason
from keeper.core.units import Address, TxHash


@dataclass(frozen=True, slots=True)
class Mined:
    """Included and successful, at the required depth.

    `spent` and `got` in token units as the vault's event says. The last four as in the plan.
    """

    vault: Address
    intent: str
    tx_hash: TxHash
    block_number: int
    timestamp: int
    gas_used: int
    gas_cost_wei: int
    spent: int
    got: int
    moved_from: float = 0.0
    moved_by: float = 0.0
    moved_since: int = 0
    left_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Reverted:
    """Included and refused by the contract. `error` is the decoded custom error, `why` what it means."""

    vault: Address
    intent: str
    tx_hash: TxHash
    block_number: int
    timestamp: int
    gas_used: int
    gas_cost_wei: int
    error: str
    why: Reason = Reason.REVERTED


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A no-op took the intent's nonce. `why`: its deadline passed, nobody wanted it, or a person said so."""

    vault: Address
    intent: str
    tx_hash: TxHash
    block_number: int
    timestamp: int
    gas_cost_wei: int
    why: Reason


@dataclass(frozen=True, slots=True)
class Superseded:
    """Another intent was mined at the intent's nonce: `by`, in transaction `tx_hash`."""

    vault: Address
    intent: str
    by: str
    tx_hash: TxHash


@dataclass(frozen=True, slots=True)
class NonceTaken:
    """Another transaction of the same account, not made here, was mined at the intent's nonce."""

    vault: Address
    intent: str
    nonce: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was broadcast. `detail` is for people."""

    vault: Address
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A no-op used up a nonce that nothing of any vault was signed for."""

    nonce: int
    tx_hash: TxHash
    block_number: int
    timestamp: int
    gas_cost_wei: int


VaultOutcome = Mined | Reverted | Cancelled | Superseded | NonceTaken | Refused
Outcome = VaultOutcome | Filled


@dataclass(frozen=True, slots=True)
class Settlement:
    """What came to an end together: all intents of one nonce; or a refusal, which used none."""

    nonce: int | None
    outcomes: tuple[Outcome, ...]


def reason_of(outcome: Outcome) -> Reason:
    """The closed-set word for an outcome."""
    match outcome:
        case Mined():
            return Reason.MINED
        case Reverted():
            return Reason.REVERTED
        case Superseded():
            return Reason.SUPERSEDED
        case Filled():
            return Reason.GAP_FILLED
        case NonceTaken():
            return Reason.NONCE_TAKEN
        case Cancelled():
            return outcome.why
        case Refused():
            return outcome.reason
