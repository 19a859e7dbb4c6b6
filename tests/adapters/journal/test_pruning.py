"""A journal keeps to its size: the oldest cycles go, and what was signed stays."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from keeper.adapters.journal.history import History
from keeper.adapters.journal.journal import SqlJournal
from keeper.adapters.journal.ledger import SqlLedger
from keeper.adapters.journal.store import Store
from keeper.adapters.journal.tables import documents
from keeper.core.memory import Memory
from keeper.core.outcome import Refused
from keeper.core.reason import Reason
from keeper.core.transaction.fees import Fees
from keeper.core.transaction.intent import Attempt, Intent, Kind
from keeper.core.units import TxHash
from keeper.ports import JournalError
from tests.adapters.journal.build import cycle, store
from tests.core.build import VAULT
from tests.core.transaction.build import PLAN

LIMIT = 600_000
WORDS = os.urandom(8_000)
INTENT = Intent(PLAN, 5, (Attempt(TxHash("0x" + "ab" * 32), b"raw", Kind.REBALANCE, Fees(2, 1)),))


async def written(opened: Store, count: int, max_bytes: int) -> SqlJournal:
    """A journal after so many heads, each with a refusal and a memory of its own."""
    journal = SqlJournal(opened, max_bytes)
    for number in range(count):
        memory = Memory(VAULT, rebalances=number)
        await journal.record(cycle(number, memory=memory, words=WORDS))
        await journal.settle(Refused(VAULT, Reason.DRY_RUN, "dry run"), memory)
    return journal


async def blocks(opened: Store) -> list[int]:
    return [each.head.number async for each in History(opened).cycles()]


async def count_documents(opened: Store) -> int:
    async with opened.transaction() as connection:
        return (await connection.execute(select(func.count()).select_from(documents))).scalar_one()


async def test_the_oldest_cycles_make_room_for_the_newest(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        await SqlLedger(opened).begin(INTENT)
        await written(opened, 150, LIMIT)
        kept = await blocks(opened)
        counts = await History(opened).counts()
        assert await SqlLedger(opened).open_intents() == (INTENT,)
        assert await count_documents(opened) <= len(kept) + 1
    assert kept == list(range(kept[0], 150))
    assert 10 < len(kept) < 100
    assert counts["outcomes"] < 150
    assert (tmp_path / "journal.db").stat().st_size < 1.5 * LIMIT


async def test_the_newest_cycle_stays_however_little_room_there_is(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        await written(opened, 3, 1)
        assert await blocks(opened) == [2]


async def test_below_its_size_nothing_goes(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        await written(opened, 20, LIMIT)
        assert await blocks(opened) == list(range(20))


async def test_a_cycle_whose_room_was_taken_while_it_was_read_is_told_as_that(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        await written(opened, 1, LIMIT)
        with closing(sqlite3.connect(tmp_path / "journal.db")) as other, other:
            other.execute("delete from documents")
        with pytest.raises(JournalError, match="read again"):
            await blocks(opened)
