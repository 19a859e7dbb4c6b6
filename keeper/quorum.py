"""Counting what several nodes say: an answer is what k of them gave.

One node can lag, lie, or be on a fork, and it looks exactly like one that is right. So nothing is taken from
one node where several are configured: k must say the same, and fewer than k are no answer, never "the best
that there is". Who is slow must not slow down the rest: once k agree, the others are not waited for, but what
they say later is still heard, for their own standing.

With k a majority it makes no difference who answers first: no second camp can reach k.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Generic, TypeAlias, TypeVar

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
SHOWN = 80


@dataclass(frozen=True, slots=True)
class Vote(Generic[T]):
    """What an endpoint answered. Two answers are the same when their keys are; `words` is for people."""

    endpoint: str
    key: Hashable
    answer: T
    words: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """An endpoint that gave no answer. `why` names it."""

    endpoint: str
    why: str


Heard: TypeAlias = Vote[T] | Silence


class Patience(Enum):
    """Whether a round goes on after what was heard so far."""

    WAIT = auto()
    NOT_LONG = auto()
    """There is an answer; a better one would be worth a moment."""

    ENOUGH = auto()


def agreed(heard: Sequence[Heard[T]], needed: int) -> tuple[Vote[T], ...]:
    """The first camp of so many equal votes, in the order heard; empty if there is none."""
    camps: dict[Hashable, list[Vote[T]]] = {}
    for each in heard:
        if isinstance(each, Vote):
            camp = camps.setdefault(each.key, [])
            camp.append(each)
            if len(camp) == needed:
                return tuple(camp)
    return ()


def largest(heard: Sequence[Heard[T]]) -> int:
    """The size of the largest camp."""
    keys = [each.key for each in heard if isinstance(each, Vote)]
    return max((keys.count(key) for key in set(keys)), default=0)


def first_agreed(needed: int, asked: int) -> Callable[[Sequence[Heard[T]]], Patience]:
    """Go on until so many of those asked agree, or can agree no more."""

    def enough(heard: Sequence[Heard[T]]) -> Patience:
        hopeless = largest(heard) + asked - len(heard) < needed
        return Patience.ENOUGH if hopeless or agreed(heard, needed) else Patience.WAIT

    return enough


def dispute(heard: Sequence[Heard[T]], needed: int) -> str:
    """Who said what, for the one who must find out why so many do not agree."""
    camps: dict[Hashable, list[Vote[T]]] = {}
    for each in heard:
        if isinstance(each, Vote):
            camps.setdefault(each.key, []).append(each)
    said = [f"{', '.join(vote.endpoint for vote in camp)} said {_shown(camp[0])}" for camp in camps.values()]
    silent = [each.why for each in heard if isinstance(each, Silence)]
    return f"no answer that {needed} agree on: " + "; ".join(said + silent)


def _shown(vote: Vote[T]) -> str:
    words = vote.words or str(vote.key)
    return words if len(words) <= SHOWN else words[:SHOWN] + "…"


class Panel:
    """Asks many at once. `sleep` measures the moment that a better answer is worth."""

    def __init__(self, sleep: Sleep = asyncio.sleep, grace_s: float = 0.25) -> None:
        self._sleep = sleep
        self._grace_s = grace_s
        self._running: set[asyncio.Task[Any]] = set()

    async def hear(
        self,
        questions: Sequence[Coroutine[object, object, Heard[T]]],
        enough: Callable[[Sequence[Heard[T]]], Patience],
        late: Callable[[Heard[T]], None] | None = None,
    ) -> Sequence[Heard[T]]:
        """Every answer until there are enough, in the order they came. `late` gets those that come after.

        No question is called off: a transaction handed over half would be one nobody knows about.
        """
        tasks = [self._started(question) for question in questions]
        heard: list[Heard[T]] = []
        waiting = set(tasks)
        clock: set[asyncio.Future[Any]] = set()
        try:
            while waiting:
                done, _ = await asyncio.wait({*waiting, *clock}, return_when=asyncio.FIRST_COMPLETED)
                heard += [task.result() for task in tasks if task in done]
                waiting -= done
                patience = enough(heard)
                if patience is Patience.ENOUGH or clock & done:
                    break
                if patience is Patience.NOT_LONG and not clock:
                    clock = {asyncio.ensure_future(self._sleep(self._grace_s))}
        finally:
            for each in clock:
                each.cancel()
        if late is not None:
            for task in waiting:
                task.add_done_callback(lambda done: None if done.cancelled() else late(done.result()))
        return heard

    def start(self, work: Coroutine[object, object, None]) -> None:
        """Do something that nobody waits for."""
        self._started(work)

    async def close(self) -> None:
        """Give up what still runs."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _started(self, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task
