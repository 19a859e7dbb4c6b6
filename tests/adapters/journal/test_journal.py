"""What the loop records comes back as it was, and nothing comes back half."""

import math
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from keeper.adapters.journal.codec import DECISION
from keeper.adapters.journal.history import History
from keeper.adapters.journal.journal import SqlJournal
from keeper.adapters.journal.ledger import SqlLedger
from keeper.adapters.journal.store import Store, open_reader
from keeper.core.memory import Memory, settle
from keeper.core.outcome import Expired, NonceTaken, Outcome, Refused, Reverted
from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.transaction.fees import Fees
from keeper.core.transaction.intent import Attempt, Intent, Kind
from keeper.ports import JournalError
from tests.adapters.journal.build import TX, cycle, mined, store
from tests.core.build import POLICY, VAULT
from tests.core.transaction.build import PLAN


async def _cycles(opened: Store) -> list[int]:
    return [each.head.number async for each in History(opened).cycles()]


async def test_a_cycle_comes_back_as_it_was_recorded(tmp_path: Path) -> None:
    recorded = cycle(pending=frozenset({VAULT}), memory=Memory(VAULT, failures=2, failed_at=7))
    async with await store(tmp_path) as opened:
        await SqlJournal(opened).record(recorded)
        (stored,) = [each async for each in History(opened).cycles()]
    assert stored.head == recorded.evidence.snapshot.head
    assert stored.words == recorded.evidence.words
    assert stored.references == recorded.evidence.snapshot.references
    assert stored.policies == recorded.policies
    assert stored.memories == recorded.memories
    assert stored.pending == recorded.pending
    assert DECISION.load(stored.decisions[VAULT]) == recorded.decisions[0]


async def test_a_decision_with_a_plan_and_an_infinite_ratio_comes_back_equal(tmp_path: Path) -> None:
    (decision,) = cycle().decisions
    assert isinstance(decision.action, Plan)
    endless = replace(decision, exposure=replace(decision.exposure, collateral_ratio=math.inf))
    recorded = replace(cycle(), decisions=(endless,))
    async with await store(tmp_path) as opened:
        await SqlJournal(opened).record(recorded)
        (stored,) = [each async for each in History(opened).cycles()]
    assert DECISION.load(stored.decisions[VAULT]) == endless


async def test_a_policy_is_stored_once_however_many_heads_pass(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        journal = SqlJournal(opened)
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
        journal = SqlJournal(opened)
        for number in range(100, 110):
            await journal.record(cycle(number))
        found = [each.head.number async for each in History(opened).cycles(103, 105)]
    assert found == [103, 104, 105]


async def test_a_journal_longer_than_a_page_is_read_to_its_end(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        journal = SqlJournal(opened)
        for number in range(300):
            await journal.record(replace(cycle(number), decisions=()))
        assert await _cycles(opened) == list(range(300))


async def test_memories_are_those_of_the_last_settlement(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        journal = SqlJournal(opened)
        assert await journal.memories() == {}
        first = settle(Memory(VAULT), mined())
        await journal.settle(mined(), first)
        second = settle(first, mined())
        await journal.settle(mined(), second)
        assert await SqlJournal(opened).memories() == {VAULT: second}


@pytest.mark.parametrize(
    "outcome",
    [
        mined(),
        Reverted(VAULT, "key", TX, 1, 2, 3, 2**80, "SlippageExceeded(1, 2)"),
        Expired(VAULT, "key", TX, 5, 21_000),
        NonceTaken(VAULT, "key", 9),
        Refused(VAULT, Reason.WALLET_EMPTY, "nothing there"),
    ],
    ids=lambda outcome: type(outcome).__name__,
)
async def test_every_kind_of_outcome_comes_back(tmp_path: Path, outcome: Outcome) -> None:
    async with await store(tmp_path) as opened:
        await SqlJournal(opened).settle(outcome, Memory(VAULT))
        assert await History(opened).outcomes(VAULT) == (outcome,)


async def test_settling_closes_the_intent_in_the_same_commit(tmp_path: Path) -> None:
    attempt = Attempt(TX, b"\x02raw", Kind.REBALANCE, Fees(10, 1))
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(opened)
        await ledger.begin(Intent(PLAN, 7, (attempt,)))
        outcome = mined(PLAN.intent)
        await SqlJournal(opened).settle(outcome, Memory(VAULT, rebalances=1))
        assert await ledger.open_intents() == ()
        (stored,) = await History(opened).intents()
    assert (stored.nonce, stored.state, stored.outcome) == (7, "mined", outcome)
    assert [each.tx_hash for each in stored.attempts] == [TX]


async def test_a_full_disk_records_nothing_and_says_so(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        journal = SqlJournal(opened)
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
        journal = SqlJournal(opened)
        twice = cycle(2, policy=changed)
        with pytest.raises(JournalError, match="already holds"):
            await journal.record(replace(twice, decisions=(*twice.decisions, *twice.decisions)))
        await journal.record(twice)
        (stored,) = [each async for each in History(opened).cycles()]
    assert stored.policies == {VAULT: changed}


async def test_a_reader_of_another_process_sees_each_commit(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened, await open_reader(tmp_path / "journal.db") as reader:
        await SqlJournal(opened).record(cycle(1))
        assert await _cycles(reader) == [1]
        assert await History(reader).counts() == {"cycles": 1, "intents": 0, "outcomes": 0}


async def test_a_row_of_another_release_is_an_error_not_a_crash(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        await SqlJournal(opened).record(cycle(1))
        async with opened.transaction() as connection:
            await connection.execute(text("""update cycles set head = '{"from": "the future"}'"""))
        with pytest.raises(JournalError, match="cannot be read by this release"):
            await _cycles(opened)


async def test_a_damaged_row_is_an_error_not_a_crash(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        await SqlJournal(opened).record(cycle(1))
        async with opened.transaction() as connection:
            await connection.execute(text("update cycles set words = x'00'"))
        with pytest.raises(JournalError, match="damaged"):
            await _cycles(opened)


async def test_another_program_that_locks_the_file_is_named_and_nothing_is_recorded(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        async with opened.transaction() as connection:
            await connection.execute(text("PRAGMA busy_timeout = 20"))
        other = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
        other.execute("begin immediate")
        with pytest.raises(JournalError, match="another program holds a lock on it"):
            await SqlJournal(opened).record(cycle(1))
        other.execute("rollback")
        other.close()
        await SqlJournal(opened).record(cycle(2))
        assert await _cycles(opened) == [2]
