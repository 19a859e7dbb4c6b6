"""Every way in which a node fails to answer is told apart from an answer, and nothing is asked twice."""

import asyncio
import socket
import traceback
from collections.abc import Iterator

import pytest
from aiohttp import web

from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.events import Answered, Untold
from keeper.adapters.ethereum.rpc import Rpc, RpcRefusedError, read_answer
from keeper.ports import UnreachableError
from tests.adapters.ethereum.scripted import Request, Responder, raw, refusal, result, scripted

SECRETS = ("secret", "user", "token", "/v2")


async def test_a_result_is_returned_as_it_is() -> None:
    async with scripted(lambda r: result(r, {"number": "0x1"})) as node, node.rpc() as rpc:
        assert await rpc.call("eth_x", ["0x1", False]) == {"number": "0x1"}
        assert node.asked == [{"jsonrpc": "2.0", "id": 1, "method": "eth_x", "params": ["0x1", False]}]


async def test_null_is_a_result() -> None:
    async with scripted(lambda r: result(r, None)) as node, node.rpc() as rpc:
        assert await rpc.call("eth_getTransactionReceipt", []) is None


async def test_a_refusal_keeps_its_code_words_and_data() -> None:
    async with scripted(lambda r: refusal(r, 3, "execution reverted", "0xdead")) as node, node.rpc() as rpc:
        with pytest.raises(RpcRefusedError) as caught:
            await rpc.call("eth_call", [])
    assert (caught.value.code, caught.value.message, caught.value.data) == (3, "execution reverted", "0xdead")


@pytest.mark.parametrize("status", [200, 400])
async def test_a_refusal_counts_whatever_the_status_says(status: int) -> None:
    body = '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}}'
    async with scripted(lambda _: raw(body, status)) as node, node.rpc() as rpc:
        with pytest.raises(RpcRefusedError, match="parse error"):
            await rpc.call("eth_call", [])


async def test_a_nodes_words_are_shortened_and_made_printable() -> None:
    async with scripted(lambda r: refusal(r, -32000, "a\x1b[31m\n" + "b" * 5000)) as node, node.rpc() as rpc:
        with pytest.raises(RpcRefusedError) as caught:
            await rpc.call("eth_call", [])
    assert caught.value.message.startswith("a [31m b")
    assert len(caught.value.message) == 200


def truncated(request: Request) -> web.Response:
    return raw(str(result(request, "0x" + "00" * 500).text)[:-30])


BAD_ANSWERS = {
    "html": lambda _: raw("<html>502 Bad Gateway</html>", content_type="text/html"),
    "empty": lambda _: raw(""),
    "not an object": lambda _: raw("[1]"),
    "not UTF-8": lambda _: raw(b'{"id":1,"result":"\xff"}'),
    "truncated": truncated,
    "wrong id": lambda r: result({**r, "id": r["id"] + 1}, "0x1"),
    "no id": lambda _: raw('{"jsonrpc":"2.0","result":"0x1"}'),
    "no result": lambda r: raw(f'{{"jsonrpc":"2.0","id":{r["id"]}}}'),
    "error for another": lambda r: refusal({**r, "id": 99}, -32000, "nonce too low"),
    "error without code": lambda r: raw(f'{{"id":{r["id"]},"error":{{"message":"x"}}}}'),
    "rate limit in JSON": lambda r: refusal(r, -32005, "limit exceeded"),
    "server error": lambda _: raw("oops", 500),
    "server error with a result": lambda r: raw(f'{{"id":{r["id"]},"result":"0x1"}}', 503),
    "too many requests": lambda _: raw("slow down", 429),
    "unauthorised": lambda _: raw("who are you", 401),
    "redirect": lambda _: web.Response(status=307, headers={"Location": "http://127.0.0.1:1/secret"}),
    "no content": lambda _: web.Response(status=204),
}


