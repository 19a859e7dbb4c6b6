"""What is solved next: the books that cost most to hedge, and none of them twice in a row."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from keeper.core.decision import Decision, decide_all
from keeper.core.hedging import Solved, Tier, Unsolved
from keeper.core.market import Reading
from keeper.core.policy import Policy
from keeper.core.position import Leg
from keeper.core.snapshot import Snapshot
from keeper.core.tables import MOST_TABLES, MOST_TASKS, PAUSE_S, Wanted, wanted
from keeper.core.units import WAD, Address
from tests.core.build import CALL, DAY, NOW, SPOT, STRADDLE, columns, snapshot, vault
from tests.core.solving import SELDOM, solve_all

CHEAPER_GAS = Reading(SPOT * WAD // 2, NOW, 1)


def address(number: int) -> Address:
    return Address(f"0x{number:040x}")


def many(*books: tuple[Leg, ...], at: int = NOW, **changes: object) -> Snapshot:
    vaults = tuple(vault(address=address(number), **changes) for number in range(len(books)))
    seen = replace(snapshot(), vaults=vaults, legs=columns(*books))
    return replace(seen, head=replace(seen.head, timestamp=at))


def kept(seen: Snapshot) -> dict[Address, Policy]:
    return {each.address: replace(SELDOM, vault=each.address) for each in seen.vaults}


def decided(seen: Snapshot, tables: Mapping[Address, Solved]) -> Sequence[Decision]:
    return decide_all(seen, kept(seen), {}, tables).decisions


def asked(seen: Snapshot, tables: Mapping[Address, Solved] | None = None) -> Wanted:
    known = tables or {}
    return wanted(seen, kept(seen), decided(seen, known), known)


def vaults(found: Wanted) -> list[int]:
    return [int(task.vault, 16) for task in found.tasks]


def sized(share: float) -> tuple[Leg, ...]:
    return tuple(replace(leg, size_wad=round(leg.size_wad * share)) for leg in CALL)


def test_the_books_that_decay_fastest_come_first() -> None:
    found = asked(many(sized(0.3), sized(1.0), sized(-0.6)))
    assert vaults(found) == [1, 2, 0]
    assert found.waiting == 0


def test_a_task_holds_the_book_as_it_is_now_and_what_a_trade_costs() -> None:
    (task,) = asked(many((*STRADDLE, replace(CALL[0], expiry=NOW), replace(CALL[0], size_wad=0)))).tasks
    assert [(term.strike, term.is_call, term.size) for term in task.recipe.terms] == [
        (3000.0, True, -1000.0),
        (3000.0, False, -1000.0),
    ]
    assert {term.years for term in task.recipe.terms} == {14 / 365}
    assert task.at == NOW
    assert task.recipe.volatility == 0.7
    assert task.recipe.aversion == SELDOM.hedging.risk_aversion
    assert task.recipe.fixed > 0


def test_few_are_asked_for_at_once_and_the_others_are_counted() -> None:
    found = asked(many(*[CALL] * (MOST_TASKS + 3)))
    assert len(found.tasks) == MOST_TASKS
    assert found.waiting == 3


def test_so_many_vaults_are_served_as_memory_allows() -> None:
    found = asked(many(*[CALL] * MOST_TABLES, sized(0.1)))
    assert len(found.kept) == MOST_TABLES
    assert address(MOST_TABLES) not in found.kept
    assert found.waiting == MOST_TABLES - MOST_TASKS


def test_a_vault_whose_table_answers_asks_for_none() -> None:
    seen = many(CALL)
    tables = solve_all(seen, kept(seen))
    assert decided(seen, tables)[0].tier is Tier.TABLE
    assert asked(seen, tables) == Wanted(kept=frozenset({address(0)}))


def test_an_input_that_left_its_tolerance_is_given_time_to_come_back() -> None:
    seen = many(CALL)
    tables = solve_all(seen, kept(seen))
    for at, tasks in ((NOW + 12, 0), (NOW + PAUSE_S - 1, 0), (NOW + PAUSE_S, 1)):
        cheaper = replace(many(CALL, at=at), native_price=CHEAPER_GAS)
        assert decided(cheaper, tables)[0].tier is Tier.GAS
        assert len(asked(cheaper, tables).tasks) == tasks


def test_a_book_whose_costs_jump_about_waits_for_one_that_has_no_table() -> None:
    seen = many(CALL, sized(0.5))
    tables = solve_all(seen, kept(seen))
    for at, order in ((NOW + 3_600, [1, 0]), (NOW + 86_400, [0, 1])):
        price, volatility = Reading(SPOT * WAD, at, 1), Reading(7 * WAD // 10, at, 1)
        cheaper = many(CALL, sized(0.5), at=at, price=price, volatility=volatility)
        cheaper = replace(cheaper, native_price=CHEAPER_GAS)
        assert vaults(asked(cheaper, {address(0): tables[address(0)]})) == order


def test_another_book_is_solved_at_once() -> None:
    seen = many(CALL)
    changed = many(STRADDLE, at=NOW + 12)
    tables = solve_all(seen, kept(seen))
    assert decided(changed, tables)[0].tier is Tier.BOOK
    assert len(asked(changed, tables).tasks) == 1


def test_what_could_not_be_solved_is_tried_again_after_a_while() -> None:
    seen = many(CALL)
    (task,) = asked(seen).tasks
    tables = {task.vault: Solved.of(task.recipe, task.at, Unsolved.DIED)}
    assert decided(seen, tables)[0].tier is Tier.UNSOLVED
    assert asked(many(CALL, at=NOW + 12), tables).tasks == ()
    assert len(asked(many(CALL, at=NOW + PAUSE_S), tables).tasks) == 1


@pytest.mark.parametrize(
    "seen",
    [
        many(()),
        many((replace(CALL[0], expiry=NOW),)),
        many((*CALL, replace(CALL[0], size_wad=-CALL[0].size_wad))),
        many(CALL, paused=True),
        many(CALL, price=Reading(0, NOW, 1)),
    ],
    ids=["no book", "an expired book", "a book of nothing", "a paused vault", "no price"],
)
def test_where_there_is_nothing_to_hedge_nothing_is_solved(seen: Snapshot) -> None:
    assert asked(seen).tasks == ()


def test_a_vault_that_cannot_be_judged_now_keeps_its_table() -> None:
    assert asked(many(CALL, paused=True)).kept == {address(0)}


def test_a_book_is_solved_for_days_not_for_a_block() -> None:
    seen = many(CALL)
    tables = solve_all(seen, kept(seen))
    at = NOW + 13 * DAY
    price, volatility = Reading(SPOT * WAD, at, 1), Reading(7 * WAD // 10, at, 1)
    later = many(CALL, at=at, price=price, volatility=volatility)
    assert decided(later, tables)[0].tier is Tier.TABLE
    assert asked(later, tables).tasks == ()
