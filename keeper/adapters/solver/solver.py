"""Tables solved in the background: one worker process, one book at a time, and never in anybody's way.

The worker is a process and no thread, because solving would hold the interpreter that must answer a head. It
is told nothing but numbers: no settings, no environment, no key. When it dies, by a fault or for want of
memory, it costs only tables: the closed form decides, the death is told, the book that it died of has to wait
as one that was solved, and after a pause another worker goes on.

After each book there is a rest of as long as it took, so that half a core is the most that this costs.
"""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from keeper.adapters.solver.wire import GarbledError, announced, question, size, table_of
from keeper.core.hedging import Recipe, Solved, Table, Unsolved
from keeper.core.tables import Task, Wanted
from keeper.core.units import Address

COMMAND = (sys.executable, "-P", "-m", "keeper.adapters.solver.worker")
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

WITHIN_S = 300.0
"""A book takes seconds. What takes longer than this on the slowest machine will not end."""

GRACE_S = 5.0
"""For a worker to end by itself."""

REST = 1.0
"""Of the time that a book took."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 600.0
"""Before another worker is started after one has died; twice as long each time, until one answers."""

Sleep = Callable[[float], Awaitable[object]]


class Hears(Protocol):
    """Who is told how the work goes."""

    def solved(self, vault: Address, solved: Solved, seconds: float) -> None:
        """A book was solved, or found to have no table."""
        ...

    def waiting(self, books: int) -> None:
        """So many books wait for a table."""
        ...

    def worker_up(self, pid: int) -> None:
        """A worker was started."""
        ...

    def worker_died(self, detail: str, pause_s: float) -> None:
        """It ended by itself, or had to be ended; the next one is started after a pause."""
        ...


class DiedError(Exception):
    """The worker is gone."""


class Solver:
    """Implements `ports.Tables`. `clock` is monotonic, in seconds."""

    def __init__(
        self,
        told: Hears,
        command: Sequence[str] = COMMAND,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._told, self._command, self._clock, self._sleep = told, command, clock, sleep
        self._newest: Mapping[Address, Solved] = {}
        self._tasks: tuple[Task, ...] = ()
        self._more = asyncio.Event()
        self._process: Process | None = None
        self._pause_s = FIRST_PAUSE_S

    def newest(self) -> Mapping[Address, Solved]:
        """By vault."""
        return self._newest

    def want(self, wanted: Wanted) -> None:
        """Solve these next, and let go of the tables that are not worth keeping."""
        if not self._newest.keys() <= wanted.kept:
            self._newest = {vault: each for vault, each in self._newest.items() if vault in wanted.kept}
        self._tasks = wanted.tasks
        self._told.waiting(len(wanted.tasks) + wanted.waiting)
        if self._tasks:
            self._more.set()

    async def run(self) -> None:
        """Solve until cancelled; then nothing is left of the worker."""
        try:
            while True:
                await self._sleep(await self._solve(await self._next()))
        finally:
            await self._end()

    async def _next(self) -> Task:
        while not self._tasks:
            self._more.clear()
            await self._more.wait()
        return self._tasks[0]

    async def _solve(self, task: Task) -> float:
        """Solve one book; how long to rest then."""
        began = self._clock()
        try:
            found = await self._ask(task.recipe)
            rest_s = REST * (self._clock() - began)
            self._pause_s = FIRST_PAUSE_S
        except DiedError as error:
            found, rest_s = Unsolved.DIED, self._pause_s
            self._pause_s = min(2 * rest_s, LONGEST_PAUSE_S)
            self._told.worker_died(str(error), rest_s)
        solved = Solved.of(task.recipe, task.at, found)
        self._newest = {**self._newest, task.vault: solved}
        # What was wanted meanwhile for this vault was wanted without knowing this.
        self._tasks = tuple(each for each in self._tasks if each.vault != task.vault)
        self._told.solved(task.vault, solved, self._clock() - began)
        return rest_s

    async def _ask(self, recipe: Recipe) -> Table | Unsolved:
        """The worker's answer. Raises DiedError, after which there is no worker."""
        try:
            process = self._process or await self._start()
            async with asyncio.timeout(WITHIN_S):
                return await _answer(process, recipe)
        except (OSError, EOFError, ValueError, TimeoutError, GarbledError) as error:
            said = await self._end()
            raise DiedError(": ".join(each for each in (str(error), said) if each)) from error

    async def _start(self) -> Process:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=ENVIRONMENT,
            start_new_session=True,  # Ctrl-C is for the daemon, which ends its worker
        )
        self._told.worker_up(self._process.pid)
        return self._process

    async def _end(self) -> str:
        """Make sure that there is no worker, and return the last that it said."""
        process, self._process = self._process, None
        if process is None or process.stdin is None or process.stdout is None or process.stderr is None:
            return ""
        # What nobody reads of its output would keep `wait` from ever returning.
        drained = asyncio.create_task(_drained(process.stdout))
        process.stdin.close()  # at which it ends; to kill what has died already would hide its exit code
        try:
            async with asyncio.timeout(GRACE_S):
                await process.wait()
        except TimeoutError:
            process.kill()
        said = (await process.stderr.read()).decode(errors="replace").strip().splitlines()
        code = await process.wait()
        await drained
        return f"{said[-1] if said else 'it said nothing'} (exit code {code})"


async def _drained(output: asyncio.StreamReader) -> None:
    """Read to the end, and keep nothing."""
    while await output.read(2**16):
        pass


async def _answer(process: Process, recipe: Recipe) -> Table | Unsolved:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    process.stdin.write(question(recipe))
    await process.stdin.drain()
    line = await process.stdout.readline()
    if not line:
        raise EOFError
    said = announced(line)
    if isinstance(said, Unsolved):
        return said
    return table_of(recipe, *said, await process.stdout.readexactly(size(*said)))
