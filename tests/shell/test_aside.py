"""Work beside the loop: its result, its failure, and that nobody waits for it."""

import threading

import pytest

from keeper.app.aside import AsideError, aside


async def test_the_result_is_that_of_another_thread() -> None:
    assert await aside(threading.current_thread) is not threading.current_thread()


async def test_what_raises_is_carried_to_who_waits_and_the_thread_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[object] = []
    monkeypatch.setattr(threading, "excepthook", told.append)
    with pytest.raises(AsideError, match="ZeroDivisionError: integer division") as raised:
        await aside(lambda: 1 // 0)
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
    for each in threading.enumerate():
        if each.name == "aside":
            each.join()
    assert told == []
