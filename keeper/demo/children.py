"""The demo's other processes: started, watched, ended in order, and never left behind.

Each child writes to a log file of its own, so that a full pipe cannot stop it and its last words can be
shown when it fails. It runs in a session of its own, because Ctrl-C on a terminal goes to every process of
the foreground group, and children must end in our order. How the demo ends does not matter: what a
`finally` cannot reach (kill -9), the tether does.
"""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from keeper.demo.tether import launch

LAST_LINES = 20
_STOP_WITHIN_S = 15.0
_POLL_S = 0.02


class ChildError(Exception):
    """A child ended when it should not have, or not as it should have. The text holds its last lines."""


class Child:
    """One process. `log` is where its output goes; a second start appends to it.

    Use as a context manager, or call `stop`.
    """

    def __init__(
        self, name: str, command: Sequence[str], log: Path, environ: Mapping[str, str] | None = None
    ) -> None:
        """Start it, with `environ` as its whole environment, or with ours."""
        self.name, self.log = name, log
        with log.open("ab") as said:
            self._process, self._watcher = launch(command, said, environ)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """How it ended; None while it runs. Negative: the signal that killed it."""
        return self._process.poll()

    def check(self) -> None:
        """Raise ChildError if it has ended."""
        code = self.exit_code()
        if code is not None:
            raise self._failed(f"ended with exit code {code}")

    def wait(self, within_s: float) -> int:
        """Wait for its own end and return the exit code. Raises ChildError if it goes on."""
        try:
            code = self._process.wait(within_s)
        except subprocess.TimeoutExpired as error:
            raise self._failed(f"did not end within {within_s:.0f} s") from error
        self._release()
        return code

    def stop(self, within_s: float = _STOP_WITHIN_S) -> int:
        """SIGTERM, and SIGKILL if that does not help. Returns the exit code. May be called again."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            code = self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._release()
        return code

    def stop_cleanly(self) -> None:
        """As `stop`, but raises ChildError for any exit code but 0."""
        code = self.stop()
        if code != 0:
            raise self._failed(f"was asked to stop and ended with exit code {code}")

    def kill(self) -> None:
        """SIGKILL, and wait for it."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._release()

    def pause(self) -> None:
        """SIGSTOP: it is there, and does nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT, after `pause`."""
        self._process.send_signal(signal.SIGCONT)

    def last_lines(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LAST_LINES:])

    def _failed(self, what: str) -> ChildError:
        return ChildError(f"the {self.name} {what}; its last lines ({self.log}):\n{self.last_lines()}")

    def _release(self) -> None:
        with suppress(subprocess.TimeoutExpired, BrokenPipeError, ValueError):
            self._watcher.communicate(b"stopped\n", timeout=_STOP_WITHIN_S)


def wait_until(ready: Callable[[], bool], children: Sequence[Child], within_s: float, what: str) -> None:
    """Wait until `ready` says so. Raises ChildError when a child ends first, or time is up."""
    deadline = time.monotonic() + within_s
    while not ready():
        for child in children:
            child.check()
        if time.monotonic() > deadline:
            said = "\n".join(child.last_lines() for child in children)
            raise ChildError(f"{what} took more than {within_s:.0f} s; last lines:\n{said}")
        time.sleep(_POLL_S)
