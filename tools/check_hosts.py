#!/usr/bin/env python3
"""Keep the names of package registries and the paths of one machine out of the repository.

A lock that names a registry installs nowhere but where that registry is reachable; a path of the machine that
a file was written on works nowhere else. Both slip in with generated files, so every tracked file is read.

    check_hosts.py [ROOT]
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from repository import ROOT, tracked

# Written so that this file does not match itself.
FORBIDDEN = {
    "a package registry": re.compile(
        r"(registry[.]npmjs[.]org|registry[.]yarnpkg[.]com|pypi[.]org|pythonhosted[.]org|deb[.]debian[.]org"
        r"|security[.]debian[.]org|proxy[.]golang[.]org|static[.]crates[.]io|index[.]crates[.]io)"
    ),
    "a local index": re.compile(r"file:///|--(?:extra-)?index-url\b(?!\S*no-emit)|--find-links\b"),
    "a path of one machine": re.compile(
        r"(?<![\w.<-])/(?:work|root|home/\w+|Users/\w+|opt/pypi|opt/wheels)(?:/|\b)"
    ),
}
# A container's own folders are not a machine's.
EXEMPT = {"a path of one machine": {"Dockerfile"}}


def matches(text: str, name: str) -> Iterator[str]:
    """What of `text` may not stand in the tracked file `name`, with its line."""
    for number, line in enumerate(text.splitlines(), 1):
        for what, pattern in FORBIDDEN.items():
            found = pattern.search(line)
            if found and name not in EXEMPT.get(what, set()):
                yield f"{name}:{number}: names {what}: {found.group().strip()}"


def main(root: Path) -> int:
    """Print every offence in the tracked text files of `root`; 0 if there is none, else 1."""
    found: list[str] = []
    files = [file for file in tracked(root) if file.name != Path(__file__).name]
    for file in files:
        found += matches(file.read_text(errors="replace"), file.relative_to(root).as_posix())
    print("\n".join(found) if found else f"hosts: {len(files)} files name no registry and no machine")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT))
