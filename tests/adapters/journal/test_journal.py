"""What the loop records comes back as it was, and nothing comes back half."""

import math
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from keeper.adapters.journal.codec import DECISION
from keeper.adapters.journal.history import History
from keeper.adapters.journal.journal import SqlJournal, remembered
from keeper.adapters.journal.ledger import SqlLedger
from keeper.adapters.journal.store import Store, open_reader
from keeper.adapters.journal.tables import memories
from keeper.core.memory import Memory, settle
from keeper.core.outcome import (
    Cancelled,
    Filled,
    NonceTaken,
    Outcome,
    Refused,
    Reverted,
    Settlement,
    Superseded,
)
from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.transaction.attempt import Why
from keeper.ports import JournalError
from tests.adapters.journal.build import TX, attempt, cycle, mined, opened_slot, store, writer
from tests.core.build import POLICY, VAULT
from tests.core.transaction.build import PLAN, plan


async def _cycles(opened: Store) -> list[int]:
    return [each.head.number async for each in History(opened).cycles()]


async def test_a_cycle_comes_back_as_it_was_recorded(tmp_path: Path) -> None:
    recorded = cycle(pending=frozenset({VAULT}), memory=Memory(VAULT, failures=2, failed_at=7))
    async with await store(tmp_path) as opened:
        await SqlJournal(await writer(opened)).record(recorded)
        (stored,) = [each async for each in History(opened).cycles()]
    assert stored.head == recorded.evidence.snapshot.head
    assert stored.words == recorded.evidence.words
    assert stored.references == recorded.evidence.snapshot.references
    assert stored.policies == recorded.policies
    assert stored.memories == recorded.memories
    assert stored.pending == recorded.pending
    assert DECISION.load(stored.decisions[VAULT]) == recorded.decisions[0]


async def test_what_a_cycle_leaves_is_kept_with_it(tmp_path: Path) -> None:
    recorded = cycle(memory=Memory(VAULT, rebalances=3))
    async with await store(tmp_path) as opened:
        journal = SqlJournal(await writer(opened))
        await journal.record(recorded)
        assert await journal.memories() == {VAULT: recorded.left()[0]}
        await journal.record(replace(recorded, decisions=()))
        assert (await journal.memories())[VAULT].carried.breached == (Reason.DELTA_LIMIT,)


