"""Opening a journal: whose it is, and what is wrong with the file."""

import asyncio
import contextlib
import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from keeper.adapters.journal.store import Owner, open_existing, open_reader, open_store, owner_of
from keeper.core.units import Address
from keeper.ports import JournalError
from tests.adapters.journal.build import OWNER, store

OTHER = Address("0x00000000000000000000000000000000000000Ff")


async def test_a_new_journal_remembers_whose_it_is(tmp_path: Path) -> None:
    async with await store(tmp_path):
        pass
    async with await store(tmp_path) as again:
        assert await owner_of(again) == OWNER


async def test_commits_survive_a_power_cut(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened, opened.transaction() as connection:
        mode = (await connection.execute(text("PRAGMA journal_mode"))).scalar_one()
        synchronous = (await connection.execute(text("PRAGMA synchronous"))).scalar_one()
        foreign_keys = (await connection.execute(text("PRAGMA foreign_keys"))).scalar_one()
    assert (mode, synchronous, foreign_keys) == ("wal", 2, 1)


async def test_12_the_journal_of_another_chain_is_refused(tmp_path: Path) -> None:
    async with await store(tmp_path):
        pass
    with pytest.raises(JournalError, match="belongs to chain 31337, and the settings say 1"):
        await store(tmp_path, Owner(1, OWNER.account))


async def test_12_the_journal_of_another_account_is_refused(tmp_path: Path) -> None:
    async with await store(tmp_path):
        pass
    with pytest.raises(JournalError, match=f"belongs to account {OWNER.account}, and this keeper is {OTHER}"):
        await store(tmp_path, Owner(OWNER.chain_id, OTHER))


async def test_the_journal_of_a_newer_keeper_is_refused(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened, opened.transaction() as connection:
        await connection.execute(text("update identity set schema_version = 99"))
    with pytest.raises(JournalError, match="has schema 99, this keeper knows 2: run the release"):
        await store(tmp_path)
    with pytest.raises(JournalError, match="has schema 99"):
        await open_reader(tmp_path / "journal.db")


async def test_the_journal_of_an_older_keeper_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with contextlib.closing(sqlite3.connect(path)) as older, older:
        older.execute("create table identity (schema_version integer, chain_id integer, account text)")
        older.execute("insert into identity values (1, ?, ?)", (OWNER.chain_id, OWNER.account))
    for opening in (store(tmp_path), open_reader(path), open_existing(path)):
        with pytest.raises(JournalError, match="has schema 1, this keeper knows 2: run the release"):
            await opening
    with contextlib.closing(sqlite3.connect(path)) as again:
        assert again.execute("select name from sqlite_master").fetchall() == [("identity",)]


async def test_two_that_start_at_once_open_one_new_journal(tmp_path: Path) -> None:
    stores = await asyncio.gather(*(store(tmp_path) for _ in range(4)))
    assert {(await owner_of(each)).account for each in stores} == {OWNER.account}
    for each in stores:
        await each.close()


async def test_an_operators_way_in_makes_no_journal(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="there is none"):
        await open_existing(tmp_path / "journal.db")
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 nothing else runs in this loop


async def test_a_number_beyond_the_databases_is_an_error_not_a_crash(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        with pytest.raises(JournalError, match="too large"):
            async with opened.transaction() as connection:
                await connection.execute(text("update identity set chain_id = :huge"), {"huge": 2**63})


async def test_a_reader_sees_the_journal_while_it_is_written_and_cannot_change_it(tmp_path: Path) -> None:
    async with await store(tmp_path), await open_reader(tmp_path / "journal.db") as reader:
        assert await owner_of(reader) == OWNER
        with pytest.raises(JournalError, match="cannot be written"):
            async with reader.transaction() as connection:
                await connection.execute(text("delete from identity"))


async def test_a_reader_of_no_journal_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="there is none"):
        await open_reader(tmp_path / "journal.db")


async def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="its directory cannot be written"):
        await open_store(tmp_path / "missing" / "journal.db", OWNER)


async def test_a_directory_that_may_not_be_written_is_named(ordinary_folder: Path) -> None:
    os.chmod(ordinary_folder, 0o500)  # noqa: PTH101 nothing else runs here
    with pytest.raises(JournalError, match="its directory cannot be written"):
        await open_store(ordinary_folder / "journal.db", OWNER)


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"this is a text file, and longer than the header of a database " * 20)
    with pytest.raises(JournalError, match="is not a journal: point the setting at another path"):
        await open_store(path, OWNER)


async def test_a_database_of_something_else_is_named(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "journal.db") as other:
        other.execute("create table photos (id integer)")
    other.close()
    with pytest.raises(JournalError, match="is not a journal of this keeper"):
        await open_reader(tmp_path / "journal.db")


async def test_a_corrupted_journal_says_how_to_go_on(tmp_path: Path) -> None:
    async with await store(tmp_path):
        pass
    path = tmp_path / "journal.db"
    body = bytearray(path.read_bytes())
    body[100:] = b"\xff" * (len(body) - 100)
    path.write_bytes(bytes(body))
    with pytest.raises(JournalError, match=f"{path}: it is corrupted: stop, keep the file"):
        await open_store(path, OWNER)
