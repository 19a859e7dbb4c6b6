"""`keeper tx` tells the life of a nonce so that someone who was woken up by it understands it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from keeper.adapters.journal.journal import SqlJournal
from keeper.adapters.journal.ledger import SqlLedger
from keeper.cli.lives import STATES, WAITS, WHY
from keeper.core.memory import Memory
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
from keeper.core.transaction.commands import Wait
from keeper.core.transaction.states import State
from keeper.core.units import TxHash
from tests.adapters.journal.build import TX, Note, attempt, cycle, opened_slot, store, writer
from tests.cli.conftest import Keeper
from tests.core.build import POLICY, VAULT
from tests.core.transaction.build import plan

EXAMPLE = Path(__file__).parents[2] / "config" / "keeper.example.env"
Seed = Callable[[SqlLedger, SqlJournal], Awaitable[None]]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def config(tmp_path: Path, journal: Path) -> tuple[str, str]:
    text = EXAMPLE.read_text().replace("KEEPER_JOURNAL=keeper.db", f"KEEPER_JOURNAL={journal}")
    (tmp_path / "keeper.env").write_text(text)
    return "--config", str(tmp_path / "keeper.env")


def seed(journal: Path, *seeds: Seed) -> None:
    async def run() -> None:
        async with await store(journal.parent) as opened:
            lease = await writer(opened)
            for each in seeds:
                await each(SqlLedger(lease), SqlJournal(lease))
            await lease.release()

    asyncio.run(run())


async def stuck(ledger: SqlLedger, journal: SqlJournal) -> None:
    """Nonce 7: refused by one node, raised once, and waiting below the ceiling."""
    begun = opened_slot(7, plan())
    await ledger.begin(begun)
    await ledger.add(begun.signed(attempt(8, why=Why.RAISED), plan()))
    await ledger.note(
        [
            Note(7, 100, "signed", "rebalance, first: 107 wei per gas, tip 7", TxHash("0x" + "07" * 32)),
            Note(7, 100, "answer", "public: underpriced (fee too low)", TX, "node-a.example"),
            Note(7, 101, "answer", "public: accepted", TX, "node-b.example"),
            Note(7, 104, "waits", "ceiling: 200 wei are needed, 100 allowed"),
        ]
    )
    await journal.record(cycle(112))


def ended(*outcomes: Outcome) -> Seed:
    async def end(ledger: SqlLedger, journal: SqlJournal) -> None:
        begun = opened_slot(7, plan())
        await ledger.begin(begun)
        await ledger.add(begun.signed(attempt(8, Kind.NO_OP, Why.UNWANTED), None))
        await journal.settle(Settlement(7, outcomes), [Memory(VAULT)])

    return end


async def reused(ledger: SqlLedger, _: SqlJournal) -> None:
    await ledger.begin(opened_slot(7, plan()))
    await ledger.release(7, Refused(VAULT, Reason.NODE_REFUSED, ""))
    await ledger.begin(opened_slot(7, plan(1), number=77))


def test_the_list_says_where_each_stands_and_why_it_waits(
    keeper: Keeper, config: tuple[str, str], journal: Path
) -> None:
    seed(journal, stuck)
    shown = keeper("tx", "list", *config)
    assert shown.code == 0
    line = next(line for line in shown.out.splitlines() if line.startswith("7 "))
    assert "waits to be mined" in line
    assert "12 blocks" in line
    assert "would pass the policy's fee ceiling" in " ".join(shown.out.split())
    (told,) = keeper("tx", "list", "--json", *config).json["transactions"]
    assert (told["nonce"], told["state"]) == (7, STATES[State.PENDING])


def test_the_life_of_a_nonce_is_told_whole(keeper: Keeper, config: tuple[str, str], journal: Path) -> None:
    seed(journal, stuck)
    shown = keeper("tx", "show", "7", *config)
    assert shown.code == 0
    for words in (
        "nonce 7: waits to be mined",
        "why it waits: offering more would pass the policy's fee ceiling",
        "200 wei are needed, 100 allowed",
        "sell-base 1.0000 because delta-band, at most 100.00 gwei",
        WHY[Why.FIRST],
        WHY[Why.RAISED],
        f"0x{8:064x}",
        "public: underpriced (fee too low)",
        "node-a.example",
    ):
        assert words in shown.out, words
    assert keeper("explain", "7", *config).out == shown.out
    told = keeper("tx", "show", "7", "--json", *config).json
    assert keeper("explain", "7", "--json", *config).json == told
    assert [each["why"] for each in told["slots"][0]["attempts"]] == ["first", "raised"]
    assert [note["endpoint"] for note in told["notes"]] == ["", "node-a.example", "node-b.example", ""]
    assert "raw" not in told["slots"][0]["attempts"][0]


def test_a_vault_is_called_by_its_name(keeper: Keeper, config: tuple[str, str], journal: Path) -> None:
    async def named(ledger: SqlLedger, book: SqlJournal) -> None:
        await book.record(cycle())
        await ledger.begin(opened_slot(7, replace(plan(), vault=VAULT)))

    seed(journal, named)
    assert f"plan 0: {POLICY.name}: " in keeper("tx", "show", "7", *config).out


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Mined(VAULT, "a", TX, 105, 1, 2, 3 * 10**15, 4, 5), "mined in block 105"),
        (Reverted(VAULT, "a", TX, 105, 1, 2, 3, "SlippageExceeded(1, 2)"), "SlippageExceeded(1, 2)"),
        (Cancelled(VAULT, "a", TX, 105, 1, 2, Reason.UNWANTED), "cancelled in block 105, unwanted"),
        (Superseded(VAULT, "a", "b", TX), "another plan was mined in its place"),
        (NonceTaken(VAULT, "a", 7), "a transaction that was not made here took the nonce"),
        (Filled(7, TX, 105, 1, 2), "used up by nothing in block 105"),
    ],
    ids=lambda each: each if isinstance(each, str) else type(each).__name__,
)
def test_every_verdict_is_a_sentence(
    keeper: Keeper, config: tuple[str, str], journal: Path, outcome: Outcome, words: str
) -> None:
    seed(journal, ended(outcome))
    shown = keeper("tx", "show", "7", *config).out
    assert "nonce 7: final: " in shown
    assert words in shown
    assert "why it waits" not in shown


def test_a_nonce_that_was_used_twice_tells_both_uses(
    keeper: Keeper, config: tuple[str, str], journal: Path
) -> None:
    seed(journal, reused)
    shown = keeper("tx", "show", "7", *config).out
    assert "use 1 of 2 of this nonce: released" in shown
    assert "use 2 of 2 of this nonce: open" in shown
    assert keeper("tx", "list", *config).out.count("\n7 ") == 1


def test_nothing_signed_yet_is_no_fault(keeper: Keeper, config: tuple[str, str], journal: Path) -> None:
    seed(journal)
    shown = keeper("tx", "list", *config)
    assert (shown.code, shown.out) == (0, "nothing was ever signed under this journal\n")


def test_a_nonce_that_nothing_is_known_of_is_a_failure(
    keeper: Keeper, config: tuple[str, str], journal: Path
) -> None:
    seed(journal)
    shown = keeper("tx", "show", "9", *config)
    assert shown.code == 1
    assert "has nothing about nonce 9: see `keeper tx list`" in shown.err


@pytest.mark.parametrize("command", ["cancel", "bump"])
def test_an_order_without_a_keeper_says_that_nothing_will_be_done(
    keeper: Keeper, config: tuple[str, str], journal: Path, command: str
) -> None:
    seed(journal, stuck)
    shown = keeper("tx", command, "7", *config)
    assert shown.code == 3
    assert "no keeper leads, so nothing was ordered" in shown.err


@pytest.mark.parametrize("command", [("list",), ("show", "7"), ("cancel", "7")])
def test_without_a_journal_it_says_so(
    keeper: Keeper, config: tuple[str, str], command: tuple[str, ...]
) -> None:
    shown = keeper("tx", *command, *config)
    assert shown.code == 7
    assert "there is none; has the keeper run with this setting?" in shown.err


def test_every_word_of_the_machine_has_a_sentence() -> None:
    assert set(WAITS) == set(Wait)
    assert set(WHY) == set(Why)
    assert set(STATES) == set(State) - {State.CLOSED}
