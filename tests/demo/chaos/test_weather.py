"""Which fault is on, by the clock, and for whom."""

import random

from keeper.demo.chaos.faults import Fault
from keeper.demo.chaos.schedule import Schedule, Window
from keeper.demo.chaos.weather import Weather

WINDOWS = (
    Window(Fault.DELAY, frozenset({0}), 1.0, 2.0, lag_blocks=1),
    Window(Fault.STALE, frozenset({1}), 1.5, 3.0, lag_blocks=1),
)


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


def weather() -> tuple[Weather, Clock]:
    clock = Clock()
    return Weather(Schedule(WINDOWS, (), (), 4.0), random.Random(1), clock), clock  # noqa: S311 a seed


def test_nothing_is_on_before_the_run_begins() -> None:
    fair, clock = weather()
    clock.now += 1.5
    assert fair.over(0) is None
    assert fair.elapsed_s() < 0


def test_a_window_is_on_from_its_begin_to_its_end_for_its_endpoints() -> None:
    fair, clock = weather()
    fair.begin()
    first, second = WINDOWS
    for elapsed_s, expected in [
        (0.9, (None, None)),
        (1.0, (first, None)),
        (1.5, (first, second)),
        (2.0, (None, second)),
        (3.0, (None, None)),
    ]:
        clock.now = 50.0 + elapsed_s
        assert (fair.over(0), fair.over(1)) == expected


def test_some_requests_get_through_a_fault_and_none_past_a_stale_node() -> None:
    fair, clock = weather()
    fair.begin()
    clock.now += 1.6
    assert {fair.strikes(0) for _ in range(100)} == {None, WINDOWS[0]}
    assert {fair.strikes(1) for _ in range(100)} == {WINDOWS[1]}
