"""What forecasts rest on outlives the keeper, and a cycle is derived again from what models said then."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from keeper.adapters.journal.foretold import prime, recalled_bars
from keeper.adapters.journal.history import History
from keeper.adapters.journal.journal import SqlJournal
from keeper.adapters.journal.store import open_reader
from keeper.core.forecast import Bar, Outlook, outlook
from keeper.core.forecast.history import BAR_S, KEPT_BARS
from keeper.core.units import Address
from keeper.ports import Cycle
from tests.adapters.journal.build import cycle, store, writer
from tests.core.build import OTHER, VAULT
from tests.core.forecast.test_outlook import bars_of


def foreseeing(number: int, known: dict[Address, Outlook], **ended: tuple[Bar, ...]) -> Cycle:
    plain = cycle(number)
    seen = replace(plain.evidence.snapshot, outlooks=known)
    bars = {{"vault": VAULT, "other": OTHER}[name]: each for name, each in ended.items()}
    return replace(plain, evidence=replace(plain.evidence, snapshot=seen, bars=bars))


async def test_each_cycle_comes_back_with_what_models_said_then(tmp_path: Path) -> None:
    first, then = ({VAULT: outlook(bars_of(seed, 300))} for seed in (1, 2))
    said = [{}, first, first, then, {}, {}]
    async with await store(tmp_path) as opened:
        lease = await writer(opened)
        for number, known in enumerate(said):
            # A keeper that was started anew reads what is in force.
            await SqlJournal(lease).record(foreseeing(number, known))
        stored = [each.outlooks async for each in History(opened).cycles()]
        later = [each.outlooks async for each in History(opened).cycles(2, 3)]
        async with opened.transaction() as connection:
            rows = (await connection.execute(text("select cycle_id from outlooks"))).scalars().all()
    assert stored == said
    assert later == said[2:4]
    assert rows == [2, 4, 5], "only what is new is written"


async def test_a_keeper_writes_what_models_say_once_however_many_heads_pass(tmp_path: Path) -> None:
    known = {VAULT: outlook(bars_of(1, 300))}
    async with await store(tmp_path) as opened:
        journal = SqlJournal(await writer(opened))
        for number in range(5):
            await journal.record(foreseeing(number, dict(known)))
        async with opened.transaction() as connection:
            rows = (await connection.execute(text("select count(*) from outlooks"))).scalar_one()
        stored = [each.outlooks async for each in History(opened).cycles()]
    assert rows == 1
    assert stored == [known] * 5


async def test_what_was_not_committed_is_written_again(tmp_path: Path) -> None:
    known = {VAULT: outlook(bars_of(1, 300))}
    async with await store(tmp_path) as opened:
        journal = SqlJournal(await writer(opened))
        broken = replace(foreseeing(1, known), decisions=(*cycle().decisions, *cycle().decisions))
        with pytest.raises(Exception, match="UNIQUE"):
            await journal.record(broken)
        await journal.record(foreseeing(2, known))
        (stored,) = [each.outlooks async for each in History(opened).cycles()]
    assert stored == known


async def test_bars_outlive_the_keeper_to_the_last_bit_and_as_long_as_they_are_needed(tmp_path: Path) -> None:
    bars = bars_of(1, KEPT_BARS + 30)
    async with await store(tmp_path) as opened:
        journal = SqlJournal(await writer(opened))
        for number, first in enumerate(range(0, len(bars), 10)):
            await journal.record(foreseeing(number, {}, vault=tuple(bars[first : first + 10])))
        await journal.record(foreseeing(999, {}, other=tuple(bars[-1:])))
        kept = await recalled_bars(opened)
    assert kept[OTHER] == bars[-1:]
    assert kept[VAULT][-KEPT_BARS:] == bars[-KEPT_BARS:]
    assert len(kept[VAULT]) <= KEPT_BARS + 1


async def test_what_was_primed_never_stands_in_the_way_of_what_is_lived_through(tmp_path: Path) -> None:
    primed, lived = bars_of(1, 20), bars_of(2, 20)
    async with await store(tmp_path) as opened:
        assert await prime(opened, VAULT, primed) == 20
        assert await prime(opened, VAULT, primed) == 0
        await SqlJournal(await writer(opened)).record(foreseeing(1, {}, vault=tuple(lived[10:12])))
        kept = await recalled_bars(opened)
    assert kept[VAULT] == [*primed[:10], *lived[10:12]]
    assert kept[VAULT][1].ends - kept[VAULT][0].ends == BAR_S


async def test_a_journal_of_a_release_without_forecasts_is_read_as_it_is(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        await SqlJournal(await writer(opened)).record(cycle(7))
        async with opened.transaction() as connection:
            for table in ("outlooks", "bars"):
                await connection.execute(text(f"drop table {table}"))
    async with await open_reader(tmp_path / "journal.db") as reader:
        assert [each.outlooks async for each in History(reader).cycles()] == [{}]
        assert await recalled_bars(reader) == {}


async def test_outlooks_go_with_the_last_cycle_that_rests_on_them(tmp_path: Path) -> None:
    said = [{VAULT: outlook(bars_of(seed, 300))} for seed in range(3)]
    async with await store(tmp_path) as opened:
        journal = SqlJournal(await writer(opened), max_bytes=0)
        for number in range(60):
            await journal.record(foreseeing(number, said[number // 20]))
        stored = [each.outlooks async for each in History(opened).cycles()]
        async with opened.transaction() as connection:
            rows = (await connection.execute(text("select count(*) from outlooks"))).scalar_one()
    assert stored
    assert all(each == said[2] for each in stored)
    assert rows == 1
