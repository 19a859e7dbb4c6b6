"""G. Providers, relays, and decisions that have grown old (transactions.md §6)."""

from dataclasses import replace

import pytest

from keeper.core.outcome import Cancelled, Mined, Refused
from keeper.core.reason import Reason
from keeper.core.transaction.attempt import Kind, Why
from keeper.core.transaction.states import State
from keeper.core.transaction.wish import Instead, Unwanted, Wanted
from keeper.ports import Accepted, UnreachableError
from tests.core.transaction.build import plan
from tests.nodes.faults import Busy, Refuses
from tests.scenarios.conftest import Begin
from tests.scenarios.loop import Loop
from tests.scenarios.world import FAR, PLAN

READS = ("eth_getTransactionCount", "eth_getBalance", "eth_getTransactionReceipt")
REVERTS = Refuses("execution reverted", 3, "0xcafe0000")
PRIVATE = replace(PLAN, private_blocks=3)


async def test_66_a_node_that_lags_is_sent_to_and_not_believed(begin: Begin) -> None:
    world = await begin()
    await world.cycle()
    lagging = world.nodes[2]
    lagging.freeze()
    await world.blocks(6)
    lagging.asked.clear()
    await world.cycle(PLAN)
    await world.blocks(2)
    assert [type(each) for each in world.outcomes] == [Mined]
    assert [method for method, _ in lagging.asked if method in READS] == []
    assert world.heard_by(lagging.name) != []
    lagging.thaw()
    await world.at_rest()


async def test_67_one_providers_rate_limit_pauses_it_alone(begin: Begin) -> None:
    world = await begin()
    await world.cycle()
    busy, *others = world.nodes
    busy.next(Busy(60), method="eth_getTransactionCount")
    await world.blocks(1)
    busy.asked.clear()
    for node in others:
        node.asked.clear()
    await world.cycle(PLAN)
    await world.blocks(2)
    assert [method for method, _ in busy.asked if method in READS] == []
    assert all([method for method, _ in node.asked if method in READS] for node in others)
    assert [type(each) for each in world.outcomes] == [Mined]
    await world.blocks(3)
    assert [method for method, _ in busy.asked if method in READS] != []
    await world.at_rest()


async def test_67_besus_gas_limit_has_the_code_of_a_rate_limit_and_pauses_nobody(begin: Begin) -> None:
    world = await begin("besu")
    world.chain.block_gas = 90_000
    (refused,) = await world.cycle(PLAN)
    assert isinstance(refused, Refused)
    assert "exceeds block gas limit" in refused.detail
    assert [each.host for each in world.pool.readers()] == ["besu-0"]
    world.chain.block_gas = 30_000_000
    assert await world.cycle(PLAN) == [Accepted(PLAN.intent)]
    await world.at_rest()


async def test_68_a_relay_that_lets_its_block_pass_is_followed_by_the_public_pool(begin: Begin) -> None:
    world = await begin(private=True)
    assert world.relay is not None
    world.relay.includes = False
    await world.cycle(PRIVATE)
    (hidden,) = world.heard
    await world.blocks(2)
    assert {name for name, _ in world.chain.heard} == {"relay"}
    await world.blocks(1)
    assert world.heard_by("geth-0") == [hidden], "the same bytes"
    await world.at_rest()
    assert world.mined() == [hidden]


async def test_68_a_relay_that_includes_an_old_hash_late_is_known_as_ours(begin: Begin) -> None:
    world = await begin(private=True)
    assert world.relay is not None
    world.relay.includes = False
    await world.cycle(PRIVATE)
    (hidden,) = world.heard
    await world.blocks(7, empty=True)
    assert world.slots[0].newest.tx_hash != hidden
    for node in world.nodes:
        node.mined_from = False
    world.relay.includes = world.relay.late = True
    await world.blocks(1)
    await world.at_rest()
    assert world.mined() == [hidden] == world.named()


