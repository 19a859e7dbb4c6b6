"""How one endpoint stands with us, apart from all others.

What is wrong with a node decides what it may still be used for. One that asked to be left alone may be left
alone; one that lags must not be read, but hands a transaction on as well as any; one that serves another
chain is good for nothing, until it serves ours again. Which of these holds is worked out here, from values:
answers come in, a standing goes out. Time is a number that the caller hands in.
"""

from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto


class Condition(StrEnum):
    """What an operator is told of an endpoint."""

    HEALTHY = "healthy"
    BACKING_OFF = "backing-off"
    """It failed, or asked for a pause. Not read until the pause is over; still sent to."""

    LAGGING = "lagging"
    """Too many blocks behind what the others agree on. Not read; still sent to, and asked for its height."""

    WRONG_CHAIN = "wrong-chain"
    """Neither read nor sent to, until it answers with the right chain id again."""


class Chain(Enum):
    """What is known of the chain that an endpoint serves."""

    UNPROVEN = auto()
    """Not asked yet, or not since it went away: whoever answers now need not be the node that answered."""

    RIGHT = auto()
    WRONG = auto()


@dataclass(frozen=True, slots=True)
class Standing:
    """One endpoint. `behind` counts blocks and is 0 within the tolerance, `failures` those in a row.

    It is not asked anything before `not_before_s`, in seconds of the caller's clock. Until `asked_until_s` it
    wants to be left alone, whatever it answers meanwhile.
    """

    chain: Chain = Chain.UNPROVEN
    behind: int = 0
    failures: int = 0
    not_before_s: float = 0.0
    asked_until_s: float = 0.0

    @property
    def condition(self) -> Condition:
        """The worst that is true of it."""
        if self.chain is Chain.WRONG:
            return Condition.WRONG_CHAIN
        if self.failures:
            return Condition.BACKING_OFF
        return Condition.LAGGING if self.behind else Condition.HEALTHY

    @property
    def sendable(self) -> bool:
        """Whether transactions may be handed to it."""
        return self.chain is not Chain.WRONG

    def askable(self, now_s: float) -> bool:
        """Whether it may be asked for its height: how one that lags shows that it has caught up."""
        return self.sendable and now_s >= self.not_before_s

    def readable(self, now_s: float) -> bool:
        """Whether its answers count."""
        return self.askable(now_s) and not self.behind

    def due(self, now_s: float) -> bool:
        """Whether to look if it serves our chain again."""
        return self.chain is Chain.WRONG and now_s >= self.not_before_s


def answered(standing: Standing, now_s: float) -> Standing:
    """It answered, if only to refuse: its pause is over.

    Unless it asked for one: of questions that are out together some are answered, and one is one too many.
    """
    if now_s < standing.asked_until_s:
        return standing
    return replace(standing, failures=0, not_before_s=0.0)


def failed(standing: Standing, until_s: float, asked_until_s: float = 0.0) -> Standing:
    """It gave no answer, and perhaps asked to be left alone.

    The chain must be proven again, because another node may come back in its place.
    """
    chain = Chain.WRONG if standing.chain is Chain.WRONG else Chain.UNPROVEN
    asked_s = max(standing.asked_until_s, asked_until_s)
    failures = standing.failures + 1
    return replace(
        standing, chain=chain, failures=failures, not_before_s=max(until_s, asked_s), asked_until_s=asked_s
    )


def proven(standing: Standing) -> Standing:
    """It answered with our chain id: the end of a quarantine, but so light a question mends nothing else."""
    if standing.chain is Chain.WRONG:
        standing = replace(standing, failures=0, not_before_s=standing.asked_until_s)
    return replace(standing, chain=Chain.RIGHT)


def misled(standing: Standing, until_s: float) -> Standing:
    """It answered with another chain id, and is asked again after a pause."""
    return replace(standing, chain=Chain.WRONG, failures=standing.failures + 1, not_before_s=until_s)


def seen(standing: Standing, number: int, best: int, tolerance: int) -> Standing:
    """Its newest block is `number`, while the newest that is agreed on is `best`."""
    behind = best - number
    return replace(standing, behind=behind if behind > tolerance else 0)
