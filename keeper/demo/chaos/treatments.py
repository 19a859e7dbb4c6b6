"""What becomes of one request under each fault, and the one node behind all proxies."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TypeAlias

import aiohttp
import orjson
from aiohttp import web

from keeper.demo.chaos.faults import Fault
from keeper.demo.chaos.lies import lie, wrong_words
from keeper.demo.chaos.questions import Answer, Question, enveloped
from keeper.demo.chaos.schedule import Window
from keeper.demo.chaos.stale import stale
from keeper.demo.chaos.weather import Weather
from keeper.demo.rpc import Json, as_object

JSON_TYPE = "application/json"
PAGE = "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Please try again</h1></body></html>"
SHORTEST_DELAY_S, LONGEST_DELAY_S = 0.05, 2.5
_TIMEOUT_S = 20.0


class Upstream:
    """The node itself. `open` and `close` belong to one event loop."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opened: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Be ready to ask."""
        self._opened = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S))

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            raise RuntimeError("not open")
        return self._opened

    async def forward(self, body: bytes) -> bytes:
        """The node's answer to a request, as it is."""
        async with self._session.post(self._url, data=body, headers={"Content-Type": JSON_TYPE}) as answer:
            return await answer.read()

    async def ask(self, method: str, params: Sequence[Json]) -> Answer:
        """The answer to a question of our own."""
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        answer = as_object(orjson.loads(await self.forward(orjson.dumps(asked))))
        return {key: value for key, value in answer.items() if key in {"result", "error"}}

    def subscribe(self) -> AbstractAsyncContextManager[aiohttp.ClientWebSocketResponse]:
        """A WebSocket to the node."""
        return self._session.ws_connect(self._url.replace("http", "ws", 1))


@dataclass(frozen=True, slots=True)
class Suffering:
    """A request, and the window whose fault it is to suffer."""

    request: web.Request
    body: bytes
    question: Question
    window: Window


_Treatment: TypeAlias = "Callable[[Suffering], Awaitable[web.StreamResponse]]"


class Treatments:
    """All faults of requests; each counts itself where it does something."""

    def __init__(self, upstream: Upstream, weather: Weather, chance: random.Random) -> None:
        self._upstream, self._weather, self._chance = upstream, weather, chance
        self._by_fault: Mapping[Fault, _Treatment] = {
            Fault.DELAY: self._delay,
            Fault.RESET_BEFORE: self._reset_before,
            Fault.RESET_AFTER: self._reset_after,
            Fault.DUPLICATE_REQUEST: self._ask_twice,
            Fault.DUPLICATE_ANSWER: self._answer_twice,
            Fault.TRUNCATE: self._truncate,
            Fault.RATE_LIMIT: self._rate_limit,
            Fault.HTML_OK: self._html,
            Fault.HTML_BAD_GATEWAY: self._html,
            Fault.REFUSED: self._reset_before,  # it came in while the door was closing
            Fault.WRONG_WORDS: self._wrong_words,
            Fault.STALE: self._stale,
            Fault.LIE: self._lie,
        }

    async def apply(self, suffering: Suffering) -> web.StreamResponse:
        """What the client gets to see."""
        return await self._by_fault[suffering.window.fault](suffering)

    def _hit(self, suffering: Suffering) -> None:
        self._weather.hit(suffering.window.fault)

    async def _delay(self, suffering: Suffering) -> web.StreamResponse:
        self._hit(suffering)
        await asyncio.sleep(self._chance.uniform(SHORTEST_DELAY_S, LONGEST_DELAY_S))
        return as_json(await self._upstream.forward(suffering.body))

    async def _reset_before(self, suffering: Suffering) -> web.StreamResponse:
        self._hit(suffering)
        return cut(suffering.request)

    async def _reset_after(self, suffering: Suffering) -> web.StreamResponse:
        self._hit(suffering)
        await self._upstream.forward(suffering.body)
        return cut(suffering.request)

    async def _ask_twice(self, suffering: Suffering) -> web.StreamResponse:
        """The second answer is what the client sees: of a transaction, that it is known already."""
        self._hit(suffering)
        await self._upstream.forward(suffering.body)
        return as_json(await self._upstream.forward(suffering.body))

    async def _answer_twice(self, suffering: Suffering) -> web.StreamResponse:
        self._hit(suffering)
        return as_json(await self._upstream.forward(suffering.body) * 2)

    async def _truncate(self, suffering: Suffering) -> web.StreamResponse:
        """Half of the answer: at times as if it were all, at times with the connection gone."""
        self._hit(suffering)
        whole = await self._upstream.forward(suffering.body)
        half = whole[: len(whole) // 2]
        if self._heads():
            return as_json(half)
        response = web.StreamResponse(headers={"Content-Type": JSON_TYPE, "Content-Length": str(len(whole))})
        await response.prepare(suffering.request)
        await response.write(half)
        return cut(suffering.request, response)

    async def _rate_limit(self, suffering: Suffering) -> web.StreamResponse:
        self._hit(suffering)
        return web.Response(status=429, headers={"Retry-After": "1"}, text="Too Many Requests")

    async def _html(self, suffering: Suffering) -> web.StreamResponse:
        self._hit(suffering)
        status = 200 if suffering.window.fault is Fault.HTML_OK else 502
        return web.Response(status=status, content_type="text/html", text=PAGE)

    async def _wrong_words(self, suffering: Suffering) -> web.StreamResponse:
        """Taken, but not told so; or told to be there already, or refused, and not taken."""
        if not suffering.question.is_broadcast:
            return as_json(await self._upstream.forward(suffering.body))
        self._hit(suffering)
        taken = self._heads()
        if taken:
            await self._upstream.forward(suffering.body)
        return as_json(enveloped(suffering.question, wrong_words(self._chance, taken=taken)))

    async def _stale(self, suffering: Suffering) -> web.StreamResponse:
        self._hit(suffering)
        lag_blocks = suffering.window.lag_blocks
        answer = await stale(suffering.question, lag_blocks, self._upstream.ask)
        return as_json(enveloped(suffering.question, answer))

    async def _lie(self, suffering: Suffering) -> web.StreamResponse:
        question = suffering.question
        tip = as_object((await self._upstream.ask("eth_getBlockByNumber", ["latest", False]))["result"])
        truth = await self._upstream.ask(question.method, question.params)
        told = lie(question, truth, tip, self._chance)
        if told != truth:
            self._hit(suffering)
        return as_json(enveloped(question, told))

    def _heads(self) -> bool:
        return self._chance.random() < 0.5  # noqa: PLR2004 a coin


def as_json(body: bytes) -> web.Response:
    """A response with this body."""
    return web.Response(body=body, content_type=JSON_TYPE)


def cut(request: web.Request, response: web.StreamResponse | None = None) -> web.StreamResponse:
    """End the connection without a word more. What is returned reaches nobody."""
    if request.transport is not None:
        abort(request.transport)
    return response or web.Response()


def abort(transport: asyncio.BaseTransport) -> None:
    """Reset a connection."""
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()
    else:
        transport.close()
