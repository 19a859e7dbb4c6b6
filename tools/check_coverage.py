#!/usr/bin/env python3
"""Refuse a contract line or branch that no test reaches.

The contracts hold the money, so their coverage has no acceptable gap; `forge coverage` only prints a table.
This reads its LCOV file and names every line and branch of contracts/src that was not reached.

    check_coverage.py LCOV
"""

import sys
from collections.abc import Iterator
from pathlib import Path


def gaps(lcov: str, folder: str = "src/") -> Iterator[str]:
    """Lines (DA) and branches (BRDA) below `folder` with no hit, one line of text each."""
    source = ""
    for record in lcov.splitlines():
        kind, _, value = record.partition(":")
        if kind == "SF":
            source = value
        elif not source.startswith(folder):
            continue
        elif kind == "DA" and value.split(",")[1] == "0":
            yield f"{source}:{value.split(',')[0]}: line not reached"
        elif kind == "BRDA" and value.split(",")[3] in {"0", "-"}:
            yield f"{source}:{value.split(',')[0]}: branch {value.split(',')[2]} not reached"


def main(report: Path) -> int:
    """Print every gap; 0 if there is none and something was measured, else 1."""
    lcov = report.read_text()
    found = list(gaps(lcov))
    if "SF:src/" not in lcov:
        found.append(f"{report}: measures no contract")
    print("\n".join(found) if found else "coverage: every line and branch of contracts/src is reached")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
