"""Work beside the loop that nobody waits for when the process is to end.

The threads of an executor are waited for when a loop is closed and again when the interpreter is: a fit that
takes a minute would hold up a stop by a minute, and a supervisor kills what does not stop in time. What runs
here changes nothing but its result, so it may be left behind wherever it is.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")


class AsideError(Exception):
    """The work came to no result; its cause is what it raised."""


async def aside(work: Callable[[], T]) -> T:
    """The result of some work that only computes. Raises AsideError if it raised.

    Who is cancelled goes on at once, and the thread ends with the work or with the process.
    """
    loop, over, end = asyncio.get_running_loop(), asyncio.Event(), _End[T]()

    def run() -> None:
        with end:
            end.found.append(work())
        with contextlib.suppress(RuntimeError):  # The loop is closed: nobody is left to tell.
            loop.call_soon_threadsafe(over.set)

    threading.Thread(target=run, name="aside", daemon=True).start()
    await over.wait()
    for error in end.raised:
        raise AsideError(f"{type(error).__name__}: {error}") from error
    return end.found[0]


class _End(Generic[T]):
    """What became of the work: one of the two. It is carried to where it is awaited, and judged there."""

    def __init__(self) -> None:
        self.found: list[T] = []
        self.raised: list[BaseException] = []

    def __enter__(self) -> None:
        """Nothing yet."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Keep what was raised."""
        if error is not None:
            self.raised.append(error)
        return True
