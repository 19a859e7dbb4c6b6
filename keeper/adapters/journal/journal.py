"""The loop's journal: each head's work in one commit, what ended together in another, memories with either.

A crash between two commits must leave nothing half known. So a verdict closes its slot in the same commit
that records the outcomes and the memories: before it the next run derives the verdict again from the chain,
after it the next run knows. Every commit is made under the lease.
"""

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from keeper.adapters.journal.codec import (
    DECISION,
    HEAD,
    MEMORIES,
    MEMORY,
    OUTCOME,
    POLICIES,
    REFERENCES,
    VAULTS,
    Codec,
    by_vault,
    digest,
    pack,
)
from keeper.adapters.journal.foretold import Foretold
from keeper.adapters.journal.lease import Lease
from keeper.adapters.journal.ledger import close_slot
from keeper.adapters.journal.pruning import prune
from keeper.adapters.journal.slots import CLOSED, PAID
from keeper.adapters.journal.solutions import Solutions
from keeper.adapters.journal.store import Store
from keeper.adapters.journal.tables import cycles, decisions, documents, memories, outcomes
from keeper.core.decision import Decision
from keeper.core.memory import Memory
from keeper.core.outcome import Filled, NonceTaken, Outcome, Settlement, reason_of
from keeper.core.policy import Policy
from keeper.core.units import Address
from keeper.ports import Cycle

V = TypeVar("V")

MAX_BYTES = 4 * 2**30


class _Document(Generic[V]):
    """A mapping that seldom changes, written when it does. Comparing is cheap: the values are the same."""

    def __init__(self, codec: Codec[Mapping[Address, V]]) -> None:
        self._codec = codec
        self._last: dict[Address, V] | None = None
        self._body = ""
        self._name = ""

    async def write(self, connection: AsyncConnection, mapping: Mapping[Address, V]) -> str:
        """Store the mapping unless it is there already, and return its name."""
        if self._last != mapping:
            self._last = dict(mapping)
            self._body = self._codec.dump(by_vault(mapping))
            self._name = digest(self._body)
            known = select(documents.c.sha256).where(documents.c.sha256 == self._name)
            if (await connection.execute(known)).scalar_one_or_none() is None:
                row = {"sha256": self._name, "body": pack(self._body.encode())}
                await connection.execute(insert(documents).values(row))
        return self._name

    def forget(self) -> None:
        """Look again next time: what was written last may not have been committed."""
        self._last = None


class SqlJournal:
    """Implements `ports.Journal` under a lease. Beyond `max_bytes` the oldest cycles make room for new."""

    def __init__(self, lease: Lease, max_bytes: int = MAX_BYTES) -> None:
        self._lease = lease
        self._max_bytes = max_bytes
        self._policies: _Document[Policy] = _Document(POLICIES)
        self._memories: _Document[Memory] = _Document(MEMORIES)
        self._solutions = Solutions()
        self._foretold = Foretold()

    async def memories(self) -> Mapping[Address, Memory]:
        """The fold of all outcomes and looks so far, of vaults that any changed."""
        return await remembered(self._lease.store)

    async def record(self, cycle: Cycle) -> None:
        """Append a cycle and keep the memories that it left: one commit. Raises JournalError."""
        try:
            async with self._lease.fenced() as connection:
                policies = await self._policies.write(connection, cycle.policies)
                memory = await self._memories.write(connection, cycle.memories)
                row = insert(cycles).values(**_row(cycle), policies=policies, memories=memory)
                cycle_id = (await connection.execute(row.returning(cycles.c.id))).scalar_one()
                if cycle.decisions:
                    await connection.execute(insert(decisions), _rows(cycle_id, cycle.decisions))
                await self._solutions.write(connection, cycle_id, cycle.tables)
                await _keep(connection, cycle.left())
                evidence = cycle.evidence
                await self._foretold.write(connection, cycle_id, evidence.snapshot.outlooks, evidence.bars)
                await prune(connection, self._max_bytes)
        except BaseException:
            self._policies.forget()
            self._memories.forget()
            self._solutions.forget()
            self._foretold.forget()
            raise

    async def settle(self, settlement: Settlement, left: Sequence[Memory]) -> None:
        """Append what ended together, close its slot and keep the memories that it left: one commit."""
        async with self._lease.fenced() as connection:
            slot_id = None
            if settlement.nonce is not None:
                slot_id = await close_slot(connection, settlement.nonce, CLOSED)
            for outcome in settlement.outcomes:
                await connection.execute(insert(outcomes).values(slot_id=slot_id, **_ended(outcome)))
            await _keep(connection, left)


async def _keep(connection: AsyncConnection, left: Sequence[Memory]) -> None:
    """Each as it is now. In a crash all vaults pass a limit at once, so all are written at once."""
    if not left:
        return
    gone = delete(memories).where(memories.c.vault == bindparam("gone"))
    await connection.execute(gone, [{"gone": memory.vault} for memory in left])
    rows = [{"vault": memory.vault, "body": MEMORY.dump(memory)} for memory in left]
    await connection.execute(insert(memories), rows)


async def remembered(store: Store) -> Mapping[Address, Memory]:
    """The fold of all outcomes and looks so far, of vaults that any changed. Needs no lease.

    Raises JournalError.
    """
    async with store.transaction() as connection:
        bodies = (await connection.execute(select(memories.c.body))).scalars().all()
    return {memory.vault: memory for memory in map(MEMORY.load, bodies)}


def kind_of(outcome: Outcome) -> str:
    """The outcome's type as the word that the tables use."""
    return "nonce-taken" if isinstance(outcome, NonceTaken) else type(outcome).__name__.lower()


def _ended(outcome: Outcome) -> dict[str, object]:
    return {
        "vault": None if isinstance(outcome, Filled) else outcome.vault,
        "kind": kind_of(outcome),
        "reason": reason_of(outcome).value,
        "paid_at": outcome.timestamp if isinstance(outcome, PAID) else None,
        "body": OUTCOME.dump(outcome),
    }


def _row(cycle: Cycle) -> dict[str, object]:
    snapshot = cycle.evidence.snapshot
    return {
        "block_number": snapshot.head.number,
        "block_hash": snapshot.head.hash,
        "head": HEAD.dump(snapshot.head),
        "words": pack(cycle.evidence.words),
        "references": REFERENCES.dump(snapshot.references),
        "pending": VAULTS.dump(tuple(sorted(cycle.pending))),
    }


def _rows(cycle_id: int, made: Sequence[Decision]) -> list[dict[str, object]]:
    return [
        {
            "cycle_id": cycle_id,
            "vault": decision.vault,
            "reason": decision.reason.value,
            "body": DECISION.dump(decision),
        }
        for decision in made
    ]
