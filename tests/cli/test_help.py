"""Help answers at once, teaches by an example, and documents the exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest

from keeper.cli.exits import MEANING, Exit
from keeper.cli.program import program
from tests.cli.conftest import Keeper

CONFIG = Path(__file__).parents[2] / "config"
HEAVY = (
    "web3",
    "scipy",
    "numpy",
    "pydantic",
    "matplotlib",
    "aiohttp",
    "sqlalchemy",
    "eth_utils",
    "structlog",
    "rich",
)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, keeper.cli.program\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "sys.exit(', '.join(loaded) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_help_documents_every_exit_code(keeper: Keeper) -> None:
    shown = keeper("--help")
    assert shown.code == Exit.OK
    for code, words in MEANING.items():
        assert f"{code.value:>3}  {words}" in shown.out
    assert set(MEANING) == set(Exit)


def test_exit_codes_are_the_promised_numbers() -> None:
    assert [code.value for code in Exit] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 130]


@pytest.mark.parametrize("command", sorted(program.commands))
def test_every_command_has_an_example_and_speaks_json(keeper: Keeper, command: str) -> None:
    shown = keeper(command, "--help")
    assert "Example" in shown.out
    assert f"keeper {command}" in shown.out
    assert "--json" in shown.out


@pytest.mark.parametrize("arguments", [("runn",), ("run", "--nope"), ("explain",)])
def test_a_command_line_that_is_not_understood_is_a_usage_error(
    keeper: Keeper, arguments: tuple[str, ...]
) -> None:
    shown = keeper(*arguments)
    assert shown.code == Exit.USAGE
    assert "Traceback" not in shown.err


def test_schema_prints_the_committed_schema(keeper: Keeper) -> None:
    assert keeper("schema").out == (CONFIG / "policy.schema.json").read_text()


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "keeper", "--version"], check=False, capture_output=True)
    assert done.returncode == 0
    assert done.stdout.startswith(b"keeper, version ")


def test_a_defect_of_ours_is_told_as_one_and_ends_in_failure(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise ZeroDivisionError("by a defect at https://user:s3cr3t@node.example/k3y")

    monkeypatch.setattr(program.commands["schema"], "callback", broken)
    ran = keeper("schema")
    assert ran.code == Exit.FAILED
    assert "unexpected ZeroDivisionError; this is a defect" in ran.err
    assert "s3cr3t" not in ran.err
    assert "k3y" not in ran.err
