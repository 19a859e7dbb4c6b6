#!/usr/bin/env python3
"""Change the transaction machine in every small way, and see whether its tests notice.

Coverage says that a line was run, not that a test would see it go wrong. So each mutant of
keeper/core/transaction (see mutations.py) is put in the place of its module, and the tests of
tests/core/transaction are run against it until the first that fails. Those that no test can tell from the
original are in mutants.toml with the reason; they are run like the others.

    mutants.py [MODULE...]        for example: mutants.py fees budget
"""

import ast
import os
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mutant_tests import OUT_OF_TIME, PACKAGE, SURVIVED, TESTS, Impostor, outcome, reached, warm_up
from mutations import Mutant, enums_of, mutants
from repository import ROOT

SOURCES = ROOT / "keeper" / "core" / "transaction"
ENUMS_ELSEWHERE = (ROOT / "keeper" / "core" / "reason.py", ROOT / "keeper" / "core" / "quote.py")
KNOWN = Path(__file__).with_suffix(".toml")
LEAST_PERCENT = 95
LATE = 3


@dataclass(frozen=True, slots=True)
class Job:
    """One mutant of one file. The tree is parsed anew in the child that runs it."""

    file: Path
    number: int
    line: int
    source: str
    change: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}: {self.change}"


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A change that no test can see. `source` is the changed line, `change` as this command prints it."""

    file: str
    source: str
    change: str
    reason: str

    def is_of(self, job: Job) -> bool:
        """Whether this is about that mutant."""
        return (job.file.name, job.source, job.change) == (self.file, self.source, self.change)


def found(file: Path, enums: dict[str, tuple[str, ...]]) -> tuple[ast.Module, list[Mutant]]:
    """A fresh tree of a file and its mutants."""
    tree = ast.parse(file.read_text())
    return tree, list(mutants(tree, enums))


def jobs_of(file: Path, enums: dict[str, tuple[str, ...]]) -> Iterator[Job]:
    """All mutants of a file."""
    lines = file.read_text().splitlines()
    for number, each in enumerate(found(file, enums)[1]):
        yield Job(file, number, each.line, lines[each.line - 1].strip(), each.change)


class Run:
    """All jobs, as many at a time as there are cores."""

    def __init__(self, enums: dict[str, tuple[str, ...]], total: int) -> None:
        self._enums = enums
        self._total = total
        self._began = time.monotonic()
        self._done = 0
        self._running: dict[int, tuple[Job, list[Path]]] = {}
        self._killers: dict[Path, Counter[Path]] = {}
        self._reached = {test: reached(test) for test in TESTS}
        self.ends: dict[Job, int] = {}

    def go(self, jobs: Sequence[Job]) -> None:
        """Run them all."""
        for job in jobs:
            if len(self._running) >= (os.cpu_count() or 1):
                self._collect()
            order = self._order(job.file)
            child = os.fork()
            if child == 0:
                os._exit(self._judge(job, order))
            self._running[child] = (job, order)
        while self._running:
            self._collect()

    def _judge(self, job: Job, order: list[Path]) -> int:
        """In a child: 0 when it survives, 1 or 2 by which half of the tests killed it, LATE out of time."""
        tree, every = found(job.file, self._enums)
        code = compile(every[job.number].applied(tree), str(job.file), "exec")
        impostor = Impostor(f"{PACKAGE}.{job.file.stem}", code)
        for half, tests in enumerate((order[:1], order[1:]), 1):
            end = outcome(tests, impostor) if tests else SURVIVED
            if end != SURVIVED:
                return LATE if end == OUT_OF_TIME else half
        return 0

    def _order(self, file: Path) -> list[Path]:
        """The test file that kills most mutants of this module first, then the others."""
        kills = self._killers.setdefault(file, Counter())
        able = [test for test in TESTS if f"{PACKAGE}.{file.stem}" in self._reached[test]]
        return sorted(able, key=lambda test: (-kills[test], test.stem != f"test_{file.stem}"))

    def _collect(self) -> None:
        child, status = os.waitpid(-1, 0)
        job, order = self._running.pop(child)
        end = os.waitstatus_to_exitcode(status)
        kills = self._killers[job.file]
        if end == 1:
            kills[order[0]] += 1
        elif kills[order[0]] > 0:
            kills[order[0]] -= 1
        elif len(order) > 1:
            kills[order[1]] += 1
        self.ends[job] = end
        self._done += 1
        if end == 0 and not sys.stderr.isatty():
            print(f"alive: {job}", file=sys.stderr)
        self._show()

    def _show(self) -> None:
        alive = sum(end == 0 for end in self.ends.values())
        share = self._done / self._total
        left_s = (time.monotonic() - self._began) * (1 - share) / share
        bar = "#" * int(30 * share)
        text = f"[{bar:30}] {self._done}/{self._total}, {alive} alive, {left_s / 60:.1f} min left"
        if sys.stderr.isatty():
            print(f"\r{text}  ", end="", file=sys.stderr)
        elif self._done % max(self._total // 10, 1) == 0:
            print(text, file=sys.stderr)


def report(ends: dict[Job, int], listed: Sequence[Equivalent]) -> int:
    """Print what became of them; 0 when enough were killed and the list of equivalents is right."""
    alive = [job for job, end in ends.items() if end == 0]
    same = {job: each for job in alive for each in listed if each.is_of(job)}
    print(f"\n{'module':12} {'mutants':>8} {'killed':>7} {'out of time':>12} {'equivalent':>11} {'alive':>6}")
    files = sorted({job.file for job in ends})
    for file in files:
        print(_row(file.stem, {job: end for job, end in ends.items() if job.file == file}, same))
    print(_row("all", ends, same))
    for job, each in same.items():
        print(f"equivalent: {job}\n    {each.reason}")
    for job in alive:
        if job not in same:
            print(f"alive: {job}")
    stale = [each for each in listed if SOURCES / each.file in files and each not in same.values()]
    for each in stale:
        print(f"listed as equivalent, and none such is alive: {each.file}: {each.change}")
    judged = len(ends) - len(same)
    percent = 100 * (len(ends) - len(alive)) / judged
    print(f"{percent:.1f} % of {judged} mutants killed; at least {LEAST_PERCENT} % must be")
    return 1 if stale or percent < LEAST_PERCENT else 0


def _row(name: str, ends: dict[Job, int], same: dict[Job, Equivalent]) -> str:
    alive = sum(end == 0 for end in ends.values())
    late = sum(end == LATE for end in ends.values())
    equivalent = sum(job in same for job in ends)
    killed = len(ends) - alive
    return f"{name:12} {len(ends):8} {killed:7} {late:12} {equivalent:11} {alive - equivalent:6}"


def known() -> list[Equivalent]:
    """The list of those that no test can tell from the original."""
    return [Equivalent(**each) for each in tomllib.loads(KNOWN.read_text()).get("equivalent", [])]


def all_enums() -> dict[str, tuple[str, ...]]:
    """The enums that the machine's modules speak of."""
    enums: dict[str, tuple[str, ...]] = {}
    for file in (*SOURCES.glob("*.py"), *ENUMS_ELSEWHERE):
        enums |= enums_of(ast.parse(file.read_text()))
    return enums


def all_jobs(names: Sequence[str]) -> list[Job]:
    """Every mutant of the modules named, or of all."""
    files = [file for file in sorted(SOURCES.glob("*.py")) if not names or file.stem in names]
    enums = all_enums()
    return [job for file in files for job in jobs_of(file, enums)]


def main(names: Sequence[str]) -> int:
    """Run all mutants of the modules named, or of all."""
    jobs = all_jobs(names)
    warm_up()
    if outcome(TESTS) != SURVIVED:
        print("the tests fail without any mutant: see pytest tests/core/transaction")
        return 1
    run = Run(all_enums(), len(jobs))
    run.go(jobs)
    return report(run.ends, known())


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.dont_write_bytecode = False
    sys.path.insert(0, str(ROOT))
    sys.exit(main(sys.argv[1:]))
