"""Each fault as the keeper's own client meets it, in front of a small node that counts what it is asked."""

import asyncio
import math
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.rpc import Rpc, RpcRefusedError
from keeper.demo.anvil import free_port
from keeper.demo.chaos.faults import Fault
from keeper.demo.chaos.proxy import Place, Proxy
from keeper.demo.chaos.schedule import Schedule, Window
from keeper.demo.chaos.weather import Weather
from keeper.ports import UnreachableError

TIMEOUT_S = 5.0
ALWAYS = (0.0, math.inf)
SECRET = "/v3/0123456789abcdef"  # noqa: S105 of a test
TX, TX_HASH = "0x02aa", "0x" + "cd" * 32


class Surely(random.Random):
    """Chance that always says yes, at once."""

    def random(self) -> float:
        return 0.0

    def uniform(self, a: float, b: float) -> float:
        return 0.0 * (a + b)


class Never(Surely):
    """The other side of the coin."""

    def random(self) -> float:
        return 0.55


class Clock:
    """Stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Node:
    """Answers what it can, tells a subscriber two heads, and remembers the methods that it was asked."""

    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade") == "websocket":
            return await self.tell(request)
        question = orjson.loads(await request.read())
        self.asked.append(question["method"])
        results = {
            "eth_blockNumber": "0x64",
            "eth_getBlockByNumber": {"number": "0x64", "hash": "0x" + "aa" * 32},
            "eth_getBalance": "0x5",
            "eth_sendRawTransaction": TX_HASH,
        }
        body = {"jsonrpc": "2.0", "id": question["id"], "result": results[question["method"]]}
        return web.json_response(body)

    async def tell(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive_str()
        for number in ("one", "two"):
            await socket.send_str(f'{{"head": "{number}"}}')
        await socket.receive()
        return socket


@dataclass
class Bed:
    """A proxy under some weather, its node, and the keeper's client."""

    proxy: Proxy
    node: Node
    weather: Weather
    rpc: Rpc
    seen: list[bytes]
    clock: Clock

    async def balance(self) -> object:
        return await self.rpc.call("eth_getBalance", ["0x" + "57a1" * 10, "latest"])

    async def trial(self) -> str:
        """The balance, or why there is none."""
        try:
            return str(await self.balance())
        except UnreachableError as error:
            return str(error)

    async def send(self) -> object:
        return await self.rpc.call("eth_sendRawTransaction", [TX])

    @classmethod
    @asynccontextmanager
    async def under(
        cls, fault: Fault | None, chance: random.Random | None = None, when: tuple[float, float] = ALWAYS
    ) -> AsyncIterator[Self]:
        windows = () if fault is None else (Window(fault, frozenset({0}), *when, lag_blocks=3),)
        node, seen = Node(), list[bytes]()
        application = web.Application()
        application.router.add_route("*", "/", node.answer)
        clock = Clock()
        weather = Weather(Schedule(windows, (), (), math.inf), Surely(), clock)

        async def witness(_: int, raw: bytes) -> None:
            seen.append(raw)

        async with TestServer(application) as server:
            upstream = str(server.make_url("/"))
            proxy = Proxy(Place(0, free_port(), SECRET), upstream, weather, witness, chance or Surely())
            await proxy.start()
            weather.begin()
            async with Rpc(Endpoint.parse(proxy.place.url), TIMEOUT_S) as rpc:
                yield cls(proxy, node, weather, rpc, seen, clock)
            await proxy.stop()


async def test_fair_weather_changes_nothing() -> None:
    async with Bed.under(None) as bed:
        assert await bed.balance() == "0x5"
        assert await bed.send() == TX_HASH
        assert bed.weather.hits == {}


async def test_only_who_knows_the_path_is_answered() -> None:
    async with (
        Bed.under(None) as bed,
        Rpc(Endpoint.parse(f"http://127.0.0.1:{bed.proxy.place.port}"), 1.0) as rpc,
    ):
        with pytest.raises(UnreachableError):
            await rpc.call("eth_blockNumber", [])
        assert bed.node.asked == []


