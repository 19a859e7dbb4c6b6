"""F. Money, and the people who have the key (transactions.md §6)."""

from dataclasses import replace

from keeper.core.outcome import Cancelled, Mined, NonceTaken, Refused
from keeper.core.reason import Reason
from keeper.core.transaction.attempt import Kind, Why
from keeper.core.transaction.commands import Alert, Wait
from keeper.core.transaction.messages import Order
from keeper.core.transaction.slot import reserved_wei
from keeper.core.transaction.wish import Unwanted
from keeper.core.units import GWEI
from keeper.ports import Accepted
from tests.core.build import POLICY
from tests.core.transaction.build import plan
from tests.scenarios.conftest import Begin
from tests.scenarios.loop import Loop
from tests.scenarios.world import FAR, PLAN


async def test_59_below_the_cost_nothing_is_signed_and_a_top_up_is_enough(begin: Begin) -> None:
    world = await begin()
    world.chain.funds_wei = reserved_wei(PLAN) - 1
    (refused,) = await world.cycle(PLAN)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.WALLET_EMPTY
    assert world.signer.signed == []
    world.chain.funds_wei += 1
    assert await world.cycle(PLAN) == [Accepted(PLAN.intent)]
    await world.at_rest()


async def test_60_the_guard_of_the_balance_counts_all_that_is_in_flight_at_its_ceiling(begin: Begin) -> None:
    world = await begin()
    world.chain.funds_wei = 3 * reserved_wei(PLAN) - 1
    *_, refused = await world.cycle(*(plan(number, deadline=FAR) for number in range(3)))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.WALLET_EMPTY
    assert len(world.slots) == 2
    await world.at_rest()


async def test_61_a_no_op_that_cannot_be_paid_is_tried_until_it_can(begin: Begin) -> None:
    world = await begin("geth")
    await world.cycle(PLAN)
    funds, world.chain.funds_wei = world.chain.funds_wei, 10
    world.nodes[0].pool.waiting.clear()
    world.chain.mine(empty=True)
    await world.cycle(wishes={PLAN.vault: Unwanted(Reason.INSIDE_BAND)})
    await world.blocks(5)
    assert world.slots[0].newest.kind is Kind.NO_OP
    assert world.mined() == []
    world.chain.funds_wei = funds
    await world.at_rest()
    assert [type(each) for each in world.outcomes] == [Cancelled]


async def test_62_what_the_operator_cancels_is_cancelled_only_when_the_no_op_is_mined(begin: Begin) -> None:
    world = await begin()
    await world.cycle(PLAN)
    number = await world.order(0, Order.CANCEL)
    await world.blocks(2, empty=True)
    assert "a no-op was signed" in await world.reply(number)
    assert world.slots[0].newest.why is Why.ORDERED
    assert world.outcomes == []
    await world.at_rest()
    (outcome,) = world.outcomes
    assert isinstance(outcome, Cancelled)
    assert outcome.why is Reason.ORDERED


async def test_62_what_the_operator_cancels_too_late_is_carried_out(begin: Begin) -> None:
    world = await begin()
    await world.cycle(PLAN)
    original = world.heard[0]
    await world.order(0, Order.CANCEL)
    await world.blocks(1, empty=True)
    assert world.slots[0].newest.kind is Kind.NO_OP
    world.chain.mine(only=original)
    await world.at_rest()
    (outcome,) = world.outcomes
    assert isinstance(outcome, Mined)
    assert outcome.tx_hash == original


async def test_63_a_ceiling_that_is_raised_frees_what_is_stuck_at_the_next_head(begin: Begin) -> None:
    world = await begin()
    loop = Loop(world, gap=200.0)
    loop.costs(replace(POLICY.costs, max_fee_wei=50 * GWEI))
    await loop.cycle()
    world.chain.base_fee_wei = 80 * GWEI
    await loop.blocks(6)
    assert world.waiting()[-1] is Wait.CEILING
    assert world.mined() == []
    loop.costs(replace(POLICY.costs, max_fee_wei=200 * GWEI))
    await loop.blocks(1)
    assert world.slots[0].newest.fees.max_fee_wei > 80 * GWEI
    loop.reader.gap = 0.0
    await world.at_rest()
    assert [type(each) for each in world.outcomes] == [Mined]


async def test_64_a_key_that_a_human_uses_is_noticed_within_a_block_and_nothing_is_done_twice(
    begin: Begin,
) -> None:
    world = await begin()
    await world.cycle(PLAN)
    world.chain.foreign()
    await world.blocks(1)
    assert world.alerts() == [Alert.FOREIGN_USE]
    assert await world.cycle(PLAN) == [Accepted(PLAN.intent)]
    assert len(world.signs) == 1, "the intent keeps its nonce until it is known to be lost"
    await world.blocks(1)
    assert world.outcomes == [NonceTaken(PLAN.vault, PLAN.intent, 0)]
    await world.cycle(PLAN)
    await world.at_rest()
    assert len(world.mined()) == 1
