"""The journal read back, for `explain`, `replay` and `keeper tx`.

A cycle comes back as what was known, not as what it meant: the words of the lens, the references, the
policies and memories, what models had said, and what tables were solved from. Whoever replays decodes and
decides again, and compares the result with the stored text.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, Select, func, select

from keeper.adapters.journal.codec import (
    HEAD,
    MEMORIES,
    OUTCOME,
    POLICIES,
    REFERENCES,
    VAULTS,
    Codec,
    unpack,
)
from keeper.adapters.journal.foretold import InForce
from keeper.adapters.journal.slots import read_slots
from keeper.adapters.journal.solutions import Followed, origins_of
from keeper.adapters.journal.store import Store
from keeper.adapters.journal.tables import cycles, decisions, documents, notes, outcomes, slots
from keeper.core.forecast import Outlook
from keeper.core.head import Head
from keeper.core.hedging import Origin
from keeper.core.market import Reference
from keeper.core.memory import Memory
from keeper.core.outcome import Outcome
from keeper.core.policy import Policy
from keeper.core.transaction.slot import Slot
from keeper.core.units import Address
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
    tables: Mapping[Address, Origin]
    outlooks: Mapping[Address, Outlook]


@dataclass(frozen=True, slots=True)
class StoredSlot:
    """One nonce: what was signed for it, whether it is `open`, `released` or `closed`, and its verdicts.

    There is more than one where a reorganisation took the first back.
    """

    state: str
    slot: Slot
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class StoredNote:
    """Something in the life of a nonce. `tx_hash` and `endpoint` are empty where there is none."""

    block_number: int
    what: str
    detail: str
    tx_hash: str
    endpoint: str


class History:
    """Queries. All raise JournalError."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._outlooks = InForce()

    async def cycles(self, first_block: int = 0, last_block: int = NEWEST) -> AsyncIterator[StoredCycle]:
        """Cycles at blocks from `first_block` to `last_block`, in the order they were recorded."""
        after, tables = 0, Followed(self._store)
        policies: _Cache[Policy] = _Cache(POLICIES)
        memories: _Cache[Memory] = _Cache(MEMORIES)
        while page := await self._page(after, first_block, last_block):
            await tables.read(page[0].id, page[-1].id)
            for row in page:
                yield await self._cycle(row, policies, memories, tables.at(row.id))
            after = page[-1].id

    async def origins(self, first_block: int = 0, last_block: int = NEWEST) -> Sequence[Origin]:
        """What the tables of these cycles were solved from, in the order in which they are needed."""
        ends = select(func.min(cycles.c.id), func.max(cycles.c.id))
        between = cycles.c.block_number.between(first_block, last_block)
        async with self._store.transaction() as connection:
            first, last = (await connection.execute(ends.where(between))).one()
            return await origins_of(connection, first, last) if first is not None else ()

    async def outcomes(self, vault: Address | None = None, limit: int = 100) -> Sequence[Outcome]:
        """The newest outcomes, of one vault or of all, newest first."""
        query = select(outcomes.c.body).order_by(outcomes.c.id.desc()).limit(limit)
        if vault is not None:
            query = query.where(outcomes.c.vault == vault)
        async with self._store.transaction() as connection:
            bodies = (await connection.execute(query)).scalars().all()
        return tuple(OUTCOME.load(body) for body in bodies)

    async def slots(self, limit: int = 100) -> Sequence[StoredSlot]:
        """The newest slots with all that was signed for them, newest first."""
        return await self._slots(select(slots).order_by(slots.c.id.desc()).limit(limit))

    async def slots_at(self, nonce: int) -> Sequence[StoredSlot]:
        """All slots that a nonce ever had, oldest first: it is used again when nothing of one was taken."""
        return await self._slots(select(slots).where(slots.c.nonce == nonce).order_by(slots.c.id))

    async def notes(self, nonce: int) -> Sequence[StoredNote]:
        """The life of a nonce in words, oldest first."""
        columns = (notes.c.block_number, notes.c.what, notes.c.detail, notes.c.tx_hash, notes.c.endpoint)
        query = select(*columns).where(notes.c.nonce == nonce).order_by(notes.c.id)
        async with self._store.transaction() as connection:
            return tuple(StoredNote(*row) for row in (await connection.execute(query)).all())

    async def newest_block(self) -> int:
        """The last block that was recorded; 0 when none was."""
        async with self._store.transaction() as connection:
            return (await connection.execute(select(func.max(cycles.c.block_number)))).scalar_one() or 0

    async def names(self) -> Mapping[Address, str]:
        """What the policies of the newest cycle call their vaults."""
        query = select(documents.c.body).join(cycles, cycles.c.policies == documents.c.sha256)
        async with self._store.transaction() as connection:
            newest = await connection.execute(query.order_by(cycles.c.id.desc()).limit(1))
            body = newest.scalar_one_or_none()
        policies = {} if body is None else POLICIES.load(unpack(body))
        return {vault: policy.name for vault, policy in policies.items()}

    async def counts(self) -> Mapping[str, int]:
        """How many rows there are: `cycles`, `slots` and `outcomes`."""
        tables = {"cycles": cycles, "slots": slots, "outcomes": outcomes}
        async with self._store.transaction() as connection:
            return {
                name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
                for name, table in tables.items()
            }

    async def _slots(self, query: Select[Any]) -> Sequence[StoredSlot]:
        async with self._store.transaction() as connection:
            found = await read_slots(connection, query)
            ids = [row.id for row, _ in found]
            ended = select(outcomes).where(outcomes.c.slot_id.in_(ids)).order_by(outcomes.c.id)
            verdicts = (await connection.execute(ended)).all()
        return tuple(
            StoredSlot(
                row.state, slot, tuple(OUTCOME.load(each.body) for each in verdicts if each.slot_id == row.id)
            )
            for row, slot in found
        )

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
        self,
        row: Row[tuple[object, ...]],
        policies: "_Cache[Policy]",
        memories: "_Cache[Memory]",
        tables: Mapping[Address, Origin],
    ) -> StoredCycle:
        async with self._store.transaction() as connection:
            made = (
                await connection.execute(
                    select(decisions.c.vault, decisions.c.body).where(decisions.c.cycle_id == row.id)
                )
            ).all()
            outlooks = await self._outlooks.at(connection, row.id)
        return StoredCycle(
            number=row.id,
            head=HEAD.load(row.head),
            words=unpack(row.words),
            references=REFERENCES.load(row.references),
            policies=await self._document(row.policies, policies),
            memories=await self._document(row.memories, memories),
            pending=frozenset(VAULTS.load(row.pending)),
            decisions={Address(each.vault): each.body for each in made},
            tables=tables,
            outlooks=outlooks,
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