@pytest.mark.parametrize("fault", BAD_ANSWERS)
async def test_what_is_no_answer_is_unreachable_and_asked_once(fault: str) -> None:
    async with scripted(BAD_ANSWERS[fault]) as node, node.rpc() as rpc:
        with pytest.raises(UnreachableError) as caught:
            await rpc.call("eth_sendRawTransaction", ["0x00"])
        assert len(node.asked) == 1
        shown = "".join(traceback.format_exception(caught.value))
        assert f"127.0.0.1:{node.port}" in shown
        assert not [secret for secret in SECRETS if secret in shown.replace("scripted", "")]


async def test_an_answer_that_never_ends_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keeper.adapters.ethereum.rpc.MAX_ANSWER_BYTES", 1000)
    async with scripted(lambda r: result(r, "0x" + "00" * 1000)) as node, node.rpc() as rpc:
        with pytest.raises(UnreachableError, match="more than 1000 bytes"):
            await rpc.call("eth_call", [])


async def test_a_node_that_says_nothing_is_unreachable_after_the_timeout() -> None:
    release = asyncio.Event()

    async def wait(request: Request) -> web.Response:
        await release.wait()
        return result(request, "0x1")

    async with scripted(wait) as node, node.rpc(timeout_s=0.05) as rpc:
        with pytest.raises(UnreachableError, match=r"no answer within 0\.05 s"):
            await rpc.call("eth_call", [])
        release.set()


async def test_a_body_that_stops_half_way_is_unreachable() -> None:
    async def stop(_: Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(requests[0])
        await response.write(b'{"jsonrpc"')
        assert requests[0].transport is not None
        requests[0].transport.close()
        return response

    requests: list[web.Request] = []
    async with scripted(stop) as node, node.rpc() as rpc:
        handle = node.handle

        async def remember(request: web.Request) -> web.StreamResponse:
            requests.append(request)
            return await handle(request)

        node.handle = remember  # type: ignore[method-assign]
        with pytest.raises(UnreachableError):
            await rpc.call("eth_call", [])


async def test_a_port_where_nobody_listens_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with Rpc(Endpoint.parse(f"http://127.0.0.1:{port}/secret"), 1.0) as rpc:
        with pytest.raises(UnreachableError) as caught:
            await rpc.call("eth_call", [])
    assert "secret" not in str(caught.value)


async def test_concurrent_questions_get_their_own_answers() -> None:
    async with scripted(lambda r: result(r, r["params"][0])) as node, node.rpc() as rpc:
        assert await asyncio.gather(*(rpc.call("echo", [i]) for i in range(50))) == list(range(50))


async def test_a_closed_client_opens_again() -> None:
    async with scripted(lambda r: result(r, "0x1")) as node:
        rpc = node.rpc()
        assert await rpc.call("a", []) == "0x1"
        await rpc.close()
        assert await rpc.call("b", []) == "0x1"
        await rpc.close()
        await rpc.close()


class Told(Untold):
    def __init__(self) -> None:
        self.rpcs: list[tuple[str, str, Answered]] = []

    def rpc(self, endpoint: str, method: str, outcome: Answered, seconds: float) -> None:
        assert 0 <= seconds < 60
        self.rpcs.append((endpoint, method, outcome))


async def test_every_question_is_told_with_its_outcome_and_the_host_only() -> None:
    answers: Iterator[Responder] = iter(
        [lambda r: result(r, 1), lambda r: refusal(r, -1, "no"), lambda _: raw("<html>")]
    )
    told = Told()
    async with scripted(lambda r: next(answers)(r)) as node, Rpc(node.endpoint, 2.0, told) as rpc:  # noqa: PLW0108 the next answer for each question
        await rpc.call("a", [])
        with pytest.raises(RpcRefusedError):
            await rpc.call("b", [])
        with pytest.raises(UnreachableError):
            await rpc.call("c", [])
        host = f"127.0.0.1:{node.port}"
    assert told.rpcs == [(host, "a", "ok"), (host, "b", "refused"), (host, "c", "unreachable")]


def test_an_answer_is_read_without_a_socket() -> None:
    assert read_answer(Endpoint.parse("http://x"), b'{"id":7,"result":[]}', 7) == []
