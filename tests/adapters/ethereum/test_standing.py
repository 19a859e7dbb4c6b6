"""What is wrong with a node decides what it may still be used for."""

from hypothesis import given
from hypothesis import strategies as st

from keeper.adapters.ethereum.standing import (
    Chain,
    Condition,
    Standing,
    answered,
    failed,
    misled,
    proven,
    seen,
)

FRESH = Standing()
GOOD = proven(FRESH)
NOW = 100.0


def test_a_node_that_answers_is_read_and_sent_to() -> None:
    assert GOOD.condition is Condition.HEALTHY
    assert GOOD.readable(NOW)
    assert GOOD.sendable


def test_a_node_that_fails_is_left_alone_until_its_pause_is_over_and_still_sent_to() -> None:
    paused = failed(GOOD, NOW + 5)
    assert paused.condition is Condition.BACKING_OFF
    assert not paused.readable(NOW + 4.9)
    assert paused.readable(NOW + 5)
    assert paused.sendable
    assert answered(paused, NOW).condition is Condition.HEALTHY


def test_67_a_pause_that_was_asked_for_outlives_the_answers_that_were_under_way() -> None:
    paused = failed(GOOD, NOW + 1, NOW + 5)
    assert not answered(paused, NOW + 4.9).readable(NOW + 4.9)
    assert answered(paused, NOW + 5).condition is Condition.HEALTHY
    again = failed(paused, NOW + 2)
    assert not again.readable(NOW + 4.9)


def test_a_node_that_went_away_has_to_prove_its_chain_again() -> None:
    assert failed(GOOD, NOW).chain is Chain.UNPROVEN
    assert failed(misled(GOOD, NOW), NOW).chain is Chain.WRONG


def test_failures_are_counted_in_a_row() -> None:
    twice = failed(failed(GOOD, NOW), NOW)
    assert twice.failures == 2
    assert answered(twice, NOW).failures == 0


def test_a_node_that_lags_is_asked_for_its_height_and_sent_to_but_not_read() -> None:
    lagging = seen(GOOD, 96, 100, tolerance=3)
    assert (lagging.condition, lagging.behind) == (Condition.LAGGING, 4)
    assert not lagging.readable(NOW)
    assert lagging.askable(NOW)
    assert lagging.sendable
    assert seen(lagging, 97, 100, tolerance=3).condition is Condition.HEALTHY


def test_a_node_of_another_chain_is_neither_read_nor_sent_to_until_it_serves_ours_again() -> None:
    wrong = misled(GOOD, NOW + 5)
    assert wrong.condition is Condition.WRONG_CHAIN
    assert (wrong.readable(NOW + 9), wrong.askable(NOW + 9), wrong.sendable) == (False, False, False)
    assert (wrong.due(NOW + 4), wrong.due(NOW + 5)) == (False, True)
    assert proven(wrong).condition is Condition.HEALTHY


EVENTS = st.lists(
    st.one_of(
        st.floats(NOW, NOW + 100).map(lambda at: lambda s: answered(s, at)),
        st.just(proven),
        st.floats(NOW, NOW + 100).map(lambda until: lambda s: failed(s, until, until)),
        st.floats(NOW, NOW + 100).map(lambda until: lambda s: misled(s, until)),
        st.integers(0, 9).map(lambda number: lambda s: seen(s, number, 5, 2)),
    ),
    max_size=12,
)


@given(EVENTS)
def test_whatever_happened_the_uses_of_a_node_follow_from_its_condition(events: list[object]) -> None:
    standing = FRESH
    for event in events:
        standing = event(standing)  # type: ignore[operator]
    late = NOW + 1000
    assert standing.sendable == (standing.condition is not Condition.WRONG_CHAIN)
    assert standing.readable(late) <= standing.askable(late) <= standing.sendable
    assert standing.due(late) == (not standing.sendable)
