"""Scripted nodes over HTTP, each at a path of its own, with their faults as a client meets them."""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeAlias

from aiohttp import web

from keeper.adapters.ethereum.rpc import RpcRefusedError
from keeper.ports import UnreachableError
from tests.nodes.faults import Busy, Fault, Page, Refuses, Says, reaches
from tests.nodes.node import ScriptedNode
from tests.nodes.relay import PrivateRelay

Endpoint: TypeAlias = ScriptedNode | PrivateRelay
Json: TypeAlias = dict[str, Any]


@contextlib.asynccontextmanager
async def served(*endpoints: Endpoint) -> AsyncIterator[Mapping[str, str]]:
    """The URL of each endpoint by its name, while the block runs."""
    by_name = {endpoint.name: endpoint for endpoint in endpoints}

    async def handle(request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        endpoint = by_name[request.match_info["name"]]
        return await _answered(endpoint, body, request)

    application = web.Application(client_max_size=2**26)
    application.router.add_post("/{name}", handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        yield {name: f"http://127.0.0.1:{port}/{name}" for name in by_name}
    finally:
        await runner.cleanup()


async def _answered(endpoint: Endpoint, body: Json, request: web.Request) -> web.StreamResponse:
    method, params = str(body["method"]), body.get("params", [])
    try:
        if isinstance(endpoint, PrivateRelay):
            return _result(body, await endpoint.call(method, params))
        fault = endpoint.fault_for(method, params)
        if fault is not None:
            return _faulty(endpoint, fault, body, request)
        return _result(body, endpoint.answer(method, params))
    except RpcRefusedError as refused:
        return _error(body, refused.code, refused.message, refused.data)
    except UnreachableError:
        return _cut(request)


def _faulty(node: ScriptedNode, fault: Fault, body: Json, request: web.Request) -> web.StreamResponse:
    if reaches(fault):
        node.hear(str(body["method"]), body.get("params", []))
    match fault:
        case Says(result):
            return _result(body, result)
        case Refuses(message, code, data):
            return _error(body, code, message, data)
        case Busy(retry_after_s):
            return web.Response(status=429, headers={"Retry-After": str(retry_after_s)})
        case Page(status):
            page = "<html><h1>Bad Gateway</h1></html>"
            return web.Response(status=status, text=page, content_type="text/html")
        case _:
            return _cut(request)


def _result(body: Json, result: object) -> web.Response:
    return web.json_response({"jsonrpc": "2.0", "id": body["id"], "result": result})


def _error(body: Json, code: int, message: str, data: object) -> web.Response:
    error = {"code": code, "message": message} | ({} if data is None else {"data": data})
    return web.json_response({"jsonrpc": "2.0", "id": body["id"], "error": error})


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response()
