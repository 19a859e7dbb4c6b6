"""What the paths of a long benchmark came to, kept as each ends, so that a run that was cut off goes on.

A line of JSON for each duel. What other code found is not taken over: each line has the digest of the sources
that it depends on.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from benchmarks.duels import Duel, Fought, Result
from keeper.simulation.solving import Bands

_ROOT = Path(__file__).parents[1]
_SOURCES = (
    "keeper/core",
    "keeper/simulation",
    "benchmarks/duels.py",
    "benchmarks/rules.py",
    "benchmarks/worlds.py",
)


def sources() -> str:
    """The digest of all code that a duel runs through."""
    found = hashlib.sha256()
    for source in _SOURCES:
        path = _ROOT / source
        for file in sorted(path.rglob("*.py")) if path.is_dir() else (path,):
            found.update(file.read_bytes())
    return found.hexdigest()


def read(file: Path, digest: str) -> dict[Duel, Fought]:
    """What the same code found before; nothing of a line that was cut off."""
    found: dict[Duel, Fought] = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        try:
            kept = json.loads(line)
        except json.JSONDecodeError:
            continue
        if kept["sources"] == digest:
            arena, number, path, bands = kept["duel"]
            duel = Duel(arena, number, path, Bands(bands))
            found[duel] = {name: Result(**result) for name, result in kept["fought"].items()}
    return found


def line(duel: Duel, fought: Fought, digest: str) -> str:
    """One duel as it is kept."""
    results = {name: asdict(result) for name, result in fought.items()}
    named = [duel.arena, duel.number, duel.file, duel.bands.value]
    return json.dumps({"sources": digest, "duel": named, "fought": results}) + "\n"
