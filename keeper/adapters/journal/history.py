"""The journal read back, for `explain`, `replay`, `status` and the list of transactions.

A cycle comes back as what was known, not as what it meant: the words of the lens, the references, the
policies and memories. Whoever replays decodes and decides again, and compares the result with the stored
text.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Row, Select, func, select

from keeper.adapters.journal.codec import (
    HEAD,
    MEMORIES,
    OUTCOME,
    PLAN,
    POLICIES,
    REFERENCES,
    VAULTS,
    Codec,
    unpack,
)
from keeper.adapters.journal.store import Store
from keeper.adapters.journal.tables import attempts, cycles, decisions, documents, intents, outcomes
from keeper.core.head import Head
from keeper.core.market import Reference
from keeper.core.memory import Memory
from keeper.core.outcome import Outcome
from keeper.core.plan import Plan
from keeper.core.policy import Policy
from keeper.core.units import Address, TxHash
from keeper.ports import JournalError

V = TypeVar("V")

PAGE = 256
"""Cycles read in one query. A replay walks a journal of any size in the memory of one page."""

NEWEST = 2**62


@dataclass(frozen=True, slots=True)
class StoredCycle:
    """One head's work. `decisions` are the texts as stored, by vault."""

    number: int
    head: Head
    words: bytes
    references: tuple[Reference, ...]
    policies: Mapping[Address, Policy]
    memories: Mapping[Address, Memory]
    pending: frozenset[Address]
    decisions: Mapping[Address, str]


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    """One signed transaction with the node's last answer. Fees in wei per unit of gas."""

    tx_hash: TxHash
    kind: str
    max_fee_wei: int
    tip_wei: int
    answer: str
    words: str


@dataclass(frozen=True, slots=True)
class StoredIntent:
    """One nonce: what it was used for, by which attempts, and how it ended (`open` while it has not)."""

    nonce: int
    vault: Address
    state: str
    plan: Plan
    attempts: tuple[StoredAttempt, ...]
    outcome: Outcome | None


class History:
    """Queries. All raise JournalError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def cycles(self, first_block: int = 0, last_block: int = NEWEST) -> AsyncIterator[StoredCycle]:
        """Cycles at blocks from `first_block` to `last_block`, in the order they were recorded."""
        after = 0
        policies: _Cache[Policy] = _Cache(POLICIES)
        memories: _Cache[Memory] = _Cache(MEMORIES)
        while page := await self._page(after, first_block, last_block):
            for row in page:
                yield await self._cycle(row, policies, memories)
            after = page[-1].id

    async def outcomes(self, vault: Address | None = None, limit: int = 100) -> Sequence[Outcome]:
        """The newest outcomes, of one vault or of all, newest first."""
        query = select(outcomes.c.body).order_by(outcomes.c.id.desc()).limit(limit)
        if vault is not None:
            query = query.where(outcomes.c.vault == vault)
        async with self._store.transaction() as connection:
            bodies = (await connection.execute(query)).scalars().all()
        return tuple(OUTCOME.load(body) for body in bodies)

    async def intents(self, limit: int = 100) -> Sequence[StoredIntent]:
        """The newest intents with all their attempts, newest first."""
        wanted = select(intents).order_by(intents.c.id.desc()).limit(limit)
        async with self._store.transaction() as connection:
            found = (await connection.execute(wanted)).all()
            ids = [row.id for row in found]
            signed = (
                await connection.execute(
                    select(attempts).where(attempts.c.intent_id.in_(ids)).order_by(attempts.c.position)
                )
            ).all()
            ended = (await connection.execute(select(outcomes).where(outcomes.c.intent_id.in_(ids)))).all()
        bodies = {row.intent_id: row.body for row in ended}
        by_intent: dict[int, list[Row[tuple[object, ...]]]] = {row.id: [] for row in found}
        for each in signed:
            by_intent[each.intent_id].append(each)
        return tuple(_intent(row, by_intent[row.id], bodies) for row in found)

    async def counts(self) -> Mapping[str, int]:
        """How many rows there are: `cycles`, `intents` and `outcomes`."""
        tables = {"cycles": cycles, "intents": intents, "outcomes": outcomes}
        async with self._store.transaction() as connection:
            return {
                name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
                for name, table in tables.items()
            }

    async def _page(self, after: int, first_block: int, last_block: int) -> Sequence[Row[tuple[object, ...]]]:
        query: Select[tuple[object, ...]] = (
            select(cycles)
            .where(cycles.c.id > after, cycles.c.block_number.between(first_block, last_block))
            .order_by(cycles.c.id)
            .limit(PAGE)
        )
        async with self._store.transaction() as connection:
            return (await connection.execute(query)).all()

    async def _cycle(
        self, row: Row[tuple[object, ...]], policies: "_Cache[Policy]", memories: "_Cache[Memory]"
    ) -> StoredCycle:
        async with self._store.transaction() as connection:
            made = (
                await connection.execute(
                    select(decisions.c.vault, decisions.c.body).where(decisions.c.cycle_id == row.id)
                )
            ).all()
        return StoredCycle(
            number=row.id,
            head=HEAD.load(row.head),
            words=unpack(row.words),
            references=REFERENCES.load(row.references),
            policies=await self._document(row.policies, policies),
            memories=await self._document(row.memories, memories),
            pending=frozenset(VAULTS.load(row.pending)),
            decisions={Address(each.vault): each.body for each in made},
        )

    async def _document(self, name: str, cache: "_Cache[V]") -> Mapping[Address, V]:
        if cache.name != name:
            query = select(documents.c.body).where(documents.c.sha256 == name)
            async with self._store.transaction() as connection:
                body = (await connection.execute(query)).scalar_one_or_none()
            if body is None:
                raise JournalError("the journal made room for new cycles while it was read: read again")
            cache.name, cache.value = name, cache.codec.load(unpack(body))
        return cache.value


class _Cache(Generic[V]):
    """The last document read: those of neighbouring cycles are mostly the same one."""

    def __init__(self, codec: Codec[Mapping[Address, V]]) -> None:
        self.codec = codec
        self.name = ""
        self.value: Mapping[Address, V] = {}


def _intent(
    row: Row[tuple[object, ...]], signed: Sequence[Row[tuple[object, ...]]], bodies: Mapping[int, str]
) -> StoredIntent:
    body = bodies.get(row.id)
    return StoredIntent(
        nonce=row.nonce,
        vault=Address(row.vault),
        state=row.state,
        plan=PLAN.load(row.plan),
        attempts=tuple(
            StoredAttempt(
                TxHash(each.tx_hash),
                each.kind,
                each.max_fee_wei,
                each.tip_wei,
                each.answer or "",
                each.words or "",
            )
            for each in signed
        ),
        outcome=None if body is None else OUTCOME.load(body),
    )
