"""What the paths of a long benchmark came to, kept as each ends, so that a run that was cut off goes on.

A line of JSON for each duel. What other code found, or the same on another tape, is not taken over: each line
has the digest of all that it depends on, the packages that calculate among it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from benchmarks.duels import Duel, Fought, Result
from keeper.simulation.solving import Bands

_ROOT = Path(__file__).parents[1]
_SOURCES = (
    "keeper/core",
    "keeper/simulation",
    "benchmarks/duels.py",
    "benchmarks/lattice.py",
    "benchmarks/rules.py",
    "benchmarks/worlds.py",
)


_PACKAGES = ("numpy", "scipy")


def digests(tapes: Iterable[str]) -> dict[str, str]:
    """By the tape of a duel ("" where prices are drawn) the digest of all that its end depends on."""
    code = hashlib.sha256()
    for package in _PACKAGES:
        code.update(f"{package} {version(package)}\n".encode())
    for source in _SOURCES:
        path = _ROOT / source
        for file in sorted(path.rglob("*.py")) if path.is_dir() else (path,):
            code.update(file.read_bytes())
    found = {}
    for tape in tapes:
        whole = code.copy()
        if tape:
            whole.update(Path(tape).read_bytes())
        found[tape] = whole.hexdigest()
    return found


def read(file: Path, known: Mapping[str, str]) -> dict[Duel, Fought]:
    """What was found before under the same digests; nothing of a line that was cut off."""
    found: dict[Duel, Fought] = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        try:
            kept = json.loads(line)
        except json.JSONDecodeError:
            continue
        if kept.get("digest") in known.values():
            arena, number, path, bands = kept["duel"]
            duel = Duel(arena, number, path, Bands(bands))
            found[duel] = {name: Result(**result) for name, result in kept["fought"].items()}
    return found


def line(duel: Duel, fought: Fought, known: Mapping[str, str]) -> str:
    """One duel as it is kept."""
    results = {name: asdict(result) for name, result in fought.items()}
    named = [duel.arena, duel.number, duel.file, duel.bands.value]
    return json.dumps({"digest": known[duel.file], "duel": named, "fought": results}) + "\n"
