"""What figures were measured on."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from keeper.demo.binaries import find


def machine() -> dict[str, object]:
    """What the figures were measured on, the chain's node with it."""
    node = subprocess.run(  # noqa: S603 a binary of the project
        [str(find("anvil")), "--version"], capture_output=True, text=True, check=True
    ).stdout.split("\n")[0]
    return {**computer("numpy", "web3", "eth-abi", "eth-account"), "node": node}


def computer(*packages: str) -> dict[str, object]:
    """Processor, system and versions: all that a benchmark without a chain rests on."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }
