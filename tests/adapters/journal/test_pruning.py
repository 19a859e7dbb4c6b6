"""A journal keeps to its size: the oldest cycles go, and what was signed stays."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from keeper.adapters.journal.history import History
from keeper.adapters.journal.journal import SqlJournal
from keeper.adapters.journal.lease import Lease
from keeper.adapters.journal.ledger import SqlLedger
from keeper.adapters.journal.store import Store
from keeper.adapters.journal.tables import documents
from keeper.core.memory import Memory
from keeper.core.outcome import Refused, Settlement
from keeper.core.reason import Reason
from keeper.ports import JournalError
from tests.adapters.journal.build import Note, cycle, opened_slot, store, writer
from tests.core.build import VAULT
from tests.core.transaction.build import plan

LIMIT = 600_000
WORDS = os.urandom(8_000)


async def written(lease: Lease, count: int, max_bytes: int) -> SqlJournal:
    """A journal after so many heads, each with a refusal and a memory of its own."""
    journal = SqlJournal(lease, max_bytes)
    for number in range(count):
        memory = Memory(VAULT, rebalances=number)
        await journal.record(cycle(number, memory=memory, words=WORDS))
        await journal.settle(Settlement(None, (Refused(VAULT, Reason.DRY_RUN, "dry run"),)), [memory])
    return journal


async def blocks(opened: Store) -> list[int]:
    return [each.head.number async for each in History(opened).cycles()]


async def count_documents(opened: Store) -> int:
    async with opened.transaction() as connection:
        return (await connection.execute(select(func.count()).select_from(documents))).scalar_one()


async def test_the_oldest_cycles_make_room_for_the_newest(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        lease = await writer(opened)
        ledger = SqlLedger(lease)
        for nonce in (4, 5):
            await ledger.begin(opened_slot(nonce, plan(nonce)))
        await ledger.note([Note(nonce, 1, "waits") for nonce in (4, 5)])
        await SqlJournal(lease).settle(Settlement(4, ()), [])
        await written(lease, 150, LIMIT)
        kept = await blocks(opened)
        counts = await History(opened).counts()
        assert [each.slot.nonce for each in await History(opened).slots()] == [5, 4]
        assert [len(each.slot.attempts) for each in await History(opened).slots()] == [1, 1]
        assert len(await History(opened).notes(5)) == 1
        assert await History(opened).notes(4) == ()
        assert await count_documents(opened) <= len(kept) + 1
    assert kept == list(range(kept[0], 150))
    assert 10 < len(kept) < 100
    assert counts["outcomes"] < 150
    assert (tmp_path / "journal.db").stat().st_size < 1.5 * LIMIT


async def test_the_newest_cycle_stays_however_little_room_there_is(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        await written(await writer(opened), 3, 1)
        assert await blocks(opened) == [2]


async def test_below_its_size_nothing_goes(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        await written(await writer(opened), 20, LIMIT)
        assert await blocks(opened) == list(range(20))


async def test_a_cycle_whose_room_was_taken_while_it_was_read_is_told_as_that(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        await written(await writer(opened), 1, LIMIT)
        with closing(sqlite3.connect(tmp_path / "journal.db")) as other, other:
            other.execute("delete from documents")
        with pytest.raises(JournalError, match="read again"):
            await blocks(opened)
