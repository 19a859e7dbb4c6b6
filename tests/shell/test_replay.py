"""A decision that rested on a table is derived again, and the table with it, to the last digit."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from keeper.adapters.ethereum.words import decode
from keeper.adapters.journal.journal import SqlJournal
from keeper.app.replay import replay
from keeper.core.advice import Advice
from keeper.core.decision import decide_all
from keeper.core.hedging import Solved, Tier
from keeper.core.listing import Terms
from keeper.core.position import Leg
from keeper.core.units import WAD, Address
from keeper.ports import Cycle, Evidence
from tests.adapters.ethereum.packing import HEAD, LEGS, words_of
from tests.adapters.journal.build import store, writer
from tests.core.advice.listed import CALL_3300, LINEAR, PUT_2700
from tests.core.build import usd
from tests.core.solving import SELDOM, solve_all

VAULTS = [Address(f"0x{index:040x}") for index in range(2)]
POLICIES = {vault: replace(SELDOM, vault=vault) for vault in VAULTS}
BOOKS: list[tuple[dict[int, int], tuple[Leg, ...]]] = [({}, LEGS), ({}, LEGS[:1])]


def cycle(number: int, tables: dict[Address, Solved]) -> Cycle:
    head = replace(HEAD, number=number)
    words = words_of(BOOKS, head)
    snapshot = decode(head, words)
    decisions = decide_all(snapshot, POLICIES, {}, tables).decisions
    return Cycle(Evidence(snapshot, words), POLICIES, {}, frozenset(), decisions, tables)


@pytest.fixture(scope="module")
def tables() -> dict[Address, Solved]:
    return solve_all(decode(HEAD, words_of(BOOKS)), POLICIES)


@pytest.fixture
async def journal(tmp_path: Path, tables: dict[Address, Solved]) -> Path:
    """Four heads: at the first nothing is solved, then one book, then both."""
    first = {VAULTS[0]: tables[VAULTS[0]]}
    cycles = [cycle(number, each) for number, each in enumerate([{}, first, tables, tables])]
    assert [[each.tier for each in cycle.decisions] for cycle in cycles] == [
        [Tier.NO_TABLE, Tier.NO_TABLE],
        [Tier.TABLE, Tier.NO_TABLE],
        [Tier.TABLE, Tier.TABLE],
        [Tier.TABLE, Tier.TABLE],
    ]
    async with await store(tmp_path) as opened:
        written = SqlJournal(await writer(opened))
        for each in cycles:
            await written.record(each)
    return tmp_path / "journal.db"


def edit(journal: Path, query: str, *values: object) -> None:
    with closing(sqlite3.connect(journal)) as database:
        database.execute(query, values)
        database.commit()


async def test_decisions_by_tables_come_out_the_same(journal: Path) -> None:
    told: list[str] = []

    def begin(total: int) -> Callable[[], None]:
        told.append(f"{total} tables")
        return lambda: told.append("solved")

    found = await replay(journal, progress=begin)
    assert (found.decisions, found.equal, found.tables, found.strange) == (8, 8, 2, ())
    assert found.same
    assert told == ["2 tables", "solved", "solved"]


async def test_a_part_of_a_journal_knows_the_tables_that_began_before_it(journal: Path) -> None:
    found = await replay(journal, 3, 3)
    assert (found.decisions, found.equal, found.tables) == (2, 2, 2)


async def test_a_table_that_comes_out_otherwise_is_told_even_if_no_decision_does(journal: Path) -> None:
    with closing(sqlite3.connect(journal)) as database:
        (body,) = database.execute("select body from solutions").fetchone()
    digest = json.loads(body)["found"]
    edit(journal, "update solutions set body = replace(body, ?, ?)", digest, "0" * 64)
    found = await replay(journal)
    assert (found.equal, found.decisions) == (8, 8)
    (strange,) = found.strange
    assert (strange.vault, strange.recorded, strange.derived) == (VAULTS[0], "0" * 64, digest)
    assert not found.same


async def test_a_table_of_other_inputs_gives_other_decisions(journal: Path) -> None:
    edit(journal, """update solutions set body = replace(body, '"volatility":0.7', '"volatility":0.72')""")
    found = await replay(journal)
    assert len(found.strange) == 2
    assert {each.block for each in found.differences} == {1, 2, 3}


async def test_a_decision_that_forgot_its_table_is_found(journal: Path) -> None:
    edit(journal, "delete from solutions")
    found = await replay(journal)
    assert found.equal == 3
    assert (found.tables, found.strange) == (0, ())


async def test_the_journal_of_a_release_that_solved_nothing_still_replays(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        await SqlJournal(await writer(opened)).record(cycle(1, {}))
    path = tmp_path / "journal.db"
    edit(path, """update decisions set body = replace(body, ',"tier":"no-table"', '')""")
    edit(path, "drop table solutions")
    found = await replay(path)
    assert (found.decisions, found.equal, found.tables) == (2, 2, 0)


async def test_a_text_that_no_release_wrote_is_a_difference(journal: Path) -> None:
    edit(journal, "update decisions set body = '{}' where cycle_id = 1")
    found = await replay(journal)
    assert (found.decisions, found.equal) == (8, 6)


async def test_what_the_desk_was_advised_comes_out_the_same(tmp_path: Path) -> None:
    later = Terms(moneyness_wad=WAD, tenor_s=30 * 86_400)
    instruments = (replace(CALL_3300, terms=later), replace(PUT_2700, terms=later), LINEAR)
    limits = replace(SELDOM.limits, gamma_usd_wad=usd(20_000))
    rules = {vault: replace(each, limits=limits, instruments=instruments) for vault, each in POLICIES.items()}
    words = words_of(BOOKS, HEAD)
    snapshot = decode(HEAD, words)
    decisions = decide_all(snapshot, rules, {}).decisions
    assert any(isinstance(each.advice, Advice) for each in decisions)
    async with await store(tmp_path) as opened:
        written = SqlJournal(await writer(opened))
        await written.record(Cycle(Evidence(snapshot, words), rules, {}, frozenset(), decisions, {}))
    found = await replay(tmp_path / "journal.db")
    assert (found.decisions, found.equal) == (2, 2)
    edit(
        tmp_path / "journal.db",
        """update decisions set body = replace(body, '"way":"buy"', '"way":"sell"')""",
    )
    assert (await replay(tmp_path / "journal.db")).equal < 2
