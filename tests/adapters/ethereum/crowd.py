"""Several nodes that answer as a test tells them to, without a socket or a clock."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.events import Untold
from keeper.adapters.ethereum.pool import Pool
from keeper.adapters.ethereum.retry import Backoff
from keeper.adapters.ethereum.rpc import Rpc
from keeper.adapters.ethereum.standing import Condition
from keeper.ports import UnreachableError

CHAIN = 31337
BACKOFF = Backoff(base_s=1.0, cap_s=8.0, jitter=lambda: 1.0)
TURNS = 40
"""Of the event loop, for one sleep: more than any scripted answer takes."""

Answer = Callable[[str, Sequence[object]], object]


class Clock:
    """Time passes when somebody sleeps, or when the test says so."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)
        self.now_s += seconds


class Scripted(Rpc):
    """A node. `answer` gives a result or an error to raise; `turns` is how late it answers."""

    def __init__(self, host: str, answer: Answer, turns: int = 0) -> None:
        super().__init__(Endpoint.parse(f"http://{host}/secret"), 1.0)
        self.answer = answer
        self.turns = turns
        self.chain = CHAIN
        self.asked: list[str] = []

    async def call(self, method: str, params: Sequence[object]) -> object:
        self.asked.append(method)
        for _ in range(self.turns):
            await asyncio.sleep(0)
        answer = self.answer(method, params)
        if isinstance(answer, Awaitable):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        return hex(self.chain) if answer is None and method == "eth_chainId" else answer

    def counted(self, method: str) -> int:
        return self.asked.count(method)


class Told(Untold):
    """What was told of endpoints, in order."""

    def __init__(self) -> None:
        self.conditions: list[tuple[str, Condition]] = []
        self.disputes: list[tuple[str, str, bool]] = []

    def endpoint(self, endpoint: str, condition: Condition, detail: str) -> None:
        assert "secret" not in endpoint + detail
        self.conditions.append((endpoint, condition))

    def disagreed(self, endpoint: str, method: str, *, again: bool) -> None:
        self.disputes.append((endpoint, method, again))


def saying(result: object) -> Answer:
    """The same to every question but the chain's id."""
    return lambda method, _: None if method == "eth_chainId" else result


def down(method: str, params: Sequence[object]) -> object:
    """No answer."""
    return UnreachableError(f"no answer to {method} of {len(params)}")


def hanging(method: str, _: Sequence[object]) -> object:
    """No end of waiting."""
    return None if method == "eth_chainId" else asyncio.Event().wait()


def pool_of(
    *nodes: Scripted, agree: int | None = None, told: Told | None = None, clock: Clock | None = None
) -> Pool:
    clock = clock or Clock()
    needed = len(nodes) // 2 + 1 if agree is None else agree
    return Pool(nodes, CHAIN, needed, BACKOFF, told or Told(), clock=clock, sleep=clock.sleep)


def block(number: int, fork: int = 0) -> dict[str, str]:
    """A header of a made-up chain."""
    fields = {"number": hex(number), "timestamp": hex(1000 + number), "baseFeePerGas": "0x7"}
    return fields | {
        "hash": f"0x{(fork << 64) + number:064x}",
        "parentHash": f"0x{(fork << 64) + number - 1:064x}",
    }


def chain(height: int, fork: int = 0) -> Answer:
    """A node that has such a chain up to a height."""

    def answer(method: str, params: Sequence[object]) -> object:
        if method == "eth_getBlockByNumber":
            wanted = height if params[0] == "latest" else int(str(params[0]), 16)
            return block(wanted, fork) if wanted <= height else None
        return None

    return answer
