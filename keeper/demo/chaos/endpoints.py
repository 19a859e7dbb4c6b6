"""All endpoints of a run in one thread with an event loop, and what was seen to leave the keeper there.

The journal is asked at the moment when bytes arrive here, not at the end of the run: "journalled before it
was sent" is a statement about that moment.
"""

import asyncio
import random
import secrets
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from eth_utils.crypto import keccak

from keeper.demo.anvil import free_port
from keeper.demo.chaos.proxy import Place, Proxy
from keeper.demo.chaos.schedule import Schedule
from keeper.demo.chaos.weather import Weather

_START_WITHIN_S = 10.0
_BUSY_S = 5.0


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Signed bytes that arrived at an endpoint, and whether the journal knew their hash by then."""

    endpoint: int
    tx_hash: str
    journalled: bool


class Endpoints:
    """Several proxies in front of one node. Use as a context manager."""

    def __init__(self, upstream: str, count: int, schedule: Schedule, journal: Path, seed: int) -> None:
        self.weather = Weather(schedule, random.Random(f"{seed}:weather"))  # noqa: S311 no secret
        self.secret = secrets.token_hex(16)
        self.broadcasts: list[Broadcast] = []
        self._journal = journal
        self._arrived = threading.Condition()
        path = f"/v3/{self.secret}"
        self._proxies = [
            Proxy(
                Place(index, free_port(), path),
                upstream,
                self.weather,
                self._witness,
                random.Random(f"{seed}:{index}"),  # noqa: S311 no secret
            )
            for index in range(count)
        ]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="endpoints", daemon=True)

    @property
    def urls(self) -> tuple[str, ...]:
        """What the keeper is told, secrets included."""
        return tuple(proxy.place.url for proxy in self._proxies)

    def __enter__(self) -> Self:
        self._thread.start()
        for proxy in self._proxies:
            asyncio.run_coroutine_threadsafe(proxy.start(), self._loop).result(_START_WITHIN_S)
        return self

    def __exit__(self, *_: object) -> None:
        for proxy in self._proxies:
            asyncio.run_coroutine_threadsafe(proxy.stop(), self._loop).result(_START_WITHIN_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def wait_for_broadcast(self, patience_s: float) -> bool:
        """Return at the next broadcast, or when patience ends; whether there was one."""
        ends_at = time.monotonic() + patience_s
        with self._arrived:
            seen = len(self.broadcasts)
            while len(self.broadcasts) == seen:
                left_s = ends_at - time.monotonic()
                if left_s <= 0 or not self._arrived.wait(left_s):
                    return False
        return True

    async def _witness(self, endpoint: int, raw: bytes) -> None:
        tx_hash = "0x" + keccak(raw).hex()
        seen = Broadcast(endpoint, tx_hash, knows(self._journal, tx_hash))
        with self._arrived:
            self.broadcasts.append(seen)
            self._arrived.notify_all()


def knows(journal: Path, tx_hash: str) -> bool:
    """Whether a journal holds this hash now. Asked in SQL of our own: the keeper's code is on trial here."""
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True, timeout=_BUSY_S)) as connection:
        found = connection.execute("SELECT 1 FROM attempts WHERE tx_hash = ?", (tx_hash,))
        return found.fetchone() is not None
