"""A price over MQTT from a real mosquitto, through its death and return, and from strangers on its topic."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable

import aiomqtt
import pytest

from keeper.adapters.feeds.board import Board, Dropped
from keeper.adapters.feeds.mqtt import MqttFeed, MqttSource
from keeper.core.market import Reference
from keeper.core.units import WAD
from tests.adapters.feeds.broker import PASSWORD, Broker, broker
from tests.adapters.feeds.told import Told

__all__ = ["broker"]

NOW_S = 1_767_225_600
TOPIC = "prices/eth-usd"
PATIENCE_S = 20.0


class Bench:
    """One feed at one broker."""

    def __init__(self, broker: Broker, user: str = "feed", **changes: str) -> None:
        self.told = Told()
        self.board = Board(300, self.told)
        self.source = MqttSource(
            name="elsewhere",
            host="127.0.0.1",
            port=broker.port,
            topic=TOPIC,
            client_id="keeper-test",
            username=user,
            password=changes.get("password", PASSWORD),
            retry_base_s=0.05,
            retry_cap_s=0.1,
        )
        self.feed = MqttFeed(self.source, self.board, lambda: NOW_S, lambda: 0.5)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.feed.run())
        try:
            async with asyncio.timeout(PATIENCE_S):
                yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def publish(broker: Broker, *payloads: object, retain: bool = False) -> None:
    async with aiomqtt.Client("127.0.0.1", broker.port, username="feed", password=PASSWORD) as client:
        for payload in payloads:
            raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
            await client.publish(TOPIC, raw, qos=1, retain=retain)


async def eventually(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110 what is waited for happens in the code under test
        await asyncio.sleep(0.005)


def said(price: str, at_s: int = NOW_S) -> dict[str, object]:
    return {"price": price, "ts": at_s}


async def until_heard(bench: Bench, broker: Broker, price: str, at_s: int = NOW_S) -> Reference:
    """Publish until the feed has heard it: there is no telling when a subscription stands."""
    while not any(last.observed_at == at_s for last in bench.board.latest()):
        await publish(broker, said(price, at_s))
        await asyncio.sleep(0.02)
    return bench.board.latest()[0]


async def test_a_price_that_is_told_is_posted(broker: Broker) -> None:
    bench = Bench(broker)
    async with bench.running():
        heard = await until_heard(bench, broker, "3012.5")
    assert heard == Reference("elsewhere", 30125 * WAD // 10, NOW_S)


async def test_a_retained_price_is_heard_at_once_unless_it_is_old(broker: Broker) -> None:
    await publish(broker, said("3000", NOW_S - 301), retain=True)
    bench = Bench(broker)
    async with bench.running():
        await eventually(lambda: bench.told.dropped)
    assert (bench.told.dropped, bench.board.latest()) == ([Dropped.STALE], ())


NOISE: list[tuple[object, Dropped]] = [
    (b"", Dropped.NOT_JSON),
    (b"<html>", Dropped.NOT_JSON),
    (b"\xff" * 100, Dropped.NOT_JSON),
    (b" " * 10**6, Dropped.TOO_LARGE),
    ({"ts": NOW_S}, Dropped.NO_PRICE),
    ({"price": "3000"}, Dropped.BAD_TIME),
    (said("-3000"), Dropped.BAD_PRICE),
    (b'{"price": NaN, "ts": 1767225600}', Dropped.NOT_JSON),
    (said("3000", NOW_S + 301), Dropped.FROM_THE_FUTURE),
    (said("3000", NOW_S - 1), Dropped.OLDER),
    ([3000], Dropped.NO_PRICE),
]


async def test_noise_on_the_topic_is_counted_and_the_last_good_price_stands(broker: Broker) -> None:
    bench = Bench(broker)
    async with bench.running():
        await until_heard(bench, broker, "3012.5")
        await publish(broker, *(payload for payload, _ in NOISE))
        await eventually(lambda: len(bench.told.dropped) >= len(NOISE))
        assert bench.told.dropped == [why for _, why in NOISE]
        assert [last.price_wad for last in bench.board.latest()] == [30125 * WAD // 10]
        await until_heard(bench, broker, "3013", NOW_S + 1)


async def test_the_feed_survives_the_brokers_death_and_return(broker: Broker) -> None:
    bench = Bench(broker)
    async with bench.running():
        await until_heard(bench, broker, "3012.5")
        broker.stop()
        await eventually(lambda: bench.told.dropped.count(Dropped.UNREACHABLE) >= 3)
        assert bench.board.latest()[0].price_wad == 30125 * WAD // 10
        broker.start()
        await until_heard(bench, broker, "3014", NOW_S + 5)


@pytest.mark.parametrize(("user", "password"), [("feed", "wrong"), ("nobody", PASSWORD)])
async def test_a_broker_that_will_not_have_us_is_unreachable(
    broker: Broker, user: str, password: str
) -> None:
    bench = Bench(broker, user, password=password)
    async with bench.running():
        await eventually(lambda: len(bench.told.dropped) >= 2)
    assert set(bench.told.dropped) == {Dropped.UNREACHABLE}


async def test_a_subscription_that_is_refused_is_unreachable_and_not_silence(broker: Broker) -> None:
    """Mosquitto grants all subscriptions and withholds the messages: a few bytes play another broker."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly((await reader.readexactly(2))[1])
        writer.write(bytes.fromhex("20020000"))
        subscribe = await reader.readexactly((await reader.readexactly(2))[1])
        writer.write(bytes.fromhex("9003") + subscribe[:2] + bytes.fromhex("80"))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    broker.port = server.sockets[0].getsockname()[1]
    bench = Bench(broker)
    async with server, bench.running():
        await eventually(lambda: len(bench.told.dropped) >= 2)
    assert set(bench.told.dropped) == {Dropped.UNREACHABLE}


def test_pauses_grow_to_a_cap_and_are_never_nothing(broker: Broker) -> None:
    source = Bench(broker).source
    eager = MqttFeed(source, Board(1), lambda: 0, lambda: 0.0)
    slow = MqttFeed(source, Board(1), lambda: 0, lambda: 1.0)
    assert [eager.pause_s(n) for n in (1, 9)] == [0.025, 0.025]
    assert [slow.pause_s(n) for n in (1, 2, 3, 9)] == [0.05, 0.1, 0.1, 0.1]


def test_a_source_does_not_show_its_password(broker: Broker) -> None:
    assert PASSWORD not in repr(Bench(broker).source)
