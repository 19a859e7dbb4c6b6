"""Whoever asks about a journal finds what a writer would find, and leaves nothing behind."""

from pathlib import Path

import pytest

from keeper.adapters.journal.looking import look
from keeper.adapters.journal.store import Owner, open_store
from keeper.core.units import Address
from keeper.ports import JournalError

OWNER = Owner(31337, Address("0x" + "11" * 20))
OTHER = Owner(31337, Address("0x" + "22" * 20))


async def test_a_journal_that_is_not_there_is_not_made_by_asking(tmp_path: Path) -> None:
    assert "will be made" in await look(tmp_path / "keeper.db", OWNER)
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 nothing else runs in this loop


async def test_a_running_writer_does_not_mind_and_is_not_minded(tmp_path: Path) -> None:
    async with await open_store(tmp_path / "keeper.db", OWNER):
        assert "is this account's" in await look(tmp_path / "keeper.db", OWNER)


async def test_another_owners_journal_is_told(tmp_path: Path) -> None:
    async with await open_store(tmp_path / "keeper.db", OWNER):
        pass
    with pytest.raises(JournalError, match="belongs to account"):
        await look(tmp_path / "keeper.db", OTHER)


@pytest.mark.parametrize("place", ["none/keeper.db", "file/keeper.db", "", "file"])
async def test_a_place_where_no_journal_can_be_is_told(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("not a journal" * 100)
    with pytest.raises(JournalError, match=str(tmp_path)):
        await look(tmp_path / place, OWNER)


async def test_a_folder_that_may_not_be_written_is_told(ordinary_folder: Path) -> None:
    ordinary_folder.chmod(0o500)  # noqa: ASYNC240 nothing else runs in this loop
    with pytest.raises(JournalError, match="its directory cannot be written"):
        await look(ordinary_folder / "keeper.db", OWNER)
