"""The keeper's daemon as the demo runs it: a process of its own, asked only what any operator can ask."""

import http.client
import os
import sys
from collections.abc import Mapping
from contextlib import closing, suppress
from types import MappingProxyType
from typing import Self

import orjson

from keeper.demo.addressbook import AddressBook
from keeper.demo.anvil import free_port
from keeper.demo.children import Child, wait_until
from keeper.demo.folder import RunFolder, write_settings
from keeper.demo.rpc import Json, as_object
from keeper.settings import PREFIX

HOST = "127.0.0.1"
LEASE_S = "3"
"""Short, so that a daemon that was killed is soon followed by the next."""

_READY_WITHIN_S = 60.0
_ANSWER_WITHIN_S = 1.0
_FOUND = 200


class Daemon:
    """A running daemon. Use as a context manager; after `kill`, `start` brings it back."""

    def __init__(
        self,
        folder: RunFolder,
        book: AddressBook,
        node_url: str,
        further: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Start it. `further` settings add to those of a local world, or replace them."""
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self._folder = folder
        settings = {**settings_of(folder, book, node_url, self.port), **further}
        write_settings(folder.settings, settings)
        self._child = self._spawn()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.stop()

    def wait_until_ready(self) -> None:
        """Return when it has decided every vault on a fresh head. Raises ChildError."""
        wait_until(self.ready, [self._child], _READY_WITHIN_S, "the daemon's start")

    def check(self) -> None:
        """Raise ChildError if it has ended by itself."""
        self._child.check()

    def kill(self) -> None:
        """SIGKILL: no goodbye."""
        self._child.kill()

    def start(self) -> None:
        """Start again after `kill`, on the same journal and port."""
        self._child = self._spawn()

    def pause(self) -> None:
        """SIGSTOP: it neither works nor knows that it does not."""
        self._child.pause()

    def resume(self) -> None:
        """SIGCONT."""
        self._child.resume()

    def exit_code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._child.exit_code()

    def stop_cleanly(self) -> None:
        """SIGTERM. Raises ChildError unless it exits with 0."""
        self._child.stop_cleanly()

    def ready(self) -> bool:
        """What its readiness probe says; False when it does not answer."""
        return self._get("/readyz") is not None

    def status(self) -> Mapping[str, Json]:
        """Its status page; empty when it does not answer."""
        body = self._get("/status")
        return body if isinstance(body, dict) else {}

    def reasons(self) -> Mapping[str, str]:
        """The reason of its last decision on each vault that it has decided, by the vault's name."""
        return {name: str(vault["reason"]) for name, vault in self._vaults().items() if "reason" in vault}

    def in_flight(self) -> bool:
        """Whether a transaction of its is unfinished, as far as its status page says."""
        return any(bool(vault.get("pending")) for vault in self._vaults().values())

    def wait_until_seen(self, block_number: int) -> None:
        """Return when it has decided on a block. Raises ChildError."""

        def seen() -> bool:
            head = self.status().get("head")
            return isinstance(head, int) and head >= block_number

        wait_until(seen, [self._child], _READY_WITHIN_S, f"the daemon's decision on block {block_number}")

    def _vaults(self) -> Mapping[str, Mapping[str, Json]]:
        vaults = self.status().get("vaults")
        return {name: as_object(vault) for name, vault in as_object(vaults).items()} if vaults else {}

    def _get(self, path: str) -> Json:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=_ANSWER_WITHIN_S)
        with closing(connection), suppress(OSError, http.client.HTTPException, orjson.JSONDecodeError):
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status == _FOUND:
                parsed: Json = orjson.loads(body)
                return parsed
        return None

    def _spawn(self) -> Child:
        command = [sys.executable, "-m", "keeper", "run", "--live", "--config", str(self._folder.settings)]
        return Child("daemon", command, self._folder.log("daemon"), environment())


def settings_of(folder: RunFolder, book: AddressBook, node_url: str, port: int) -> Mapping[str, str]:
    """The daemon's settings for a local world."""
    return {
        "KEEPER_RPC_URL": node_url,
        "KEEPER_WS_URL": node_url.replace("http://", "ws://"),
        "KEEPER_CHAIN_ID": str(book.chain_id),
        "KEEPER_LENS": book.lens,
        "KEEPER_NATIVE_FEED": book.price_feed,
        "KEEPER_POLICIES": str(folder.policies),
        "KEEPER_JOURNAL": str(folder.journal),
        "KEEPER_LEASE_SECONDS": LEASE_S,
        "KEEPER_KEYSTORE": str(folder.keystore),
        "KEEPER_PASSWORD_FILE": str(folder.password),
        "KEEPER_CONFIRMATIONS": "1",
        "KEEPER_METRICS_PORT": str(port),
        "KEEPER_LOG_FORMAT": "json",
    }


def environment() -> Mapping[str, str]:
    """Our own environment without anybody's settings: those of the run are in its file."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}
