"""Multicall3 at the address where it lives on every chain.

Anvil does not bring it, and no package has its bytecode, so it is compiled from its published source.
"""

import subprocess
from typing import Final

import orjson

from keeper.demo.artifacts import PROTOCOLS, MissingArtifactError
from keeper.demo.binaries import ROOT, find
from keeper.demo.chain import Chain
from keeper.demo.rpc import as_object

ADDRESS: Final = "0xcA11bde05977b3631167028862bE2a173976CA11"

_SOURCE = PROTOCOLS / "chainlink/src/v0.8/vendor/multicall/ebd8b64/src/Multicall3.sol"
_FILE = "Multicall3.sol"


def install_multicall(chain: Chain) -> str:
    """Put the contract's code at its address, which is returned. Raises MissingArtifactError."""
    chain.rpc("anvil_setCode", ADDRESS, "0x" + compile_multicall())
    return ADDRESS


def compile_multicall() -> str:
    """Runtime bytecode, without 0x, by the project's own compiler."""
    if not _SOURCE.exists():
        raise MissingArtifactError("the source of Multicall3 is missing: run `make setup`")
    request = {
        "language": "Solidity",
        "sources": {_FILE: {"content": _SOURCE.read_text()}},
        "settings": {
            "optimizer": {"enabled": True, "runs": 10_000_000},
            "evmVersion": "cancun",
            "outputSelection": {_FILE: {"Multicall3": ["evm.deployedBytecode.object"]}},
        },
    }
    done = subprocess.run(  # noqa: S603 the project's compiler, fixed arguments
        [str(find("node")), str(ROOT / "tools" / "solc.js")],
        input=orjson.dumps(request),
        capture_output=True,
        check=False,
    )
    try:
        output = as_object(orjson.loads(done.stdout))
        found = as_object(as_object(output["contracts"])[_FILE])["Multicall3"]
        code = as_object(as_object(as_object(found)["evm"])["deployedBytecode"])["object"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        said = (done.stderr or done.stdout).decode(errors="replace")[-2000:]
        raise MissingArtifactError(f"Multicall3 did not compile: {said}") from error
    return str(code)
