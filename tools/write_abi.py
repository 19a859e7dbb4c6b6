#!/usr/bin/env python3
"""Write down what the keeper must know of the contracts' ABI, with its hashes.

The keeper reads errors, one event and two functions. Their selectors are hashes: computing them at every
start costs time, and reading them from the compiler's output would make a container need the compiler. So
they are committed, and a test holds them against `contracts/out`.

    write_abi.py          write keeper/adapters/ethereum/abi/contracts.json
    write_abi.py --check  exit 1 if it is not what would be written
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from eth_typing import ABIElement
from eth_utils.abi import abi_to_signature
from eth_utils.crypto import keccak

ROOT = Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / "contracts" / "out"
TARGET = ROOT / "keeper" / "adapters" / "ethereum" / "abi" / "contracts.json"

PROGRAMS = ("RiskVault", "TreasuryModule", "UniswapV3Venue", "Lens")
"""What is deployed. A library may revert by an error that its users' ABI does not show, so the errors of all
sources that were compiled into these are taken."""

EVENTS = (("RiskVault", "Rebalanced"),)
FUNCTIONS = (("RiskVault", "rebalance"), ("Lens", "read"))


Artifact = dict[str, Any]


def artifact(name: str) -> Artifact:
    """The compiler's output for one of our programs. Raises FileNotFoundError."""
    return read(ARTIFACTS / f"{name}.sol" / f"{name}.json")


def read(path: Path) -> Artifact:
    """One file of the compiler's output."""
    return cast("Artifact", json.loads(path.read_text(encoding="utf-8")))


def compiled_in(programs: Iterable[Artifact]) -> Iterator[Artifact]:
    """The compiler's output for every source of these programs."""
    sources = {source for program in programs for source in program["metadata"]["sources"]}
    for folder in sorted({Path(source).name for source in sources}):
        for path in sorted(ARTIFACTS.glob(f"**/{folder}/*.json")):
            part = read(path)
            # What a partial build left behind says nothing of where it came from.
            about = part.get("metadata", {"settings": {"compilationTarget": ()}})
            if sources.intersection(about["settings"]["compilationTarget"]):
                yield part


def entries(part: Artifact, kind: str) -> list[dict[str, Any]]:
    """The parts of one kind of an ABI."""
    return [entry for entry in part["abi"] if entry["type"] == kind]


def named(program: str, kind: str, name: str) -> dict[str, Any]:
    """One part of a program's ABI by its name."""
    return next(entry for entry in entries(artifact(program), kind) if entry["name"] == name)


def hashed(entry: dict[str, Any], length: int) -> str:
    """The first bytes of the hash of a part's signature."""
    return "0x" + keccak(text=abi_to_signature(cast("ABIElement", entry)))[:length].hex()


def shown(entry: dict[str, Any]) -> str:
    """A part as it stands in the source: `StalePrice(address feed,uint256 updatedAt,uint256 maxAge)`."""
    inputs = (f"{i['type']}{' indexed' if i.get('indexed') else ''} {i['name']}" for i in entry["inputs"])
    return f"{entry['name']}({','.join(inputs)})"


def document() -> str:
    """The file's text."""
    parts = compiled_in(artifact(name) for name in PROGRAMS)
    errors = [entry for part in parts for entry in entries(part, "error")]
    events = [named(program, "event", name) for program, name in EVENTS]
    functions = [named(program, "function", name) for program, name in FUNCTIONS]
    tables = {
        "errors": {hashed(entry, 4): shown(entry) for entry in sorted(errors, key=shown)},
        "events": {hashed(entry, 32): shown(entry) for entry in events},
        "functions": {hashed(entry, 4): entry["name"] for entry in functions},
    }
    return json.dumps(tables, indent=2) + "\n"


def main() -> int:
    """Write or check."""
    text = document()
    if "--check" in sys.argv[1:]:
        if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
            return 0
        print(f"{TARGET.relative_to(ROOT)} is not what the contracts say: run tools/write_abi.py")
        return 1
    TARGET.write_text(text, encoding="utf-8")
    print(f"wrote {TARGET.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
