"""What the wallet needs of others, in its own words.

It knows no other adapter: the composition root hands it a node, a signer, a ledger and a contract's language
that fit these protocols.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from keeper.core.outcome import Refused
from keeper.core.plan import Plan
from keeper.core.transaction.intent import Attempt, Intent
from keeper.core.transaction.unsigned import SignedBytes, Unsigned
from keeper.core.transaction.words import Answer
from keeper.core.units import Address, BlockHash, TxHash

Log = Mapping[str, object]
"""An entry of a receipt's `logs`, as the node gave it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The node took the bytes, and calls them by this hash."""

    tx_hash: str


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The node refused the bytes, in these words."""

    words: str


@dataclass(frozen=True, slots=True)
class Absent:
    """The node answered that it has no such thing."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as the node has it now. `price_wei` was paid per unit of gas."""

    tx_hash: TxHash
    block_number: int
    block_hash: BlockHash
    succeeded: bool
    gas_used: int
    price_wei: int
    logs: tuple[Log, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """The block that the canonical chain has at a number."""

    hash: BlockHash
    timestamp: int


class Node(Protocol):
    """One node. Every method raises UnreachableError when there is no answer."""

    async def nonce(self, account: Address) -> int:
        """The account's next nonce at the tip, pool not counted."""
        ...

    async def balance_wei(self, account: Address) -> int:
        """What the account has at the tip."""
        ...

    async def send(self, raw: bytes) -> Taken | NotTaken:
        """Hand over a signed transaction, once. After UnreachableError it may have been taken."""
        ...

    async def receipt(self, tx_hash: TxHash) -> Receipt | Absent:
        """The receipt of a transaction."""
        ...

    async def block(self, number: int) -> Block | Absent:
        """The canonical block at a number."""
        ...


class Signer(Protocol):
    """A key, wherever it is."""

    @property
    def address(self) -> Address:
        """The account that it signs for."""
        ...

    async def sign(self, unsigned: Unsigned) -> SignedBytes:
        """Sign, or raise SignerError."""
        ...


@dataclass(frozen=True, slots=True)
class Note:
    """A node's answer to an attempt, worth keeping for whoever asks why a transaction waits."""

    tx_hash: TxHash
    answer: Answer
    words: str


class Ledger(Protocol):
    """Where intents and attempts outlive the process. Every method raises JournalError.

    When a method returns, what it was given is durable. Verdicts are not given to it here: they are recorded
    with the memory that they leave, by whoever folds them.
    """

    async def open_intents(self) -> Sequence[Intent]:
        """Intents without a verdict, each with all its attempts, oldest first."""
        ...

    async def begin(self, intent: Intent) -> None:
        """A new intent with its first attempt."""
        ...

    async def add(self, nonce: int, attempt: Attempt) -> None:
        """One more attempt of the open intent at this nonce."""
        ...

    async def release(self, nonce: int, refused: Refused) -> None:
        """The open intent at this nonce came to nothing, and its nonce may be used again."""
        ...

    async def note(self, notes: Sequence[Note]) -> None:
        """Keep what nodes answered."""
        ...


@dataclass(frozen=True, slots=True)
class Fill:
    """What the vault's event says was exchanged, in token units."""

    spent: int
    got: int


class Contract(Protocol):
    """The vault's language."""

    def calldata(self, plan: Plan) -> bytes:
        """The call that carries out a plan."""
        ...

    def fill(self, plan: Plan, logs: Sequence[Log]) -> Fill | Absent:
        """What the rebalance exchanged, read from its own event."""
        ...

    async def revert_reason(self, plan: Plan, account: Address, block_number: int) -> str:
        """The decoded error of the plan's call on the state before this block. Raises UnreachableError."""
        ...
