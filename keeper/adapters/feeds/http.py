"""A price asked for over HTTP.

Such services are the least reliable thing the keeper talks to: they answer with error pages, redirects to a
login, yesterday's price from a cache, or not at all. None of that is worth more than a count; the last good
price stands on the board.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from keeper.adapters.feeds.board import Board, Dropped, DroppedError
from keeper.adapters.feeds.reading import MAX_BODY_BYTES, Pointer, read_document, read_price, read_time
from keeper.core.market import Reference

OK = 200


@dataclass(frozen=True, slots=True)
class HttpSource:
    """Where a price is to be had. `url` may hold a key and is never shown; `name` is.

    `time` points at the answer's own time; without it an answer is as old as its arrival.
    """

    name: str
    url: str = field(repr=False)
    price: Pointer
    time: Pointer | None = None
    every_s: float = 10.0
    timeout_s: float = 5.0


class HttpFeed:
    """Asks one source again and again and posts what it says. `wall_s` is the clock for ages."""

    def __init__(self, source: HttpSource, board: Board, wall_s: Callable[[], float]) -> None:
        self._source = source
        self._board = board
        self._wall_s = wall_s

    async def run(self) -> None:
        """Ask until cancelled."""
        # httpx logs every URL, keys and all, at the level that services log at.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        async with httpx.AsyncClient(timeout=self._source.timeout_s, follow_redirects=False) as client:
            while True:
                await self.ask(client)
                await asyncio.sleep(self._source.every_s)

    async def ask(self, client: httpx.AsyncClient) -> None:
        """Ask once."""
        try:
            document = read_document(await self._fetch(client))
            now_s = int(self._wall_s())
            at_s = now_s if self._source.time is None else read_time(document, self._source.time)
            price_wad = read_price(document, self._source.price)
            self._board.post(Reference(self._source.name, price_wad, at_s), now_s)
        except DroppedError as dropped:
            self._board.drop(self._source.name, dropped.why)

    async def _fetch(self, client: httpx.AsyncClient) -> bytes:
        try:
            # The client's own limit holds for each step; a trickling answer would never break it.
            async with (
                asyncio.timeout(self._source.timeout_s),
                client.stream("GET", self._source.url) as response,
            ):
                if response.status_code != OK:
                    raise DroppedError(Dropped.STATUS)
                body = b""
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > MAX_BODY_BYTES:
                        raise DroppedError(Dropped.TOO_LARGE)
                return body
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError):
            raise DroppedError(Dropped.UNREACHABLE) from None
