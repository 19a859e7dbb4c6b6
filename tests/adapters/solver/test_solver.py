"""The worker is a real process here: it solves what is wanted, in order, and its death costs only tables."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count

import pytest

from keeper.adapters.solver import solver as module
from keeper.adapters.solver.solver import COMMAND, FIRST_PAUSE_S, LONGEST_PAUSE_S, Solver
from keeper.adapters.solver.wire import question
from keeper.adapters.solver.worker import NICENESS
from keeper.core.hedging import Recipe, Solved, Table, Term, Unsolved
from keeper.core.tables import Task, Wanted
from keeper.core.units import Address

PATIENCE_S = 120.0
QUICK = Recipe((Term(3000.0, 6 / 365, is_call=True, size=-1.0),), 3000.0, 0.7, 0.5, 1e-3, 0.02, 1 / 365)
LONG = replace(QUICK, terms=(Term(3000.0, 2.0, is_call=True, size=-1.0),), look=0.0)
VAULTS = [Address(f"0x{number:040x}") for number in range(5)]
DIES = (sys.executable, "-c", "import sys; sys.stdin.readline(); sys.exit('no memory')")


@dataclass
class Heard:
    told: list[tuple[str, object]] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)

    def solved(self, vault: Address, solved: Solved, seconds: float) -> None:
        del seconds
        del solved
        self._hear("solved", vault)

    def waiting(self, books: int) -> None:
        self._hear("waiting", books)

    def worker_up(self, pid: int) -> None:
        self._hear("up", pid)

    def worker_died(self, detail: str, pause_s: float) -> None:
        self.pauses.append(pause_s)
        self._hear("died", detail)

    def _hear(self, kind: str, what: object) -> None:
        self.told.append((kind, what))
        self.more.set()

    def of(self, kind: str) -> list[object]:
        return [what for name, what in self.told if name == kind]

    async def until(self, kind: str, number: int) -> list[object]:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.of(kind)) < number:
                self.more.clear()
                await self.more.wait()
        return self.of(kind)


class Desk:
    """A solver whose clock ticks once a look, and whose sleep is only noted."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self.heard, self.slept = Heard(), list[float]()
        ticks: Iterator[int] = count()
        self.solver = Solver(self.heard, command, lambda: float(next(ticks)), self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.solver.run())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def want(self, *vaults: int, recipe: Recipe = QUICK, waiting: int = 0) -> None:
        tasks = tuple(Task(VAULTS[number], recipe, 7) for number in vaults)
        self.solver.want(Wanted(tasks, waiting, frozenset(VAULTS)))

    def pid(self) -> int:
        pid = self.heard.of("up")[-1]
        assert isinstance(pid, int)
        return pid


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_what_is_wanted_is_solved_in_its_order_by_one_process() -> None:
    desk = Desk()
    async with desk.running():
        desk.want(2, 0, 1, waiting=4)
        solved = await desk.heard.until("solved", 3)
        assert solved == [VAULTS[2], VAULTS[0], VAULTS[1]]
        assert {each.origin for each in desk.solver.newest().values()} == {
            Solved.of(QUICK, 7, QUICK.solve()).origin
        }
        assert all(isinstance(each.table, Table) for each in desk.solver.newest().values())
        assert os.getpriority(os.PRIO_PROCESS, desk.pid()) == NICENESS
    assert len(desk.heard.of("up")) == 1
    assert desk.heard.of("waiting") == [7]


async def test_it_rests_as_long_as_it_worked() -> None:
    desk = Desk()
    async with desk.running():
        desk.want(0)
        await desk.heard.until("solved", 1)
        desk.want(1)
        await desk.heard.until("solved", 2)
    assert desk.slept[0] == 1.0


async def test_nothing_is_left_of_it_in_the_end() -> None:
    desk = Desk()
    async with desk.running():
        desk.want(0, recipe=LONG)
        await desk.heard.until("up", 1)
    assert gone(desk.pid())
    assert desk.heard.of("solved") == []


