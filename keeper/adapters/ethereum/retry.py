"""How long to wait before trying a node again.

Full jitter: keepers that lost the same node must not come back to it in step.
"""

from collections.abc import Callable
from dataclasses import dataclass

from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.events import NodeEvents, Via

MAX_DOUBLINGS = 16


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses in seconds, doubling from `base_s` up to `cap_s`. `jitter` gives numbers in [0, 1)."""

    base_s: float
    cap_s: float
    jitter: Callable[[], float]

    def pause_s(self, failures: int) -> float:
        """The pause after so many failures in a row, at least half a base: never a busy loop."""
        ceiling = min(self.cap_s, self.base_s * 2.0 ** min(failures - 1, MAX_DOUBLINGS))
        return max(self.base_s / 2, ceiling * self.jitter())


class Link:
    """A node that comes and goes: counts failures in a row, and tells when it is lost and when it is back."""

    def __init__(self, endpoint: Endpoint, via: Via, backoff: Backoff, events: NodeEvents) -> None:
        self._endpoint = endpoint
        self._via = via
        self._backoff = backoff
        self._events = events
        self._failures = 0
        self._told = False

    def failed(self, error: Exception) -> float:
        """Note a failure, and say how long to wait, in seconds."""
        self._failures += 1
        if self._failures == 1:
            self._events.heads_lost(self._endpoint.host, self._via, str(error))
        return self._backoff.pause_s(self._failures)

    def worked(self) -> None:
        """Note that it answered."""
        if self._failures or not self._told:
            self._events.heads_told(self._endpoint.host, self._via, again=self._failures > 0)
        self._failures = 0
        self._told = True
