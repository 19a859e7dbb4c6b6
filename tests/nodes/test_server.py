"""Over HTTP the same nodes say the same, and fail as real ones do."""

import aiohttp
import pytest

from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.rpc import Rpc, RpcRefusedError
from keeper.ports import UnreachableError
from tests.nodes.build import signed
from tests.nodes.chain import ACCOUNT, ScriptedChain
from tests.nodes.faults import Busy, Fault, LostAfter, LostBefore, Page, Refuses, Says
from tests.nodes.node import ScriptedNode, nodes_of
from tests.nodes.relay import PrivateRelay
from tests.nodes.server import served

RAW = "0x" + signed().raw.hex()


async def test_every_method_answers_as_it_does_in_process() -> None:
    chain = ScriptedChain()
    (node,) = nodes_of(chain, "geth")
    questions: list[tuple[str, list[object]]] = [
        ("eth_chainId", []),
        ("eth_sendRawTransaction", [RAW]),
        ("eth_getTransactionCount", [ACCOUNT, "pending"]),
        ("eth_getBlockByNumber", ["latest", False]),
        ("txpool_contentFrom", [ACCOUNT]),
        ("web3_clientVersion", []),
    ]
    async with served(node) as urls, Rpc(Endpoint.parse(urls["geth-0"]), 5.0) as rpc:
        for method, params in questions:
            over_http = await rpc.call(method, params)
            if method != "eth_sendRawTransaction":
                assert over_http == await node.call(method, params)
        with pytest.raises(RpcRefusedError, match="already known"):
            await rpc.call("eth_sendRawTransaction", [RAW])


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        (LostBefore(), False),
        (LostAfter(), True),
        (Page(503), False),
        (Page(200, heard=True), True),
        (Busy(7), False),
    ],
)
async def test_a_fault_leaves_the_client_without_an_answer(fault: Fault, *, heard: bool) -> None:
    (node,) = nodes_of(ScriptedChain(), "geth")
    node.next(fault)
    async with served(node) as urls, Rpc(Endpoint.parse(urls["geth-0"]), 5.0) as rpc:
        with pytest.raises(UnreachableError):
            await rpc.call("eth_sendRawTransaction", [RAW])
    assert (0 in node.pool.waiting) is heard


async def test_a_busy_node_says_when_to_come_again() -> None:
    (node,) = nodes_of(ScriptedChain(), "geth")
    node.next(Busy(7), method="eth_chainId")
    async with served(node) as urls, aiohttp.ClientSession() as session:
        body = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"}
        async with session.post(urls["geth-0"], json=body) as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "7")


async def test_words_and_results_can_be_put_in_a_nodes_mouth() -> None:
    (node,) = nodes_of(ScriptedChain(), "geth")
    node.next(Refuses("nonce too low", -32603, "0x"), Says("0x1"), method="eth_chainId")
    async with served(node) as urls, Rpc(Endpoint.parse(urls["geth-0"]), 5.0) as rpc:
        with pytest.raises(RpcRefusedError) as refused:
            await rpc.call("eth_chainId", [])
        assert (refused.value.code, refused.value.data) == (-32603, "0x")
        assert await rpc.call("eth_chainId", []) == "0x1"


async def test_several_nodes_and_a_relay_are_served_side_by_side() -> None:
    chain = ScriptedChain()
    nodes = nodes_of(chain, "geth", "besu")
    relay = PrivateRelay(chain)
    async with served(*nodes, relay) as urls:
        assert sorted(urls) == ["besu-1", "geth-0", "relay"]
        async with Rpc(Endpoint.parse(urls["relay"]), 5.0) as rpc:
            assert await rpc.call("eth_sendRawTransaction", [RAW]) == signed().tx_hash
            with pytest.raises(RpcRefusedError):
                await rpc.call("eth_chainId", [])
            relay.down = True
            with pytest.raises(UnreachableError):
                await rpc.call("eth_sendRawTransaction", [RAW])


def test_a_node_is_named_by_its_client_and_place() -> None:
    assert [node.host for node in nodes_of(ScriptedChain(), "geth", "besu")] == ["geth-0", "besu-1"]
    assert ScriptedNode(ScriptedChain()).host == "node"
