"""The chain keeps what a chain must keep, whatever a test does to it."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.transaction.words import Answer
from keeper.core.units import GWEI
from tests.nodes.build import send, signed
from tests.nodes.chain import ScriptedChain
from tests.nodes.node import ScriptedNode, nodes_of
from tests.nodes.vault import Reverts


async def test_the_miner_takes_the_best_paid_of_all_pools_at_each_nonce() -> None:
    chain = ScriptedChain()
    one, other = nodes_of(chain, "geth", "geth")
    one.gossips = other.gossips = False
    cheap, dear = signed(0, tip=GWEI), signed(0, tip=2 * GWEI)
    await send(one, cheap)
    await send(other, dear)
    await send(other, signed(1))
    chain.mine()
    assert [each.tx.nonce for _, each in chain.mined()] == [0, 1]
    assert chain.mined()[0][1].tx.tx_hash == dear.tx_hash
    assert one.pool.waiting == {}


async def test_the_replaced_original_may_win_the_race() -> None:
    chain = ScriptedChain()
    (node,) = nodes_of(chain, "geth")
    first, second = signed(), signed(fee=60 * GWEI, tip=2 * GWEI)
    assert [await send(node, first), await send(node, second)] == [Answer.ACCEPTED, Answer.ACCEPTED]
    chain.mine(only=first.tx_hash)
    assert [each.tx.tx_hash for _, each in chain.mined()] == [first.tx_hash]
    assert await send(node, second) is Answer.NONCE_TOO_LOW
    with pytest.raises(ValueError, match="nonce 0 cannot be mined now"):
        chain.mine(only=second.tx_hash)


async def test_a_reorganisation_returns_what_it_undid_or_forgets_it() -> None:
    chain = ScriptedChain()
    (node,) = nodes_of(chain, "geth")
    await send(node, signed())
    before = chain.mine()
    after = chain.reorg(1)
    assert (after.number, after.parent_hash) == (before.number, before.parent_hash)
    assert after.hash != before.hash
    assert 0 in node.pool.waiting
    chain.mine()
    chain.reorg(2, forget=True)
    assert node.pool.waiting == {}
    assert chain.mined() == []


async def test_a_reorganisation_may_turn_success_into_a_revert() -> None:
    chain = ScriptedChain()
    (node,) = nodes_of(chain, "geth")
    await send(node, signed())
    chain.mine()
    chain.judge = lambda _data, _timestamp: Reverts(b"\x01\x02\x03\x04")
    chain.reorg(1, empty=False)
    assert [each.succeeded for _, each in chain.mined()] == [False]


async def test_somebody_else_may_use_the_key_and_cares_for_it() -> None:
    chain = ScriptedChain()
    (node,) = nodes_of(chain, "geth")
    await send(node, signed())
    theirs = chain.foreign()
    chain.mine()
    assert [each.foreign for _, each in chain.mined()] == [True]
    chain.reorg(1, forget=True, empty=False)
    assert [each.tx.tx_hash for _, each in chain.mined()] == [theirs.tx_hash]


async def test_a_spike_of_the_base_fee_leaves_what_is_too_cheap_and_all_behind_it() -> None:
    chain = ScriptedChain()
    (node,) = nodes_of(chain, "geth")
    await send(node, signed(0, fee=50 * GWEI))
    await send(node, signed(1, fee=500 * GWEI))
    chain.mine(base_fee_wei=100 * GWEI)
    assert chain.mined() == []
    chain.mine(base_fee_wei=40 * GWEI)
    assert len(chain.mined()) == 2


STEP = st.one_of(
    st.tuples(st.just("send"), st.integers(0, 4), st.integers(1, 9)),
    st.tuples(st.just("mine"), st.booleans(), st.integers(1, 80)),
    st.tuples(st.just("reorg"), st.integers(1, 3), st.booleans()),
    st.tuples(st.just("foreign"), st.just(0), st.just(0)),
    st.tuples(st.just("drop"), st.integers(0, 4), st.just(0)),
)


async def act(chain: ScriptedChain, nodes: list[ScriptedNode], step: tuple[str, int, int]) -> None:
    match step:
        case ("send", place, tens):
            await send(nodes[place % len(nodes)], signed(chain.tip.nonce + place, fee=10 * tens * GWEI))
        case ("mine", empty, gwei):
            chain.mine(empty=bool(empty), base_fee_wei=gwei * GWEI)
        case ("reorg", depth, forget) if depth < len(chain.blocks):
            chain.reorg(depth, forget=bool(forget))
        case ("foreign", _, _):
            chain.foreign()
        case (_, ahead, _):
            for node in nodes:
                node.pool.waiting.pop(chain.tip.nonce + ahead, None)


@given(st.lists(STEP, max_size=30))
def test_at_any_time_nonces_are_mined_once_in_order_and_paid_for(steps: list[tuple[str, int, int]]) -> None:
    chain = ScriptedChain()
    nodes = nodes_of(chain, "geth", "besu", "nethermind", "arbitrum")
    nodes[3].gossips = False

    async def run() -> None:
        for step in steps:
            await act(chain, nodes, step)

    asyncio.run(run())
    mined = chain.mined()
    assert [each.tx.nonce for _, each in mined] == list(range(len(mined)))
    assert chain.tip.nonce == len(mined)
    assert chain.tip.spent_wei == sum(each.cost_wei for _, each in mined) <= chain.funds_wei
    assert all(each.tx.fields.max_fee_wei >= each.price_wei >= block.base_fee_wei for block, each in mined)
    pairs = zip(chain.blocks, chain.blocks[1:], strict=False)
    assert all(later.parent_hash == earlier.hash for earlier, later in pairs)
    assert all(nonce >= chain.tip.nonce for node in nodes for nonce in node.pool.waiting)
