"""Address books as files: read exactly, refused completely."""

import json
from pathlib import Path
from typing import Any

import pytest

from keeper.books import NEEDED, BookError, read_books
from keeper.core.governance import Governance, Role, Unpinned


def pin(number: int) -> dict[str, str]:
    return {"address": f"0x{number:040x}", "code_hash": "0x" + "ab" * 32}


GOVERNANCE: dict[str, Any] = {
    "delay_s": 172_800,
    "deployer": f"0x{96:040x}",
    "proposers": [f"0x{97:040x}"],
    "cancellers": [f"0x{97:040x}", f"0x{98:040x}"],
    "executors": [f"0x{0:040x}"],
}
BOOK: dict[str, Any] = {
    "version": 1,
    "profile": "production",
    "name": "Vault",
    "chain_id": 1,
    "block_number": 2,
    "rules_id": "0x" + "cd" * 32,
    "underwriter": f"0x{99:040x}",
    "guardians": [f"0x{98:040x}"],
    "governance": GOVERNANCE,
    "decimals": {"quote": 6},
    "libraries": {"RulesLib": pin(50)},
    "aggregators": {"price_feed": pin(60)},
    "contracts": {name: pin(number) for number, name in enumerate(NEEDED, 1)},
}


def write(path: Path, **changes: object) -> Path:
    path.write_text(json.dumps({**BOOK, **changes}))
    return path


def test_a_book_is_read_by_its_vault(tmp_path: Path) -> None:
    ((vault, deployment),) = read_books([write(tmp_path / "a.json")]).items()
    assert int(vault, 16) == 1
    named = {name: int(each, 16) for name, each in deployment.accounts.items()}
    assert (named, int(deployment.lens, 16)) == ({"owner": 2, "underwriter": 99}, 3)
    assert {each.name for each in deployment.contracts} == {*NEEDED, "RulesLib"}
    assert [each.name for each in deployment.aggregators] == ["price_feed"]


def test_delay_and_roles_of_the_timelock_are_read(tmp_path: Path) -> None:
    ((_, deployment),) = read_books([write(tmp_path / "a.json")]).items()
    governance = deployment.governance
    assert isinstance(governance, Governance)
    assert governance.delay_s == 172_800
    assert [(seat.role.value, int(seat.account, 16)) for seat in governance.taken] == [
        ("admin", 2),
        ("proposer", 97),
        ("canceller", 97),
        ("canceller", 98),
        ("executor", 0),
    ]
    assert {(seat.role, int(seat.account, 16)) for seat in governance.vacant} == {(each, 96) for each in Role}


def test_a_book_from_before_they_were_pinned_is_read_without_them(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({key: value for key, value in BOOK.items() if key != "governance"}))
    assert [each.governance for each in read_books([path]).values()] == [Unpinned()]


def test_the_book_of_a_module_pins_its_safe(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", safe=f"0x{77:040x}", underwriter=None)
    ((_, deployment),) = read_books([path]).items()
    assert {name: int(each, 16) for name, each in deployment.accounts.items()} == {"owner": 2, "safe": 77}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": 2}, "version: Input should be 1"),
        ({"surprise": 1}, "surprise: Extra inputs are not permitted"),
        ({"rules_id": "0x12"}, "rules_id: String should match"),
        ({"underwriter": "nobody"}, "underwriter: Value error, is not an address"),
        ({"underwriter": None}, "names an underwriter, or the safe of a module, and not both"),
        ({"safe": f"0x{77:040x}"}, "names an underwriter, or the safe of a module, and not both"),
        ({"governance": {**GOVERNANCE, "proposers": []}}, "governance.proposers: Tuple should have at least"),
        ({"governance": {**GOVERNANCE, "delay_s": -1}}, "governance.delay_s: Input should be greater"),
        ({"contracts": {"vault": pin(1)}}, "does not pin timelock, lens, venue"),
    ],
)
def test_a_book_that_is_wrong_is_refused_with_file_and_key(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    path = write(tmp_path / "a.json", **changes)
    with pytest.raises(BookError) as refused:
        read_books([path])
    assert str(refused.value).startswith(f"{path}: ")
    assert words in str(refused.value)


def test_all_faults_of_all_books_are_told_at_once(tmp_path: Path) -> None:
    broken, twice = tmp_path / "broken.json", write(tmp_path / "a.json")
    broken.write_text("{")
    with pytest.raises(BookError) as refused:
        read_books([tmp_path / "absent.json", broken, twice, twice])
    absent, torn, again = refused.value.problems
    assert "cannot be read" in absent
    assert "the file: Invalid JSON" in torn
    assert "has an address book already" in again
