"""A local chain, as a child process that cannot outlive us.

Tests start dozens of nodes and the demo is stopped with Ctrl-C, or with kill -9 when something hangs; a
node left behind holds memory and a port for days. So it is tethered to us. It runs in a session of its
own: Ctrl-C reaches us alone, and we stop things in our order.
"""

import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

from keeper.demo.binaries import find
from keeper.demo.rpc import NodeUnreachableError, Rpc
from keeper.demo.tether import launch

CHAIN_ID = 31337
HARDFORK = "cancun"

_READY_WITHIN_S = 60.0
_STOP_WITHIN_S = 10.0
_ATTEMPTS = 3


class AnvilError(Exception):
    """The node did not start. The text holds what it said."""


class Anvil:
    """A running node. `url` speaks HTTP and WebSocket; `rpc` is a client for the owner's thread.

    Use as a context manager, or call `stop`.
    """

    def __init__(self, process: subprocess.Popen[bytes], watcher: subprocess.Popen[bytes], rpc: Rpc) -> None:
        self._process, self._watcher = process, watcher
        self.rpc = rpc
        self.url = rpc.url

    @classmethod
    def start(
        cls,
        *arguments: str,
        load_state: Path | None = None,
        fork_url: str | None = None,
        port: int | None = None,
    ) -> Self:
        """Start a node and return when it answers.

        `load_state` is a file written by `dump_state`; `fork_url` another node to branch off; further
        arguments go to the command line as they are. Raises AnvilError and MissingToolError.
        """
        command = [
            str(find("anvil")), "--silent", "--no-request-size-limit",
            "--chain-id", str(CHAIN_ID), "--hardfork", HARDFORK, "--order", "fees",
            *(["--load-state", str(load_state)] if load_state else []),
            *(["--fork-url", fork_url] if fork_url else []),
            *arguments,
        ]  # fmt: skip
        for attempt in range(_ATTEMPTS):
            try:
                return cls._launch(command, port or free_port())
            except AnvilError:
                # Another process may have taken the free port in between.
                if port is not None or attempt == _ATTEMPTS - 1:
                    raise
        raise AnvilError("not reached: the last attempt raises")

    @classmethod
    def _launch(cls, command: Sequence[str], port: int) -> Self:
        with tempfile.TemporaryFile() as said:
            process, watcher = launch([*command, "--port", str(port)], said)
            node = cls(process, watcher, Rpc(f"http://127.0.0.1:{port}"))
            try:
                node._wait_until_ready(said)
            except BaseException:
                node.stop()
                raise
            return node

    def _wait_until_ready(self, said: IO[bytes]) -> None:
        deadline = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                said.seek(0)
                raise AnvilError(
                    f"anvil ended at once: {said.read().decode(errors='replace').strip()[-2000:]}"
                )
            with suppress(NodeUnreachableError):
                self.rpc.call("eth_chainId")
                return
            time.sleep(0.005)
        raise AnvilError(f"anvil did not answer within {_READY_WITHIN_S:.0f} s")

    @property
    def pid(self) -> int:
        """Process id of the node, for whoever measures it."""
        return self._process.pid

    def running(self) -> bool:
        """Whether the node is alive."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the node and its watcher. May be called again."""
        self.rpc.close()
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with suppress(subprocess.TimeoutExpired, BrokenPipeError, ValueError):
            self._watcher.communicate(b"stopped\n", timeout=_STOP_WITHIN_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
