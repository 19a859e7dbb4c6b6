"""Work beside the loop that nobody waits for when the process is to end.

The threads of an executor are waited for when a loop is closed and again when the interpreter is: a fit that
takes a minute would hold up a stop by a minute, and a supervisor kills what does not stop in time. What runs
here changes nothing but its result, so it may be left behind wherever it is.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class AsideError(Exception):
    """The work came to no result; its thread has said why."""


async def aside(work: Callable[[], T]) -> T:
    """The result of some work that only computes. Raises AsideError if it raised.

    Who is cancelled goes on at once, and the thread ends with the work or with the process.
    """
    loop, over, found = asyncio.get_running_loop(), asyncio.Event(), list[T]()

    def run() -> None:
        try:
            found.append(work())
        finally:
            with contextlib.suppress(RuntimeError):  # The loop is closed: nobody is left to tell.
                loop.call_soon_threadsafe(over.set)

    threading.Thread(target=run, name="aside", daemon=True).start()
    await over.wait()
    if not found:
        raise AsideError("the work came to no result; its thread has said why")
    return found[0]
