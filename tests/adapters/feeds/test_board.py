"""The last good price of each source stands until a newer good one."""

import pytest

from keeper.adapters.feeds.board import Board, Dropped, DroppedError
from keeper.core.market import Reference
from keeper.core.units import WAD
from tests.adapters.feeds.told import Told

NOW_S = 1_767_225_600


def said(price: int, at_s: int = NOW_S, source: str = "elsewhere") -> Reference:
    return Reference(source, price * WAD, at_s)


def test_nothing_heard_is_an_empty_board() -> None:
    assert Board(60).latest() == ()


def test_each_source_has_its_last_word() -> None:
    board = Board(60)
    for reference in (said(1), said(2, source="other"), said(3, NOW_S + 1)):
        board.post(reference, NOW_S)
    assert board.latest() == (said(3, NOW_S + 1), said(2, source="other"))


@pytest.mark.parametrize(
    ("at_s", "why"),
    [
        (NOW_S - 61, Dropped.STALE),
        (NOW_S + 61, Dropped.FROM_THE_FUTURE),
        (NOW_S - 1, Dropped.OLDER),
    ],
)
def test_what_is_out_of_time_leaves_the_last_word_standing(at_s: int, why: Dropped) -> None:
    board = Board(60)
    board.post(said(1), NOW_S)
    with pytest.raises(DroppedError) as caught:
        board.post(said(9, at_s), NOW_S)
    assert caught.value.why is why
    assert board.latest() == (said(1),)


def test_a_word_from_the_next_hour_does_not_keep_out_all_that_is_said_until_then() -> None:
    board = Board(86_400)
    with pytest.raises(DroppedError):
        board.post(said(1, NOW_S + 3_600), NOW_S)
    board.post(said(2, NOW_S + 10), NOW_S + 10)
    assert board.latest() == (said(2, NOW_S + 10),)


def test_all_is_told() -> None:
    told = Told()
    board = Board(60, told)
    board.post(said(1), NOW_S)
    board.drop("elsewhere", Dropped.STATUS)
    assert (told.references, told.dropped) == ([said(1)], [Dropped.STATUS])
