"""Which table each vault had, from one cycle to another.

A decision that rests on a table can be derived again only if the table can. What it was solved from is a few
numbers, and holds for thousands of cycles: so it is written once, at the first cycle that knew it, and stays
in force until the vault's next row.
"""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Row, Select, func, insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection

from keeper.adapters.journal.codec import ORIGIN
from keeper.adapters.journal.store import Store
from keeper.adapters.journal.tables import solutions
from keeper.core.hedging import Origin, Solved
from keeper.core.units import Address

NONE = ""
NEWEST = 2**62


class Solutions:
    """Writes what has changed since the last cycle."""

    def __init__(self) -> None:
        self._last: Mapping[Address, Origin] | None = None

    async def write(
        self, connection: AsyncConnection, cycle_id: int, tables: Mapping[Address, Solved]
    ) -> None:
        """Make these the tables in force from a cycle on."""
        if self._last is None:
            self._last = await in_force(connection)
        now = {vault: each.origin for vault, each in tables.items()}
        rows = [*_changes(self._last, now, cycle_id)]
        if rows:
            await connection.execute(insert(solutions), rows)
        self._last = now

    def forget(self) -> None:
        """Look again next time: what was written last may not have been committed."""
        self._last = None


def _changes(
    before: Mapping[Address, Origin], now: Mapping[Address, Origin], cycle_id: int
) -> Iterator[dict[str, object]]:
    for vault in sorted(before.keys() | now.keys()):
        if before.get(vault) != now.get(vault):
            body = ORIGIN.dump(now[vault]) if vault in now else NONE
            yield {"cycle_id": cycle_id, "vault": vault, "body": body}


async def in_force(connection: AsyncConnection, cycle_id: int = NEWEST) -> dict[Address, Origin]:
    """The tables of a cycle, or of the newest one."""
    newest = (
        select(func.max(solutions.c.id)).where(solutions.c.cycle_id <= cycle_id).group_by(solutions.c.vault)
    )
    found: dict[Address, Origin] = {}
    _apply(found, await _rows(connection, select(solutions).where(solutions.c.id.in_(newest))))
    return found


async def known(store: Store) -> Mapping[Address, Origin]:
    """The tables of the newest cycle. Raises JournalError."""
    async with store.transaction() as connection:
        return await in_force(connection)


async def origins_of(connection: AsyncConnection, first: int, last: int) -> tuple[Origin, ...]:
    """The tables of a row of cycles, in the order in which they came into force."""
    found = [*(await in_force(connection, first)).values()]
    begun = solutions.c.cycle_id > first, solutions.c.cycle_id <= last, solutions.c.body != NONE
    rows = await _rows(connection, select(solutions).where(*begun).order_by(solutions.c.id))
    return (*found, *(ORIGIN.load(row.body) for row in rows))


class Followed:
    """The tables in force, cycle after cycle."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._now: dict[Address, Origin] = {}
        self._changes: list[Row[tuple[object, ...]]] = []
        self._read_to = 0

    async def read(self, first: int, last: int) -> None:
        """Read ahead from a cycle to another; each time further. Raises JournalError."""
        async with self._store.transaction() as connection:
            if not self._read_to:
                self._now = await in_force(connection, first)
                self._read_to = first
            later = solutions.c.cycle_id > self._read_to, solutions.c.cycle_id <= last
            query = select(solutions).where(*later).order_by(solutions.c.id)
            self._changes += await _rows(connection, query)
        self._read_to = last

    def at(self, cycle_id: int) -> Mapping[Address, Origin]:
        """The tables of a cycle that was read, no earlier than the last one asked for."""
        due = [row for row in self._changes if row.cycle_id <= cycle_id]
        self._changes = self._changes[len(due) :]
        if due:
            self._now = dict(self._now)
            _apply(self._now, due)
        return self._now


def _apply(found: dict[Address, Origin], rows: Sequence[Row[tuple[object, ...]]]) -> None:
    for row in rows:
        vault = Address(row.vault)
        found.pop(vault, None)
        if row.body != NONE:
            found[vault] = ORIGIN.load(row.body)


async def _rows(
    connection: AsyncConnection, query: Select[tuple[object, ...]]
) -> Sequence[Row[tuple[object, ...]]]:
    """The rows; none from a journal of a release that solved nothing."""
    exists = await connection.run_sync(lambda each: inspect(each).has_table(solutions.name))
    return (await connection.execute(query)).all() if exists else ()
