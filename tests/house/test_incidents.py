"""docs/incidents.md cannot promise a test that is not there, nor leave an incident or a test of one out."""

import re
from pathlib import Path

from tests.house.test_scenarios import named_in

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "incidents.md").read_text()
INCIDENTS = range(1, 24)

ROW = re.compile(r"^\| (\d+) \| [^|]+ \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
NAMED = re.compile(r"`([^`]+)::(\w+)`")


def rows() -> list[tuple[int, list[tuple[str, str]]]]:
    """Number and tests of each row."""
    return [(int(number), NAMED.findall(cell)) for number, cell in ROW.findall(PAGE)]


def functions_of(file: str) -> set[str]:
    if file.endswith(".sol"):
        return set(re.findall(r"function ((?:test|invariant)_\w+)", (ROOT / file).read_text()))
    return named_in(ROOT / "tests" / file)


def test_every_incident_stands_in_the_table_once_and_has_a_test() -> None:
    assert [number for number, tests in rows() if tests] == list(INCIDENTS)
    assert PAGE.count("::") == sum(len(tests) for _, tests in rows())


def test_every_test_that_is_named_is_there() -> None:
    named = [test for _, tests in rows() for test in tests]
    assert [(file, name) for file, name in named if name not in functions_of(file)] == []


def test_every_test_of_an_incident_is_named() -> None:
    named = {name for _, tests in rows() for _, name in tests}
    written = {name for file in (ROOT / "tests" / "incidents").glob("test_*.py") for name in named_in(file)}
    assert written
    assert written <= named
