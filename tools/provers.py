"""Ask forge and halmos which tests pass, all of them by name.

What is not among the verdicts has not run, or has come to no end: that is neither passed nor failed, so a
prover that skips what it cannot read shows nothing.

A prover may also hang: its solver, asked for a moment's thought, now and then forgets the time. One that has
said nothing for longer than any proof takes is ended with all it started, and what it left open is asked
again, each test by itself. What it had said until then stands.
"""

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from guard_mutants import PLAIN
from repository import ROOT

BIN = ROOT / ".cache" / "prove" / "bin"
SYMBOLIC = {"FOUNDRY_DYNAMIC_TEST_LINKING": "false", "FOUNDRY_TEST": "test/symbolic"}
SILENCE_S = 600
"""The longest proof takes half a minute on an idle machine."""
SUITE_SILENCE_S = 1_800
"""Forge says nothing of a suite before all of it has ended: two minutes of fuzzing, and nobody asks again."""
WIDTH = 1_000
"""Columns: halmos breaks its warnings, and the names in them, to the width that it takes a terminal for."""
WORKERS = 2
"""Provers at a time: one for each core of a small machine."""

_AT_WORK: set[int] = set()
"""The sessions of provers."""

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
VERDICT = re.compile(r"^\[(PASS|FAIL)(?:\]|.*\])\s+(\w+)\(", re.MULTILINE)
BOUNDED = re.compile(
    r"(\w+)\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\):\s+paths\s+have\s+not\s+been\s+fully\s+explored"
)
"""Halmos says so beside a pass: what was left out might have failed. Its lines may break at any word."""
SEQUENCE = re.compile(r"^\[FAIL.*\n(?:\t.*\n)+ (\w+)\(", re.MULTILINE)
"""Between an invariant's failure and its name stand the calls that led to it."""


@dataclass(frozen=True, slots=True)
class Build:
    """How what halmos reads is compiled, and where it is kept."""

    settings: dict[str, str]
    place: str

    @property
    def out(self) -> str:
        """The folder of artifacts, from the project."""
        return f"{self.place}/out"

    @property
    def environment(self) -> dict[str, str]:
        """What forge and halmos are told."""
        return (
            SYMBOLIC | self.settings | {"FOUNDRY_OUT": self.out, "FOUNDRY_CACHE_PATH": f"{self.place}/cache"}
        )


QUICK = Build(PLAIN, "../.cache/forge/prove")
DEPLOYED = Build({"FOUNDRY_CODE_SIZE_LIMIT": "1000000"}, "../.cache/forge/prove-deployed")
"""Optimised, and set as for a deployment; the limit is for tests, which hold what they deploy."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The tests that passed and those that failed, by name."""

    passed: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()


def read_verdicts(said: str) -> Verdicts:
    """The verdicts in what forge or halmos printed."""
    said = COLOURS.sub("", said)
    found = VERDICT.findall(said)
    failed = frozenset(name for verdict, name in found if verdict == "FAIL") | set(SEQUENCE.findall(said))
    passed = frozenset(name for verdict, name in found if verdict == "PASS")
    return Verdicts(passed - failed - set(BOUNDED.findall(said)), failed)


def _together(all_: Iterable[Verdicts]) -> Verdicts:
    parts = list(all_)
    return Verdicts(
        frozenset().union(*(each.passed for each in parts)),
        frozenset().union(*(each.failed for each in parts)),
    )


