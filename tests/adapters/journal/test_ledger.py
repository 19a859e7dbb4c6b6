"""Slots and attempts outlive the process, and the database itself refuses a second use of a nonce."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from keeper.adapters.journal.history import History, StoredNote
from keeper.adapters.journal.journal import SqlJournal
from keeper.adapters.journal.ledger import SqlLedger
from keeper.adapters.journal.slots import CLOSED_RECALLED, recalled
from keeper.core.outcome import (
    Cancelled,
    Filled,
    Mined,
    NonceTaken,
    Outcome,
    Refused,
    Reverted,
    Settlement,
    Superseded,
)
from keeper.core.reason import Reason
from keeper.core.transaction.attempt import Kind, Why
from keeper.core.transaction.budget import DAY_S, Spend
from keeper.core.transaction.slot import Slot, Terms
from keeper.core.transaction.states import State
from keeper.core.units import TxHash
from keeper.ports import JournalError
from tests.adapters.journal.build import Note, attempt, opened_slot, store, writer
from tests.core.transaction.build import VAULT, plan

REFUSED = Refused(VAULT, Reason.NODE_REFUSED, "transaction underpriced")
NOW = 1_700_000_000


async def test_a_slot_comes_back_with_all_its_plans_and_attempts_in_order(tmp_path: Path) -> None:
    begun = opened_slot(5, plan())
    raised = begun.signed(attempt(11, why=Why.RAISED), plan())
    newer = raised.signed(attempt(12, why=Why.SUPERSEDES), plan(state=1))
    taken_back = newer.signed(attempt(13, Kind.NO_OP, Why.UNWANTED), None)
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(await writer(opened))
        await ledger.begin(begun)
        for slot in (raised, newer, taken_back):
            await ledger.add(slot)
    async with await store(tmp_path) as again:
        (found,) = (await recalled(again)).slots
    # What it may offer is what its plans say, once it has one.
    assert found == replace(taken_back, terms=begun.terms)
    assert [each.plan for each in found.attempts] == [0, 0, 1, -1]


async def test_a_filler_of_a_gap_comes_back_with_its_terms(tmp_path: Path) -> None:
    dear = replace(opened_slot(5), terms=Terms(2**100, 2**90))
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(await writer(opened))
        await ledger.begin(dear)
        assert (await ledger.recall()).slots == (dear,)


async def test_open_slots_come_in_the_order_of_their_nonces(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(await writer(opened))
        for nonce, vault in ((9, 0), (7, 1), (8, 2)):
            await ledger.begin(opened_slot(nonce, plan(vault)))
        assert [each.nonce for each in (await ledger.recall()).slots] == [7, 8, 9]


async def test_34_two_preparations_of_one_nonce_at_once_are_one_slot(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(await writer(opened))
        slots = [opened_slot(5, plan(vault), number=vault) for vault in range(4)]
        ends = await asyncio.gather(*map(ledger.begin, slots), return_exceptions=True)
        assert [type(each) for each in ends].count(JournalError) == 3
        (kept,) = (await ledger.recall()).slots
    assert len(kept.attempts) == 1


async def test_34_two_replacements_prepared_for_one_nonce_at_once_are_one_attempt(tmp_path: Path) -> None:
    begun = opened_slot(5, plan())
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(await writer(opened))
        await ledger.begin(begun)
        raises = [begun.signed(attempt(number, why=Why.RAISED), plan()) for number in range(10, 13)]
        ends = await asyncio.gather(*map(ledger.add, raises), return_exceptions=True)
        assert [type(each) for each in ends].count(JournalError) == 2
        (kept,) = (await ledger.recall()).slots
    assert len(kept.attempts) == 2


async def test_33_the_same_intent_handed_in_twice_is_one_slot(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(await writer(opened))
        await ledger.begin(opened_slot(5, plan()))
        with pytest.raises(JournalError, match="already holds the intent of nonce 6 as open"):
            await ledger.begin(opened_slot(6, plan()))
        assert [each.nonce for each in (await ledger.recall()).slots] == [5]


async def test_a_released_nonce_and_its_intent_may_be_used_again(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(await writer(opened))
        await ledger.begin(opened_slot(5, plan()))
        await ledger.release(5, REFUSED)
        assert (await ledger.recall()).slots == ()
        assert (await ledger.recall()).closed == (), "nothing of it was ever taken"
        again = opened_slot(5, plan(), number=77)
        await ledger.begin(again)
        assert [each.newest for each in (await ledger.recall()).slots] == [again.newest]
        newest, oldest = await History(opened).slots()
        assert await History(opened).slots_at(5) == (oldest, newest)
    assert (newest.state, oldest.state) == ("open", "released")


async def test_the_same_bytes_may_be_signed_again_after_a_release(tmp_path: Path) -> None:
    begun = opened_slot(5, plan())
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(await writer(opened))
        await ledger.begin(begun)
        await ledger.release(5, REFUSED)
        await ledger.begin(begun)
        assert [each.newest for each in (await ledger.recall()).slots] == [begun.newest]


async def test_an_intent_that_came_to_an_end_may_be_begun_again(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        lease = await writer(opened)
        ledger = SqlLedger(lease)
        await ledger.begin(opened_slot(5, plan()))
        await SqlJournal(lease).settle(Settlement(5, ()), [])
        await ledger.begin(opened_slot(6, plan()))
        assert [each.nonce for each in (await ledger.recall()).slots] == [6]


async def test_a_verdict_that_the_chain_takes_back_opens_its_slot_again(tmp_path: Path) -> None:
    begun = opened_slot(5, plan())
    async with await store(tmp_path) as opened:
        lease = await writer(opened)
        ledger = SqlLedger(lease)
        await ledger.begin(begun)
        await SqlJournal(lease).settle(Settlement(5, ()), [])
        await ledger.reopen(begun)
        left = await ledger.recall()
        assert [each.attempts for each in left.slots] == [begun.attempts]
        assert left.closed == ()
        with pytest.raises(JournalError, match="no verdict on nonce 5 to take back"):
            await ledger.reopen(begun)


async def test_the_newest_verdicts_are_recalled_and_no_more(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        lease = await writer(opened)
        ledger, journal = SqlLedger(lease), SqlJournal(lease)
        for nonce in range(CLOSED_RECALLED + 3):
            await ledger.begin(opened_slot(nonce, plan(state=nonce)))
            await journal.settle(Settlement(nonce, ()), [])
        closed = (await ledger.recall()).closed
    assert [each.nonce for each in closed] == list(range(3, CLOSED_RECALLED + 3))
    assert {each.state for each in closed} == {State.CLOSED}


def tx(number: int) -> TxHash:
    return TxHash(f"0x{number:064x}")


PAID: list[tuple[Outcome, ...]] = [
    (Mined(VAULT, "a", tx(1), 1, NOW, 2, 2**80, 4, 5), Superseded(VAULT, "b", "a", tx(1))),
    (Reverted(VAULT, "a", tx(2), 1, NOW + 1, 2, 30, "Nope()"),),
    (
        Cancelled(VAULT, "a", tx(3), 1, NOW + 2, 400, Reason.ORDERED),
        Cancelled(VAULT, "b", tx(3), 1, NOW + 2, 400, Reason.ORDERED),
    ),
    (Filled(3, tx(4), 1, NOW + 3, 5_000),),
]
UNPAID: list[tuple[Outcome, ...]] = [(NonceTaken(VAULT, "a", 4),), ()]


async def test_what_the_last_day_cost_is_recalled_once_for_each_transaction(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        lease = await writer(opened)
        ledger, journal = SqlLedger(lease), SqlJournal(lease)
        for nonce, ends in enumerate(PAID + UNPAID):
            await ledger.begin(opened_slot(nonce, plan(state=nonce)))
            await journal.settle(Settlement(nonce, ends), [])
        await journal.settle(Settlement(None, (REFUSED,)), [])
        spent = (await ledger.recall()).spent
    assert spent == (
        Spend(0, NOW, 2**80),
        Spend(1, NOW + 1, 30, wasted=True),
        Spend(2, NOW + 2, 400),
        Spend(3, NOW + 3, 5_000),
    )


async def test_what_was_paid_more_than_a_day_before_the_newest_payment_is_not(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        lease = await writer(opened)
        ledger, journal = SqlLedger(lease), SqlJournal(lease)
        for nonce, at in enumerate((NOW, NOW + 1, NOW + DAY_S)):
            await ledger.begin(opened_slot(nonce))
            await journal.settle(Settlement(nonce, (Filled(nonce, tx(nonce), 1, at, 7),)), [])
        spent = (await ledger.recall()).spent
    assert spent == (Spend(1, NOW + 1, 7), Spend(2, NOW + DAY_S, 7))


async def test_a_verdict_that_was_taken_back_and_given_again_is_paid_once(tmp_path: Path) -> None:
    begun = opened_slot(5)
    async with await store(tmp_path) as opened:
        lease = await writer(opened)
        ledger, journal = SqlLedger(lease), SqlJournal(lease)
        await ledger.begin(begun)
        for number in (1, 2):
            await journal.settle(Settlement(5, (Filled(5, tx(number), 1, NOW + number, 7),)), [])
            if number == 1:
                await ledger.reopen(begun)
        assert (await ledger.recall()).spent == (Spend(5, NOW + 2, 7),)


async def test_the_life_of_a_nonce_is_kept_in_words(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(await writer(opened))
        said = Note(5, 100, "answer", "public: underpriced (fee too low)", tx(1), "node.example")
        await ledger.note([said, Note(6, 100, "waits", "behind"), Note(5, 101, "waits", "ceiling")])
        assert await History(opened).notes(5) == (
            StoredNote(100, "answer", "public: underpriced (fee too low)", tx(1), "node.example"),
            StoredNote(101, "waits", "ceiling", "", ""),
        )


async def test_each_signature_and_each_verdict_costs_one_commit(tmp_path: Path) -> None:
    commits: list[Connection] = []

    def committed(connection: Connection) -> None:
        commits.append(connection)

    begun = opened_slot(5, plan())
    async with await store(tmp_path) as opened:
        lease = await writer(opened)
        ledger = SqlLedger(lease)
        event.listen(Engine, "commit", committed)
        try:
            await ledger.begin(begun)
            assert len(commits) == 1
            await ledger.add(begun.signed(attempt(6, why=Why.SUPERSEDES), plan(state=1)))
            assert len(commits) == 2
            await ledger.note([Note(5, 1, "waits"), Note(5, 1, "answer")])
            assert len(commits) == 3
            await SqlJournal(lease).settle(Settlement(5, (REFUSED, REFUSED)), [])
            assert len(commits) == 4
        finally:
            event.remove(Engine, "commit", committed)


@pytest.mark.parametrize("act", ["add", "release", "settle"])
async def test_what_belongs_to_no_open_slot_is_refused(tmp_path: Path, act: str) -> None:
    slot = opened_slot(3, plan()).signed(attempt(9, why=Why.RAISED), plan())
    async with await store(tmp_path) as opened:
        lease = await writer(opened)
        ledger = SqlLedger(lease)
        acts = {
            "add": lambda: ledger.add(slot),
            "release": lambda: ledger.release(3, REFUSED),
            "settle": lambda: SqlJournal(lease).settle(Settlement(3, ()), []),
        }
        with pytest.raises(JournalError, match="no open slot at nonce 3"):
            await acts[act]()


async def test_a_begin_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    broken = replace(attempt(1), raw=None)  # type: ignore[arg-type]
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(await writer(opened))
        await ledger.begin(opened_slot(5, plan()))
        with pytest.raises(JournalError):
            await ledger.begin(Slot(6, 1, Terms(1, 1)).signed(broken, plan(1)))
        assert [each.nonce for each in (await ledger.recall()).slots] == [5]
        assert await History(opened).counts() == {"cycles": 0, "slots": 1, "outcomes": 0}
