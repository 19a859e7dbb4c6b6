"""A. Killed at any point (transactions.md §6): a restart mines one transaction, and nothing is lost."""

import pytest

from keeper.adapters.journal.ledger import SqlLedger
from keeper.adapters.wallet.wallet import Parts, open_wallet
from keeper.core.outcome import Mined, NonceTaken, Refused, Reverted
from keeper.core.reason import Reason
from keeper.core.transaction.commands import Alert
from keeper.core.transaction.slot import Slot
from keeper.ports import Accepted
from tests.core.transaction.build import plan
from tests.nodes.faults import DiesAfter, DiesBefore, Fault, Killed
from tests.scenarios.conftest import Begin
from tests.scenarios.world import FAR, PLAN, Vaults, World


class Dies(SqlLedger):
    """The process dies around the commit of a first signature."""

    after = False

    async def begin(self, slot: Slot) -> None:
        if self.after:
            await super().begin(slot)
        raise Killed


async def dying(world: World, *, after: bool) -> None:
    """Make the running process die around its next commit of a first signature."""
    ledger = Dies(world.lease)
    ledger.after = after
    parts = Parts(world.node, world.signer, ledger, Vaults())
    world.wallet = await open_wallet(parts, world.chain.chain_id, world.rules)


async def test_01_02_killed_before_the_commit_nothing_happened_and_the_nonce_is_used_by_the_next_run(
    begin: Begin,
) -> None:
    world = await begin()
    await dying(world, after=False)
    with pytest.raises(Killed):
        await world.cycle(PLAN)
    assert len(world.signer.signed) == 1
    await world.start()
    assert world.nonces == []
    assert await world.cycle(PLAN) == [Accepted(PLAN.intent)]
    assert world.nonces == [0]
    await world.at_rest()
    assert len(world.mined()) == 1


async def test_03_killed_with_signed_bytes_in_hand_the_same_bytes_are_sent(begin: Begin) -> None:
    world = await begin()
    await dying(world, after=True)
    with pytest.raises(Killed):
        await world.cycle(PLAN)
    assert world.heard == []
    await world.start()
    (slot,) = world.slots
    await world.cycle()
    assert set(world.heard) == {slot.newest.tx_hash}
    await world.at_rest()
    assert world.mined() == [slot.newest.tx_hash]
    assert len(world.signer.signed) == 1


@pytest.mark.parametrize("dies", [DiesBefore(), DiesAfter()], ids=["before", "after"])
async def test_04_killed_around_the_broadcast_the_same_bytes_are_sent(begin: Begin, dies: Fault) -> None:
    world = await begin("geth")
    world.nodes[0].next(dies)
    with pytest.raises(Killed):
        await world.cycle(PLAN)
    await world.start()
    await world.cycle()
    first, again = world.heard
    assert first == again
    await world.at_rest()
    assert world.mined() == [first]
    assert [type(each) for each in world.outcomes] == [Mined]


@pytest.mark.parametrize("dies", [DiesBefore(), DiesAfter()], ids=["before", "after"])
async def test_05_killed_around_the_broadcast_of_a_bump_its_hash_is_known_and_its_receipt_found(
    begin: Begin, dies: Fault
) -> None:
    world = await begin("geth")
    await world.cycle(PLAN)
    await world.blocks(2, empty=True)
    world.nodes[0].next(dies)
    with pytest.raises(Killed):
        await world.blocks(1, empty=True)
    bump = world.heard[-1]
    assert bump != world.heard[0]
    world.chain.mine(only=bump)
    await world.start()
    await world.at_rest()
    assert world.mined() == [bump] == world.named()


async def test_06_reverted_while_the_keeper_was_down_it_is_told_with_its_reason_and_not_sent_again(
    begin: Begin,
) -> None:
    world = await begin()
    await world.cycle(plan(deadline=world.chain.tip.timestamp + 30))
    sent = list(world.heard)
    world.chain.mine(later_s=60)
    await world.start()
    await world.at_rest()
    (outcome,) = world.outcomes
    assert isinstance(outcome, Reverted)
    assert outcome.error.startswith("Expired(")
    assert world.heard == sent


async def test_07_forgotten_by_the_pools_while_the_keeper_was_down_the_same_bytes_are_sent(
    begin: Begin,
) -> None:
    world = await begin()
    await world.cycle(PLAN)
    (slot,) = world.slots
    for node in world.nodes:
        node.pool.drop(slot.newest.tx_hash)
    world.chain.mine_many(20)
    await world.start()
    await world.cycle()
    assert set(world.heard) == {slot.newest.tx_hash}
    await world.at_rest()
    assert world.mined() == [slot.newest.tx_hash]


async def test_08_a_nonce_taken_elsewhere_while_the_keeper_was_down_is_given_up_at_depth_and_decided_anew(
    begin: Begin,
) -> None:
    world = await begin()
    await world.cycle(PLAN)
    (slot,) = world.slots
    for node in world.nodes:
        node.pool.drop(slot.newest.tx_hash)
    world.chain.foreign()
    world.chain.mine()
    await world.start()
    await world.cycle()
    assert world.outcomes == []
    assert world.alerts() == [Alert.FOREIGN_USE]
    await world.blocks(1)
    assert world.outcomes == [NonceTaken(PLAN.vault, PLAN.intent, 0)]
    await world.cycle(PLAN)
    assert world.nonces == [1]
    await world.at_rest()
    assert len(world.mined()) == 1


async def test_09_something_in_the_pool_that_no_journal_knows_is_waited_for_and_told(begin: Begin) -> None:
    world = await begin()
    world.chain.foreign()
    (refused,) = await world.cycle(PLAN)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.FOREIGN_PENDING
    assert world.alerts() == [Alert.FOREIGN_PENDING]
    assert world.heard == []
    world.chain.mine()
    assert await world.cycle(PLAN) == [Accepted(PLAN.intent)]
    assert world.nonces == [1]
    await world.at_rest()


async def test_11_told_to_stop_it_takes_nothing_new_and_what_is_in_flight_is_resumed_later(
    begin: Begin,
) -> None:
    world = await begin()
    await world.cycle(PLAN)
    world.wallet.stop()
    (refused,) = await world.cycle(plan(1, deadline=FAR))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.STOPPING
    await world.wallet.close()
    await world.start()
    await world.at_rest()
    assert [type(each) for each in world.outcomes] == [Mined]
