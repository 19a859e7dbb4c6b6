"""What the wallet needs of others, in its own words.

It knows no other adapter: the composition root hands it a node, a signer, a ledger and a contract's language
that fit these protocols.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from keeper.core.outcome import Refused
from keeper.core.plan import Plan
from keeper.core.transaction.account import Recalled
from keeper.core.transaction.attempt import Route
from keeper.core.transaction.messages import Ordered
from keeper.core.transaction.slot import Slot
from keeper.core.transaction.unsigned import SignedBytes, Unsigned
from keeper.core.transaction.words import Answer
from keeper.core.units import Address, BlockHash, TxHash
from keeper.ports import WouldRevert

Log = Mapping[str, object]
"""An entry of a receipt's `logs`, as the node gave it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One endpoint's answer to one broadcast.

    `answer` is `ACCEPTED` when it was taken, `LOST` when there was no answer; `words` are the node's own.
    """

    endpoint: str
    answer: Answer
    words: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """An account as the nodes see it at a head.

    `pool_nonce` counts what waits in their pools; `delegated` accounts run the code of another (EIP-7702).
    `final_number` is the block behind the finality tag; None where finality is a matter of depth.
    """

    nonce: int
    pool_nonce: int
    balance_wei: int
    delegated: bool
    final_number: int | None


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
    """The nodes of one chain.

    Reads raise UnreachableError when not enough nodes agree on an answer. A node that is behind `height` has
    given none.
    """

    async def standing(self, account: Address, height: int) -> Standing:
        """The account at the tip of nodes that have a block of this height."""
        ...

    async def send(self, raw: bytes, tx_hash: TxHash, route: Route) -> Sequence[Reply]:
        """Hand a signed transaction to every node, or to the relay, once each. Never raises."""
        ...

    async def receipt(self, tx_hash: TxHash, height: int) -> Receipt | Absent:
        """The receipt of a transaction, or that there is none at this height."""
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
    """Something in the life of a nonce, worth keeping for whoever asks why a transaction waits.

    `tx_hash` and `endpoint` are empty where there is none. `what` is one word, `detail` is for people.
    """

    nonce: int
    block_number: int
    what: str
    detail: str = ""
    tx_hash: str = ""
    endpoint: str = ""


class Ledger(Protocol):
    """Where slots outlive the process. Every method raises JournalError.

    When a method returns, what it was given is durable, and was written under the lease of this process.
    Verdicts are not given to it here: whoever folds them records them with the memory that they leave.
    """

    async def recall(self) -> Recalled:
        """Everything that an earlier run left."""
        ...

    async def begin(self, slot: Slot) -> None:
        """A new slot with its first attempt, and the plan it is for."""
        ...

    async def add(self, slot: Slot) -> None:
        """An open slot's newest attempt, and its newest plan if that is new."""
        ...

    async def release(self, nonce: int, refused: Refused) -> None:
        """The open slot at this nonce came to nothing, and its nonce may be used again."""
        ...

    async def reopen(self, slot: Slot) -> None:
        """The chain took back the verdict on this slot."""
        ...

    async def note(self, notes: Sequence[Note]) -> None:
        """Keep what happened."""
        ...

    async def orders(self) -> Sequence[Ordered]:
        """What an operator asked for, and has not been answered."""
        ...

    async def obeyed(self, number: int, detail: str) -> None:
        """Answer an operator's order."""
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

    async def revert_reason(self, plan: Plan, account: Address, block_number: int) -> WouldRevert:
        """The decoded error of the plan's call on the state before this block. Raises UnreachableError."""
        ...
