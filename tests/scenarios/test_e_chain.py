"""E. What the chain does (transactions.md §6): the canonical chain decides, at depth."""

from keeper.core.outcome import Cancelled, Mined, Refused, Reverted
from keeper.core.reason import Reason
from keeper.core.transaction.account import Rules
from keeper.core.transaction.attempt import Kind, Why
from keeper.core.transaction.commands import Alert
from keeper.core.transaction.slot import gas_limit
from keeper.core.transaction.states import State
from keeper.ports import Accepted
from tests.core.transaction.build import plan
from tests.nodes.faults import Refuses
from tests.nodes.vault import Succeeds
from tests.scenarios.conftest import Begin
from tests.scenarios.world import FAR, PLAN

DEEP = Rules(confirmations=4, bump_after_blocks=10)
SEQUENCER_DOWN = Refuses("sequencer temporarily not available")


async def test_49_a_reorganisation_drops_it_and_the_same_bytes_are_mined_once(begin: Begin) -> None:
    world = await begin(rules=DEEP)
    await world.cycle(PLAN)
    (sent,) = set(world.heard)
    await world.blocks(1)
    assert [each.state for each in world.slots] == [State.INCLUDED]
    world.chain.reorg(1, forget=True)
    await world.cycle()
    assert [each.state for each in world.slots] == [State.PENDING]
    await world.blocks(1, empty=True)
    assert set(world.heard) == {sent}
    await world.at_rest()
    assert world.mined() == [sent]


async def test_50_a_success_that_a_reorganisation_makes_a_revert_is_a_revert(begin: Begin) -> None:
    world = await begin(rules=DEEP)
    await world.cycle(plan(deadline=world.chain.tip.timestamp + 20))
    await world.blocks(1)
    world.chain.reorg(1, empty=False, later_s=60)
    await world.cycle()
    await world.at_rest()
    assert [type(each) for each in world.outcomes] == [Reverted]


async def test_50_a_revert_that_a_reorganisation_makes_a_success_is_a_success(begin: Begin) -> None:
    world = await begin(rules=DEEP)
    await world.cycle(plan(deadline=world.chain.tip.timestamp + 20))
    world.chain.mine(later_s=60)
    await world.cycle()
    assert world.slots[0].included is not None
    assert not world.slots[0].included.succeeded
    world.chain.reorg(1, empty=False)
    await world.cycle()
    await world.at_rest()
    assert [type(each) for each in world.outcomes] == [Mined]


async def test_51_a_reorganisation_deeper_than_the_confirmations_takes_the_verdict_back_and_is_told(
    begin: Begin,
) -> None:
    world = await begin()
    await world.cycle(PLAN)
    await world.blocks(3)
    assert [type(each) for each in world.outcomes] == [Mined]
    assert world.nonces == []
    world.outcomes.clear()
    world.chain.reorg(3, forget=True)
    await world.cycle()
    assert world.alerts() == [Alert.FINALITY_BROKEN]
    assert [each.state for each in world.slots] == [State.PENDING]
    await world.blocks(1, empty=True)
    await world.at_rest()
    assert len(world.mined()) == 1 == len(set(world.heard))


async def test_51_a_reorganisation_past_the_finality_tag_is_a_critical_alert(begin: Begin) -> None:
    world = await begin(finality="finalized")
    world.chain.final_depth = 5
    await world.cycle(PLAN)
    await world.blocks(5)
    assert world.outcomes == []
    await world.blocks(2)
    assert [type(each) for each in world.outcomes] == [Mined]
    world.outcomes.clear()
    world.chain.reorg(7, forget=True)
    await world.cycle()
    assert world.alerts() == [Alert.FINALITY_BROKEN]
    world.chain.final_depth = 1
    await world.at_rest()
    assert len(world.mined()) == 1


async def test_52_after_a_revert_the_nonce_is_used_the_reason_kept_and_the_next_one_goes_on(
    begin: Begin,
) -> None:
    world = await begin()
    await world.cycle(plan(deadline=world.chain.tip.timestamp + 20), plan(1, deadline=FAR))
    world.chain.mine(later_s=60)
    await world.cycle()
    await world.at_rest()
    reverted, mined = world.outcomes
    assert isinstance(reverted, Reverted)
    assert reverted.error.startswith("Expired(")
    assert isinstance(mined, Mined)
    assert len(set(world.heard)) == 2


async def test_53_what_ran_out_of_gas_is_told_as_a_revert_and_its_nonce_is_used_once(begin: Begin) -> None:
    world = await begin()
    world.chain.judge = lambda _data, _timestamp: Succeeds(gas=2 * gas_limit(PLAN))
    await world.cycle(PLAN)
    await world.at_rest()
    (outcome,) = world.outcomes
    assert isinstance(outcome, Reverted)
    assert outcome.gas_used == gas_limit(PLAN)
    assert len(set(world.heard)) == 1


