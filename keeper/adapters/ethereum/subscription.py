"""New heads as a node pushes them, over one WebSocket.

The socket carries nothing else, so that a slow answer never delays a head. Pings find a peer that is gone
without a word. The same checks hold as for polled headers: another chain is refused before anything is
believed.
"""

from collections.abc import Awaitable, Callable

import aiohttp
import orjson

from keeper.adapters.ethereum.block import quantity, read_head
from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.rpc import described, read_answer
from keeper.core.head import Head
from keeper.ports import UnreachableError

PING_S = 10.0
MAX_MESSAGE_BYTES = 2**20


class WrongChainError(Exception):
    """A node serves another chain than the one configured. Nothing it says may be used."""

    def __init__(self, endpoint: Endpoint, expected: int, actual: int) -> None:
        super().__init__(f"{endpoint}: serves chain {actual}, not {expected}")


async def listen(
    endpoint: Endpoint, chain_id: int, timeout_s: float, tell: Callable[[Head], Awaitable[None]]
) -> None:
    """Subscribe and tell every head until the connection ends, which it does with an UnreachableError.

    Raises also RpcRefusedError, for a node without subscriptions, and WrongChainError.
    """
    patience = aiohttp.ClientTimeout(total=None, connect=timeout_s, sock_connect=timeout_s)
    try:
        async with (
            aiohttp.ClientSession(timeout=patience) as session,
            session.ws_connect(endpoint.url, heartbeat=PING_S, max_msg_size=MAX_MESSAGE_BYTES) as socket,
        ):
            await _converse(socket, endpoint, chain_id, timeout_s, tell)
    except TimeoutError:
        raise UnreachableError(f"{endpoint}: no answer within {timeout_s} s") from None
    except (aiohttp.ClientError, OSError) as error:
        raise UnreachableError(f"{endpoint}: {described(error)}") from None


async def _converse(
    socket: aiohttp.ClientWebSocketResponse,
    endpoint: Endpoint,
    chain_id: int,
    timeout_s: float,
    tell: Callable[[Head], Awaitable[None]],
) -> None:
    actual = quantity(endpoint, await _ask(socket, endpoint, 1, "eth_chainId", [], timeout_s))
    if actual != chain_id:
        raise WrongChainError(endpoint, chain_id, actual)
    name = await _ask(socket, endpoint, 2, "eth_subscribe", ["newHeads"], timeout_s)
    while True:
        await tell(read_head(endpoint, chain_id, _header(endpoint, await _next(socket, endpoint), name)))


async def _ask(
    socket: aiohttp.ClientWebSocketResponse,
    endpoint: Endpoint,
    number: int,
    method: str,
    params: list[str],
    timeout_s: float,
) -> object:
    request = orjson.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
    await socket.send_str(request.decode())
    return read_answer(endpoint, await _next(socket, endpoint, timeout_s), number)


async def _next(
    socket: aiohttp.ClientWebSocketResponse, endpoint: Endpoint, timeout_s: float | None = None
) -> bytes:
    message = await socket.receive(timeout_s)
    if message.type is aiohttp.WSMsgType.TEXT:
        return str(message.data).encode()
    if message.type is aiohttp.WSMsgType.BINARY:
        return bytes(message.data)
    raise UnreachableError(f"{endpoint}: the subscription ended ({message.type.name.lower()})")


def _header(endpoint: Endpoint, message: bytes, name: object) -> object:
    try:
        match orjson.loads(message):
            case {"method": "eth_subscription", "params": {"subscription": told, "result": header}} if (
                told == name
            ):
                return header
    except orjson.JSONDecodeError:
        pass
    raise UnreachableError(f"{endpoint}: the subscription said something else than a head")
