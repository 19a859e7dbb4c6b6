"""The page for those who bring a vault of their own says what the suite asks."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "own-vault.md").read_text()
CONFORMANCE = ROOT / "contracts" / "test" / "conformance"


def test_the_page_names_every_hook_and_no_other() -> None:
    promises = (CONFORMANCE / "KeeperVaultPromises.sol").read_text()
    hooks = set(re.findall(r"function (_\w+)\([^)]*\)[^{;]*virtual[^{;]*;", promises))
    assert hooks == set(re.findall(r"^\| `(_\w+)` \|", PAGE, re.MULTILINE))


def test_what_to_fill_in_upon_the_guard_is_what_it_leaves_open() -> None:
    (paragraph,) = re.findall(r"^Build upon `(?:.+\n)+", PAGE, re.MULTILINE)
    sources = (ROOT / "contracts" / "src" / "vault" / f"{name}.sol" for name in ("Guard", "Holdings"))
    left_open = r"function (_\w+)\([^)]*\)[^{;]*virtual[^{;]*;"
    hooks = {hook for path in sources for hook in re.findall(left_open, path.read_text())}
    assert set(re.findall(r"`(_\w+)`", paragraph)) == hooks


def test_the_page_names_every_call_of_the_interface() -> None:
    interface = (ROOT / "contracts" / "src" / "interfaces" / "IKeeperVault.sol").read_text()
    calls = set(re.findall(r"function (\w+)\(", interface))
    assert calls == set(re.findall(r"^\| `(\w+)\(", PAGE, re.MULTILINE))


@pytest.mark.forge
@pytest.mark.slow
@pytest.mark.parametrize("command", re.findall(r"^make (conformance.*)$", PAGE, re.MULTILINE))
def test_the_suite_runs_as_the_page_says(command: str) -> None:
    ran = subprocess.run(
        ["make", "-C", str(ROOT), *command.split()], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    assert "TreasuryConformanceTest" in ran.stdout
    assert ("WrongTest" in ran.stdout) == ("CONTRACT" not in command)
