"""What kills a mutant: a test that shows a property, and no longer passes.

A witness that fails is no kill: it waits for one refusal, meets another, and says nothing of the property.
What was killed once is kept for as long as nothing changes that the verdict hangs on, so that a run of an
hour that was interrupted goes on where it was.
"""

import json
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


def state_of(project: Path) -> str:
    """All that a verdict hangs on but the mutant and the tests: contracts, settings, and who asks how."""
    files = [path for folder in ("src", "test", "script") for path in (project / folder).rglob("*")]
    files += [project / "foundry.toml", *(ROOT / "tools" / name for name in TOOLS)]
    files += [ROOT / name for name in VERSIONS]
    return _hash_of(sorted(path for path in files if path.is_file()), project)


def _hash_of(files: Iterable[Path], project: Path) -> str:
    whole = sha256(repr(PLAIN).encode())
    for path in files:
        name = path.relative_to(project if path.is_relative_to(project) else ROOT)
        whole.update(f"\0{name}\0".encode() + path.read_bytes())
    return whole.hexdigest()


class Kills:
    """What was killed by what."""

    def __init__(self, project: Path) -> None:
        """Read the contracts, of which none is mutated yet."""
        self._state = state_of(project)
        known = json.loads(KILLS.read_text()) if KILLS.exists() else {}
        self._known: dict[str, list[str]] = {
            name: killed for name, killed in known.items() if name.startswith(self._state)
        }

    def of(self, tests: Sequence[str], mutants: list[Mutant], project: Path) -> list[str]:
        """The tests of a property that fail now that these mutants are in the project."""
        name = f"{self._state} {sha256(f'{tests} {mutants}'.encode()).hexdigest()}"
        if name not in self._known and (killed := killers(tests, project)):
            self._known[name] = killed
            KILLS.write_text(json.dumps(self._known))
        return self._known.get(name, [])
