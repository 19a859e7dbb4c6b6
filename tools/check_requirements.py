#!/usr/bin/env python3
"""Check, without a network, that the locks in requirements/ still answer pyproject.toml.

A dependency that is added without `make lock` installs on its author's machine only. So each requirement of
pyproject.toml must be pinned by its lock at a version inside its bounds, every pin must carry a hash, and the
development lock must pin what the image's lock pins, at the same version.

    check_requirements.py [ROOT]
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from repository import ROOT

Pins = dict[str, set[str]]

PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")


def read_pins(text: str) -> tuple[Pins, list[str]]:
    """Versions by canonical name (one per marker), and the pins that carry no hash."""
    pins: Pins = {}
    unhashed = []
    for entry in re.sub(r"\\\n", " ", text).splitlines():
        match = PIN.match(entry)
        if match is None:
            continue
        pins.setdefault(canonicalize_name(match[1]), set()).add(match[2])
        if "--hash=sha256:" not in entry:
            unhashed.append(match[1])
    return pins, unhashed


def unanswered(wanted: list[str], pins: Pins) -> Iterator[str]:
    """The requirements that no pin satisfies."""
    for line in wanted:
        requirement = Requirement(line)
        versions = pins.get(canonicalize_name(requirement.name), set())
        if not versions:
            yield f"{requirement.name} is not pinned"
        elif not all(requirement.specifier.contains(v, prereleases=True) for v in versions):
            yield f"{line} is pinned at {', '.join(sorted(versions))}"


def faults(root: Path) -> Iterator[str]:
    """Everything in which the locks of `root` differ from its pyproject.toml."""
    document = tomllib.loads((root / "pyproject.toml").read_text())
    project = document["project"]
    extras = project["optional-dependencies"]
    own = canonicalize_name(project["name"])
    development = [line for extra in extras.values() for line in extra if Requirement(line).name != own]
    wanted = {
        "base": project["dependencies"],
        "build": document["build-system"]["requires"],
        "dev": [*project["dependencies"], *document["build-system"]["requires"], *development],
        **document["dependency-groups"],
    }
    pins = {}
    for name, lines in wanted.items():
        pins[name], unhashed = read_pins((root / "requirements" / f"{name}.txt").read_text())
        yield from (f"{name}.txt: {fault}" for fault in unanswered(lines, pins[name]))
        yield from (f"{name}.txt: {package} has no hash" for package in unhashed)
    for package, versions in pins["base"].items():
        if pins["dev"].get(package) != versions:
            yield f"dev.txt: {package} differs from base.txt"


def main(root: Path) -> int:
    """Print every fault; 0 if there is none, else 1."""
    found = list(faults(root))
    print(
        "\n".join([*found, "run `make lock`"]) if found else "requirements: the locks answer pyproject.toml"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT))
