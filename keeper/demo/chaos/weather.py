"""Which fault is on now at which endpoint, and how often each has hit.

The proxies ask for every request. Counting is done where a fault is carried out, so that a window in which
nobody asked anything counts for nothing.
"""

import random
import time
from collections import Counter
from collections.abc import Callable

from keeper.demo.chaos.faults import Fault
from keeper.demo.chaos.schedule import Schedule, Window

HIT_SHARE = 0.6
"""Of the requests within a window. A node that fails every time is easier to live with."""

STEADY = frozenset({Fault.STALE, Fault.REFUSED})
"""A node is behind, or not there, for all requests alike."""


class Weather:
    """Fair until `begin`. `clock` counts seconds from anywhere."""

    def __init__(
        self, schedule: Schedule, chance: random.Random, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._schedule, self._chance, self._clock = schedule, chance, clock
        self._began: float | None = None
        self.hits: Counter[Fault] = Counter()

    def begin(self) -> None:
        """From now on the schedule counts."""
        self._began = self._clock()

    def elapsed_s(self) -> float:
        """Seconds of the run; negative before it."""
        return -1.0 if self._began is None else self._clock() - self._began

    def over(self, endpoint: int) -> Window | None:
        """The window that an endpoint is in."""
        now = self.elapsed_s()
        for window in self._schedule.windows:
            if window.begins_s <= now < window.ends_s and endpoint in window.endpoints:
                return window
        return None

    def strikes(self, endpoint: int) -> Window | None:
        """The window whose fault the next request is to suffer, if any."""
        window = self.over(endpoint)
        if window is None or window.fault in STEADY or self._chance.random() < HIT_SHARE:
            return window
        return None

    def hit(self, fault: Fault) -> None:
        """Count a request that suffered."""
        self.hits[fault] += 1
