"""The world's node behind several doors, each a socket of its own: one may be flooded, and one may lie.

A keeper in a process of its own cannot be handed a fake: what is wrong with a node must be wrong on the wire.
"""

import asyncio
import json
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from keeper.demo.rpc import Json, as_object
from tests.incidents.lies import Ask, Lie

NOTHING: tuple[str, ...] = ()
EVERYTHING = ("eth_",)
STATE = ("eth_call",)
"""What a door drops, by how the methods begin."""
_NODE_ANSWERS_WITHIN_S = 20


class RefusedError(Exception):
    """The node refused; `error` is what it said."""

    def __init__(self, error: Json) -> None:
        self.error = error
        super().__init__(str(error))


async def honest(ask: Ask, method: str, params: Sequence[object]) -> object:
    """What the node says, as it is."""
    return await ask(method, params)


@dataclass
class Door:
    """See the module. What it `drops` it takes and never answers: the connection is closed instead."""

    node_url: str
    lie: Lie = honest
    drops: tuple[str, ...] = NOTHING
    port: int = 0
    asked: list[str] = field(default_factory=list)
    """Methods of all questions that came to it, dropped or not."""

    @property
    def host(self) -> str:
        """What the keeper calls it."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def broadcasts(self) -> int:
        """How many signed transactions came to it."""
        return self.asked.count("eth_sendRawTransaction")

    def answer(self, body: bytes) -> bytes:
        """What it says to a question; nothing to one that it drops."""
        question = as_object(json.loads(body))
        method, params = str(question["method"]), question.get("params", [])
        self.asked.append(method)
        if self.drops and method.startswith(self.drops):
            return b""
        assert isinstance(params, list)
        try:
            told: dict[str, object] = {"result": asyncio.run(_awaited(self.lie, self._ask, method, params))}
        except RefusedError as refused:
            told = {"error": refused.error}
        return json.dumps({"jsonrpc": "2.0", "id": question["id"], **told}).encode()

    async def _ask(self, method: str, params: Sequence[object]) -> object:
        return self._post(method, params)

    def _post(self, method: str, params: Sequence[object]) -> object:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}).encode()
        asked = urllib.request.Request(  # noqa: S310 our own node
            self.node_url, data=body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=_NODE_ANSWERS_WITHIN_S) as said:  # noqa: S310 our own node
            answer = as_object(json.loads(said.read()))
        if "error" in answer:
            raise RefusedError(answer["error"])
        return answer["result"]


async def _awaited(lie: Lie, ask: Ask, method: str, params: Sequence[object]) -> object:
    return await lie(ask, method, params)


@contextmanager
def opened(*doors: Door) -> Iterator[str]:
    """The doors' URLs as `KEEPER_RPC_URL` has them, while the block runs."""
    servers = [_serve(door) for door in doors]
    try:
        yield " ".join(door.url for door in doors)
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _serve(door: Door) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = door.answer(self.rfile.read(int(self.headers["Content-Length"])))
            if not answer:
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    door.port = server.server_port
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server
