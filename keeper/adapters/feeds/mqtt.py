"""A price told over MQTT: messages `{"price": "3012.5", "ts": 1767225600}` on one topic.

A broker repeats a retained message to everyone who comes, however old it is, so a message must carry its own
time. The library does not reconnect; this does, at a growing and jittered pace, and a lost connection is
found by the messages that are waited for. Quality of service 1, because a price that is told twice does no
harm.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode

from keeper.adapters.feeds.board import Board, Dropped, DroppedError
from keeper.adapters.feeds.reading import Pointer, read_document, read_price, read_time
from keeper.core.market import Reference

PRICE = Pointer(("price",))
TIME = Pointer(("ts",))
AT_LEAST_ONCE = 1
MAX_WAITING = 100
REFUSED = 0x80
MAX_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class MqttSource:
    """Where prices are told. `client_id` must be unique at the broker: two of one name evict each other."""

    name: str
    host: str
    port: int
    topic: str
    client_id: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    retry_base_s: float = 0.5
    retry_cap_s: float = 30.0


class MqttFeed:
    """Listens to one topic and posts what is told. `wall_s` is the clock for ages; `jitter` in [0, 1)."""

    def __init__(
        self, source: MqttSource, board: Board, wall_s: Callable[[], float], jitter: Callable[[], float]
    ) -> None:
        self._source = source
        self._board = board
        self._wall_s = wall_s
        self._jitter = jitter

    async def run(self) -> None:
        """Listen until cancelled, through every loss of the broker."""
        failures = 0
        while True:
            try:
                async with self._client() as client:
                    await self._subscribe(client)
                    failures = 0
                    async for message in client.messages:
                        self.hear(message.payload)
            except aiomqtt.MqttError:
                self._board.drop(self._source.name, Dropped.UNREACHABLE)
            failures += 1
            await asyncio.sleep(self.pause_s(failures))

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        granted = await client.subscribe(self._source.topic, qos=AT_LEAST_ONCE)
        if any(_is_refusal(code) for code in granted):
            raise aiomqtt.MqttError("the broker refuses the subscription")

    def hear(self, payload: object) -> None:
        """Take one message, or drop it."""
        try:
            document = read_document(payload if isinstance(payload, bytes) else b"")
            reference = Reference(self._source.name, read_price(document, PRICE), read_time(document, TIME))
            self._board.post(reference, int(self._wall_s()))
        except DroppedError as dropped:
            self._board.drop(self._source.name, dropped.why)

    def _client(self) -> aiomqtt.Client:
        return aiomqtt.Client(
            hostname=self._source.host,
            port=self._source.port,
            identifier=self._source.client_id,
            username=self._source.username,
            password=self._source.password,
            tls_params=aiomqtt.TLSParameters() if self._source.tls else None,
            max_queued_incoming_messages=MAX_WAITING,
        )

    def pause_s(self, failures: int) -> float:
        """The pause after so many failures in a row."""
        base_s = self._source.retry_base_s
        ceiling_s = min(self._source.retry_cap_s, base_s * 2.0 ** min(failures - 1, MAX_DOUBLINGS))
        return max(base_s / 2, ceiling_s * self._jitter())


def _is_refusal(code: int | ReasonCode) -> bool:
    return (code.value if isinstance(code, ReasonCode) else code) >= REFUSED
