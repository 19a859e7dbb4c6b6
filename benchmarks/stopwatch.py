"""What one contender did with one head: how long each stage took, and what it cost in CPU."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

STAGES = ("read", "decode", "decide", "record", "simulate", "account", "sign", "journal", "send")
"""In the order in which they happen; a contender has a part of them.

read: questions to the node until all answers are parsed as JSON. decode: answers to a snapshot. decide:
exposures, bands, verdicts, plan. record: the cycle into the journal. simulate: the exact call, at the node.
account: nonce and balance. journal: the intent with its signed bytes. send: until the node took it.
"""

MILLI = 1e3


@dataclass(slots=True)
class Stopwatch:
    """Times of one block, in seconds. `start` when the head is there, `accept` when the node took it all."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    started: float = 0.0
    accepted: float = 0.0
    cpu: float = 0.0

    def start(self) -> None:
        """Forget the last block; the head is there."""
        self.seconds.clear()
        self.cpu = -time.process_time()
        self.accepted = 0.0
        self.started = time.perf_counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add to a stage."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - began

    def accept(self) -> None:
        """The node took the transaction."""
        self.accepted = time.perf_counter()

    def stop(self) -> None:
        """The contender is done with the block; what it did after the transaction was accepted counts too."""
        self.cpu += time.process_time()

    def sample(self) -> dict[str, float]:
        """The block in milliseconds: `total`, `cpu`, and each stage that there was."""
        stages = {name: self.seconds[name] * MILLI for name in STAGES if name in self.seconds}
        return {"total": (self.accepted - self.started) * MILLI, "cpu": self.cpu * MILLI, **stages}
