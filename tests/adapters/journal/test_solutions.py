"""What a table was solved from is written once, and each cycle knows which tables were in force."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from keeper.adapters.journal import journal as module
from keeper.adapters.journal.history import History
from keeper.adapters.journal.journal import SqlJournal
from keeper.adapters.journal.solutions import known
from keeper.adapters.journal.store import Store, open_reader
from keeper.core.hedging import Origin, Recipe, Solved, Term, Unsolved
from keeper.core.units import Address
from keeper.ports import Cycle, JournalError
from tests.adapters.journal.build import cycle, store, writer
from tests.core.build import OTHER, VAULT

RECIPE = Recipe((Term(3000.0, 1 / 30, is_call=True, size=-1.5),), 3000.1, 0.7, 1.0 / 3.0, 1e-3, 1e-4, 1e-5)


def solved(at: int, found: Unsolved = Unsolved.TOO_LARGE) -> Solved:
    return Solved.of(RECIPE, at, found)


def with_tables(number: int, tables: Mapping[Address, Solved]) -> Cycle:
    return replace(cycle(number), tables=tables)


async def tables(opened: Store, first: int = 0, last: int = 2**62) -> list[dict[Address, int]]:
    cycles = [each async for each in History(opened).cycles(first, last)]
    return [{vault: origin.at for vault, origin in each.tables.items()} for each in cycles]


def rows(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "journal.db")) as journal:
        return int(journal.execute("select count(*) from solutions").fetchone()[0])


async def test_an_origin_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        await SqlJournal(await writer(opened)).record(with_tables(1, {VAULT: solved(7)}))
        (stored,) = [each async for each in History(opened).cycles()]
        assert stored.tables == {VAULT: solved(7).origin}
        assert await known(opened) == {VAULT: Origin(RECIPE, 7, Unsolved.TOO_LARGE.value)}


COURSE: list[dict[Address, Solved]] = [
    {},
    {VAULT: solved(2)},
    {VAULT: solved(2)},
    {VAULT: solved(2), OTHER: solved(4)},
    {VAULT: solved(5), OTHER: solved(4)},
    {OTHER: solved(4)},
    {OTHER: solved(4)},
    {VAULT: solved(2), OTHER: solved(4)},
]
TIMES = [{vault: each.origin.at for vault, each in step.items()} for step in COURSE]


async def test_each_cycle_knows_its_tables_and_a_table_is_written_once(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        journal = SqlJournal(await writer(opened))
        for number, step in enumerate(COURSE):
            await journal.record(with_tables(number, step))
        assert await tables(opened) == TIMES
        for first in range(len(COURSE)):
            assert await tables(opened, first, first + 2) == TIMES[first : first + 3]
    assert rows(tmp_path) == len(["solved 2", "solved 4", "solved 5", "none", "solved 2"])


async def test_a_run_begins_without_the_tables_of_the_one_before(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        lease = await writer(opened)
        await SqlJournal(lease).record(with_tables(1, {VAULT: solved(2), OTHER: solved(3)}))
        again = SqlJournal(lease)
        await again.record(with_tables(2, {}))
        await again.record(with_tables(3, {OTHER: solved(9)}))
        assert await tables(opened) == [{VAULT: 2, OTHER: 3}, {}, {OTHER: 9}]


async def test_what_was_not_committed_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise JournalError("the disk is full")

    async with await store(tmp_path) as opened:
        journal = SqlJournal(await writer(opened))
        await journal.record(with_tables(1, {}))
        with monkeypatch.context() as patch:
            patch.setattr(module, "prune", full)
            with pytest.raises(JournalError):
                await journal.record(with_tables(2, {VAULT: solved(2)}))
        await journal.record(with_tables(3, {VAULT: solved(2)}))
        assert await tables(opened) == [{}, {VAULT: 2}]


async def test_tables_are_listed_in_the_order_in_which_they_are_needed(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        journal = SqlJournal(await writer(opened))
        for number, step in enumerate(COURSE):
            await journal.record(with_tables(number, step))
        assert [origin.at for origin in await History(opened).origins()] == [2, 4, 5, 2]
        assert [origin.at for origin in await History(opened).origins(4, 6)] == [4, 5]
        assert await History(opened).origins(900) == ()


async def test_a_journal_of_a_release_that_solved_nothing_is_read_as_before(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        lease = await writer(opened)
        await SqlJournal(lease).record(cycle(1))
        await lease.release()
    with closing(sqlite3.connect(tmp_path / "journal.db")) as journal:
        journal.execute("drop table solutions")
        journal.commit()
    async with await open_reader(tmp_path / "journal.db") as reader:
        assert await tables(reader) == [{}]
        assert await History(reader).origins() == ()
        assert await known(reader) == {}
    async with await store(tmp_path) as opened:
        await SqlJournal(await writer(opened)).record(with_tables(2, {VAULT: solved(2)}))
        assert await tables(opened) == [{}, {VAULT: 2}]


async def test_pruning_leaves_what_the_cycles_that_are_left_rest_on(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        journal = SqlJournal(await writer(opened), max_bytes=450_000)
        for number in range(120):
            held = {VAULT: solved(number // 10), OTHER: solved(1)}
            await journal.record(replace(with_tables(number, held)))
        left = await tables(opened)
        first = 120 - len(left)
        assert 0 < first < 105  # or one table would be all that is needed
        assert left == [{VAULT: number // 10, OTHER: 1} for number in range(first, 120)]
    assert rows(tmp_path) == len({number // 10 for number in range(first, 120)}) + 1
