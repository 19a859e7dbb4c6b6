"""What goes over the pipe arrives as it was, to the last bit; what is no answer is known for none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.adapters.solver.wire import GarbledError, announced, answer, question, recipe_of, size, table_of
from keeper.core.hedging import Recipe, Solved, Table, Term, Unsolved

numbers = st.floats(allow_nan=False)
terms = st.builds(Term, numbers, numbers, st.booleans(), numbers)
recipes = st.builds(
    Recipe, st.lists(terms, max_size=4).map(tuple), numbers, numbers, numbers, numbers, numbers, numbers
)
RECIPE = Recipe((Term(3000.0, 6 / 365, is_call=True, size=-1.0),), 3000.0, 0.7, 0.5, 1e-3, 0.02, 1 / 365)


@given(recipes)
def test_a_recipe_arrives_as_it_was(recipe: Recipe) -> None:
    line = question(recipe)
    assert line.count(b"\n") == 1
    assert recipe_of(line) == recipe


def test_a_table_arrives_as_it_was() -> None:
    found = RECIPE.solve()
    assert isinstance(found, Table)
    line, _, body = answer(found).partition(b"\n")
    shape = announced(line)
    assert not isinstance(shape, Unsolved)
    assert len(body) == size(*shape)
    arrived = table_of(RECIPE, *shape, body)
    assert Solved.of(RECIPE, 0, arrived).origin == Solved.of(RECIPE, 0, found).origin
    assert arrived.inputs == found.inputs
    np.testing.assert_array_equal(arrived.legs.years, found.legs.years)


@pytest.mark.parametrize("why", Unsolved)
def test_a_reason_arrives_as_it_was(why: Unsolved) -> None:
    assert announced(answer(why)) is why


@pytest.mark.parametrize(
    "line", [b"", b"Traceback", b"[]", b"7", b'{"unsolved": "?"}', b'{"times": 3}', b"null"]
)
def test_what_is_no_answer_is_refused(line: bytes) -> None:
    with pytest.raises(GarbledError):
        announced(line)
