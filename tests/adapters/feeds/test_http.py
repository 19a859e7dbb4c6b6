"""A price over HTTP from a real local server that misbehaves in every way known."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from aiohttp import web

from keeper.adapters.feeds.board import Board, Dropped
from keeper.adapters.feeds.http import HttpFeed, HttpSource
from keeper.adapters.feeds.reading import Pointer
from keeper.core.market import Reference
from keeper.core.units import WAD
from tests.adapters.feeds.told import Told

NOW_S = 1_767_225_600
MAX_AGE_S = 300
Page = Callable[[web.Request], web.StreamResponse | Awaitable[web.StreamResponse]]
GOOD = '{"data": [{"price": "3012.5", "ts": 1767225500}]}'


class Bench:
    """One feed at one server; `page` may be replaced at any time."""

    def __init__(self, port: int, *, with_time: bool = True, timeout_s: float = 2.0) -> None:
        self.told = Told()
        self.board = Board(MAX_AGE_S, self.told)
        source = HttpSource(
            name="elsewhere",
            url=f"http://user:secret@127.0.0.1:{port}/price?key=secret",
            price=Pointer.parse("/data/0/price"),
            time=Pointer.parse("/data/0/ts") if with_time else None,
            every_s=0.01,
            timeout_s=timeout_s,
        )
        self.source = source
        self.feed = HttpFeed(source, self.board, lambda: NOW_S)

    async def ask(self) -> None:
        async with httpx.AsyncClient() as client:
            await self.feed.ask(client)


@contextlib.asynccontextmanager
async def serving(page: Page) -> AsyncIterator[int]:
    async def handle(request: web.Request) -> web.StreamResponse:
        answer = page(request)
        return await answer if isinstance(answer, Awaitable) else answer

    application = web.Application()
    application.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def text(body: str, status: int = 200) -> Page:
    return lambda _: web.Response(text=body, status=status)


async def test_a_good_answer_is_posted_with_its_own_time() -> None:
    async with serving(text(GOOD)) as port:
        bench = Bench(port)
        await bench.ask()
    assert bench.board.latest() == (Reference("elsewhere", 30125 * WAD // 10, NOW_S - 100),)
    assert bench.told.dropped == []


async def test_an_answer_without_a_time_is_as_old_as_its_arrival() -> None:
    async with serving(text(GOOD)) as port:
        bench = Bench(port, with_time=False)
        await bench.ask()
    assert [reference.observed_at for reference in bench.board.latest()] == [NOW_S]


async def trickle(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.01)
    return response


async def cut_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(GOOD.encode())
    assert request.transport is not None
    request.transport.close()
    return response


BAD_PAGES: dict[str, tuple[Page, Dropped]] = {
    "html": (text("<html>login</html>"), Dropped.NOT_JSON),
    "server error": (text(GOOD, 500), Dropped.STATUS),
    "rate limit": (text(GOOD, 429), Dropped.STATUS),
    "redirect": (lambda _: web.Response(status=302, headers={"Location": "/secret"}), Dropped.STATUS),
    "huge": (text(" " * 10**6 + GOOD), Dropped.TOO_LARGE),
    "nan": (text('{"data":[{"price":NaN,"ts":1767225500}]}'), Dropped.NOT_JSON),
    "negative": (text('{"data":[{"price":"-1","ts":1767225500}]}'), Dropped.BAD_PRICE),
    "wrong type": (text('{"data":[{"price":[1],"ts":1767225500}]}'), Dropped.BAD_PRICE),
    "no price": (text('{"data":[]}'), Dropped.BAD_TIME),
    "no time": (text('{"data":[{"price":"1"}]}'), Dropped.BAD_TIME),
    "yesterday's": (text(GOOD.replace("1767225500", "1767139200")), Dropped.STALE),
    "tomorrow's": (text(GOOD.replace("1767225500", "1767312000")), Dropped.FROM_THE_FUTURE),
    "older": (text(GOOD.replace("1767225500", "1767225499")), Dropped.OLDER),
    "cut off": (cut_off, Dropped.UNREACHABLE),
    "trickling": (trickle, Dropped.UNREACHABLE),
}


@pytest.mark.parametrize("fault", BAD_PAGES)
async def test_a_bad_answer_is_counted_and_the_last_good_price_stands(fault: str) -> None:
    page, why = BAD_PAGES[fault]
    pages = [page, text(GOOD)]

    def answer(request: web.Request) -> web.StreamResponse | Awaitable[web.StreamResponse]:
        return pages[-1](request)

    async with serving(answer) as port:
        bench = Bench(port, timeout_s=0.5)
        await bench.ask()
        pages.pop()
        await bench.ask()
    assert bench.told.dropped == [why]
    assert [reference.price_wad for reference in bench.board.latest()] == [30125 * WAD // 10]


async def test_a_server_that_is_gone_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        bench = Bench(free.getsockname()[1])
    await bench.ask()
    assert bench.told.dropped == [Dropped.UNREACHABLE]


async def test_an_address_that_is_none_is_unreachable() -> None:
    bench = Bench(1)
    bench.feed = HttpFeed(HttpSource("elsewhere", "http://[bad", Pointer(())), bench.board, lambda: NOW_S)
    await bench.ask()
    assert bench.told.dropped == [Dropped.UNREACHABLE]


async def test_the_feed_goes_on_asking_and_shows_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    asked = asyncio.Event()
    count = 0

    def answer(_: web.Request) -> web.StreamResponse:
        nonlocal count
        count += 1
        if count >= 4:
            asked.set()
        return web.Response(text=GOOD, status=200 if count % 2 else 500)

    async with serving(answer) as port:
        bench = Bench(port)
        running = asyncio.create_task(bench.feed.run())
        async with asyncio.timeout(20):
            await asked.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert Dropped.STATUS in bench.told.dropped
    assert len(bench.board.latest()) == 1
    assert "secret" not in caplog.text + repr(bench.source)
