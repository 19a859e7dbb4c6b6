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
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from eth_typing import ABIElement
from eth_utils.abi import abi_to_signature
from eth_utils.crypto import keccak

ROOT = Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / "contracts" / "out"
TARGET = ROOT / "keeper" / "adapters" / "ethereum" / "abi" / "contracts.json"

ERRORS_OF = (
    "RiskVault.sol/RiskVault",
    "UniswapV3Venue.sol/UniswapV3Venue",
    "Lens.sol/Lens",
    "FixedPointMathLib.sol/FixedPointMathLib",
    "SafeCast.sol/SafeCast",
    "SafeERC20.sol/SafeERC20",
)
EVENTS = (("RiskVault.sol/RiskVault", "Rebalanced"),)
FUNCTIONS = (("RiskVault.sol/RiskVault", "rebalance"), ("Lens.sol/Lens", "read"))


def entries(artifact: str, kind: str) -> Iterator[dict[str, Any]]:
    """The parts of one kind of a contract's ABI. Raises FileNotFoundError."""
    text = (ARTIFACTS / f"{artifact}.json").read_text(encoding="utf-8")
    return (entry for entry in json.loads(text)["abi"] if entry["type"] == kind)


def named(artifact: str, kind: str, name: str) -> dict[str, Any]:
    """One part of a contract's ABI by its name."""
    return next(entry for entry in entries(artifact, kind) if entry["name"] == name)


def hashed(entry: dict[str, Any], length: int) -> str:
    """The first bytes of the hash of a part's signature."""
    return "0x" + keccak(text=abi_to_signature(cast("ABIElement", entry)))[:length].hex()


def shown(entry: dict[str, Any]) -> str:
    """A part as it stands in the source: `StalePrice(address feed,uint256 updatedAt,uint256 maxAge)`."""
    inputs = (f"{i['type']}{' indexed' if i.get('indexed') else ''} {i['name']}" for i in entry["inputs"])
    return f"{entry['name']}({','.join(inputs)})"


def document() -> str:
    """The file's text."""
    errors = [entry for artifact in ERRORS_OF for entry in entries(artifact, "error")]
    events = [named(artifact, "event", name) for artifact, name in EVENTS]
    functions = [named(artifact, "function", name) for artifact, name in FUNCTIONS]
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
