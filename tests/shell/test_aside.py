"""Work beside the loop: its result, its failure, and that nobody waits for it."""

import threading
from queue import Queue

import pytest

from keeper.app.aside import AsideError, aside


async def test_the_result_is_that_of_another_thread() -> None:
    assert await aside(threading.current_thread) is not threading.current_thread()


async def test_what_raises_is_told_by_its_thread_and_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: Queue[type[BaseException]] = Queue()
    monkeypatch.setattr(threading, "excepthook", lambda said: told.put(said.exc_type))
    with pytest.raises(AsideError, match="no result"):
        await aside(lambda: 1 // 0)
    assert told.get(timeout=60) is ZeroDivisionError
