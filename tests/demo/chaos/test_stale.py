"""A stale node is consistent with itself: all of it is of one older block."""

from collections.abc import Sequence

import pytest

from keeper.demo.chaos.questions import Answer, Question
from keeper.demo.chaos.stale import stale
from keeper.demo.rpc import Json

NEWEST, LAG = 100, 3
SEEN = NEWEST - LAG


def block_hash(number: int) -> str:
    return f"0x{number:064x}"


class Node:
    """A node at block 100 whose every number of an account is that of the block it is asked at."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Sequence[Json]]] = []

    async def ask(self, method: str, params: Sequence[Json]) -> Answer:
        self.asked.append((method, params))
        match method, params:
            case "eth_blockNumber", _:
                return {"result": hex(NEWEST)}
            case "eth_getBlockByHash", [str(wanted), _]:
                return {"result": {"number": hex(int(wanted, 16)), "hash": wanted}}
            case "eth_getBlockByNumber", [str(wanted), _]:
                return {"result": {"number": wanted, "hash": block_hash(int(wanted, 16))}}
            case "eth_getTransactionReceipt", [str(wanted)]:
                return {"result": {"blockNumber": hex(int(wanted, 16))}}
            case _:
                return {"result": params[-1]}

    async def stale(self, method: str, *params: Json) -> Answer:
        return await stale(Question(1, method, params), LAG, self.ask)


@pytest.fixture
def node() -> Node:
    return Node()


async def test_its_newest_block_is_older(node: Node) -> None:
    assert await node.stale("eth_blockNumber") == {"result": hex(SEEN)}
    block = (await node.stale("eth_getBlockByNumber", "latest", False))["result"]  # noqa: FBT003 JSON-RPC
    assert block == {"number": hex(SEEN), "hash": block_hash(SEEN)}


@pytest.mark.parametrize("tag", ["latest", "pending"])
async def test_accounts_and_calls_are_of_that_block(node: Node, tag: str) -> None:
    for method in ("eth_getTransactionCount", "eth_getBalance", "eth_call"):
        assert await node.stale(method, "0x" + "57a1" * 10, tag) == {"result": hex(SEEN)}


@pytest.mark.parametrize(("number", "known"), [(SEEN, True), (SEEN + 1, False), (NEWEST, False)])
async def test_it_knows_no_later_block_and_nothing_in_it(node: Node, number: int, *, known: bool) -> None:
    asked = (
        ("eth_getBlockByNumber", hex(number), False),
        ("eth_getBlockByHash", block_hash(number), False),
        ("eth_getTransactionReceipt", block_hash(number)),
    )
    for method, *params in asked:
        assert ((await node.stale(method, *params))["result"] is not None) == known


@pytest.mark.parametrize(("number", "known"), [(SEEN, True), (SEEN + 1, False)])
async def test_a_call_at_a_later_block_is_refused(node: Node, number: int, *, known: bool) -> None:
    asked: tuple[Json, ...] = ({"blockHash": block_hash(number)}, hex(number))
    for block in asked:
        answer = await node.stale("eth_call", {"to": "0x" + "57a1" * 10}, block)
        assert ("error" not in answer) == known
        assert known or answer == {"error": {"code": -32000, "message": "header not found"}}


async def test_it_passes_on_what_it_is_given_to_broadcast(node: Node) -> None:
    assert await node.stale("eth_sendRawTransaction", "0x02") == {"result": "0x02"}
    assert ("eth_sendRawTransaction", ("0x02",)) in node.asked
