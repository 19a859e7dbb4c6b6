"""Four pages about the keeper itself, and nothing that could change it.

Liveness and readiness are different questions: the first asks whether a restart would help, the second
whether the keeper does its work; an orchestrator that mixes them restarts a healthy keeper because its node
is down. What the answers are is decided by whoever knows (see `health`); this server only carries them. It is
read-only, speaks no TLS and knows no users, so it belongs on the loopback interface or inside a pod.
"""

import errno
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import orjson
from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from keeper.health import Judgement

SHUTDOWN_S = 1.0
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
WELL = 200
ILL = 503

REASONS = {
    errno.EADDRINUSE: "another process listens there; stop it, or set another port",
    errno.EACCES: "this user may not listen there; set a port above 1023",
    errno.EADDRNOTAVAIL: "this host has no such address",
}

Handler = Callable[[web.Request], Awaitable[web.Response]]


class CannotListenError(Exception):
    """The server could not take its address. The text says why and what to do."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        reason = REASONS.get(error.errno or 0, error.strerror or type(error).__name__)
        super().__init__(f"cannot listen on {host}:{port}: {reason}")


@dataclass(frozen=True, slots=True)
class Pages:
    """Where the answers come from (see `health`). Each is called on every request and must not wait."""

    registry: CollectorRegistry
    live: Callable[[], Judgement]
    ready: Callable[[], Judgement]
    status: Callable[[], object]


class WebServer:
    """Serves the pages while its context is open. With port 0 the system chooses `port`."""

    def __init__(self, pages: Pages, port: int, host: str = "127.0.0.1") -> None:
        application = web.Application()
        application.add_routes(
            [
                web.get("/metrics", _metrics(pages.registry)),
                web.get("/livez", _probe(pages.live)),
                web.get("/readyz", _probe(pages.ready)),
                web.get("/status", _status(pages.status)),
            ]
        )
        self.host = host
        self.port = port
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_S)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen. Raises CannotListenError."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self.host, self.port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise CannotListenError(self.host, self.port, error) from error
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Answer what was asked, then close."""
        await self._runner.cleanup()


def _json(body: object, status: int = WELL) -> web.Response:
    # Whatever orjson does not know is shown as text: a page for people must not fail on a new field.
    text = orjson.dumps(body, default=str, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE)
    return web.Response(body=text, status=status, content_type="application/json", headers=HEADERS)


def _metrics(registry: CollectorRegistry) -> Handler:
    async def page(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(registry), headers={**HEADERS, "Content-Type": content_type})

    return page


def _probe(probe: Callable[[], Judgement]) -> Handler:
    async def page(_: web.Request) -> web.Response:
        answer = probe()
        return _json(answer, WELL if answer.ok else ILL)

    return page


def _status(status: Callable[[], object]) -> Handler:
    async def page(_: web.Request) -> web.Response:
        return _json(status())

    return page
