#!/usr/bin/env python3
"""Take out each check of the guard, one at a time, and see whether a test notices.

A suite can pass because no attack in it ever succeeds. So each entry of guard_mutants.toml removes or
weakens one check in a copy of the contracts, and the unit and fuzz tests are run against it until one
fails. Exit 1 if a mutant lives, or if an entry no longer fits the source.

    guard_mutants.py [WORD...]        only entries whose check contains one of the words
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from repository import ROOT

TABLE = Path(__file__).with_suffix(".toml")
PLACE = ROOT / ".cache" / "forge" / "guard-mutants"
PACKAGES = ("@openzeppelin/contracts", "solady")
LEFT_OUT = "test/{invariant,bound}/*"
PLAIN = {"FOUNDRY_PROFILE": "plain"}
"""Without the optimizer, which has no say in what a check means."""

FAILED = re.compile(r"^\[FAIL.*\] (\w+)\(", re.MULTILINE)

_CLAIMED: list[TextIO] = []
"""Held open until the end."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A check, and the change of one source file that disables it."""

    check: str
    file: str
    old: str
    new: str


class MisfitError(Exception):
    """An entry's text does not stand exactly once in its source."""


def entries() -> list[Mutant]:
    """The table."""
    return [Mutant(**each) for each in tomllib.loads(TABLE.read_text())["mutant"]]


def mutated(source: str, mutant: Mutant) -> str:
    """The source without the check. Raises MisfitError."""
    if source.count(mutant.old) != 1:
        raise MisfitError(f"{mutant.check}: stands {source.count(mutant.old)} times in {mutant.file}")
    return source.replace(mutant.old, mutant.new)


def claim(place: Path) -> TextIO:
    """Keep others out of a folder until what is returned is closed.

    Two runs at once would each prove what the other has broken. Exits if one is at work there.
    """
    place.mkdir(parents=True, exist_ok=True)
    lock = (place / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        sys.exit(f"another run breaks contracts in {place}: wait for its end, or stop it")
    return lock


def lay_out() -> Path:
    """A copy of the project whose build is kept between runs; it is ours until we end."""
    _CLAIMED.append(claim(PLACE))
    project = PLACE / "contracts"
    for folder in ("src", "test", "script"):
        shutil.rmtree(project / folder, ignore_errors=True)
        shutil.copytree(ROOT / "contracts" / folder, project / folder)
    for package in PACKAGES:
        shutil.copytree(ROOT / "node_modules" / package, PLACE / "node_modules" / package, dirs_exist_ok=True)
    shutil.copytree(ROOT / ".cache" / "protocols", PLACE / ".cache" / "protocols", dirs_exist_ok=True)
    settings = (ROOT / "contracts" / "foundry.toml").read_text()
    (project / "foundry.toml").write_text(settings.replace("../tools/", f"{ROOT}/tools/"))
    return project


def first_failure(project: Path) -> str:
    """The name of a test that fails, or nothing."""
    command = [str(ROOT / "tools" / "forge"), "test", "--no-match-path", LEFT_OUT, "--fail-fast"]
    done = subprocess.run(
        command, cwd=project, env=os.environ | PLAIN, capture_output=True, text=True, check=False
    )
    found = FAILED.search(done.stdout)
    if done.returncode != 0 and not found:
        raise MisfitError(f"forge failed without a failing test: {(done.stderr or done.stdout)[-400:]}")
    return found[1] if found else ""


def main(words: list[str]) -> int:
    """Print a line for each mutant; 0 if all were killed, else 1."""
    project = lay_out()
    chosen = [each for each in entries() if not words or any(word in each.check for word in words)]
    if killer := first_failure(project):
        print(f"the tests fail without any mutant: {killer}")
        return 1
    lived = 0
    for mutant in chosen:
        path = project / "src" / mutant.file
        source = path.read_text()
        path.write_text(mutated(source, mutant))
        killer = first_failure(project)
        path.write_text(source)
        lived += not killer
        print(f"{mutant.check:44} {killer or 'LIVES'}", flush=True)
    print(f"{len(chosen) - lived} of {len(chosen)} mutants killed")
    return 1 if lived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