def test_when_the_daemon_is_gone_the_worker_ends_in_the_middle_of_its_work() -> None:
    worker = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(question(QUICK))
    worker.stdin.flush()
    assert b"times" in worker.stdout.readline()
    worker.stdin.write(question(LONG) * 20)
    worker.stdin.close()
    assert worker.wait(PATIENCE_S) == 0
    worker.stdout.close()


async def test_a_worker_that_is_killed_is_told_and_another_goes_on() -> None:
    desk = Desk()
    async with desk.running():
        desk.want(0)
        await desk.heard.until("solved", 1)
        os.kill(desk.pid(), 9)
        desk.want(1, 2)
        await desk.heard.until("solved", 3)
        newest = desk.solver.newest()
    assert [newest[vault].table is Unsolved.DIED for vault in VAULTS[:3]] == [False, True, False]
    assert desk.heard.of("died") == ["it said nothing (exit code -9)"]
    assert len(desk.heard.of("up")) == 2


async def test_a_worker_that_dies_each_time_is_started_less_and_less_often() -> None:
    desk = Desk(DIES)
    async with desk.running():
        for number in range(10):
            desk.want(number % 5)
            await desk.heard.until("solved", number + 1)
    assert desk.heard.pauses[:3] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S]
    assert desk.heard.pauses[-1] == LONGEST_PAUSE_S
    assert set(desk.heard.of("died")) == {"no memory (exit code 1)"}
    assert {each.table for each in desk.solver.newest().values()} == {Unsolved.DIED}


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ((sys.executable, "-c", "print('nonsense', flush=True)"), "not an answer: b'nonsense"),
        ((sys.executable, "-c", """print('{"times": 9, "spots": 9}', flush=True)"""), "bytes read"),
        ((sys.executable, "-c", "print('x' * 2**20, flush=True)"), "exceed the limit"),
        (("/nowhere/python",), "No such file"),
    ],
    ids=["nonsense", "half an answer", "no end of a line", "no program"],
)
async def test_a_worker_that_makes_no_sense_is_as_good_as_dead(command: Sequence[str], why: str) -> None:
    desk = Desk(command)
    async with desk.running():
        desk.want(0)
        await desk.heard.until("solved", 1)
    (detail,) = desk.heard.of("died")
    assert why in str(detail)
    assert desk.solver.newest()[VAULTS[0]].table is Unsolved.DIED


async def test_a_book_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WITHIN_S", 0.0)
    desk = Desk()
    async with desk.running():
        desk.want(0, recipe=LONG)
        await desk.heard.until("solved", 1)
    assert len(desk.heard.of("died")) == 1
    assert gone(desk.pid())


async def test_the_worker_is_told_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEPER_RPC_URL", "https://node.example/c4n4ry")
    script = "import os, sys; sys.stdin.readline(); sys.exit(' '.join(map('='.join, os.environ.items())))"
    desk = Desk((sys.executable, "-c", script))
    async with desk.running():
        desk.want(0)
        (detail,) = await desk.heard.until("died", 1)
    assert "OMP_NUM_THREADS=1" in str(detail)
    assert "KEEPER" not in str(detail)


async def test_what_was_wanted_before_the_answer_is_not_solved_twice() -> None:
    desk = Desk()
    async with desk.running():
        desk.want(0)
        await desk.heard.until("up", 1)
        desk.want(0, 1)
        await desk.heard.until("solved", 2)
        assert desk.heard.of("solved") == VAULTS[:2]


async def test_tables_that_are_not_worth_keeping_are_let_go() -> None:
    desk = Desk()
    async with desk.running():
        desk.want(0, 1)
        await desk.heard.until("solved", 2)
        before = desk.solver.newest()
        desk.solver.want(Wanted(kept=frozenset({VAULTS[1]})))
    assert set(before) == {VAULTS[0], VAULTS[1]}
    assert set(desk.solver.newest()) == {VAULTS[1]}