async def test_54_a_gas_limit_that_no_block_has_is_a_refusal_for_good_and_uses_no_nonce(
    begin: Begin,
) -> None:
    world = await begin()
    world.chain.block_gas = 90_000
    (refused,) = await world.cycle(PLAN)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.NODE_REFUSED
    assert world.nonces == []
    world.chain.block_gas = 30_000_000
    await world.cycle(plan(1, deadline=FAR))
    assert world.nonces == [0]
    await world.at_rest()


async def test_55_while_the_sequencer_is_down_nothing_is_raised_and_the_queue_drains_in_order(
    begin: Begin,
) -> None:
    world = await begin("arbitrum")
    (sequencer,) = world.nodes
    expires = world.chain.tip.timestamp + 600
    sequencer.next(*[SEQUENCER_DOWN] * 3)
    queue = [plan(0, deadline=FAR), plan(1, deadline=FAR), plan(2, deadline=FAR)]
    assert await world.cycle(*queue) == [Accepted(each.intent) for each in queue]
    for _ in range(100):
        await world.cycle()
    assert len(world.signs) == 3
    world.chain.mine(empty=True, later_s=1_200)
    late = plan(3, deadline=expires)
    (refused,) = await world.cycle(late)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.EXPIRED
    await world.at_rest()
    assert [each.why for each in world.signs] == [Why.FIRST] * 3
    assert [each.vault for each in world.outcomes if isinstance(each, Mined)] == [
        each.vault for each in queue
    ]


async def test_56_a_delegated_account_has_one_in_flight_and_waits_for_it(begin: Begin) -> None:
    world = await begin("geth")
    world.chain.delegated = True
    _, refused = await world.cycle(PLAN, plan(1, deadline=FAR))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.PENDING
    assert len(world.signer.signed) == 1
    await world.blocks(2)
    assert await world.cycle(plan(1, deadline=FAR)) == [Accepted(plan(1).intent)]
    await world.at_rest()
    assert len(world.mined()) == 2


async def test_56_the_limit_of_a_delegated_account_means_wait_and_uses_no_nonce(begin: Begin) -> None:
    """The delegation came after the account was read."""
    world = await begin("geth")
    await world.cycle(PLAN)
    head = await world.arrive()
    world.chain.delegated = True
    refused = await world.wallet.offer(plan(1, deadline=FAR), head, 0)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.PENDING
    assert "in-flight transaction limit reached" in refused.detail
    assert world.nonces == [0]
    await world.blocks(2)
    await world.cycle(plan(1, deadline=FAR))
    assert world.nonces == [1]
    await world.at_rest()


async def test_57_a_pool_that_holds_blobs_of_the_account_is_named_and_not_taken_for_a_refusal_for_good(
    begin: Begin,
) -> None:
    world = await begin("geth")
    world.nodes[0].pool.reserved = True
    (refused,) = await world.cycle(PLAN)
    assert isinstance(refused, Refused)
    assert "address already reserved" in refused.detail
    assert world.alerts() == [Alert.POOL_CONFLICT]
    world.nodes[0].pool.reserved = False
    assert await world.cycle(PLAN) == [Accepted(PLAN.intent)]
    assert world.nonces == [0]
    await world.at_rest()


async def test_58_past_its_deadline_a_fresh_no_op_takes_the_nonce(begin: Begin) -> None:
    world = await begin()
    await world.cycle(plan(deadline=world.chain.tip.timestamp + 20))
    original = world.heard[0]
    heard = len(world.heard)
    await world.blocks(2, empty=True)
    assert world.slots[0].newest.kind is Kind.NO_OP
    assert world.heard[heard + 3 :].count(original) == 0
    await world.at_rest()
    (outcome,) = world.outcomes
    assert isinstance(outcome, Cancelled)
    assert outcome.why is Reason.EXPIRED


async def test_58_an_original_that_wins_against_its_no_op_is_what_is_told(begin: Begin) -> None:
    world = await begin()
    await world.cycle(plan(deadline=world.chain.tip.timestamp + 30))
    original = world.heard[0]
    world.chain.mine(empty=True)
    await world.cycle()
    world.chain.mine(empty=True, later_s=12)
    await world.cycle()
    assert world.slots[0].newest.kind is Kind.NO_OP
    world.chain.mine(only=original)
    await world.at_rest()
    assert [each.tx_hash for each in world.outcomes if isinstance(each, Mined | Reverted)] == [original]
