"""The last good price of each source.

A second opinion is only worth something if nobody can take it away by answering nonsense: what a source said
last that made sense stands here with its time until it says something better. Whether it is still fresh
enough is the policy's judgement.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from keeper.core.market import Reference

MAX_AHEAD_S = 60
"""How far a source's clock may be ahead. More would stand as the newest word until that time has come, and
keep out all that is said before.
"""


class Dropped(StrEnum):
    """Why an answer was not taken."""

    UNREACHABLE = "unreachable"
    STATUS = "status"
    TOO_LARGE = "too-large"
    NOT_JSON = "not-json"
    NO_PRICE = "no-price"
    BAD_PRICE = "bad-price"
    BAD_TIME = "bad-time"
    STALE = "stale"
    FROM_THE_FUTURE = "from-the-future"
    OLDER = "older-than-the-last"


class DroppedError(Exception):
    """An answer that is not taken. The text never holds the answer: it is a stranger's."""

    def __init__(self, why: Dropped) -> None:
        super().__init__(why.value)
        self.why = why


class FeedEvents(Protocol):
    """What feeds have to tell; log lines and metrics are made of it elsewhere. Never raises, never waits."""

    def reference(self, reference: Reference) -> None:
        """A source said something that makes sense."""
        ...

    def reference_dropped(self, source: str, why: Dropped) -> None:
        """A source said nothing, or something that was not taken."""
        ...


class Untold:
    """For tools and tests that have nobody to tell."""

    def reference(self, reference: Reference) -> None:
        """Nothing."""

    def reference_dropped(self, source: str, why: Dropped) -> None:
        """Nothing."""


UNTOLD = Untold()


class Board:
    """Implements `ports.References` over any number of sources, and holds what they say against the clock.

    `max_age_s` is beyond what any policy would accept: older answers are a broken source's.
    """

    def __init__(self, max_age_s: int, events: FeedEvents = UNTOLD) -> None:
        self._max_age_s = max_age_s
        self._events = events
        self._last: dict[str, Reference] = {}

    def latest(self) -> Sequence[Reference]:
        """What each source said last, in the order in which they first spoke."""
        return tuple(self._last.values())

    def post(self, reference: Reference, now_s: int) -> None:
        """Take what a source said. Raises DroppedError for what is stale or older than the last."""
        age_s = now_s - reference.observed_at
        if age_s > self._max_age_s:
            raise DroppedError(Dropped.STALE)
        if age_s < -MAX_AHEAD_S:
            raise DroppedError(Dropped.FROM_THE_FUTURE)
        last = self._last.get(reference.source)
        if last is not None and reference.observed_at < last.observed_at:
            raise DroppedError(Dropped.OLDER)
        self._last[reference.source] = reference
        self._events.reference(reference)

    def drop(self, source: str, why: Dropped) -> None:
        """Tell that something was not taken. What the source said before stands."""
        self._events.reference_dropped(source, why)
