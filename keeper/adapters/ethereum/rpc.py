"""Questions to one node, with two kinds of "no" that must not be confused.

A node that answers with a JSON-RPC error has *decided*: a revert, a nonce too low, a block it does not have.
A node that times out, is overloaded, or answers with a proxy's error page has decided nothing: a transaction
sent to it may or may not be in its pool. The first is `RpcRefusedError`, the second the port's
`UnreachableError`; each asks for another reaction.

Nothing is repeated here. A repeated read is the caller's choice, at the next head; a blindly repeated send
answers "nonce too low" for a transaction that was accepted.

web3.py is not used: one call of it costs several times a bare one, and its WebSocket provider mixes up
concurrent batches (docs/architecture.md).
"""

import asyncio
import itertools
import os
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import aiohttp
import orjson

from keeper.adapters.ethereum.busy import BusyError, date_s, is_rate_limit, retry_after_s
from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.events import UNTOLD, Answered, NodeEvents
from keeper.ports import UnreachableError

MAX_ANSWER_BYTES = 64 * 2**20
MAX_QUOTED = 200
HTTP_OK = 200
HTTP_BUSY = 429
HTTP_SERVER_ERROR = 500
HTTP_REFUSALS = {
    401: "refuses our credentials",
    403: "forbids access",
    404: "knows no such path",
    HTTP_BUSY: "is rate limiting us",
}


class RpcRefusedError(Exception):
    """The node answered no. `data` is what came with it, if anything: for a revert, the contract's error."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.message = message
        self.data = data


class Rpc:
    """A JSON-RPC client of one HTTP endpoint. Used as an async context manager, or closed with `close`.

    `wall_s` is the host's clock in Unix seconds, for a node that says "not before" without its own time.
    """

    agree = 1

    def __init__(
        self,
        endpoint: Endpoint,
        timeout_s: float,
        events: NodeEvents = UNTOLD,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self.endpoint = endpoint
        self._wall_s = wall_s
        self._events = events
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._ids = itertools.count(1)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def host(self) -> str:
        """What people see of the endpoint."""
        return self.endpoint.host

    async def close(self) -> None:
        """Close the connections. A later call opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(self, method: str, params: Sequence[object]) -> object:
        """Ask once and return the node's `result`. Raises RpcRefusedError or UnreachableError."""
        clock = asyncio.get_running_loop().time
        started = clock()
        outcome: Answered = "unreachable"
        try:
            result = await self._ask(method, params)
            outcome = "ok"
        except RpcRefusedError:
            outcome = "refused"
            raise
        finally:
            self._events.rpc(self.endpoint.host, method, outcome, clock() - started)
        return result

    async def _ask(self, method: str, params: Sequence[object]) -> object:
        number = next(self._ids)
        request = orjson.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)})
        return read_answer(self.endpoint, await self._post(request), number)

    async def _post(self, request: bytes) -> bytes:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout, headers={"Content-Type": "application/json"}
            )
        try:
            # A redirect would carry the request, and what it knows, to a host that nobody configured.
            async with self._session.post(self.endpoint.url, data=request, allow_redirects=False) as response:
                body = await _read_bounded(response, self.endpoint)
                status, pause_s = response.status, self._pause_s(response)
        except TimeoutError:
            raise BusyError(f"{self.endpoint}: no answer within {self._timeout.total} s") from None
        except (aiohttp.ClientError, OSError) as error:
            # The text of aiohttp's errors may hold the whole URL, so neither it nor the chain is passed on.
            raise UnreachableError(f"{self.endpoint}: {described(error)}") from None
        if status in HTTP_REFUSALS:
            raise BusyError(f"{self.endpoint}: {HTTP_REFUSALS[status]} (HTTP {status})", pause_s)
        if status >= HTTP_SERVER_ERROR or HTTP_OK < status < 400:  # noqa: PLR2004 the client errors: some nodes answer in them
            raise BusyError(f"{self.endpoint}: HTTP {status}", pause_s)
        return body

    def _pause_s(self, response: aiohttp.ClientResponse) -> float:
        asked = response.headers.get("Retry-After")
        if asked is None:
            return 0.0
        # Two clocks need not agree, so a date is measured by the clock of the one who wrote it.
        now_s = date_s(response.headers.get("Date", ""), self._wall_s())
        return retry_after_s(asked, now_s)


def described(error: aiohttp.ClientError | OSError) -> str:
    """What went wrong with a connection, in words that hold nothing of its URL."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "its name cannot be resolved"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return f"TLS failed ({type(error).__name__})"
        case aiohttp.ServerDisconnectedError():
            return "closed the connection without an answer"
        case OSError(errno=int() as number):
            return f"cannot be reached ({os.strerror(number)})"
        case _:
            return type(error).__name__


async def _read_bounded(response: aiohttp.ClientResponse, endpoint: Endpoint) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise UnreachableError(f"{endpoint}: an answer of more than {MAX_ANSWER_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def read_answer(endpoint: Endpoint, body: bytes, number: int) -> object:
    """The `result` of a JSON-RPC answer to the question with this number.

    Raises RpcRefusedError for the node's own error, UnreachableError for what is no answer to the question.
    """
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise UnreachableError(f"{endpoint}: answered something that is not JSON") from None
    if not isinstance(answer, dict):
        raise UnreachableError(f"{endpoint}: answered JSON that is no JSON-RPC")
    # Some nodes cannot read the id of a request that they refuse, and must then answer with null.
    refusal = answer.get("error")
    if isinstance(refusal, dict) and answer.get("id") in (number, None):
        raise _refusal(endpoint, refusal)
    if answer.get("id") != number or "result" not in answer:
        raise UnreachableError(f"{endpoint}: answered another question")
    return answer["result"]


def _refusal(endpoint: Endpoint, refusal: Mapping[str, object]) -> RpcRefusedError | UnreachableError:
    code = refusal.get("code")
    if not isinstance(code, int):
        return UnreachableError(f"{endpoint}: refused without a code")
    text = str(refusal.get("message", ""))[:MAX_QUOTED]
    if is_rate_limit(code, text):
        return BusyError(f"{endpoint}: is rate limiting us ({code})")
    return RpcRefusedError(code, "".join(c if c.isprintable() else " " for c in text), refusal.get("data"))
