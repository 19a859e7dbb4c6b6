"""Heads of a real chain: each tip once, the newest first, through reorganisations and lost connections."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import WSMsgType, web

from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.events import Untold, Via
from keeper.adapters.ethereum.heads import NodeHeads, Pace
from keeper.adapters.ethereum.retry import Backoff
from keeper.adapters.ethereum.rpc import Rpc
from keeper.adapters.ethereum.subscription import WrongChainError
from keeper.core.head import Head
from keeper.demo.anvil import Anvil
from tests.adapters.ethereum.scripted import Request, raw, result, scripted

CHAIN = 31337
QUICK = Backoff(base_s=0.02, cap_s=0.05, jitter=lambda: 0.5)
POLLING = Pace(poll_s=0.02)

PATIENCE_S = 20.0


class Told(Untold):
    def __init__(self) -> None:
        self.steps: list[tuple[int, int, int]] = []
        self.lost: list[str] = []
        self.back = 0

    def head(self, head: Head, missed: int, reorg_depth: int) -> None:
        self.steps.append((head.number, missed, reorg_depth))

    def heads_lost(self, endpoint: str, via: Via, detail: str) -> None:
        assert "secret" not in endpoint + via + detail
        self.lost.append(detail)

    def heads_told(self, endpoint: str, via: Via, *, again: bool) -> None:
        assert "secret" not in endpoint + via
        self.back += again


@contextlib.asynccontextmanager
async def followed(heads: NodeHeads) -> AsyncIterator[AsyncIterator[Head]]:
    async with asyncio.timeout(PATIENCE_S):
        async with contextlib.aclosing(heads.latest()) as latest:
            yield latest


def rpc_of(node: Anvil) -> Rpc:
    return Rpc(Endpoint.parse(node.url), 5.0)


def websocket_of(node: Anvil) -> Endpoint:
    return Endpoint.parse(node.url.replace("http", "ws"))


def mine(node: Anvil, count: int = 1) -> None:
    node.rpc.call("anvil_mine", hex(count))


async def eventually(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110 what is waited for happens in the code under test
        await asyncio.sleep(0.005)


async def until(heads: AsyncIterator[Head], number: int) -> list[Head]:
    seen = []
    async for head in heads:
        seen.append(head)
        if head.number >= number:
            return seen
    raise AssertionError("the heads ended")


async def test_polling_tells_each_tip_once(anvil: Anvil) -> None:
    async with rpc_of(anvil) as rpc, followed(NodeHeads(rpc, CHAIN, QUICK, pace=POLLING)) as heads:
        first = await anext(heads)
        assert (first.chain_id, first.number) == (CHAIN, 0)
        mine(anvil)
        second = await anext(heads)
        assert second.parent_hash == first.hash
        mine(anvil)
        third = await anext(heads)
        assert third.parent_hash == second.hash
        assert third.base_fee_wei > 0
        assert third.timestamp >= second.timestamp > 1_600_000_000


async def test_a_subscription_tells_without_being_asked(anvil: Anvil) -> None:
    async with rpc_of(anvil) as rpc:
        pace = Pace(poll_s=0.02, quiet_s=3600)
        heads = NodeHeads(rpc, CHAIN, QUICK, websocket=websocket_of(anvil), pace=pace)
        async with followed(heads) as latest:
            while not heads.subscribed:
                mine(anvil)
                await anext(latest)
            number = anvil_number(anvil)
            for wanted in range(number + 1, number + 6):
                mine(anvil)
                assert (await until(latest, wanted))[-1].number == wanted


def anvil_number(node: Anvil) -> int:
    return int(str(node.rpc.call("eth_blockNumber")), 16)


async def test_a_slow_consumer_sees_the_newest_head_only(anvil: Anvil) -> None:
    told = Told()
    async with (
        rpc_of(anvil) as rpc,
        followed(NodeHeads(rpc, CHAIN, QUICK, pace=POLLING, events=told)) as heads,
    ):
        await anext(heads)
        for _ in range(5):
            mine(anvil)
            await eventually(lambda: told.steps and told.steps[-1][0] >= anvil_number(anvil))
        assert (await anext(heads)).number == 5
        assert [number for number, _, _ in told.steps] == [0, 1, 2, 3, 4, 5]


async def test_blocks_missed_between_two_polls_are_told(anvil: Anvil) -> None:
    told = Told()
    async with (
        rpc_of(anvil) as rpc,
        followed(NodeHeads(rpc, CHAIN, QUICK, pace=POLLING, events=told)) as heads,
    ):
        await anext(heads)
        mine(anvil, 10)
        assert (await until(heads, 10))[-1].number == 10
        await eventually(lambda: len(told.steps) + sum(missed for _, missed, _ in told.steps) == 11)


@pytest.mark.parametrize("push", [False, True], ids=["polled", "pushed"])
async def test_a_reorganisation_is_told_with_its_depth_and_its_new_tip(anvil: Anvil, push: bool) -> None:  # noqa: FBT001
    told = Told()
    mine(anvil, 10)
    async with rpc_of(anvil) as rpc:
        websocket = websocket_of(anvil) if push else None
        heads = NodeHeads(rpc, CHAIN, QUICK, websocket=websocket, pace=POLLING, events=told)
        async with followed(heads) as latest:
            await until(latest, 10)
            mine(anvil)
            await until(latest, 11)
            mine(anvil)
            old = (await until(latest, 12))[-1]
            anvil.rpc.call("anvil_reorg", 2, [])
            new = await anext(latest)
            while new.number < 12:
                new = await anext(latest)
            assert new.hash != old.hash
            await eventually(lambda: any(depth for _, _, depth in told.steps))
            assert max(depth for _, _, depth in told.steps) == 2


async def test_after_a_rollback_the_next_block_is_a_reorganisation(anvil: Anvil) -> None:
    told = Told()
    async with (
        rpc_of(anvil) as rpc,
        followed(NodeHeads(rpc, CHAIN, QUICK, pace=POLLING, events=told)) as heads,
    ):
        await anext(heads)
        for number in (1, 2, 3):
            mine(anvil)
            await until(heads, number)
        anvil.rpc.call("anvil_rollback", 2)
        anvil.rpc.call("evm_setNextBlockTimestamp", 4_000_000_000)
        mine(anvil)
        new = await anext(heads)
        assert (new.number, new.timestamp) == (2, 4_000_000_000)
        await eventually(lambda: told.steps[-1] == (2, 0, 2))


async def test_heads_come_back_after_the_node_did(anvil: Anvil) -> None:
    told = Told()
    port = int(anvil.url.rpartition(":")[2])
    async with rpc_of(anvil) as rpc:
        heads = NodeHeads(rpc, CHAIN, QUICK, websocket=websocket_of(anvil), pace=POLLING, events=told)
        async with followed(heads) as latest:
            await anext(latest)
            anvil.stop()
            await eventually(lambda: told.lost)
            with Anvil.start(port=port) as again:
                mine(again, 3)
                assert (await until(latest, 3))[-1].number == 3
                while not told.back:
                    mine(again)
                    await anext(latest)


async def test_another_chain_is_refused_at_the_start(anvil: Anvil) -> None:
    async with rpc_of(anvil) as rpc, followed(NodeHeads(rpc, 1, QUICK)) as heads:
        with pytest.raises(WrongChainError, match="serves chain 31337, not 1"):
            await anext(heads)


async def test_closing_ends_the_iteration(anvil: Anvil) -> None:
    async with rpc_of(anvil) as rpc:
        heads = NodeHeads(rpc, CHAIN, QUICK, pace=POLLING)
        async with followed(heads) as latest:
            await anext(latest)
            heads.close()
            assert [head async for head in latest] == []


async def test_closing_ends_a_source_that_never_reached_its_node() -> None:
    async with Rpc(Endpoint.parse("http://127.0.0.1:9/secret"), 1.0) as rpc:
        heads = NodeHeads(rpc, CHAIN, Backoff(3600, 3600, lambda: 1.0))
        async with followed(heads) as latest:
            asyncio.get_running_loop().call_later(0.05, heads.close)
            assert [head async for head in latest] == []


class Fake:
    """A node with one chain of made-up blocks, which can change its mind about everything."""

    def __init__(self) -> None:
        self.chain = CHAIN
        self.number = 1
        self.down = False

    def header(self) -> dict[str, str]:
        n = self.number
        fields = {"number": hex(n), "timestamp": hex(1000 + n), "baseFeePerGas": "0x7"}
        return fields | {"hash": f"0x{n:064x}", "parentHash": f"0x{n - 1:064x}"}

    def __call__(self, request: Request) -> web.Response:
        if self.down:
            return raw("<html>maintenance</html>", 503)
        if request["method"] == "eth_chainId":
            return result(request, hex(self.chain))
        return result(request, self.header())


async def test_a_node_that_comes_back_on_another_chain_is_not_believed() -> None:
    fake, told = Fake(), Told()
    async with (
        scripted(fake) as node,
        node.rpc() as rpc,
        followed(NodeHeads(rpc, CHAIN, QUICK, pace=POLLING, events=told)) as heads,
    ):
        assert (await anext(heads)).number == 1
        fake.down = True
        await eventually(lambda: told.lost)
        fake.chain, fake.number, fake.down = 1, 5, False
        asked = len(node.asked)
        await eventually(lambda: len(node.asked) >= asked + 5)
        assert {request["method"] for request in node.asked[asked:]} == {"eth_chainId"}
        fake.chain, fake.number = CHAIN, 9
        assert (await anext(heads)).number == 9
    assert told.back == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"number": "latest"},
        {"hash": "0x12"},
        {"hash": None},
        {"timestamp": "0x-1"},
        {"timestamp": hex(2**200)},
        {"parentHash": "0x" + "zz" * 32},
        {"baseFeePerGas": 7},
    ],
    ids=str,
)
async def test_a_header_without_meaning_is_not_a_head(broken: dict[str, object]) -> None:
    fake, told = Fake(), Told()

    def respond(request: Request) -> web.Response:
        if request["method"] == "eth_getBlockByNumber" and not told.lost:
            return result(request, {**fake.header(), **broken})
        return fake(request)

    async with (
        scripted(respond) as node,
        node.rpc() as rpc,
        followed(NodeHeads(rpc, CHAIN, QUICK, pace=POLLING, events=told)) as heads,
    ):
        assert (await anext(heads)).number == 1
    assert len(told.lost) == 1


async def test_a_node_that_lags_behind_itself_tells_nothing_twice() -> None:
    fake = Fake()
    numbers = [1, 2, 3, 2, 1, 3, 2, 4]

    def respond(request: Request) -> web.Response:
        if request["method"] == "eth_getBlockByNumber":
            fake.number = numbers.pop(0) if len(numbers) > 1 else numbers[0]
        if request["method"] == "eth_getBlockByHash":
            fake.number = int(request["params"][0], 16)
        return fake(request)

    told = Told()
    async with (
        scripted(respond) as node,
        node.rpc() as rpc,
        followed(NodeHeads(rpc, CHAIN, QUICK, pace=POLLING, events=told)) as heads,
    ):
        await until(heads, 4)
    assert [number for number, _, _ in told.steps] == [1, 2, 3, 4][: len(told.steps)]


class Pusher:
    """A node's WebSocket side, driven by the test."""

    def __init__(self, *answers: str) -> None:
        self.answers = answers
        self.connections = 0

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.connections += 1
        chain, name, *pushes = self.answers
        for answer in (chain, name):
            if (await socket.receive()).type is not WSMsgType.TEXT:
                return socket
            await socket.send_str(answer)
        for push in pushes:
            await socket.send_str(push)
        await socket.close()
        return socket


