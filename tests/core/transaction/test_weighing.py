"""One answer for several: no majority may say "not taken" while one node may have taken it."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.transaction.weighing import CLEAR_NO, PERHAPS, TAKEN, weighed
from keeper.core.transaction.words import Answer

MANY = st.lists(st.sampled_from(Answer), min_size=1, max_size=6)


def test_each_answer_is_of_one_kind() -> None:
    assert sorted((*TAKEN, *PERHAPS, *CLEAR_NO)) == sorted(Answer)


@given(MANY)
def test_taken_by_one_is_taken(answers: list[Answer]) -> None:
    assert (weighed(answers) in TAKEN) == any(each in TAKEN for each in answers)


@given(MANY)
def test_it_is_a_clear_no_only_if_all_say_so(answers: list[Answer]) -> None:
    assert (weighed(answers) in CLEAR_NO) == all(each in CLEAR_NO for each in answers)


@given(MANY)
def test_it_is_something_that_was_answered(answers: list[Answer]) -> None:
    assert weighed(answers) in answers


@given(MANY, st.randoms(use_true_random=False))
def test_the_order_of_the_endpoints_does_not_matter(answers: list[Answer], random: Random) -> None:
    shuffled = list(answers)
    random.shuffle(shuffled)
    assert weighed(shuffled) is weighed(answers)


@given(MANY, MANY)
def test_it_may_be_weighed_in_parts(some: list[Answer], others: list[Answer]) -> None:
    assert weighed([weighed(some), weighed(others)]) is weighed([*some, *others])


def test_nobody_asked_is_no_answer() -> None:
    assert weighed([]) is Answer.LOST


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([Answer.FORBIDDEN, Answer.ALREADY_KNOWN], Answer.ALREADY_KNOWN),
        ([Answer.FORBIDDEN, Answer.LOST], Answer.LOST),
        ([Answer.UNDERPRICED, Answer.NONCE_TOO_LOW], Answer.NONCE_TOO_LOW),
        ([Answer.FORBIDDEN, Answer.NODE_FEE_CAP], Answer.NODE_FEE_CAP),
        ([Answer.FORBIDDEN, Answer.REPLACEMENT_UNDERPRICED], Answer.REPLACEMENT_UNDERPRICED),
    ],
)
def test_what_still_leaves_something_to_do_comes_first(answers: Sequence[Answer], expected: Answer) -> None:
    assert weighed(answers) is expected
