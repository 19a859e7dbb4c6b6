"""Address books as files: read exactly, refused completely."""

import json
from pathlib import Path
from typing import Any

import pytest

from keeper.books import NEEDED, BookError, read_books


def pin(number: int) -> dict[str, str]:
    return {"address": f"0x{number:040x}", "code_hash": "0x" + "ab" * 32}


BOOK: dict[str, Any] = {
    "version": 1,
    "profile": "production",
    "name": "Vault",
    "chain_id": 1,
    "block_number": 2,
    "rules_id": "0x" + "cd" * 32,
    "underwriter": f"0x{99:040x}",
    "guardians": [f"0x{98:040x}"],
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
    assert [int(each, 16) for each in (deployment.owner, deployment.lens, deployment.underwriter)] == [
        2,
        3,
        99,
    ]
    assert {each.name for each in deployment.contracts} == {*NEEDED, "RulesLib"}
    assert [each.name for each in deployment.aggregators] == ["price_feed"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": 2}, "version: Input should be 1"),
        ({"surprise": 1}, "surprise: Extra inputs are not permitted"),
        ({"rules_id": "0x12"}, "rules_id: String should match"),
        ({"underwriter": "nobody"}, "underwriter: Value error, is not an address"),
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
