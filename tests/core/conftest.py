"""The core is values in, values out: a core test that opens a socket or reads the clock is a mistake.

The clock refuses only our own callers, because hypothesis times itself.
"""

import socket
import sys
import time
from typing import NoReturn

import pytest

OURS = ("keeper", "tests")
real_time = time.time


def _no_socket(*_: object, **__: object) -> NoReturn:
    pytest.fail("a core test reached for the network")


def _no_clock() -> float:
    if sys._getframe(1).f_globals["__name__"].startswith(OURS):  # noqa: SLF001 who asks is the point
        pytest.fail("a core test reached for the clock")
    return real_time()


@pytest.fixture(autouse=True)
def _no_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _no_socket)
    monkeypatch.setattr(time, "time", _no_clock)
