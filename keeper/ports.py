"""What the loop needs of the world.

Each protocol here exists because a test replaces it with a fake, or because two adapters speak it; nothing
more abstract. The loop imports these and never an adapter, so that it can be run in a test without a socket.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from keeper.core.decision import Decision
from keeper.core.head import Head
from keeper.core.market import Reference
from keeper.core.memory import Memory
from keeper.core.outcome import Outcome, Refused, Settlement
from keeper.core.plan import Plan
from keeper.core.policy import Policy
from keeper.core.reason import Reason
from keeper.core.snapshot import Snapshot
from keeper.core.transaction.whose import Whose
from keeper.core.transaction.wish import Wish
from keeper.core.units import Address


class UnreachableError(Exception):
    """The world could not be read now.

    The cycle holds and tries again at the next head. The text names the endpoint's host.
    """


class UnansweredError(UnreachableError):
    """The node refused one question. It may answer others, so this is one plan's trouble and no outage."""


class JournalError(Exception):
    """The journal could not be written. Nothing may be broadcast; health turns red."""


class LeaseLostError(JournalError):
    """Another process may be the account's writer. Nothing may be written, signed or sent here."""


class SignerError(Exception):
    """There is no signature: the key cannot be had, or the signer will not sign this.

    The text says what to do about it and never holds a secret.
    """


@dataclass(frozen=True, slots=True)
class Simulated:
    """The plan would succeed at the pinned block. `spent` and `got` in token units."""

    spent: int
    got: int


@dataclass(frozen=True, slots=True)
class WouldRevert:
    """The vault would refuse the plan. `error` is the decoded custom error, `reason` what it means."""

    error: str
    reason: Reason = Reason.SIMULATION_REVERTED


@dataclass(frozen=True, slots=True)
class Mismatched:
    """The vault is not as its address book says, so nothing is asked of it. `detail` says in what."""

    detail: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The intent is journalled and signed, and its broadcast is under way."""

    intent: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A snapshot with the bytes it was decoded from.

    The journal keeps the bytes, so that the decision can be derived again from what the node said.
    """

    snapshot: Snapshot
    words: bytes


@dataclass(frozen=True, slots=True)
class Cycle:
    """One head's work, as journalled: what was known, by which policies and memories, what was decided."""

    evidence: Evidence
    policies: Mapping[Address, Policy]
    memories: Mapping[Address, Memory]
    pending: frozenset[Address]
    decisions: Sequence[Decision]


class Heads(Protocol):
    """New blocks. A slow consumer sees the newest head and misses those between."""

    def latest(self) -> AsyncIterator[Head]:
        """Each new tip once.

        Ends when the source is closed; never raises for an unreachable node, but retries.
        """
        ...


class Reader(Protocol):
    """The chain's state at one block."""

    async def read(self, head: Head, references: Sequence[Reference]) -> Evidence:
        """Everything about all vaults at `head.hash`. Raises UnreachableError."""
        ...

    async def simulate(self, plan: Plan, head: Head) -> Simulated | WouldRevert | Mismatched:
        """Run the exact call at `head.hash`, unless the vault is not what was deployed.

        Raises UnreachableError, and its UnansweredError when the node will not run this call.
        """
        ...


class References(Protocol):
    """Independent prices from outside the chain, as last heard."""

    def latest(self) -> Sequence[Reference]:
        """Never waits; empty when nothing was heard yet."""
        ...


class Wallet(Protocol):
    """The one writer of an account."""

    def pending(self) -> frozenset[Address]:
        """Vaults with an unfinished intent."""
        ...

    def in_flight(self, head: Head) -> Mapping[Address, Plan]:
        """What was signed before `head`, is not in a block, and may be asked about: by its vault."""
        ...

    def whose(self, vault: Address, at: int) -> Whose:
        """Who hedged a vault in the block of this time."""
        ...

    async def offer(self, plan: Plan, head: Head, native_usd_wad: int) -> Accepted | Refused:
        """Journal, sign and broadcast, or say why not.

        Raises JournalError, after which nothing was broadcast.
        """
        ...

    async def advance(self, head: Head) -> Sequence[Settlement]:
        """Learn what became of all that is in flight; nothing is sent. Raises JournalError."""
        ...

    async def review(self, head: Head, wishes: Mapping[Address, Wish], native_usd_wad: int) -> None:
        """Re-broadcast, raise, supersede or take back what is in flight, as is wished at this head.

        What no wish speaks of is only taken back past its deadline. Raises JournalError.
        """
        ...


class Journal(Protocol):
    """The record. What is not in it did not happen."""

    async def memories(self) -> Mapping[Address, Memory]:
        """The fold of all outcomes so far."""
        ...

    async def record(self, cycle: Cycle) -> None:
        """Append a cycle durably. Raises JournalError."""
        ...

    async def settle(self, settlement: Settlement, memories: Sequence[Memory]) -> None:
        """Append what ended together, and the memories that it left. Raises JournalError."""
        ...


class Policies(Protocol):
    """The policies in force."""

    def current(self) -> Mapping[Address, Policy]:
        """By vault; re-read when files change, the old one staying in force while a new one is bad."""
        ...


class Observer(Protocol):
    """Where events worth telling go: a log line and its metrics together. Never raises, never waits."""

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Time one stage of a cycle: read, decide, record, simulate, offer or review."""
        ...

    def decided(self, decision: Decision) -> None:
        """A vault was decided."""
        ...

    def offered(self, plan: Plan, answer: Accepted | Refused) -> None:
        """A plan was taken by the wallet, or refused by the vault's simulation or the wallet."""
        ...

    def reviewed(self, plan: Plan, wished: Wish) -> None:
        """The decision was asked whether a plan in flight is still wanted."""
        ...

    def settled(self, outcome: Outcome) -> None:
        """An intent came to its end."""
        ...

    def foreign_hedge(self, vault: Address, at: int) -> None:
        """A vault was hedged, in the block of this time, by a transaction that is in no journal."""
        ...

    def unreadable(self, head: Head, error: UnreachableError) -> None:
        """A cycle ended early: what it needed could not be read, so every vault holds."""
        ...

    def quarantined(self, vault: Address, error: Exception) -> None:
        """A vault's decision failed unexpectedly; it is left alone until a person restarts the keeper."""
        ...

    def cycled(self, head: Head) -> None:
        """A cycle was completed: the sign of life on which health rests."""
        ...