@pytest.mark.parametrize(
    ("fault", "asked"),
    [
        (Fault.RESET_BEFORE, 0),
        (Fault.RESET_AFTER, 1),
        (Fault.DUPLICATE_ANSWER, 1),
        (Fault.TRUNCATE, 1),
        (Fault.RATE_LIMIT, 0),
        (Fault.HTML_OK, 0),
        (Fault.HTML_BAD_GATEWAY, 0),
    ],
)
async def test_a_fault_of_the_connection_leaves_the_question_open(fault: Fault, asked: int) -> None:
    async with Bed.under(fault) as bed:
        with pytest.raises(UnreachableError):
            await bed.send()
        assert len(bed.node.asked) == asked
        assert bed.seen == [bytes.fromhex(TX[2:])]
        assert bed.weather.hits == {fault: 1}


async def test_an_answer_may_also_be_cut_with_its_connection() -> None:
    async with Bed.under(Fault.TRUNCATE, Never()) as bed:
        with pytest.raises(UnreachableError):
            await bed.send()
        assert len(bed.node.asked) == 1


async def test_a_delayed_answer_is_the_answer() -> None:
    async with Bed.under(Fault.DELAY) as bed:
        assert await bed.balance() == "0x5"
        assert bed.weather.hits == {Fault.DELAY: 1}


async def test_a_request_carried_out_twice_reaches_the_node_twice() -> None:
    async with Bed.under(Fault.DUPLICATE_REQUEST) as bed:
        assert await bed.send() == TX_HASH
        assert bed.node.asked == ["eth_sendRawTransaction"] * 2


@pytest.mark.parametrize(("chance", "asked"), [(Surely(), 1), (Never(), 0)])
async def test_a_transaction_is_refused_whether_it_was_taken_or_not(
    chance: random.Random, asked: int
) -> None:
    async with Bed.under(Fault.WRONG_WORDS, chance) as bed:
        with pytest.raises(RpcRefusedError):
            await bed.send()
        assert len(bed.node.asked) == asked


async def test_wrong_words_are_for_transactions_only() -> None:
    async with Bed.under(Fault.WRONG_WORDS) as bed:
        assert await bed.balance() == "0x5"
        assert bed.weather.hits == {}


async def test_a_stale_node_is_behind() -> None:
    async with Bed.under(Fault.STALE) as bed:
        assert await bed.rpc.call("eth_blockNumber", []) == "0x61"
        assert bed.weather.hits == {Fault.STALE: 1}


async def test_a_lie_is_told_and_counted() -> None:
    async with Bed.under(Fault.LIE) as bed:
        assert await bed.balance() != "0x5"
        with pytest.raises(RpcRefusedError):
            await bed.send()
        assert bed.node.asked.count("eth_sendRawTransaction") == 1
        assert await bed.rpc.call("eth_blockNumber", []) == "0x64"
        assert bed.weather.hits == {Fault.LIE: 2}


async def test_a_closed_door_refuses_and_cuts_what_was_open() -> None:
    async with Bed.under(Fault.REFUSED, when=(1.0, 2.0)) as bed:
        assert await bed.trial() == "0x5"
        bed.clock.now = 1.5
        async with asyncio.timeout(TIMEOUT_S):
            while "refused" not in await bed.trial():
                pass
        assert bed.weather.hits[Fault.REFUSED] >= 1
        bed.clock.now = 2.5
        async with asyncio.timeout(TIMEOUT_S):
            while await bed.trial() != "0x5":
                pass


async def heads_under(fault: Fault | None) -> list[str]:
    """What a subscriber is told until the connection ends, two messages at most."""
    async with Bed.under(fault) as bed, aiohttp.ClientSession() as session:
        async with session.ws_connect(bed.proxy.place.url.replace("http", "ws")) as socket:
            await socket.send_str("subscribe")
            told = [await socket.receive(), await socket.receive()]
        return [str(message.data) for message in told if message.type is aiohttp.WSMsgType.TEXT]


async def test_a_subscription_is_passed_through() -> None:
    assert await heads_under(None) == ['{"head": "one"}', '{"head": "two"}']
    assert await heads_under(Fault.DELAY) == ['{"head": "one"}', '{"head": "two"}']
    assert await heads_under(Fault.STALE) == ['{"head": "one"}', '{"head": "two"}']


async def test_a_subscription_suffers_with_its_connection() -> None:
    assert await heads_under(Fault.DUPLICATE_ANSWER) == ['{"head": "one"}'] * 2
    assert await heads_under(Fault.TRUNCATE) == ['{"head"', '{"head"']
    assert await heads_under(Fault.RESET_BEFORE) == []