async def test_a_memory_of_an_earlier_release_has_nothing_carried(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        lease = await writer(opened)
        async with lease.fenced() as connection:
            old = {"vault": VAULT, "body": f'{{"vault":"{VAULT}","failures":1,"rebalances":2}}'}
            await connection.execute(insert(memories).values(old))
        assert await SqlJournal(lease).memories() == {VAULT: Memory(VAULT, failures=1, rebalances=2)}


async def test_a_decision_with_a_plan_and_an_infinite_ratio_comes_back_equal(tmp_path: Path) -> None:
    (decision,) = cycle().decisions
    assert isinstance(decision.action, Plan)
    endless = replace(decision, exposure=replace(decision.exposure, collateral_ratio=math.inf))
    recorded = replace(cycle(), decisions=(endless,))
    async with await store(tmp_path) as opened:
        await SqlJournal(await writer(opened)).record(recorded)
        (stored,) = [each async for each in History(opened).cycles()]
    assert DECISION.load(stored.decisions[VAULT]) == endless


async def test_a_policy_is_stored_once_however_many_heads_pass(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        journal = SqlJournal(await writer(opened))
        for number in range(5):
            await journal.record(cycle(number))
        await journal.record(cycle(5, policy=replace(POLICY, cooldown_s=1)))
        await journal.record(cycle(6))
        async with opened.transaction() as connection:
            documents = (await connection.execute(text("select count(*) from documents"))).scalar_one()
        stored = [each async for each in History(opened).cycles()]
    assert documents == 2 + 1
    assert [each.policies[VAULT].cooldown_s for each in stored] == [600] * 5 + [1, 600]


async def test_cycles_can_be_asked_for_by_block(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        journal = SqlJournal(await writer(opened))
        for number in range(100, 110):
            await journal.record(cycle(number))
        found = [each.head.number async for each in History(opened).cycles(103, 105)]
    assert found == [103, 104, 105]


async def test_a_journal_longer_than_a_page_is_read_to_its_end(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        journal = SqlJournal(await writer(opened))
        for number in range(300):
            await journal.record(replace(cycle(number), decisions=()))
        assert await _cycles(opened) == list(range(300))


async def test_memories_are_those_of_the_last_settlement(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        journal = SqlJournal(await writer(opened))
        assert await journal.memories() == {}
        first = settle(Memory(VAULT), mined())
        await journal.settle(Settlement(None, (mined(),)), [first])
        second = settle(first, mined())
        await journal.settle(Settlement(None, (mined(),)), [second])
        assert await remembered(opened) == {VAULT: second}


@pytest.mark.parametrize(
    "outcome",
    [
        mined(),
        Reverted(VAULT, "key", TX, 1, 2, 3, 2**80, "SlippageExceeded(1, 2)"),
        Cancelled(VAULT, "key", TX, 5, 6, 21_000, Reason.UNWANTED),
        Superseded(VAULT, "key", "another", TX),
        NonceTaken(VAULT, "key", 9),
        Refused(VAULT, Reason.WALLET_EMPTY, "nothing there"),
    ],
    ids=lambda outcome: type(outcome).__name__,
)
async def test_every_kind_of_outcome_comes_back(tmp_path: Path, outcome: Outcome) -> None:
    async with await store(tmp_path) as opened:
        await SqlJournal(await writer(opened)).settle(Settlement(None, (outcome,)), [Memory(VAULT)])
        assert await History(opened).outcomes(VAULT) == (outcome,)


async def test_settling_closes_the_slot_in_the_same_commit(tmp_path: Path) -> None:
    newer = plan(state=1)
    ends = (mined(newer.intent), Superseded(VAULT, PLAN.intent, newer.intent, TX))
    async with await store(tmp_path) as opened:
        lease = await writer(opened)
        ledger = SqlLedger(lease)
        begun = opened_slot(7, PLAN)
        await ledger.begin(begun)
        await ledger.add(begun.signed(attempt(2, why=Why.SUPERSEDES), newer))
        await SqlJournal(lease).settle(Settlement(7, ends), [Memory(VAULT, rebalances=1)])
        left = await ledger.recall()
        (stored,) = await History(opened).slots()
    assert left.slots == ()
    assert [each.nonce for each in left.closed] == [7]
    assert (stored.state, stored.outcomes) == ("closed", ends)
    assert len(stored.slot.attempts) == 2


async def test_a_verdict_that_cannot_be_recorded_leaves_its_slot_open(tmp_path: Path) -> None:
    twice = [Memory(VAULT), replace(Memory(VAULT), vault=None)]  # type: ignore[arg-type]
    async with await store(tmp_path) as opened:
        lease = await writer(opened)
        ledger = SqlLedger(lease)
        await ledger.begin(opened_slot(7, PLAN))
        with pytest.raises(JournalError):
            await SqlJournal(lease).settle(Settlement(7, (mined(PLAN.intent),)), twice)
        assert [each.nonce for each in (await ledger.recall()).slots] == [7]
        assert await remembered(opened) == {}
        assert await History(opened).outcomes() == ()


async def test_a_gap_that_was_filled_has_an_outcome_and_no_vault(tmp_path: Path) -> None:
    filled = Filled(7, TX, 100, 1_700_000_000, 21_000)
    async with await store(tmp_path) as opened:
        lease = await writer(opened)
        await SqlLedger(lease).begin(opened_slot(7))
        await SqlJournal(lease).settle(Settlement(7, (filled,)), [])
        assert await History(opened).outcomes() == (filled,)


async def test_a_gap_filler_that_was_displaced_only_closes_its_slot(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        lease = await writer(opened)
        await SqlLedger(lease).begin(opened_slot(7))
        await SqlJournal(lease).settle(Settlement(7, ()), [])
        (stored,) = await History(opened).slots()
    assert (stored.state, stored.outcomes) == ("closed", ())


async def test_a_verdict_on_a_nonce_that_is_not_open_is_refused(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        with pytest.raises(JournalError, match="no open slot at nonce 7"):
            await SqlJournal(await writer(opened)).settle(Settlement(7, ()), [])


async def test_a_full_disk_records_nothing_and_says_so(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        journal = SqlJournal(await writer(opened))
        await journal.record(cycle(1))
        async with opened.transaction() as connection:
            pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
            await connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        incompressible = bytes(hash((i, "x")) % 251 for i in range(200_000))
        with pytest.raises(JournalError, match="the disk is full: free space, then restart"):
            await journal.record(cycle(2, words=incompressible))
        assert await _cycles(opened) == [1]
        async with opened.transaction() as connection:
            await connection.execute(text("PRAGMA max_page_count = 1000000"))
        await journal.record(cycle(3, policy=replace(POLICY, cooldown_s=1)))
        assert await _cycles(opened) == [1, 3]


async def test_a_document_of_a_failed_commit_is_written_again(tmp_path: Path) -> None:
    changed = replace(POLICY, cooldown_s=1)
    async with await store(tmp_path) as opened:
        journal = SqlJournal(await writer(opened))
        twice = cycle(2, policy=changed)
        with pytest.raises(JournalError, match="already holds"):
            await journal.record(replace(twice, decisions=(*twice.decisions, *twice.decisions)))
        await journal.record(twice)
        (stored,) = [each async for each in History(opened).cycles()]
    assert stored.policies == {VAULT: changed}


async def test_a_reader_of_another_process_sees_each_commit(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened, await open_reader(tmp_path / "journal.db") as reader:
        await SqlJournal(await writer(opened)).record(cycle(1))
        assert await _cycles(reader) == [1]
        assert await History(reader).counts() == {"cycles": 1, "slots": 0, "outcomes": 0}


async def test_a_row_of_another_release_is_an_error_not_a_crash(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        await SqlJournal(await writer(opened)).record(cycle(1))
        async with opened.transaction() as connection:
            await connection.execute(text("""update cycles set head = '{"from": "the future"}'"""))
        with pytest.raises(JournalError, match="cannot be read by this release"):
            await _cycles(opened)


async def test_a_damaged_row_is_an_error_not_a_crash(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        await SqlJournal(await writer(opened)).record(cycle(1))
        async with opened.transaction() as connection:
            await connection.execute(text("update cycles set words = x'00'"))
        with pytest.raises(JournalError, match="damaged"):
            await _cycles(opened)


async def test_another_program_that_locks_the_file_is_named_and_nothing_is_recorded(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        journal = SqlJournal(await writer(opened))
        async with opened.transaction() as connection:
            await connection.execute(text("PRAGMA busy_timeout = 20"))
        other = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
        other.execute("begin immediate")
        with pytest.raises(JournalError, match="another program holds a lock on it"):
            await journal.record(cycle(1))
        other.execute("rollback")
        other.close()
        await journal.record(cycle(2))
        assert await _cycles(opened) == [2]
