"""docs/scenarios.md cannot promise a test that is not there, nor leave a scenario out."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "scenarios.md"
NUMBERS = range(1, 74)

STILL_OPEN = frozenset({53})
"""Scenarios that a test is only planned for, in whole or in part."""

ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
NAMED = re.compile(r"(planned: )?`([^`]+)`")


def rows() -> list[tuple[int, str, list[tuple[bool, str]]]]:
    """Number, sentence and tests of each row; a test with whether it is planned only."""
    return [
        (int(number), sentence, [(bool(planned), test) for planned, test in NAMED.findall(cell)])
        for number, sentence, cell in ROW.findall(PAGE.read_text())
    ]


def named_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


def test_every_scenario_stands_in_the_table_once_and_in_order() -> None:
    assert [number for number, _, _ in rows()] == list(NUMBERS)


def test_every_scenario_names_a_test() -> None:
    assert [number for number, _, tests in rows() if not tests] == []


def test_nothing_on_the_page_escapes_this_reading() -> None:
    page = PAGE.read_text()
    assert len(re.findall(r"^\| *\d", page, re.MULTILINE)) == len(NUMBERS)
    named = page.count("::") + page.count("planned: ")
    assert named == sum(len(tests) for _, _, tests in rows())


def test_every_test_that_is_named_is_there() -> None:
    missing = []
    for number, _, tests in rows():
        for planned, test in tests:
            file, _, name = test.rpartition("::")
            path = ROOT / "tests" / file
            if not planned and not (path.is_file() and name in named_in(path)):
                missing.append((number, test))
    assert missing == []


def test_no_test_that_is_planned_is_there_already() -> None:
    existing = {name for file in (ROOT / "tests").rglob("test_*.py") for name in named_in(file)}
    planned = {test for _, _, tests in rows() for is_planned, test in tests if is_planned}
    assert sorted(planned & existing) == []


def test_what_is_still_open_is_said_here_and_nothing_else_is() -> None:
    assert {number for number, _, tests in rows() if any(planned for planned, _ in tests)} == STILL_OPEN
