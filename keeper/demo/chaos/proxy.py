"""One endpoint: a port of its own in front of the one node, which does to requests what the weather says.

The keeper is told only this port. Whatever it hands over to be broadcast is shown to a witness first, before
any fault can swallow it: from then on the bytes may be anywhere. The path holds a secret, as a provider's URL
does, and no log may repeat it.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

import aiohttp
from aiohttp import web

from keeper.demo.chaos.faults import Fault
from keeper.demo.chaos.questions import read_question
from keeper.demo.chaos.treatments import (
    LONGEST_DELAY_S,
    SHORTEST_DELAY_S,
    Suffering,
    Treatments,
    Upstream,
    abort,
    as_json,
    cut,
)
from keeper.demo.chaos.weather import Weather

HOST = "127.0.0.1"
_DOOR_EVERY_S = 0.02
_BACKLOG_TIMEOUT_S = 0.1

Witness: TypeAlias = "Callable[[int, bytes], Awaitable[None]]"
"""Told of each transaction handed over for broadcast: the endpoint, and the signed bytes."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an endpoint is: its number, its port, and the secret path behind which it answers."""

    index: int
    port: int
    path: str

    @property
    def url(self) -> str:
        """The whole URL."""
        return f"http://{HOST}:{self.port}{self.path}"


class Proxy:
    """One endpoint. `start` and `stop` belong to one event loop."""

    def __init__(
        self, place: Place, upstream: str, weather: Weather, witness: Witness, chance: random.Random
    ) -> None:
        self.place = place
        self._weather, self._witness, self._chance = weather, witness, chance
        self._upstream = Upstream(upstream)
        self._treatments = Treatments(self._upstream, weather, chance)
        self._runner: web.AppRunner | None = None
        self._door: asyncio.Task[None] | None = None
        self._open: set[asyncio.BaseTransport] = set()

    async def start(self) -> None:
        """Listen, and open and close the door as the weather says."""
        await self._upstream.open()
        application = web.Application(client_max_size=2**26)
        application.router.add_post(self.place.path, self._post)
        application.router.add_get(self.place.path, self._websocket)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=_BACKLOG_TIMEOUT_S)
        await self._runner.setup()
        site = await self._listen()
        self._door = asyncio.create_task(self._keep_door(site))

    async def stop(self) -> None:
        """Close everything."""
        if self._door is not None:
            self._door.cancel()
            await asyncio.gather(self._door, return_exceptions=True)
        self._cut_all()
        if self._runner is not None:
            await self._runner.cleanup()
        await self._upstream.close()

    async def _listen(self) -> web.TCPSite:
        if self._runner is None:
            raise RuntimeError("not started")
        site = web.TCPSite(self._runner, HOST, self.place.port, reuse_address=True)
        await site.start()
        return site

    async def _keep_door(self, opened: web.TCPSite) -> None:
        """Stop listening while connections are to be refused. A closed connection is what one can count."""
        site: web.TCPSite | None = opened
        while True:
            await asyncio.sleep(_DOOR_EVERY_S)
            window = self._weather.over(self.place.index)
            refused = window is not None and window.fault is Fault.REFUSED
            if refused and site is not None:
                await site.stop()
                site = None
                for _ in range(self._cut_all()):
                    self._weather.hit(Fault.REFUSED)
            elif not refused and site is None:
                site = await self._listen()

    def _cut_all(self) -> int:
        cut = 0
        for transport in tuple(self._open):
            if not transport.is_closing():
                cut += 1
                abort(transport)
        self._open.clear()
        return cut

    async def _post(self, request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            self._open.add(request.transport)
        body = await request.read()
        question = read_question(body)
        if question is None:
            return as_json(await self._upstream.forward(body))
        if question.is_broadcast:
            await self._witness(self.place.index, bytes.fromhex(str(question.params[0]).removeprefix("0x")))
        window = self._weather.strikes(self.place.index)
        if window is None:
            return as_json(await self._upstream.forward(body))
        return await self._treatments.apply(Suffering(request, body, question, window))

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        """Pass a subscription through. What a node pushes suffers from what has to do with a connection."""
        if request.transport is not None:
            self._open.add(request.transport)
        near = web.WebSocketResponse()
        await near.prepare(request)
        async with self._upstream.subscribe() as far:
            down = asyncio.create_task(self._push(request, far, near))
            async for message in near:
                if message.type is aiohttp.WSMsgType.TEXT:
                    await far.send_str(message.data)
            down.cancel()
            await asyncio.gather(down, return_exceptions=True)
        return near

    async def _push(
        self, request: web.Request, far: aiohttp.ClientWebSocketResponse, near: web.WebSocketResponse
    ) -> None:
        async for message in far:
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            for text in await self._pushed(request, message.data):
                await near.send_str(text)

    async def _pushed(self, request: web.Request, text: str) -> tuple[str, ...]:
        window = self._weather.strikes(self.place.index)
        fault = None if window is None else window.fault
        match fault:
            case Fault.DELAY:
                await asyncio.sleep(self._chance.uniform(SHORTEST_DELAY_S, LONGEST_DELAY_S))
            case Fault.TRUNCATE:
                text = text[: len(text) // 2]
            case Fault.RESET_BEFORE | Fault.RESET_AFTER:
                cut(request)
            case Fault.DUPLICATE_ANSWER:
                self._weather.hit(fault)
                return (text, text)
            case _:
                return (text,)
        self._weather.hit(fault)
        return (text,)
