"""The folder of one demo run: everything a daemon needs, as an operator would lay it out.

The policies are the project's examples, with the addresses of the local vaults and the two durations that
follow from how much market time a block takes: on a real chain twelve seconds, here some minutes.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from keeper.core.policy import Policy
from keeper.demo.accounts import write_keystore
from keeper.demo.addressbook import AddressBook
from keeper.demo.binaries import ROOT
from keeper.policies import read_policy

EXAMPLES = ROOT / "config" / "policies"
_DEADLINE = "60m"
_RESTLESS_USD = 20


class FolderError(Exception):
    """The folder cannot be used. The text says why."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where the parts of a run are."""

    root: Path
    keystore: Path
    password: Path

    @property
    def policies(self) -> Path:
        """One file for each vault."""
        return self.root / "policies"

    @property
    def book(self) -> Path:
        """Addresses of the world, JSON."""
        return self.root / "book.json"

    @property
    def journal(self) -> Path:
        """The daemon's record."""
        return self.root / "journal.sqlite"

    @property
    def settings(self) -> Path:
        """The daemon's settings, one variable a line."""
        return self.root / "keeper.env"

    @property
    def report(self) -> Path:
        """What the run leaves for people."""
        return self.root / "report.html"

    @property
    def result(self) -> Path:
        """What the run leaves for programs."""
        return self.root / "result.json"

    def log(self, name: str) -> Path:
        """Where a process writes."""
        return self.root / f"{name}.log"

    def read_policies(self) -> Mapping[str, Policy]:
        """The run's policies by vault name. Raises PolicyError."""
        return {path.stem: read_policy(path) for path in sorted(self.policies.glob("*.yaml"))}


def prepare(out: Path | None, book: AddressBook, step_s: int, examples: Path = EXAMPLES) -> RunFolder:
    """Lay out a new folder: `out`, or one named by the clock below the working directory.

    Raises FolderError, and OSError where nothing can be written.
    """
    root = (out or Path(f"demo-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}")).resolve()
    if (root / "journal.sqlite").exists():
        raise FolderError(f"{root} holds an earlier run: name another folder, or remove it")
    root.mkdir(parents=True, exist_ok=True)
    keystore, password = write_keystore(root / "keys")
    folder = RunFolder(root, keystore, password)
    folder.policies.mkdir(exist_ok=True)
    for name, vault in book.vaults.items():
        text = (examples / f"{name}.yaml").read_text(encoding="utf-8")
        (folder.policies / f"{name}.yaml").write_text(fill_in(text, vault, step_s), encoding="utf-8")
    book.write(folder.book)
    return folder


def fill_in(policy: str, vault: str, step_s: int) -> str:
    """An example policy made to fit a local vault, its comments kept."""
    for key, value in (("vault", f'"{vault}"'), ("look_interval", f"{step_s}s"), ("deadline", _DEADLINE)):
        line = re.compile(rf'^(\s*{key}:\s+)("[^"]*"|\S+)', re.MULTILINE)
        policy = line.sub(rf"\g<1>{value}", policy, count=1)
    return policy


def restless(folder: Path, examples: Path = EXAMPLES) -> Path:
    """Example policies with so little tolerance that almost every move is worth a hedge, in a new folder."""
    folder.mkdir(parents=True)
    for path in examples.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"risk_tolerance_usd: \S+", f"risk_tolerance_usd: {_RESTLESS_USD}", text)
        (folder / path.name).write_text(text, encoding="utf-8")
    return folder


def write_settings(path: Path, settings: Mapping[str, str]) -> None:
    """Write settings as an environment file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as text:
        text.writelines(f"{name}={value}\n" for name, value in settings.items())
