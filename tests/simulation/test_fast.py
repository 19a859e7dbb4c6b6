"""Sums taken ahead of time, and looks that are decided many at a time, change no bit of anything."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pytest

from keeper.core.case import Case
from keeper.core.decision import Decision, Failure, decide_all, decide_each
from keeper.core.forecast import Name
from keeper.core.hedging import Solved, Tier
from keeper.core.memory import Memory
from keeper.core.plan import Plan
from keeper.core.policy import ForecastRules, Policy
from keeper.core.snapshot import Legs, Snapshot
from keeper.core.tables import Task, wanted
from keeper.core.triggers import Slicing, Triggers
from keeper.core.units import WAD, Address, wad_from_float_down
from keeper.simulation import backtest as fast
from keeper.simulation.backtest import Setup, Track, backtest
from keeper.simulation.book import QUOTE_DECIMALS, Era, eras
from keeper.simulation.desk import Desk, asks
from keeper.simulation.frictions import World
from keeper.simulation.ledger import Ledger
from keeper.simulation.looks import Looks
from keeper.simulation.models import Model
from keeper.simulation.path import Floats
from keeper.simulation.solving import Bands
from tests.core.build import usd
from tests.simulation.build import policy, setup, world


@dataclass
class Plain:
    """A vault followed step by step, as the daemon does it."""

    decisions: list[Decision]
    ledger: Ledger
    desk: Desk
    tables: list[Solved]


def plainly(policy: Policy, setup: Setup, world: World, bands: Bands = Bands.CLOSED_FORM) -> Plain:
    """A snapshot for each step, what `decide_all` makes of it, and what is `wanted` then, for the next."""
    books = eras(setup.structure, setup.units, world.market)
    looks = Looks(policy, setup.rules, books, world)
    spot = float(world.market.price[0])
    base = looks.opening(setup.rules.target_delta_wad / WAD)
    capital = setup.structure.capital * setup.units * spot
    ledger = Ledger(
        policy.vault,
        round((capital - base * spot) * 10**QUOTE_DECIMALS),
        wad_from_float_down(base),
        Memory(policy.vault),
    )
    plain = Plain([], ledger, Desk(), [])
    policies, tables, tasks = {policy.vault: policy}, dict[Address, Solved](), tuple[Task, ...]()
    for era in books:
        ledger.pay(era.paid_units)
        for step in range(era.first, era.end):
            ledger.receive(world, step)
            ledger.pay(plain.desk.settle(world.market, step))
            for task in tasks:
                tables[task.vault] = Solved.of(task.recipe, task.at, task.recipe.solve())
                plain.tables.append(tables[task.vault])
            snapshot = snapshot_at(plain.desk.beside(era), step, looks, ledger)
            decided = decide_all(snapshot, policies, {policy.vault: ledger.memory}, tables)
            (decision,) = decided.decisions
            plain.decisions.append(decision)
            if bands is Bands.TABLES:
                tasks = wanted(snapshot, policies, decided.decisions, tables).tasks
            ledger.memory = replace(ledger.memory, carried=decision.carried)
            if isinstance(decision.action, Plan):
                ledger.send(decision.action, step)
            if asks(decision):
                ledger.pay(-plain.desk.follow(decision))
    return plain


def snapshot_at(era: Era, step: int, looks: Looks, ledger: Ledger) -> Snapshot:
    moment = looks.moment(step)
    return Snapshot(
        head=moment.head,
        vaults=(looks.vault(moment, ledger),),
        legs=Legs(np.zeros(len(era.size), np.int64), era.is_call, era.strike, era.expiry, era.size),
        native_price=moment.price,
        keeper_balance_wei=WAD,
        references=(moment.reference,),
        outlooks={ledger.vault: looks.outlooks[step]},
    )


@pytest.mark.parametrize("structure", ["strangle", "ladder"])
@pytest.mark.parametrize("latency_blocks", [0, 2, 700])
def test_the_fast_path_decides_and_books_what_the_plain_one_does(
    structure: str, latency_blocks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = world(Model.JUMP, days=25, seed=4, failure_rate=0.2, latency_blocks=latency_blocks)
    kept: dict[int, Decision] = {}

    def remembered(cases: Sequence[Case]) -> Iterator[Decision | Failure]:
        for end in decide_each(cases):
            assert isinstance(end, Decision)
            kept[end.head.number] = end
            yield end

    rule = policy(4_000.0)
    if latency_blocks > 300:
        rule = replace(rule, deadline_s=3_000)
    if not latency_blocks:
        rule = replace(rule, forecast=ForecastRules((Name.EWMA, Name.HAR, Name.GARCH), 0.5, 1.5, 0.5, 2.0))
    track = backtest(rule, setup(structure), placed, remembered)
    plain = plainly(rule, setup(structure), placed)
    assert [kept[step] for step in range(len(plain.decisions))] == plain.decisions
    assert track.trades == tuple(plain.ledger.trades)
    assert track.origins == ()
    assert len(track.trades) > 3
    # Any number of looks in one call gives the same.
    for looks_in_one_call in (1, 7, 10**6):
        monkeypatch.setattr(fast, "MOST_LOOKS", looks_in_one_call)
        same(backtest(rule, setup(structure), placed), track)


def test_what_a_look_leaves_to_the_next_is_the_same_on_both_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    placed = world(Model.JUMP, days=25, seed=4, failure_rate=0.1)
    rule = replace(
        policy(4_000.0),
        limits=replace(policy().limits, delta_usd_wad=usd(28_000)),
        triggers=Triggers(Slicing(usd(10_000), 3, 3_600), 3_600, 7_200),
    )
    plain = plainly(rule, setup(), placed)
    decisions, ledger = plain.decisions, plain.ledger
    assert {len(each.carried.breached) for each in decisions} == {0, 1}
    assert {each.carried.slices.count for each in decisions} == {0, 3}
    for looks_in_one_call in (1, 7, 400, 10**6):
        monkeypatch.setattr(fast, "MOST_LOOKS", looks_in_one_call)
        track = backtest(rule, setup(), placed)
        assert track.trades == tuple(ledger.trades)
        assert track.reasons == Counter(each.reason for each in decisions)


def test_tables_are_wanted_and_used_as_the_daemon_does_and_a_look_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    placed = world(Model.HESTON, days=24, step_s=14_400, seed=4, failure_rate=0.2)
    rule = replace(policy(4_000.0), hedging=replace(policy(4_000.0).hedging, look_interval_s=14_400))
    plain = plainly(rule, setup(), placed, Bands.TABLES)
    track = backtest(rule, setup(), placed, bands=Bands.TABLES)
    for looks_in_one_call in (1, 7):
        monkeypatch.setattr(fast, "MOST_LOOKS", looks_in_one_call)
        same(backtest(rule, setup(), placed, bands=Bands.TABLES), track)
        assert track.trades == tuple(plain.ledger.trades)
        assert track.tiers == Counter(each.tier for each in plain.decisions)
        assert track.origins == tuple(each.origin for each in plain.tables)
        assert np.array_equal(track.high - track.low, widths(plain.decisions))
    # The first look had none, the new book of the fourth week had another, and most looks had one.
    assert plain.decisions[0].tier is Tier.NO_TABLE
    assert {len(each.recipe.terms) for each in track.origins} == {2}
    assert len({each.recipe.terms[0].strike for each in track.origins}) == 2
    assert 0.5 < track.tiers[Tier.TABLE] / len(track.spot) < 1.0
    closed_form = backtest(rule, setup(), placed)
    assert set(closed_form.tiers) == {Tier.NO_TABLE}
    assert closed_form.trades != track.trades


def widths(decisions: Sequence[Decision]) -> Floats:
    closed = [each.exposure.inventory - each.exposure.gap for each in decisions]
    edges = [
        (each.band.sell_above - at) - (each.band.buy_below - at)
        for each, at in zip(decisions, closed, strict=True)
    ]
    return np.array(edges)


def same(one: Track, other: Track) -> None:
    for field in fields(Track):
        before, after = getattr(one, field.name), getattr(other, field.name)
        if isinstance(before, np.ndarray):
            assert np.array_equal(before, after), field.name
        else:
            assert before == after, field.name
