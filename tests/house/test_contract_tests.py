"""`make contracts` runs every test of the contracts, in two parts: what is in neither would not run."""

import re
from fnmatch import fnmatch

from tests.house.test_checks import ROOT

RUN = re.compile(r"forge test --match-path '([^']+)'( --no-match-contract \w+)?$", re.MULTILINE)
WITH_OPTION = "test/bound/Gas.t.sol"
"""Its contract is left out by name where its folder is run."""


def _expanded(pattern: str) -> list[str]:
    if not (braces := re.search(r"\{([^{}]*)\}", pattern)):
        return [pattern]
    parts = (pattern[: braces.start()] + part + pattern[braces.end() :] for part in braces[1].split(","))
    return [each for part in parts for each in _expanded(part)]


def test_every_file_of_contract_tests_is_run_once() -> None:
    recipe = (ROOT / "Makefile").read_text().partition("\ncontracts: ")[2].partition("\n\n")[0]
    runs = [(_expanded(match[1]), bool(match[2])) for match in RUN.finditer(recipe)]
    assert [partly for _, partly in runs] == [False, True]
    tests = [path.relative_to(ROOT / "contracts") for path in (ROOT / "contracts" / "test").rglob("*.t.sol")]
    for test in tests:
        found = [partly for patterns, partly in runs if any(fnmatch(str(test), each) for each in patterns)]
        # Halmos runs what is symbolic.
        expected = 0 if test.parts[1] == "symbolic" else 1
        assert len(found) - (str(test) == WITH_OPTION) == expected, test
