"""The combination benchmark measures what it names, and its other solver knows no better than it should."""

import json
import math

import numpy as np
import pytest
from scipy.optimize import linprog

from benchmarks import combination
from benchmarks.desks import VAULT, Task, books, in_the_best_order, least, one_at_a_time
from keeper.core.advice import Advice
from keeper.core.decision import decide
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


def test_the_advice_is_nearly_the_optimum_in_lots_and_never_below_the_one_without() -> None:
    assert len(TASKS) > 6
    for task, advice in TASKS:
        without, optimum = least(task, lots=False), least(task, lots=True)
        assert without * (1 - 1e-4) <= advice.cost_usd <= optimum * 1.05
        assert without <= optimum * (1 + 1e-6)


def test_the_optimum_without_lots_is_what_a_linear_program_finds() -> None:
    for task, _ in TASKS[:6]:
        effects = np.array([each.effect for each in task.instruments]).T
        rows = np.hstack([effects, -effects])
        costs = [*(each.cost for each in task.instruments), *(each.cost_sold for each in task.instruments)]
        most = [*(each.most for each in task.instruments), *(-each.least for each in task.instruments)]
        found = linprog(
            costs,
            A_ub=np.vstack([rows, -rows]),
            b_ub=np.concatenate([task.high - task.before, task.before - task.low]),
            bounds=[(0.0, each) for each in most],
        )
        assert least(task, lots=False) == pytest.approx(found.fun, rel=1e-4)


def test_a_desk_that_mends_one_after_the_other_is_never_below_the_optimum() -> None:
    for task, _ in TASKS:
        usual, best = one_at_a_time(task), in_the_best_order(task)
        assert best <= usual
        if math.isfinite(best):
            assert best >= least(task, lots=True) * (1 - 1e-5)


def test_the_books_of_a_seed_are_the_same() -> None:
    once, again = (
        [book.situation.exposure for book in books(3, 9)],
        [book.situation.exposure for book in books(3, 9)],
    )
    assert once == again