def ask(command: list[str], project: Path, environment: dict[str, str], silence_s: float) -> tuple[str, int]:
    """What a prover prints, and its exit code: minus nine if it had to be ended for its silence."""
    with tempfile.TemporaryFile("w+") as out:
        prover = subprocess.Popen(
            command,
            cwd=project,
            env=os.environ | environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        _AT_WORK.add(prover.pid)
        if not _ends(prover, out.fileno(), silence_s):
            print(f"{command[0]} has been silent for {silence_s} s and is ended", flush=True)
        _end(prover.pid)
        code = prover.wait()
        out.seek(0)
        return out.read(), code


def _end(session: int) -> None:
    """End a prover with its solvers, which are processes of their own and would go on without it."""
    _AT_WORK.discard(session)
    with suppress(ProcessLookupError):
        os.killpg(session, signal.SIGKILL)


def end_all(number: int, _: object) -> NoReturn:
    """What to do about a signal: provers are in sessions of their own, where it does not reach them."""
    for session in tuple(_AT_WORK):
        _end(session)
    os._exit(128 + number)


def _ends(prover: subprocess.Popen[bytes], out: int, silence_s: float) -> bool:
    size, since = 0, time.monotonic()
    while prover.poll() is None:
        time.sleep(0.2)
        if (now := os.fstat(out).st_size) != size:
            size, since = now, time.monotonic()
        elif time.monotonic() - since > silence_s:
            return False
    return True


def _run(
    command: list[str], project: Path, environment: dict[str, str], silence_s: float
) -> tuple[Verdicts, int]:
    own = {
        "PATH": f"{ROOT / 'tools'}:{os.environ['PATH']}",
        "PYTHONUNBUFFERED": "1",
        "COLUMNS": str(WIDTH),
    }
    said, code = ask(command, project, own | environment, silence_s)
    verdicts = read_verdicts(said)
    if code != 0 and not verdicts.failed:
        print(f"{command[0]} failed: {said[-600:]}", flush=True)
    return verdicts, code


def _patterns(names: Iterable[str]) -> tuple[str, str]:
    pairs = [name.split(".") for name in names]
    return "|".join(sorted({one for one, _ in pairs})), "|".join(sorted({two for _, two in pairs}))


def run_forge(project: Path, names: list[str]) -> Verdicts:
    """Run tests with forge."""
    if not names:
        return Verdicts()
    contracts, tests = _patterns(names)
    command = ["forge", "test", "--match-contract", f"^({contracts})$", "--match-test", f"^({tests})\\b"]
    return _run(command, project, PLAIN, SUITE_SILENCE_S)[0]


def _shares(names: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Tests dealt out to the provers: those of one contract to as many as there are, the dear ones evenly."""
    by_contract: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        contract, _, test = name.partition(".")
        by_contract.setdefault(contract, []).append(test)
    for contract, tests in sorted(by_contract.items(), key=lambda each: -len(each[1])):
        yield from ((contract, share) for at in range(WORKERS) if (share := tests[at::WORKERS]))


def run_halmos(project: Path, names: Iterable[str], *options: str, build: Build = QUICK) -> Verdicts:
    """Run proofs with halmos, some at once. What it does not know is neither passed nor failed.

    Where the tests do not compile nothing is asked: halmos would answer for what was compiled before.
    """
    names = sorted(set(names))
    compile_ = ["forge", "build", "--ast", "--extra-output", "storageLayout", "metadata"]
    if _run(compile_, project, build.environment, SUITE_SILENCE_S)[1] != 0:
        print("halmos: asked nothing, because what it reads was not built", flush=True)
        return Verdicts()
    command = [str(BIN / "halmos"), "--forge-build-out", build.out, "--no-status"]
    command += ["--solver-timeout-assertion", "180s", *options]
    first = _prove(project, build, command, _shares(names))
    answered = first.passed | first.failed
    left = [name.split(".") for name in names if name.partition(".")[2] not in answered]
    if not left:
        return first
    print(f"halmos: asked again, each by itself: {', '.join(test for _, test in left)}", flush=True)
    again = _prove(project, build, command, ((contract, [test]) for contract, test in left))
    return _together([first, again])


def _prove(
    project: Path, build: Build, command: list[str], shares: Iterable[tuple[str, list[str]]]
) -> Verdicts:
    calls = [
        [*command, "--contract", contract, "--match-test", f"^({'|'.join(tests)})\\b"]
        for contract, tests in shares
    ]
    with ThreadPoolExecutor(WORKERS) as pool:
        runs = pool.map(lambda call: _run(call, project, build.environment, SILENCE_S)[0], calls)
        return _together(runs)
