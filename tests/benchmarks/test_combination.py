"""The combination benchmark measures what it names, and its other solver knows no better than it should."""

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import combination
from benchmarks.desks import VAULT, Task, books, in_the_best_order, least, one_at_a_time
from keeper.core.advice import Advice
from keeper.core.decision import decide
from keeper.core.hedging.combination import cheapest
from keeper.core.hedging.instruments import Combination, Need
from keeper.core.memory import Memory


def advised(count: int, seed: int) -> list[tuple[Task, Advice]]:
    found = []
    for book in books(count, seed):
        advice = decide(book.policy, book.situation, Memory(VAULT)).advice
        if isinstance(advice, Advice):
            found.append((Task.of(book, advice), advice))
    return found


TASKS = advised(12, 3)


def test_it_reports_each_way_beside_the_optimum(capsys: pytest.CaptureFixture[str]) -> None:
    assert combination.main(["--json", "--books", "6", "--seed", "2"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["seed"], report["books"]) == (2, 6)
    assert report["advised"] + sum(report["unadvised"].values()) == 6
    assert [row["name"] for row in report["rows"]] == [
        "advice", "one at a time", "one at a time, best order",
    ]  # fmt: skip
    assert combination.main(["--books", "6", "--seed", "2"]) == 0
    assert "6 books, seed 2" in capsys.readouterr().out


def test_the_advice_is_near_what_no_trades_can_be_below() -> None:
    assert len(TASKS) > 6
    for task, advice in TASKS:
        assert least(task) * (1 - 1e-4) <= advice.cost_usd <= least(task) * 1.006


def test_two_solvers_agree_on_the_optimum_without_lots() -> None:
    """One is a simplex method, the other the interior-point method of the keeper."""
    nothing = np.zeros((4, 4))
    for task, _ in TASKS:
        free = [replace(each, lot=0.0) for each in task.instruments]
        found = cheapest(Need(task.before, task.low, task.high, nothing), free)
        assert isinstance(found, Combination)
        assert found.cost_usd == pytest.approx(least(task), rel=2e-4, abs=0.05)


def test_a_desk_that_mends_one_after_the_other_is_never_below_the_optimum() -> None:
    for task, _ in TASKS:
        usual, best = one_at_a_time(task), in_the_best_order(task)
        assert best <= usual
        assert best >= least(task) * (1 - 1e-5)


def test_the_books_of_a_seed_are_the_same() -> None:
    once, again = (
        [book.situation.exposure for book in books(3, 9)],
        [book.situation.exposure for book in books(3, 9)],
    )
    assert once == again