@contextlib.asynccontextmanager
async def pushing(pusher: Pusher) -> AsyncIterator[Endpoint]:
    application = web.Application()
    application.router.add_get("/{path:.*}", pusher.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield Endpoint.parse(f"ws://user:secret@127.0.0.1:{runner.addresses[0][1]}/secret")
    finally:
        await runner.cleanup()


CHAIN_ANSWER = '{"id":1,"result":"0x7a69"}'
NAME_ANSWER = '{"id":2,"result":"0xabc"}'


@pytest.mark.parametrize(
    "answers",
    [
        ('{"id":1,"result":"0x1"}', NAME_ANSWER),
        ("<html>", NAME_ANSWER),
        (CHAIN_ANSWER, '{"id":2,"error":{"code":-32601,"message":"no subscriptions here"}}'),
        (CHAIN_ANSWER, NAME_ANSWER),
        (CHAIN_ANSWER, NAME_ANSWER, "not json"),
        (
            CHAIN_ANSWER,
            NAME_ANSWER,
            '{"method":"eth_subscription","params":{"subscription":"0xother","result":{}}}',
        ),
        (
            CHAIN_ANSWER,
            NAME_ANSWER,
            '{"method":"eth_subscription","params":{"subscription":"0xabc","result":{}}}',
        ),
        (CHAIN_ANSWER, NAME_ANSWER, "x" * 2**21),
    ],
    ids=["wrong chain", "html", "unsupported", "closes", "no json", "other name", "no header", "too large"],
)
async def test_a_broken_subscription_is_told_once_retried_and_replaced_by_polling(
    answers: tuple[str, ...],
) -> None:
    fake, told, pusher = Fake(), Told(), Pusher(*answers)
    async with scripted(fake) as node, node.rpc() as rpc, pushing(pusher) as websocket:
        heads = NodeHeads(rpc, CHAIN, QUICK, websocket=websocket, pace=POLLING, events=told)
        async with followed(heads) as latest:
            await anext(latest)
            await eventually(lambda: pusher.connections >= 3)
            fake.number = 2
            assert (await anext(latest)).number == 2
    assert len(told.lost) == 1


def test_pauses_double_up_to_a_cap_and_are_never_nothing() -> None:
    highest = Backoff(1.0, 30.0, lambda: 1.0)
    assert [highest.pause_s(n) for n in (1, 2, 3, 4, 5, 6, 1000)] == [1, 2, 4, 8, 16, 30, 30]
    assert Backoff(1.0, 30.0, lambda: 0.0).pause_s(9) == 0.5


async def test_a_node_that_is_down_at_the_start_is_waited_for() -> None:
    fake, told = Fake(), Told()
    fake.down = True
    async with scripted(fake) as node, node.rpc() as rpc:  # noqa: SIM117 each line says one thing
        async with followed(NodeHeads(rpc, CHAIN, QUICK, pace=POLLING, events=told)) as heads:
            first = asyncio.ensure_future(anext(heads))
            await eventually(lambda: len(node.asked) >= 3)
            fake.down = False
            assert (await first).number == 1
    assert (len(told.lost), told.back) == (1, 1)


async def test_a_head_is_told_although_the_blocks_before_it_cannot_be_had() -> None:
    fake, told = Fake(), Told()

    def respond(request: Request) -> web.Response:
        return result(request, None) if request["method"] == "eth_getBlockByHash" else fake(request)

    async with scripted(respond) as node, node.rpc() as rpc:  # noqa: SIM117 each line says one thing
        async with followed(NodeHeads(rpc, CHAIN, QUICK, pace=POLLING, events=told)) as heads:
            assert (await anext(heads)).number == 1
            fake.number = 5
            assert (await anext(heads)).number == 5
            await eventually(lambda: told.steps == [(1, 0, 0), (5, 3, 0)])


async def test_a_head_is_told_before_anyone_finds_out_what_it_follows() -> None:
    fake, release = Fake(), asyncio.Event()

    async def respond(request: Request) -> web.Response:
        if request["method"] == "eth_getBlockByHash":
            await release.wait()
        return fake(request)

    async with scripted(respond) as node, node.rpc() as rpc:  # noqa: SIM117 each line says one thing
        async with followed(NodeHeads(rpc, CHAIN, QUICK, pace=POLLING)) as heads:
            await anext(heads)
            fake.number = 50
            assert (await anext(heads)).number == 50
            assert not release.is_set()
            release.set()


async def test_a_block_from_within_an_outage_is_not_a_new_head() -> None:
    fake, told = Fake(), Told()
    shown = [1]

    def respond(request: Request) -> web.Response:
        if request["method"] == "eth_getBlockByHash":
            fake.number = int(request["params"][0], 16)
        elif request["method"] == "eth_getBlockByNumber":
            fake.number = shown[0]
        return fake(request)

    async with scripted(respond) as node, node.rpc() as rpc:  # noqa: SIM117 each line says one thing
        async with followed(NodeHeads(rpc, CHAIN, QUICK, pace=POLLING, events=told)) as heads:
            for number in (1, 1000):
                shown[0] = number
                assert (await anext(heads)).number == number
            await eventually(lambda: len(told.steps) == 2)
            shown[0] = 500
            asked = len(node.asked)
            await eventually(lambda: len(node.asked) >= asked + 100)
            shown[0] = 1001
            assert (await anext(heads)).number == 1001


async def test_a_fault_of_ours_ends_the_heads_loudly() -> None:
    class Broken(Untold):
        def head(self, head: Head, missed: int, reorg_depth: int) -> None:
            raise RuntimeError(f"a fault of ours at {head.number}, {missed}, {reorg_depth}")

    async with scripted(Fake()) as node, node.rpc() as rpc:  # noqa: SIM117 each line says one thing
        async with followed(NodeHeads(rpc, CHAIN, QUICK, pace=POLLING, events=Broken())) as heads:
            with pytest.raises(ExceptionGroup) as caught:
                await until(heads, 10**9)
    assert caught.group_contains(RuntimeError)


async def test_a_websocket_that_says_nothing_is_given_up(anvil: Anvil) -> None:
    silent, told = Pusher(), Told()
    silent.answers = ()

    async def handle(request: web.Request) -> web.WebSocketResponse:
        silent.connections += 1
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        await socket.receive()
        return socket

    silent.handle = handle  # type: ignore[method-assign]
    async with rpc_of(anvil) as rpc, pushing(silent) as websocket:
        pace = Pace(poll_s=0.02, timeout_s=0.05)
        async with followed(
            NodeHeads(rpc, CHAIN, QUICK, websocket=websocket, pace=pace, events=told)
        ) as heads:
            await anext(heads)
            await eventually(lambda: silent.connections >= 2)
    assert told.lost == [f"{websocket}: no answer within 0.05 s"]


async def test_a_websocket_where_nobody_listens_is_told_without_its_secrets(anvil: Anvil) -> None:
    told = Told()
    websocket = Endpoint.parse("ws://user:secret@127.0.0.1:9/secret")
    async with rpc_of(anvil) as rpc:
        heads = NodeHeads(rpc, CHAIN, QUICK, websocket=websocket, pace=POLLING, events=told)
        async with followed(heads) as latest:
            await anext(latest)
            await eventually(lambda: told.lost)
    assert told.lost == ["127.0.0.1:9: cannot be reached (Connection refused)"]


async def test_heads_may_come_as_binary_messages(anvil: Anvil) -> None:
    class Binary(Pusher):
        async def handle(self, request: web.Request) -> web.WebSocketResponse:
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            for answer in self.answers:
                await socket.receive()
                await socket.send_bytes(answer.encode())
            await socket.receive()
            return socket

    async with rpc_of(anvil) as rpc, pushing(Binary(CHAIN_ANSWER, NAME_ANSWER)) as websocket:
        told = Told()
        heads = NodeHeads(rpc, CHAIN, QUICK, websocket=websocket, pace=POLLING, events=told)
        async with followed(heads) as latest:
            await anext(latest)
            mine(anvil)
            await until(latest, 1)
    assert told.lost == []
