"""Two real nodes that do not say the same: one is behind, one tells another balance, one serves a fork."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from keeper.adapters.ethereum.block import fetch_tip
from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.heads import NodeHeads, Pace
from keeper.adapters.ethereum.pool import Pool
from keeper.adapters.ethereum.retry import Backoff
from keeper.adapters.ethereum.rpc import Rpc, RpcRefusedError
from keeper.adapters.wallet.needs import Absent
from keeper.adapters.wallet.node import AgreedNode
from keeper.core.units import Address, TxHash
from keeper.demo.anvil import CHAIN_ID, Anvil
from keeper.ports import UnreachableError
from tests.adapters.ethereum.test_heads import Told, followed, mine, until, websocket_of

SOMEBODY = Address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
UNKNOWN = TxHash("0x" + "ab" * 32)
TIME = 4_000_000_000
QUICK = Backoff(0.02, 0.05, lambda: 0.5)
SAME_GENESIS = ("--timestamp", str(TIME))


@pytest.fixture
def nodes() -> Iterator[tuple[Anvil, Anvil]]:
    """Two chains that are the same block for block: anvil's blocks depend on their times and content only."""
    with Anvil.start(*SAME_GENESIS) as one, Anvil.start(*SAME_GENESIS) as other:
        yield one, other


@pytest.fixture
async def pool(nodes: tuple[Anvil, Anvil]) -> AsyncIterator[Pool]:
    rpcs = [Rpc(Endpoint.parse(each.url), 10.0) for each in nodes]
    async with Pool(rpcs, CHAIN_ID, 2, QUICK) as made:
        yield made


def extend(node: Anvil, count: int = 1) -> None:
    """Blocks that come out the same on each node."""
    for _ in range(count):
        number = int(str(node.rpc.call("eth_blockNumber")), 16)
        node.rpc.call("evm_setNextBlockTimestamp", TIME + number + 1)
        node.rpc.call("evm_mine")


async def test_the_tip_is_the_block_that_both_have(nodes: tuple[Anvil, Anvil], pool: Pool) -> None:
    quick, slow = nodes
    extend(quick, 5)
    extend(slow, 2)
    assert (await fetch_tip(pool, CHAIN_ID)).number == 2
    assert pool.readers() == list(pool.members)
    extend(slow, 3)
    head = await fetch_tip(pool, CHAIN_ID)
    assert (head.number, head.hash) == (5, str(pool_hash(quick, 5)))


def pool_hash(node: Anvil, number: int) -> object:
    header = node.rpc.call("eth_getBlockByNumber", hex(number), False)  # noqa: FBT003 JSON-RPC has no keywords
    assert isinstance(header, dict)
    return header["hash"]


async def test_a_fork_is_no_tip(nodes: tuple[Anvil, Anvil], pool: Pool) -> None:
    for node, delay in zip(nodes, (1, 7), strict=True):
        node.rpc.call("evm_setNextBlockTimestamp", TIME + delay)
        node.rpc.call("evm_mine")
    with pytest.raises(UnreachableError, match="the newest block: no answer that 2 agree on"):
        await fetch_tip(pool, CHAIN_ID)


async def test_a_balance_that_only_one_node_tells_is_no_balance(
    nodes: tuple[Anvil, Anvil], pool: Pool
) -> None:
    for each in nodes:
        extend(each)
    node = AgreedNode(pool, 2, RpcRefusedError)
    honest = await node.standing(SOMEBODY, 1)
    assert (honest.nonce, honest.balance_wei) == (0, 10_000 * 10**18)
    nodes[1].rpc.call("anvil_setBalance", SOMEBODY, "0x1")
    with pytest.raises(UnreachableError, match="the account at block 1: no answer that 2 agree on"):
        await node.standing(SOMEBODY, 1)
    await node.close()


async def test_16_a_lagging_node_cannot_say_that_there_is_no_receipt(
    nodes: tuple[Anvil, Anvil], pool: Pool
) -> None:
    extend(nodes[0], 2)
    extend(nodes[1], 1)
    node = AgreedNode(pool, 2, RpcRefusedError)
    with pytest.raises(UnreachableError, match="is at block 1, and block 2 is asked about"):
        await node.receipt(UNKNOWN, 2)
    extend(nodes[1])
    assert await node.receipt(UNKNOWN, 2) == Absent()
    await node.close()


async def test_a_pushed_head_counts_once_the_other_node_has_it(
    nodes: tuple[Anvil, Anvil], pool: Pool
) -> None:
    quick, slow = nodes
    pace = Pace(poll_s=0.02, quiet_s=3600, patience_s=20.0, again_s=0.005)
    heads = NodeHeads(pool, CHAIN_ID, QUICK, websocket=websocket_of(quick), pace=pace)
    async with followed(heads) as latest:
        while not heads.subscribed:
            extend(quick)
            extend(slow)
            await anext(latest)
        number = int(str(quick.rpc.call("eth_blockNumber")), 16)
        extend(quick)
        told = asyncio.ensure_future(until(latest, number + 1))
        done, _ = await asyncio.wait({told}, timeout=0.1)
        assert not done
        extend(slow)
        assert (await told)[-1].number == number + 1


async def test_a_subscription_that_runs_ahead_of_the_nodes_stalls_nothing(
    nodes: tuple[Anvil, Anvil], anvil: Anvil
) -> None:
    """Its blocks are of a chain of its own; the nodes are polled meanwhile."""
    told = Told()
    rpcs = [Rpc(Endpoint.parse(each.url), 10.0) for each in nodes]
    pace = Pace(poll_s=0.02, quiet_s=3600, patience_s=0.1, again_s=0.01)
    async with Pool(rpcs, CHAIN_ID, 2, QUICK) as pool:
        heads = NodeHeads(pool, CHAIN_ID, QUICK, websocket=websocket_of(anvil), pace=pace, events=told)
        async with followed(heads) as latest:
            await anext(latest)
            while not told.lost:
                mine(anvil, 50)
                await asyncio.sleep(0.02)
            for node in nodes:
                extend(node)
            assert (await until(latest, 1))[-1].number == 1
    assert "which too few nodes have" in told.lost[0]
