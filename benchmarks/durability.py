"""How often something is made durable, and for what: commits of the database, and syncs of the disk.

Commits are heard of from SQLAlchemy. Syncs are SQLite's own, and only the system sees them: so the benchmark
is run once more under strace, and looks for a file that is not there whenever it turns to something else.
"""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, event

BEGIN, END = "begin", "end"
OFFER, HEAD, OUTSIDE = "offer", "head", "outside"
WRITES = ("INSERT", "UPDATE", "DELETE")
FOLDER = "/bench/"


def mark(what: str) -> None:
    """Leave a trace in the system calls."""
    os.access(FOLDER + what, os.F_OK)


class Counted:
    """Commits by what the engine is doing, and a mark in the system calls where that changes."""

    def __init__(self) -> None:
        self.commits: Counter[str] = Counter()
        self._doing = OUTSIDE
        self._writing: set[int] = set()

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Count for this."""
        self._turn(what)
        yield
        self._turn(OUTSIDE)

    def _turn(self, what: str) -> None:
        self._doing = what
        mark(what)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear of every commit of this process."""
        event.listen(Engine, "before_cursor_execute", self._executed)
        event.listen(Engine, "commit", self._committed)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", self._executed)
            event.remove(Engine, "commit", self._committed)

    def _executed(self, connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().startswith(WRITES):
            self._writing.add(id(connection))

    def _committed(self, connection: Connection) -> None:
        if id(connection) in self._writing:
            self._writing.remove(id(connection))
            self.commits[self._doing] += 1


def syncs(heads: int, intents: int, folder: Path) -> dict[str, int]:
    """Syncs by what the engine was doing, in a run of its own; empty where strace is not there."""
    strace = shutil.which("strace")
    if strace is None:
        return {}
    log = folder / "strace"
    calls = "trace=fsync,fdatasync,access,faccessat,faccessat2"
    inner = [sys.executable, "-m", "benchmarks.engine", "--heads", str(heads), "--intents", str(intents)]
    done = subprocess.run(  # noqa: S603 this very module
        [strace, "-f", "-qq", "-e", calls, "-o", str(log), *inner, "--untraced"],
        capture_output=True,
        text=True,
        check=False,
    )
    return counted(log.read_text()) if done.returncode == 0 else {}


def counted(log: str) -> dict[str, int]:
    """Syncs in a log of strace, between its marks."""
    found: Counter[str] = Counter()
    doing, is_counting = OUTSIDE, False
    for line in log.splitlines():
        if '"/bench/' in line:
            name = line.split('"/bench/')[1].split('"')[0]
            is_counting = name == BEGIN or (is_counting and name != END)
            doing = name
        elif is_counting and doing in {OFFER, HEAD} and ("fsync(" in line or "fdatasync(" in line):
            found[doing] += 1
    return dict(found)