async def test_69_a_relay_that_is_ahead_of_our_nodes_is_waited_for(begin: Begin) -> None:
    world = await begin(private=True)
    await world.cycle(replace(PRIVATE, private_blocks=50))
    (hidden,) = world.heard
    world.chain.mine(empty=True)
    world.chain.mine()
    for node in world.nodes:
        node.lag = 1
    await world.cycle()
    assert world.heard == [hidden, hidden]
    assert [each.state for each in world.slots] == [State.PENDING]
    for node in world.nodes:
        node.lag = 0
    await world.cycle()
    assert any("relay" in each and "nonce too low" in each for each in world.notes())
    await world.at_rest()
    assert world.heard == [hidden, hidden]
    assert world.alerts() == []
    assert [type(each) for each in world.outcomes] == [Mined]


async def test_70_a_newer_plan_takes_the_pending_ones_nonce_and_never_both_are_mined(begin: Begin) -> None:
    world = await begin()
    loop = Loop(world, gap=90.0)
    await loop.cycle()
    first = world.slots[0].plans[0]
    loop.reader.gap = 130.0
    await loop.blocks(1, empty=True)
    (slot,) = world.slots
    assert isinstance(loop.told.wishes[-1], Instead)
    assert slot.newest.why is Why.SUPERSEDES
    assert slot.plans[1].amount_in > first.amount_in
    assert len({tx.fields.data for _, tx in world.chain.heard}) == 2
    assert {tx.nonce for _, tx in world.chain.heard} == {0}
    loop.reader.gap = 0.0
    await world.at_rest()
    assert len(world.mined()) == 1


@pytest.mark.parametrize("wins", [0, 1], ids=["the older", "the newer"])
async def test_70_whichever_is_mined_is_the_one_that_is_told(begin: Begin, wins: int) -> None:
    world = await begin()
    await world.cycle(PLAN)
    newer = replace(PLAN, amount_in=PLAN.amount_in + 1)
    world.chain.mine(empty=True)
    await world.cycle(wishes={PLAN.vault: Instead(newer)})
    hashes = world.slots[0].hashes
    world.chain.mine(only=hashes[wins])
    await world.at_rest()
    (outcome,) = world.outcomes
    assert isinstance(outcome, Mined)
    assert outcome.spent == (PLAN, newer)[wins].amount_in


async def test_71_what_would_revert_at_the_next_head_is_neither_raised_nor_sent_again(begin: Begin) -> None:
    world = await begin()
    loop = Loop(world)
    await loop.cycle()
    original = world.heard[0]
    for node in world.nodes:
        node.next(*[REVERTS] * 3, method="eth_call")
    sent = world.heard.count(original)
    await loop.blocks(2, empty=True)
    assert loop.told.wishes == [Unwanted(Reason.SIMULATION_REVERTED)]
    assert world.heard.count(original) == sent
    assert world.slots[0].newest.kind is Kind.NO_OP
    await world.at_rest()
    (outcome,) = world.outcomes
    assert isinstance(outcome, Cancelled)


async def test_72_one_nodes_revert_is_not_believed_alone(begin: Begin) -> None:
    world = await begin()
    loop = Loop(world)
    world.nodes[0].next(REVERTS, method="eth_call")
    await loop.cycle()
    assert [type(each) for each in loop.told.answers] == [Accepted]
    world.nodes[0].next(REVERTS, method="eth_call")
    await loop.blocks(1, empty=True)
    assert loop.told.wishes == [Wanted()]
    loop.reader.gap = 0.0
    await world.at_rest()


async def test_72_where_two_must_agree_one_nodes_revert_is_no_answer(begin: Begin) -> None:
    world = await begin("geth", "reth")
    loop = Loop(world)
    world.nodes[0].next(REVERTS, method="eth_call")
    with pytest.raises(UnreachableError):
        await loop.cycle()
    assert world.nonces == []
    assert world.outcomes == []
    assert await world.cycle(plan(1, deadline=FAR)) == [Accepted(plan(1).intent)]
    await world.at_rest()
