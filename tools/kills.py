"""What kills a mutant: a test that shows a property, and no longer passes.

A witness that fails is no kill: it waits for one refusal, meets another, and says nothing of the property.
What was killed once is kept for as long as nothing changes that the verdict hangs on, so that a run of an
hour that was interrupted goes on where it was.
"""

import json
import re
import shutil
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

from guard_mutants import PLAIN, Mutant
from provers import run_forge, run_halmos
from repository import ROOT

KILLS = ROOT / ".cache" / "forge" / "kills.json"
TOOLS = ("provers.py", "kills.py")
VERSIONS = ("package-lock.json", "requirements/prove.txt")
"""Which forge, compiler and libraries, and which prover."""

CONTRACT = re.compile(r"^(?:abstract )?contract (\w+)", re.MULTILINE)
IMPORT = re.compile(r'^import [^;]*"([^"]+)";', re.MULTILINE)


def killers(tests: Sequence[str], project: Path) -> list[str]:
    """Which of a property's tests fail now: of what takes moments, and if none does, of what is fuzzed."""
    # A sequence that broke another mutant would be tried again first.
    shutil.rmtree(project / "cache" / "invariant", ignore_errors=True)
    if all(name.partition(".")[2].startswith("check_") for name in tests):
        # One after the other: what does not fail takes as long as ever, and the first to fail suffices.
        runs = (run_halmos(project, [name], "--early-exit").failed for name in tests)
        return sorted(next((failed for failed in runs if failed), frozenset()))
    known = {name.partition(".")[2] for name in tests}
    fuzzed = [name for name in tests if ".invariant_" in name]
    failed = run_forge(project, [name for name in tests if name not in fuzzed]).failed & known
    return sorted(failed or run_forge(project, fuzzed).failed & known)


def state_of(project: Path, tests: Sequence[str]) -> str:
    """All that a verdict hangs on but the mutant: contracts, what the tests are made of, and who asks how."""
    files = [path for folder in ("src", "script") for path in (project / folder).rglob("*")]
    files += [path for path in (project / "test").rglob("*") if path.suffix != ".sol"]
    files += [project / "foundry.toml", *(ROOT / "tools" / name for name in TOOLS)]
    files += [ROOT / name for name in VERSIONS]
    files += _imported(project, {name.partition(".")[0] for name in tests})
    return _hash_of(sorted(path for path in files if path.is_file()), project)


def _imported(project: Path, contracts: set[str]) -> set[Path]:
    """The files of these test contracts, and all test files that they import, and so on."""
    sources = {path.resolve(): path.read_text() for path in (project / "test").rglob("*.sol")}
    found: set[Path] = set()
    reached = [path for path, text in sources.items() if contracts & set(CONTRACT.findall(text))]
    while reached:
        path = reached.pop()
        found.add(path)
        named = IMPORT.findall(sources[path])
        near = {((path.parent if name.startswith(".") else project) / name).resolve() for name in named}
        reached += (near & sources.keys()) - found
    return found


def _hash_of(files: Iterable[Path], project: Path) -> str:
    whole = sha256(repr(PLAIN).encode())
    for path in files:
        name = path.relative_to(project if path.is_relative_to(project) else ROOT)
        whole.update(f"\0{name}\0".encode() + path.read_bytes())
    return whole.hexdigest()


class Kills:
    """What was killed by what."""

    def __init__(self, project: Path, asked: Iterable[tuple[str, ...]]) -> None:
        """Read what each verdict hangs on, while no contract is mutated yet."""
        self._project = project.resolve()
        self._states = {tests: state_of(self._project, tests) for tests in asked}
        self._known: dict[str, list[str]] = json.loads(KILLS.read_text()) if KILLS.exists() else {}

    def of(self, tests: tuple[str, ...], mutants: list[Mutant]) -> list[str]:
        """The tests of a property that fail now that these mutants are in the project."""
        name = f"{self._states[tests]} {sha256(f'{tests} {mutants}'.encode()).hexdigest()}"
        if name not in self._known and (killed := killers(tests, self._project)):
            self._known[name] = killed
            KILLS.write_text(json.dumps(self._known))
        return self._known.get(name, [])
