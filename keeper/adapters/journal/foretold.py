"""What is kept for forecasts: the past of each vault's price, and what models said when a cycle was decided.

Bars come with the cycles that saw them end, and are what a keeper that is started again goes on with. What
models made of them holds for thousands of cycles, so it is written at the first cycle that knew it and stays
in force until the next row; a cycle is derived again from the row in force, never from the models.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Select, delete, func, insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection

from keeper.adapters.journal.codec import OUTLOOKS, by_vault, pack, unpack
from keeper.adapters.journal.store import Store
from keeper.adapters.journal.tables import bars, cycles, outlooks
from keeper.core.forecast import Bar, Outlook
from keeper.core.forecast.history import BAR_S, KEPT_BARS
from keeper.core.units import Address

NEWEST = 2**62


class Foretold:
    """Writes what is new with a cycle."""

    def __init__(self) -> None:
        self._last: Mapping[Address, Outlook] | None = None

    async def write(
        self,
        connection: AsyncConnection,
        cycle_id: int,
        known: Mapping[Address, Outlook],
        ended: Mapping[Address, Sequence[Bar]],
    ) -> None:
        """Make these the outlooks in force from a cycle on, and keep the bars that ended with it."""
        if self._last is None:
            self._last = await InForce().at(connection, NEWEST)
        if known != self._last:
            body = pack(OUTLOOKS.dump(by_vault(known)).encode())
            await connection.execute(insert(outlooks).values(cycle_id=cycle_id, body=body))
            self._last = known
        if ended:
            # An operator may have primed what comes next; what was lived through counts.
            for vault, each in ended.items():
                passed = bars.c.vault == vault, bars.c.ends >= each[0].ends
                await connection.execute(delete(bars).where(*passed))
            await connection.execute(insert(bars), _rows(ended))
            newest = max(each[-1].ends for each in ended.values())
            await connection.execute(delete(bars).where(bars.c.ends < newest - KEPT_BARS * BAR_S))

    def forget(self) -> None:
        """Look again next time: what was written last may not have been committed."""
        self._last = None


class InForce:
    """The outlooks of cycles, read where they change."""

    def __init__(self) -> None:
        self._began = 0
        self._value: Mapping[Address, Outlook] = {}

    async def at(self, connection: AsyncConnection, cycle_id: int) -> Mapping[Address, Outlook]:
        """Those by which a cycle was decided; none in a journal of a release that had no forecasts."""
        if not await _has(connection, outlooks.name):
            return {}
        newest = select(func.max(outlooks.c.cycle_id)).where(outlooks.c.cycle_id <= cycle_id)
        began = (await connection.execute(newest)).scalar_one() or 0
        if began != self._began:
            body = select(outlooks.c.body).where(outlooks.c.cycle_id == began)
            packed = (await connection.execute(body)).scalar_one_or_none()
            self._began, self._value = began, OUTLOOKS.load(unpack(packed)) if packed is not None else {}
        return self._value


async def recalled_bars(store: Store) -> Mapping[Address, Sequence[Bar]]:
    """The past of each vault's price, oldest first. Raises JournalError."""
    found: dict[Address, list[Bar]] = {}
    async with store.transaction() as connection:
        if await _has(connection, bars.name):
            for row in await connection.execute(select(bars).order_by(bars.c.ends)):
                found.setdefault(Address(row.vault), []).append(Bar(row.ends, row.variance, row.price))
    return found


async def prime(store: Store, vault: Address, past: Sequence[Bar]) -> int:
    """Add bars that are not there, and say how many those were. Raises JournalError."""
    async with store.transaction() as connection:
        there = {*(await connection.execute(select(bars.c.ends).where(bars.c.vault == vault))).scalars()}
        new = [bar for bar in past if bar.ends not in there]
        if new:
            await connection.execute(insert(bars), _rows({vault: new}))
    return len(new)


def followed() -> Select[tuple[int]]:
    """Outlooks that no cycle rests on: others came before the oldest cycle, or at it."""
    first = select(func.min(cycles.c.id)).scalar_subquery()
    in_force = select(func.max(outlooks.c.cycle_id)).where(outlooks.c.cycle_id <= first).scalar_subquery()
    return select(outlooks.c.cycle_id).where(outlooks.c.cycle_id < in_force)


def _rows(ended: Mapping[Address, Sequence[Bar]]) -> list[dict[str, object]]:
    return [
        {"vault": vault, "ends": bar.ends, "variance": bar.variance, "price": bar.price}
        for vault, each in ended.items()
        for bar in each
    ]


async def _has(connection: AsyncConnection, table: str) -> bool:
    return await connection.run_sync(lambda each: inspect(each).has_table(table))
