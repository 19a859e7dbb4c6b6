"""A node that answers as a test tells it to, over real sockets."""

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.rpc import Rpc

Request = dict[str, Any]
Responder = Callable[[Request], web.StreamResponse | Awaitable[web.StreamResponse]]


def result(request: Request, value: object) -> web.Response:
    return web.json_response({"jsonrpc": "2.0", "id": request["id"], "result": value})


def refusal(request: Request, code: int, message: str, data: object = None) -> web.Response:
    error = {"code": code, "message": message} | ({} if data is None else {"data": data})
    return web.json_response({"jsonrpc": "2.0", "id": request["id"], "error": error})


def raw(body: bytes | str, status: int = 200, content_type: str = "application/json") -> web.Response:
    return web.Response(body=body, status=status, content_type=content_type)


@dataclass
class ScriptedNode:
    """`respond` may be replaced at any time; `asked` holds every request."""

    respond: Responder
    port: int = 0
    asked: list[Request] = field(default_factory=list)

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint.parse(f"http://user:secret@127.0.0.1:{self.port}/v2/secret-key?token=secret")

    def rpc(self, timeout_s: float = 2.0) -> Rpc:
        return Rpc(self.endpoint, timeout_s)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        asked = json.loads(await request.read())
        self.asked.append(asked)
        answer = self.respond(asked)
        return await answer if isinstance(answer, Awaitable) else answer


@contextlib.asynccontextmanager
async def scripted(respond: Responder) -> AsyncIterator[ScriptedNode]:
    node = ScriptedNode(respond)
    application = web.Application(client_max_size=2**26)
    application.router.add_post("/{path:.*}", node.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    node.port = runner.addresses[0][1]
    try:
        yield node
    finally:
        await runner.cleanup()
