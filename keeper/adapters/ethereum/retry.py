"""How long to wait before trying a node again.

Full jitter: keepers that lost the same node must not come back to it in step.
"""

from collections.abc import Callable
from dataclasses import dataclass

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
