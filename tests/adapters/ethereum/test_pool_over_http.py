"""The rules of the pool hold over real sockets: each kind of bad answer costs that provider only."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from keeper.adapters.ethereum.busy import BusyError
from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.pool import Pool
from keeper.adapters.ethereum.retry import Backoff
from keeper.adapters.ethereum.rpc import Rpc, RpcRefusedError
from keeper.adapters.ethereum.standing import Condition
from keeper.adapters.wallet.node import AgreedNode
from keeper.core.transaction.attempt import Route
from keeper.core.transaction.words import Answer
from keeper.core.units import TxHash
from keeper.ports import UnreachableError
from tests.adapters.ethereum.crowd import CHAIN, Clock
from tests.adapters.ethereum.scripted import Request, Responder, ScriptedNode, raw, refusal, result, scripted

DATE = "Wed, 21 Oct 2015 07:28:00 GMT"
LATER = "Wed, 21 Oct 2015 07:28:45 GMT"
TX = TxHash("0x" + "ab" * 32)


def healthy(request: Request) -> web.Response:
    answers = {"eth_chainId": hex(CHAIN), "eth_sendRawTransaction": TX}
    return result(request, answers.get(request["method"], "0x1"))


def but(answer: Responder) -> Responder:
    """Healthy, apart from anything but its chain id."""
    return lambda request: healthy(request) if request["method"] == "eth_chainId" else answer(request)


def limited(**headers: str) -> Responder:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return but(lambda _: web.Response(status=429, headers=names, text="slow down"))


BAD = {
    "html": but(lambda _: raw("<html>blocked</html>", content_type="text/html")),
    "empty": but(lambda _: raw("")),
    "truncated": but(lambda r: raw(str(result(r, "0x" + "00" * 500).text)[:-30])),
    "duplicated": but(lambda r: raw(str(result(r, "0x1").text) * 2)),
    "another question's": but(lambda r: result({**r, "id": r["id"] + 1}, "0x1")),
    "HTTP 502": but(lambda _: raw("bad gateway", 502)),
    "HTTP 429": limited(),
    "rate limit in JSON": but(lambda r: refusal(r, -32005, "limit exceeded")),
}


@contextlib.asynccontextmanager
async def pooled(
    *responders: Responder, clock: Clock | None = None
) -> AsyncIterator[tuple[Pool, list[ScriptedNode]]]:
    clock = clock or Clock()
    async with contextlib.AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(scripted(each)) for each in responders]
        rpcs = [node.rpc() for node in nodes]
        backoff = Backoff(1.0, 8.0, lambda: 1.0)
        pool = Pool(rpcs, CHAIN, len(rpcs) // 2 + 1, backoff, clock=clock, sleep=asyncio.sleep)
        yield await stack.enter_async_context(pool), nodes


async def settled(pool: Pool) -> None:
    """Wait for what nobody waits for: answers that came too late to count."""
    async with asyncio.timeout(10):
        while pool.members[-1].standing.condition is Condition.HEALTHY:  # noqa: ASYNC110 a straggler tells nobody
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("fault", BAD)
async def test_a_bad_answer_costs_that_provider_only(fault: str) -> None:
    async with pooled(healthy, healthy, BAD[fault]) as (pool, nodes):
        assert await pool.call("eth_call", []) == "0x1"
        await settled(pool)
        asked = len(nodes[2].asked)
        assert await pool.call("eth_call", []) == "0x1"
        assert len(nodes[2].asked) == asked
        assert [member.host for member in pool.readers()] == [str(node.endpoint) for node in nodes[:2]]


@pytest.mark.parametrize("fault", BAD)
async def test_two_bad_answers_of_three_mean_hold(fault: str) -> None:
    async with pooled(healthy, BAD[fault], BAD[fault]) as (pool, _):
        with pytest.raises(UnreachableError, match="2 of 127"):
            await pool.call("eth_call", [])


@pytest.mark.parametrize("fault", BAD)
async def test_22_a_bad_answer_to_a_send_is_never_a_success_and_sent_once(fault: str) -> None:
    async with pooled(healthy, BAD[fault]) as (pool, nodes):
        node = AgreedNode(pool, 1, RpcRefusedError)
        replies = {reply.endpoint: reply.answer for reply in await node.send(b"\x02", TX, Route.PUBLIC)}
        assert replies == {str(nodes[0].endpoint): Answer.ACCEPTED, str(nodes[1].endpoint): Answer.LOST}
        sent = [request["method"] for request in nodes[1].asked].count("eth_sendRawTransaction")
        assert sent == 1
        await node.close()


async def test_67_besus_refusal_of_a_gas_limit_is_a_refusal_and_no_pause() -> None:
    besu = but(lambda r: refusal(r, -32005, "Transaction gas limit exceeds block gas limit"))
    async with pooled(besu) as (pool, nodes):
        with pytest.raises(RpcRefusedError, match="exceeds block gas limit"):
            await pool.call("eth_call", [])
        (reply,) = await AgreedNode(pool, 1, RpcRefusedError).send(b"\x02", TX, Route.PUBLIC)
        assert reply.answer is Answer.FORBIDDEN
        assert pool.members[0].standing.condition is Condition.HEALTHY
        assert len(nodes[0].asked) == 3


@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [
        ({"Retry_After": "30"}, 30.0),
        ({"Retry_After": LATER, "Date": DATE}, 45.0),
        ({"Retry_After": "86400"}, 300.0),
        ({"Retry_After": "soon"}, 0.0),
        ({}, 0.0),
    ],
)
async def test_67_a_provider_is_left_alone_for_as_long_as_it_asks(
    headers: dict[str, str], pause_s: float
) -> None:
    async with scripted(limited(**headers)) as node, node.rpc() as rpc:
        with pytest.raises(BusyError) as caught:
            await rpc.call("eth_call", [])
    assert caught.value.pause_s == pause_s


async def test_67_a_date_is_measured_by_our_clock_where_the_node_tells_no_time() -> None:
    async def bare(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 503 Busy\r\nRetry-After: {LATER}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(bare, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Rpc(Endpoint.parse(f"http://127.0.0.1:{port}"), 5.0, wall_s=lambda: 1445412480.0) as rpc:
            with pytest.raises(BusyError) as caught:
                await rpc.call("eth_call", [])
    assert caught.value.pause_s == 45.0


async def test_a_node_that_says_nothing_backs_off_after_the_timeout() -> None:
    release = asyncio.Event()

    async def wait(request: Request) -> web.Response:
        await release.wait()
        return healthy(request)

    async with scripted(wait) as node, node.rpc(timeout_s=0.05) as rpc:
        with pytest.raises(BusyError):
            await rpc.call("eth_call", [])
        release.set()


async def test_a_node_of_another_chain_is_never_handed_a_transaction() -> None:
    wrong = lambda request: result(request, "0x1")  # noqa: E731 a responder
    async with pooled(healthy, healthy, wrong) as (pool, nodes):
        node = AgreedNode(pool, 2, RpcRefusedError)
        replies = await node.send(b"\x02", TX, Route.PUBLIC)
        assert [reply.answer for reply in replies].count(Answer.ACCEPTED) == 2
        assert {request["method"] for request in nodes[2].asked} == {"eth_chainId"}
        assert len(await node.send(b"\x02", TX, Route.PUBLIC)) == 2
        await node.close()
