"""D. Fees, and what is stuck (transactions.md §6)."""

import pytest

from keeper.core.outcome import Mined
from keeper.core.reason import Reason
from keeper.core.transaction.attempt import Standing, Why
from keeper.core.transaction.commands import Alert, Wait
from keeper.core.transaction.states import State
from keeper.core.transaction.wish import Unwanted
from keeper.core.units import GWEI
from tests.core.transaction.build import plan
from tests.nodes.clients import Limits
from tests.nodes.faults import LostBefore
from tests.scenarios.conftest import Begin
from tests.scenarios.world import FAR, PLAN


@pytest.mark.parametrize("client", ["geth", "reth", "besu", "erigon", "nethermind", "nethermind-old"])
async def test_35_36_37_what_is_stuck_is_replaced_at_once_by_every_clients_rules(
    begin: Begin, client: str
) -> None:
    """Besu and Nethermind go by the price really paid: a second raise follows in the same block."""
    world = await begin(client)
    await world.cycle(plan(deadline=FAR))
    await world.blocks(3, empty=True)
    assert world.slots[0].newest.standing is Standing.ACCEPTED
    assert len(world.slots[0].attempts) in {2, 3}
    assert world.nodes[0].pool.waiting[0].tx_hash == world.slots[0].newest.tx_hash
    await world.at_rest()


async def test_38_after_the_market_fell_a_raise_starts_from_our_own_fees(begin: Begin) -> None:
    world = await begin()
    await world.cycle(PLAN)
    before = world.slots[0].newest.fees
    world.chain.base_fee_wei = GWEI
    await world.blocks(3, empty=True)
    after = world.slots[0].newest.fees
    assert after.max_fee_wei * 10 >= before.max_fee_wei * 11
    assert after.tip_wei * 10 >= before.tip_wei * 11
    await world.at_rest()


async def test_39_bumps_in_a_flat_market_end_at_the_ceiling(begin: Begin) -> None:
    world = await begin()
    await world.cycle(PLAN)
    await world.blocks(60, empty=True)
    signed = len(world.signs)
    await world.blocks(20, empty=True)
    assert len(world.signs) == signed
    assert world.waiting()[-1] is Wait.CEILING
    assert max(tx.fields.max_fee_wei for _, tx in world.chain.heard) <= PLAN.max_fee_wei
    await world.at_rest()


async def test_40_small_raises_are_taken_on_a_cheap_chain(begin: Begin) -> None:
    world = await begin()
    world.chain.base_fee_wei = GWEI // 1_000
    world.chain.mine()
    await world.cycle(PLAN)
    await world.blocks(9, empty=True)
    assert len(world.slots[0].attempts) >= 4
    await world.at_rest()


async def test_41_the_first_is_mined_while_its_bump_is_under_way_and_the_first_is_told(begin: Begin) -> None:
    world = await begin()
    await world.cycle(PLAN)
    first = world.heard[0]
    await world.blocks(3, empty=True)
    assert world.heard[-1] != first
    world.chain.mine(only=first)
    await world.at_rest()
    assert world.named() == [first] == world.mined()


async def test_42_what_was_just_mined_is_found_before_its_bump_is_thought_about(begin: Begin) -> None:
    """The vault has moved, so what is in flight would revert now: that is no reason to take it back."""
    world = await begin()
    await world.cycle(PLAN)
    await world.blocks(2, empty=True)
    world.chain.mine()
    await world.cycle(wishes={PLAN.vault: Unwanted(Reason.SIMULATION_REVERTED)})
    assert [each.state for each in world.slots] == [State.INCLUDED]
    assert [each.why for each in world.signs] == [Why.FIRST]
    await world.at_rest()
    assert [type(each) for each in world.outcomes] == [Mined]


async def test_43_what_is_known_and_not_mined_goes_to_every_node_and_is_then_raised(begin: Begin) -> None:
    world = await begin()
    stuck, *others = world.nodes
    stuck.gossips = stuck.mined_from = False
    for node in others:
        node.next(LostBefore())
    await world.cycle(PLAN)
    first = world.slots[0].newest.tx_hash
    assert first in {tx.tx_hash for tx in stuck.pool.waiting.values()}
    await world.blocks(1, empty=True)
    assert [node.pool.waiting[0].tx_hash for node in world.nodes] == [first] * 3
    await world.blocks(2, empty=True)
    raised = world.slots[0].newest
    assert raised.why is Why.RAISED
    assert [node.pool.waiting[0].tx_hash for node in others[:1]] == [raised.tx_hash]
    stuck.gossips = stuck.mined_from = True
    await world.at_rest()


async def test_44_what_the_pools_forget_is_sent_again_within_a_block(begin: Begin) -> None:
    world = await begin()
    await world.cycle(PLAN)
    for node in world.nodes:
        node.pool.waiting.clear()
    await world.blocks(1)
    assert {node.pool.waiting[0].tx_hash for node in world.nodes} == {world.slots[0].newest.tx_hash}
    await world.at_rest()
    assert len(set(world.heard)) == 1


async def test_45_a_node_with_a_cap_of_its_own_is_passed_over_and_told_of(begin: Begin) -> None:
    world = await begin()
    capped = world.nodes[0]
    capped.gossips = False
    capped.pool.limits = Limits(fee_cap_wei=1)
    await world.cycle(PLAN)
    await world.blocks(2, empty=True)
    assert len(world.heard_by("geth-0")) == 1
    assert len(world.heard_by("reth-1")) == 3
    assert world.alerts() == [Alert.NODE_FEE_CAP]
    assert "exceeds the configured cap" in world.alarms[0].detail
    await world.at_rest()
    assert [type(each) for each in world.outcomes] == [Mined]


async def test_46_when_the_base_fee_soars_only_the_head_of_the_queue_is_raised(begin: Begin) -> None:
    world = await begin()
    await world.cycle(*(plan(number, deadline=FAR, max_fee_wei=400 * GWEI) for number in range(3)))
    world.chain.base_fee_wei = 160 * GWEI
    await world.blocks(3)
    assert [each.nonce for each in world.signs if each.why is Why.RAISED] == [0]
    await world.blocks(6)
    assert len(world.mined()) >= 2
    world.chain.base_fee_wei = 20 * GWEI
    await world.at_rest()
    assert len(world.mined()) == 3


async def test_47_the_time_between_bumps_does_not_grow(begin: Begin) -> None:
    world = await begin()
    await world.cycle(PLAN)
    at: list[int] = []
    for block in range(1, 16):
        signed = len(world.signs)
        await world.blocks(1, empty=True)
        at += [block] if len(world.signs) > signed else []
    assert at == [3, 6, 9, 12, 15]
    await world.at_rest()


async def test_48_the_tip_is_never_above_the_cap(begin: Begin) -> None:
    world = await begin()
    world.chain.base_fee_wei = 1
    world.chain.mine()
    await world.cycle(PLAN)
    await world.blocks(40, empty=True)
    assert all(tx.fields.tip_wei <= tx.fields.max_fee_wei for _, tx in world.chain.heard)
    await world.at_rest()
