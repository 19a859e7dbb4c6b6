"""Each mutant of the guard fits the source it was written for, and no check is without one."""

from pathlib import Path

import guard_mutants
import pytest
from guard_mutants import MisfitError, Mutant, claim, entries, mutated

from tests.house.test_checks import ROOT


@pytest.mark.parametrize("mutant", entries(), ids=lambda mutant: mutant.check)
def test_a_mutant_changes_one_place_of_its_source(mutant: Mutant) -> None:
    source = (ROOT / "contracts" / "src" / mutant.file).read_text()
    assert mutated(source, mutant) != source


def test_every_check_but_the_telling_has_a_mutant() -> None:
    numbers = {each.check.partition(" ")[0] for each in entries()}
    assert {str(number) for number in range(1, 16)} <= numbers


def test_a_text_that_is_not_there_is_refused() -> None:
    with pytest.raises(MisfitError, match="stands 0 times"):
        mutated("", Mutant("check", "file", "old", "new"))


def test_the_first_failing_test_is_named() -> None:
    said = "[PASS] test_a() (gas: 1)\n[FAIL: Error != expected] test_b(uint256) (gas: 2)\n"
    found = guard_mutants.FAILED.search(said)
    assert found is not None
    assert found[1] == "test_b"


def test_two_runs_never_share_a_copy(tmp_path: Path) -> None:
    with claim(tmp_path), pytest.raises(SystemExit, match="another run breaks contracts"):
        claim(tmp_path)
    claim(tmp_path).close()
