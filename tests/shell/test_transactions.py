"""An operator's order reaches the keeper that leads, gets an answer, and never lies about for later."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from keeper.adapters.journal.ledger import SqlLedger
from keeper.adapters.journal.store import Store
from keeper.app.transactions import NoKeeperError, NoSuchNonceError, life, lives, order
from keeper.core.transaction.messages import Order, Ordered
from keeper.ports import JournalError
from tests.adapters.journal.build import Note, opened_slot, store, writer
from tests.core.transaction.build import plan

PATIENCE_S = 5.0


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Store]:
    async with await store(tmp_path) as found:
        yield found


async def test_an_order_is_read_and_answered_by_the_keeper_that_leads(opened: Store) -> None:
    ledger = SqlLedger(await writer(opened))
    seen: list[Ordered] = []

    async def a_block_later(_: float) -> None:
        for each in await ledger.orders():
            seen.append(each)
            await ledger.obeyed(each.number, "raised to 5 wei per gas")

    assert await order(opened.path, 7, Order.RAISE, PATIENCE_S, a_block_later) == "raised to 5 wei per gas"
    assert [(each.nonce, each.order) for each in seen] == [(7, Order.RAISE)]
    assert await ledger.orders() == ()


async def test_without_a_keeper_nothing_is_ordered(opened: Store) -> None:
    with pytest.raises(NoKeeperError, match="no keeper leads, so nothing was ordered"):
        await order(opened.path, 7, Order.CANCEL)
    assert await SqlLedger(await writer(opened)).orders() == ()


async def test_an_order_that_nobody_took_is_withdrawn(opened: Store) -> None:
    ledger = SqlLedger(await writer(opened))
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        assert len(await ledger.orders()) == 1

    with pytest.raises(NoKeeperError, match="did not take the order within 5 s, and it was withdrawn"):
        await order(opened.path, 7, Order.CANCEL, PATIENCE_S, sleep)
    assert sum(slept) == PATIENCE_S
    assert await ledger.orders() == ()


async def test_an_order_is_withdrawn_when_the_operator_does_not_wait(opened: Store) -> None:
    ledger = SqlLedger(await writer(opened))

    async def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await order(opened.path, 7, Order.CANCEL, PATIENCE_S, interrupted)
    assert await ledger.orders() == ()


async def test_a_nonce_of_which_nothing_is_known_is_told_as_that(opened: Store) -> None:
    with pytest.raises(NoSuchNonceError, match="has nothing about nonce 9: see `keeper tx list`"):
        await life(opened.path, 9)


async def test_the_newest_nonces_come_first_each_with_its_life(opened: Store) -> None:
    ledger = SqlLedger(await writer(opened))
    for nonce in (7, 8):
        await ledger.begin(opened_slot(nonce, plan(nonce)))
        await ledger.note([Note(nonce, 100, "waits", "young")])
    found = await lives(opened.path, 10)
    assert [each.nonce for each in found] == [8, 7]
    assert [note.what for note in found[0].notes] == ["waits"]
    assert found[1] == await life(opened.path, 7)


async def test_a_journal_that_is_not_there_is_not_made_by_an_order(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="there is none"):
        await order(tmp_path / "none.db", 7, Order.CANCEL)
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 nothing else runs in this loop
