"""The mutator changes what it says it changes, and its list of equivalents is about the code as it is."""

import ast

import mutants
import pytest
from mutations import mutants as mutants_of

ENUMS = {"State": ("OPEN", "SHUT")}


def changes(source: str) -> list[str]:
    return [each.change for each in mutants_of(ast.parse(source), ENUMS)]


@pytest.mark.parametrize(
    ("source", "change"),
    [
        ("x = a < b", "a < b -> a <= b"),
        ("x = a < b", "a < b -> a >= b"),
        ("x = a + 1", "a + 1 -> a - 1"),
        ("x = a + 1", "1 -> 2"),
        ("x = a and b", "a and b -> a or b"),
        ("x = a and b", "a and b -> b"),
        ("x = not a", "not a -> a"),
        ("x = State.OPEN", "State.OPEN -> State.SHUT"),
        ("x = {State.OPEN, y}", "State.OPEN -> nothing"),
        ("x = {State.OPEN: y}", "State.OPEN -> State.SHUT"),
        ("x = min(a, b)", "min(a, b) -> max(a, b)"),
        ("x = replace(a, b=c)", "b=c -> nothing"),
        ("def f():\n    if a:\n        g()", "if a: -> if False:"),
        ("def f():\n    g()", "g() -> pass"),
        ("x = [a for a in b if c]", " for a in b if c ->  for a in b"),
    ],
)
def test_each_kind_of_change_is_made(source: str, change: str) -> None:
    assert change in changes(source)


@pytest.mark.parametrize(
    "source",
    [
        "from a import b",
        '"""What it is for."""',
        "def f(x: Literal[1]) -> Literal[2]: ...",
        "@dataclass(frozen=True)\nclass A: ...",
        "def f():\n    g = 'words for people'",
        "def f():\n    return a",
        "x = f'{a + 1}'",
    ],
)
def test_what_is_no_rule_is_left_alone(source: str) -> None:
    assert changes(source) == []


def test_a_mutant_is_the_module_with_that_one_change() -> None:
    tree = ast.parse("x = a < b\ny = a < b")
    second = [each for each in mutants_of(tree, ENUMS) if each.line == 2][0]  # noqa: RUF015
    assert ast.unparse(second.applied(tree)) == "x = a < b\ny = a <= b"


def test_every_equivalent_on_the_list_is_a_mutant_of_the_code_as_it_is_and_has_a_reason() -> None:
    jobs = mutants.all_jobs(())
    for each in mutants.known():
        assert any(each.is_of(job) for job in jobs), each
        assert each.reason
