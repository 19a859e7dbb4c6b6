"""C. No nonce is used twice, and none is left out (transactions.md §6)."""

import asyncio

from keeper.core.outcome import Mined, Refused
from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.transaction.attempt import Kind
from keeper.core.transaction.commands import Alert
from keeper.ports import Accepted, SignerError
from tests.core.transaction.build import plan
from tests.nodes.faults import LostBefore
from tests.nodes.lies import more
from tests.scenarios.conftest import Begin
from tests.scenarios.world import FAR, NATIVE_USD, PLAN


def three() -> list[Plan]:
    return [plan(number, deadline=FAR) for number in range(3)]


async def test_24_a_refused_send_does_not_use_up_its_nonce(begin: Begin) -> None:
    world = await begin("geth")
    world.nodes[0].pool.reserved = True
    (refused,) = await world.cycle(PLAN)
    assert isinstance(refused, Refused)
    world.nodes[0].pool.reserved = False
    world.chain.mine()
    await world.cycle(PLAN)
    assert world.nonces == [0]
    await world.at_rest()


async def test_25_a_signature_that_fails_does_not_use_up_its_nonce(begin: Begin) -> None:
    world = await begin()
    world.signer.fails = SignerError("the key server does not answer")
    (refused,) = await world.cycle(PLAN)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.SIGNER_FAILED
    world.signer.fails = None
    await world.cycle(plan(1, deadline=FAR))
    assert world.nonces == [0]
    await world.at_rest()


async def test_26_plans_at_once_get_consecutive_nonces_in_their_order(begin: Begin) -> None:
    world = await begin()
    head = await world.arrive()
    offered = [plan(number, deadline=FAR) for number in range(10)]
    await asyncio.gather(*(world.wallet.offer(each, head, NATIVE_USD) for each in offered))
    assert [(each.nonce, each.wanted) for each in world.slots] == list(enumerate(offered))
    await world.at_rest()
    assert len(world.mined()) == 10


async def test_27_of_several_in_flight_one_can_never_be_mined_and_its_nonce_is_filled_within_a_block(
    begin: Begin,
) -> None:
    """The block's gas limit falls below the first one's while the nodes do not have it."""
    world = await begin("geth")
    world.nodes[0].next(LostBefore())
    await world.cycle(*three())
    world.chain.block_gas = 90_000
    for tx in list(world.nodes[0].pool.waiting.values()):
        world.nodes[0].pool.drop(tx.tx_hash)
    await world.blocks(1, empty=True)
    assert world.slots[0].newest.kind is Kind.NO_OP
    world.chain.block_gas = 30_000_000
    await world.at_rest()
    assert [type(each) for each in world.outcomes][1:] == [Mined, Mined]


async def test_28_what_is_stored_and_in_no_pool_is_sent_again_from_the_lowest_nonce_up(begin: Begin) -> None:
    world = await begin()
    await world.cycle(*three())
    for node in world.nodes:
        node.pool.waiting.clear()
    heard = len(world.chain.heard)
    world.chain.mine()
    await world.cycle()
    assert [tx.nonce for who, tx in world.chain.heard[heard:] if who == "geth-0"] == [0, 1, 2]
    await world.at_rest()
    assert len(world.mined()) == 3


async def test_29_a_nonce_from_nodes_that_lag_is_not_believed(begin: Begin) -> None:
    world = await begin("geth")
    await world.cycle(PLAN)
    await world.blocks(2)
    assert [type(each) for each in world.outcomes] == [Mined]
    world.nodes[0].lies["eth_getTransactionCount"] = more(-1)
    (refused,) = await world.cycle(plan(1, deadline=FAR))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.NODE_UNREACHABLE
    world.nodes[0].lies.clear()
    assert await world.cycle(plan(1, deadline=FAR)) == [Accepted(plan(1).intent)]
    assert world.nonces == [1]
    await world.at_rest()


async def test_30_our_own_count_holds_against_the_pools_and_a_difference_is_told(begin: Begin) -> None:
    world = await begin()
    await world.cycle(PLAN)
    for node in world.nodes:
        node.pool.waiting.clear()
    world.chain.mine()
    head = await world.arrive()
    await world.wallet.offer(plan(1, deadline=FAR), head, NATIVE_USD)
    assert world.nonces == [0, 1], "the pools say that the first is nonce 0"
    assert world.alerts() == []
    world.chain.foreign(2)
    await world.blocks(2, empty=True)
    assert world.alerts() == [Alert.FOREIGN_PENDING]
    (refused,) = await world.cycle(plan(2, deadline=FAR))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.FOREIGN_PENDING
    await world.at_rest()
    assert {each.nonce for each in world.signs} == {0, 1}


async def test_33_the_same_intent_after_a_restart_is_still_one_transaction(begin: Begin) -> None:
    world = await begin()
    await world.cycle(PLAN)
    await world.start()
    assert await world.cycle(PLAN) == [Accepted(PLAN.intent)]
    assert await world.cycle(PLAN) == [Accepted(PLAN.intent)]
    await world.at_rest()
    assert len(set(world.heard)) == 1 == len(world.mined())
