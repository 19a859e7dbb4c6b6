"""One plan on its way into a block.

An intent owns one nonce from its first signature to its verdict, and keeps every hash that was ever signed
for it: any of them may be the one that is mined. What a node answered is only a standing, not a verdict;
the verdict is a receipt at depth on the canonical chain, or the nonce gone without one.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from keeper.core.plan import Plan
from keeper.core.transaction.fees import Fees
from keeper.core.units import BlockHash, TxHash, mul_div_up

NO_OP_GAS = 21_000
GAS_HEADROOM_PERCENT = 125
"""The gas limit over what a plan expects to use: storage that was warm in the simulation may be cold."""


class Kind(StrEnum):
    """What an attempt does when it is mined."""

    REBALANCE = "rebalance"
    NO_OP = "no-op"


class Standing(StrEnum):
    """How an attempt stands with the node."""

    SIGNED = "signed"
    """Journalled; not yet answered for. Before a crash it may have been sent."""

    UNKNOWN = "unknown"
    """Sent, and what became of it is not known."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction. `raw` is never signed again, only sent again."""

    tx_hash: TxHash
    raw: bytes
    kind: Kind
    fees: Fees
    standing: Standing = Standing.SIGNED


@dataclass(frozen=True, slots=True)
class Inclusion:
    """A receipt and the block that the canonical chain now has at its number.

    `spent` and `got` in token units as the vault's event says; `error` is the decoded reason when it did not
    succeed. `price_wei` is what a unit of gas was paid.
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

    @property
    def canonical(self) -> bool:
        """Whether the receipt is of the chain as it is now."""
        return self.block_hash == self.canonical_hash

    @property
    def cost_wei(self) -> int:
        """What the inclusion cost the account."""
        return self.gas_used * self.price_wei


@dataclass(frozen=True, slots=True)
class Intent:
    """One plan at one nonce.

    `attempts` is oldest first, each offering more than the one before; it is empty only until the first
    signature. `waiting_since` and `passed_at` are block numbers: the first head at which the newest attempt
    could have been mined and was not, and the first at which the nonce was gone with no receipt of ours.
    `recovered` intents come from an earlier run and have not been looked at yet.
    """

    plan: Plan
    nonce: int
    attempts: tuple[Attempt, ...] = ()
    included: Inclusion | None = None
    waiting_since: int | None = None
    passed_at: int | None = None
    recovered: bool = False

    @property
    def newest(self) -> Attempt:
        """The attempt that offers most."""
        return self.attempts[-1]

    @property
    def hashes(self) -> tuple[TxHash, ...]:
        """Every hash that may be mined for this intent."""
        return tuple(attempt.tx_hash for attempt in self.attempts)

    @property
    def gas_limit(self) -> int:
        """Gas limit of the rebalance."""
        return gas_limit(self.plan)

    @property
    def reserved_wei(self) -> int:
        """The most that this intent may cost, bumps and a no-op included."""
        return reserved_wei(self.plan)

    def attempt(self, tx_hash: TxHash) -> Attempt | None:
        """The attempt with this hash, if it is one of this intent's."""
        return next((each for each in self.attempts if each.tx_hash == tx_hash), None)

    def with_standing(self, tx_hash: TxHash, standing: Standing) -> "Intent":
        """The intent with one attempt's standing changed."""
        return replace(
            self,
            attempts=tuple(
                replace(each, standing=standing) if each.tx_hash == tx_hash else each
                for each in self.attempts
            ),
        )

    def unsure(self) -> "Intent":
        """The intent when time has passed since an attempt was signed: it may have been sent."""
        return replace(
            self,
            attempts=tuple(
                replace(each, standing=Standing.UNKNOWN) if each.standing is Standing.SIGNED else each
                for each in self.attempts
            ),
        )


def gas_limit(plan: Plan) -> int:
    """Gas limit of a plan's rebalance."""
    return mul_div_up(plan.gas_units, GAS_HEADROOM_PERCENT, 100)


def reserved_wei(plan: Plan) -> int:
    """The most that a plan may cost: all gas at the ceiling. Only one transaction of a nonce is mined."""
    return max(gas_limit(plan), NO_OP_GAS) * plan.max_fee_wei
