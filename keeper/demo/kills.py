"""SIGKILL at random moments: what a power cut, an OOM killer or an impatient person does to a daemon.

A daemon that is still starting has nothing to lose, so each life is given time to become ready and a random
while after that. A transaction is in flight for a small part of the time only, so every second life ends as
soon as there is one.
"""

import time

import numpy as np

from keeper.demo.daemon import Daemon

LONGEST_LIFE_S = 1.5
_ASK_EVERY_S = 0.1


class Killer:
    """Kills a daemon `times` times and starts it again each time. Call `act` often."""

    def __init__(self, daemon: Daemon, times: int, seed: int) -> None:
        self._daemon, self._times = daemon, times
        self._chance = np.random.default_rng(seed)
        self._due_at: float | None = None
        self._asked_at = 0.0
        self.done = 0

    def act(self) -> None:
        """Do what is due now, if anything."""
        now = time.monotonic()
        if self.done == self._times:
            return
        if self._due_at is None:
            self._wait_for_life(now)
        elif now >= self._due_at or (self.done % 2 and self._daemon.in_flight()):
            self._daemon.kill()
            self._daemon.start()
            self._due_at = None
            self.done += 1

    def _wait_for_life(self, now: float) -> None:
        if now - self._asked_at > _ASK_EVERY_S:
            self._asked_at = now
            if self._daemon.ready():
                self._due_at = now + float(self._chance.uniform(0.0, LONGEST_LIFE_S))
