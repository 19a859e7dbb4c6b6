"""Where the Foundry tools are.

npm 9 and npm 11 lay the `@foundry-rs/anvil` package out differently (one puts the binary inside it, the
other links a platform package), so package.json names the platform packages themselves, and the binary is
looked up by platform. Where none is published, a tool of that name on PATH will do, and an environment
variable overrides everything.
"""

import os
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The checkout: node_modules, the fetched protocols and the compiled contracts lie below it."""

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class MissingToolError(Exception):
    """A tool that is not installed. The text says how to install it."""


def find(tool: str, environ: Mapping[str, str] = os.environ, root: Path = ROOT) -> Path:
    """Path of a Foundry tool (anvil, cast, forge), or of node.

    Order: the variable DEMO_<TOOL>, the platform package below `root`, PATH. Raises MissingToolError.
    """
    variable = f"DEMO_{tool.upper()}"
    if named := environ.get(variable):
        if not os.access(named, os.X_OK):
            raise MissingToolError(f"{variable} names {named}, which cannot be executed")
        return Path(named)
    packaged = root / "node_modules" / "@foundry-rs" / f"{tool}-{platform_name()}" / "bin" / tool
    if os.access(packaged, os.X_OK):
        return packaged
    if on_path := shutil.which(tool, path=environ.get("PATH")):
        return Path(on_path)
    raise MissingToolError(f"{tool} is not installed: run `make setup`, or let {variable} name it")


def platform_name() -> str:
    """This machine as the platform packages name it, such as linux-amd64."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}-{_ARCHITECTURES.get(machine, machine)}"
