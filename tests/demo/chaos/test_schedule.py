"""What goes wrong is drawn from a seed, in full, and never beyond what a keeper can be asked to survive."""

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from keeper.demo.chaos.faults import DECEIVERS, FOR_ONE_NODE, ON_CHAIN, ON_DAEMON, Fault, Strike
from keeper.demo.chaos.schedule import Schedule, Shape, draw

seeds = st.integers(0, 2**32)
lengths = st.floats(10, 600)


def drawn(seed: int, shape: Shape) -> Schedule:
    return draw(random.Random(seed), shape)  # noqa: S311 a seed


@st.composite
def agreements(draw: st.DrawFn) -> tuple[int, int]:
    endpoints = draw(st.integers(2, 7))
    return endpoints, draw(st.integers(1, endpoints - 1))


@given(seeds, lengths)
def test_a_seed_has_one_schedule(seed: int, seconds: float) -> None:
    shape = Shape(seconds, endpoints=3, agree=2)
    assert drawn(seed, shape) == drawn(seed, shape)
    assert drawn(seed, shape) != drawn(seed + 1, shape)


@given(seeds, lengths)
def test_every_fault_that_one_node_can_have_occurs_and_a_lie_is_none_of_them(
    seed: int, seconds: float
) -> None:
    faults = {window.fault for window in drawn(seed, Shape(seconds)).windows}
    assert faults == set(FOR_ONE_NODE) == set(Fault) - {Fault.LIE}


@given(seeds, lengths, agreements())
def test_several_nodes_have_every_fault(seed: int, seconds: float, nodes: tuple[int, int]) -> None:
    schedule = drawn(seed, Shape(seconds, *nodes))
    assert {window.fault for window in schedule.windows} == set(Fault)


@given(seeds, lengths)
def test_everything_happens_to_the_daemon_and_to_the_chain(seed: int, seconds: float) -> None:
    schedule = drawn(seed, Shape(seconds))
    assert {blow.strike for blow in schedule.on_daemon} == set(ON_DAEMON)
    assert {blow.strike for blow in schedule.on_chain} == set(ON_CHAIN)


@given(seeds, lengths, agreements())
def test_those_that_deceive_can_always_be_outvoted(seed: int, seconds: float, nodes: tuple[int, int]) -> None:
    endpoints, agree = nodes
    windows = [w for w in drawn(seed, Shape(seconds, *nodes)).windows if w.fault in DECEIVERS]
    for window in windows:
        at_once = [
            other for other in windows if other.begins_s < window.ends_s and window.begins_s < other.ends_s
        ]
        assert len(frozenset[int]().union(*(other.endpoints for other in at_once))) <= endpoints - agree


@given(seeds, lengths, agreements())
def test_the_end_is_quiet(seed: int, seconds: float, nodes: tuple[int, int]) -> None:
    schedule = drawn(seed, Shape(seconds, *nodes))
    assert seconds * 0.7 <= schedule.quiet_from_s < seconds
    assert all(0 <= w.begins_s < w.ends_s <= schedule.quiet_from_s for w in schedule.windows)
    for blows in (schedule.on_daemon, schedule.on_chain):
        assert all(blow.at_s + blow.patience_s < schedule.quiet_from_s for blow in blows)
        assert all(before.at_s < after.at_s for before, after in pairwise(blows))


@given(seeds, lengths)
def test_windows_of_one_node_do_not_overlap(seed: int, seconds: float) -> None:
    windows = drawn(seed, Shape(seconds)).windows
    assert all(before.ends_s <= after.begins_s for before, after in pairwise(windows))


@given(seeds)
def test_one_pause_is_as_long_as_asked_and_the_others_are_short(seed: int) -> None:
    pauses = [b for b in drawn(seed, Shape(300, longest_pause_s=70)).on_daemon if b.strike is Strike.PAUSE]
    assert len(pauses) > 1
    assert sorted(pause.for_s >= 5 for pause in pauses)[-2:] == [False, True]
    assert max(pause.for_s for pause in pauses) == 70


@given(seeds, st.integers(1, 5))
def test_no_reorganisation_is_deeper_than_asked(seed: int, deepest: int) -> None:
    blows = drawn(seed, Shape(120, reorg_blocks=deepest)).on_chain
    assert all(1 <= blow.blocks <= deepest for blow in blows if blow.strike is Strike.REORG)
