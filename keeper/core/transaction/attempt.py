"""One signed transaction, and what the chain says of it.

Bytes are never signed again, only sent again; whether a pool has them can be asked, and not known.
"""

from dataclasses import dataclass
from enum import StrEnum

from keeper.core.reason import Reason
from keeper.core.transaction.fees import Fees
from keeper.core.units import BlockHash, TxHash

NO_OP_GAS = 21_000
GAS_HEADROOM_PERCENT = 125
"""The gas limit over what a plan expects to use: storage that was warm in the simulation may be cold."""

NO_PLAN = -1


class Kind(StrEnum):
    """What an attempt does when it is mined."""

    REBALANCE = "rebalance"
    NO_OP = "no-op"


class Why(StrEnum):
    """Why an attempt was signed."""

    FIRST = "first"
    RAISED = "raised"
    SUPERSEDES = "supersedes"
    TAKES_OVER = "takes-over"
    EXPIRED = "expired"
    UNWANTED = "unwanted"
    ORDERED = "ordered"
    FILLS_GAP = "fills-gap"


class Route(StrEnum):
    """Who is shown the bytes: every node, or a relay that keeps them from the public pool."""

    PUBLIC = "public"
    PRIVATE = "private"


class Standing(StrEnum):
    """How an attempt stands with the nodes."""

    SIGNED = "signed"
    """Journalled; not yet answered for. Before a crash it may have been sent."""

    UNKNOWN = "unknown"
    """Sent, and what became of it is not known."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction. `raw` is never signed again, only sent again.

    `plan` is the index of its plan among the slot's, `NO_PLAN` for a no-op.
    """

    tx_hash: TxHash
    raw: bytes
    kind: Kind
    fees: Fees
    gas_limit: int
    why: Why
    plan: int = NO_PLAN
    standing: Standing = Standing.SIGNED

    @property
    def worst_wei(self) -> int:
        """The most that it can cost."""
        return self.gas_limit * self.fees.max_fee_wei


@dataclass(frozen=True, slots=True)
class Inclusion:
    """A receipt and the block that the canonical chain now has at its number.

    `spent` and `got` in token units as the vault's event says; `error` is the decoded reason when it did not
    succeed, `why` what that means. `price_wei` is what a unit of gas was paid.
    """

    tx_hash: TxHash
    block_number: int
    block_hash: BlockHash
    canonical_hash: BlockHash
    timestamp: int
    succeeded: bool
    gas_used: int
    price_wei: int
    spent: int = 0
    got: int = 0
    error: str = ""
    why: Reason = Reason.REVERTED

    @property
    def canonical(self) -> bool:
        """Whether the receipt is of the chain as it is now."""
        return self.block_hash == self.canonical_hash

    @property
    def cost_wei(self) -> int:
        """What the inclusion cost the account."""
        return self.gas_used * self.price_wei
