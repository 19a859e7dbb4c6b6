"""Processes that cannot outlive us, however we go.

What a `finally` cannot reach (kill -9), a watcher of two lines does: it waits on a pipe that only we hold
open, and kills the process when the pipe closes. Nor may we be killed in the moment between the start of
a process and that of its watcher. So a process begins as a shell that waits for our word, which it is
given once it is watched, and ends without it.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import IO

_BEGIN = 'read -r _ && exec "$@" </dev/null'
_WATCH = 'read -r _ || kill -9 "$1"'
"""A line on the pipe: the process was stopped in order. End of the pipe: its owner is gone."""


def launch(
    command: Sequence[str], said: IO[bytes], environ: Mapping[str, str] | None = None
) -> tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]:
    """A process in a session of its own, which says everything to `said`, and its watcher.

    Write the watcher a line once the process has ended.
    """
    waits, word = os.pipe()
    with os.fdopen(waits, "rb") as stdin, os.fdopen(word, "wb") as go:
        process = subprocess.Popen(  # noqa: S603 our own programs, fixed arguments
            ["/bin/sh", "-c", _BEGIN, "sh", *command],
            stdin=stdin,
            stdout=said,
            stderr=said,
            env=environ,
            start_new_session=True,
        )
        watcher = watch(process.pid)
        go.write(b"watched\n")
    return process, watcher


def watch(pid: int) -> subprocess.Popen[bytes]:
    """A watcher that kills a process when this one is gone."""
    return subprocess.Popen(  # noqa: S603 a constant script
        ["/bin/sh", "-c", _WATCH, "sh", str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
