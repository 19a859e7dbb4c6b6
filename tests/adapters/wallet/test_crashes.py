"""Killed at any point and started again (transactions.md §6 A): mined once, no gap, nothing lost."""

import pytest

from keeper.core.outcome import Mined, NonceTaken, Refused, Reverted
from keeper.core.reason import Reason
from keeper.ports import Accepted, JournalError
from tests.adapters.wallet import fakes
from tests.adapters.wallet.scene import FAR, PLAN, scene
from tests.core.transaction.build import plan


async def test_killed_before_the_commit_nothing_happened_and_the_nonce_is_free() -> None:
    """A1 and A2: an intent without its signature is not stored; the loop decides anew."""
    it = await scene()
    it.ledger.dies = "before begin"
    with pytest.raises(fakes.Killed):
        await it.offer()
    await it.start()
    assert it.heard == []
    assert await it.offer() == Accepted(PLAN.intent)
    assert it.nonces == [0]


async def test_killed_between_the_commit_and_the_broadcast_the_same_bytes_are_sent() -> None:
    """A3."""
    it = await scene()
    it.ledger.dies = "after begin"
    with pytest.raises(fakes.Killed):
        await it.offer()
    (stored,) = it.ledger.open[0].hashes
    await it.start()
    await it.advance()
    assert it.heard == [stored]
    await it.blocks(2)
    assert [type(each) for each in it.outcomes] == [Mined]


@pytest.mark.parametrize("fault", [fakes.killed_before, fakes.killed_after])
async def test_killed_while_broadcasting_there_is_no_second_nonce(fault: fakes.Fault) -> None:
    """A4."""
    it = await scene()
    it.node.faults.append(fault)
    with pytest.raises(fakes.Killed):
        await it.offer()
    await it.start()
    await it.advance()
    assert it.heard[0] == it.heard[1]
    await it.blocks(2)
    assert [tx.fields.nonce for _, tx in it.node.mined()] == [0]
    assert [type(each) for each in it.outcomes] == [Mined]


async def test_killed_after_broadcasting_and_mined_meanwhile_it_is_found_by_its_receipt() -> None:
    """A4, with the nonce already too low."""
    it = await scene()
    it.node.faults.append(fakes.killed_after)
    with pytest.raises(fakes.Killed):
        await it.offer()
    it.node.mine()
    it.node.mine()
    await it.start()
    (outcome,) = await it.advance()
    assert isinstance(outcome, Mined)
    assert len(it.heard) == 1


@pytest.mark.parametrize("fault", [fakes.killed_before, fakes.killed_after])
async def test_killed_while_broadcasting_a_bump_its_hash_is_known(fault: fakes.Fault) -> None:
    """A5."""
    it = await scene()
    await it.offer()
    await it.blocks(1, empty=True)
    it.node.faults.append(fault)
    with pytest.raises(fakes.Killed):
        await it.blocks(1, empty=True)
    await it.start()
    await it.blocks(3)
    (outcome,) = it.outcomes
    assert isinstance(outcome, Mined)
    assert outcome.tx_hash in it.ledger.hashes


async def test_reverted_during_the_downtime_it_is_reported_and_not_sent_again() -> None:
    """A6."""
    it = await scene()
    await it.offer(plan(deadline=it.node.timestamp + 30))
    it.node.timestamp += 60
    it.node.mine()
    it.node.mine()
    await it.start()
    (outcome,) = await it.advance()
    assert isinstance(outcome, Reverted)
    assert outcome.why is Reason.EXPIRED
    assert outcome.error.startswith("Expired(")
    assert len(it.heard) == 1


async def test_dropped_during_the_downtime_the_same_bytes_are_sent_without_a_bump() -> None:
    """A7."""
    it = await scene()
    await it.offer()
    it.node.pool.clear()
    for _ in range(10):
        it.node.mine()
    await it.start()
    await it.advance()
    assert it.heard[0] == it.heard[1]
    await it.blocks(2)
    assert [type(each) for each in it.outcomes] == [Mined]


async def test_a_nonce_used_elsewhere_during_the_downtime_is_given_up_at_depth() -> None:
    """A8: then the loop decides again, with a fresh nonce."""
    it = await scene()
    await it.offer()
    it.node.pool.clear()
    it.node.foreign()
    it.node.mine()
    await it.start()
    await it.blocks(3)
    assert it.outcomes == [NonceTaken(PLAN.vault, PLAN.intent, 0)]
    await it.offer()
    assert it.nonces == [1]


async def test_09_a_foreign_transaction_waiting_at_our_nonce_stops_new_sends() -> None:
    """A9: nothing is in flight, so nothing is bumped blindly, and nothing new is sent until it is gone."""
    it = await scene()
    it.node.foreign()
    refused = await it.offer()
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.FOREIGN_PENDING
    assert it.heard == []
    assert it.nonces == []
    assert it.ledger.open == {}


async def test_with_a_full_disk_nothing_is_broadcast() -> None:
    """A10."""
    it = await scene()
    it.ledger.full = True
    with pytest.raises(JournalError):
        await it.offer()
    assert it.heard == []
    assert it.wallet.pending() == frozenset()
    it.ledger.full = False
    await it.offer()
    assert it.nonces == [0]


async def test_with_a_full_disk_a_bump_is_not_broadcast() -> None:
    """A10."""
    it = await scene()
    await it.offer()
    await it.blocks(1, empty=True)
    it.ledger.full = True
    heard = list(it.heard)
    with pytest.raises(JournalError):
        await it.blocks(2, empty=True)
    assert set(it.heard) == set(heard)
    it.ledger.full = False
    await it.blocks(3)
    assert [type(each) for each in it.outcomes] == [Mined]


async def test_stopping_takes_no_plans_and_loses_none() -> None:
    """A11."""
    it = await scene()
    await it.offer()
    it.wallet.stop()
    refused = await it.offer(plan(1, deadline=FAR))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.STOPPING
    await it.wallet.close()
    await it.start()
    await it.blocks(3)
    assert [type(each) for each in it.outcomes] == [Mined]


async def test_killed_before_a_verdict_was_settled_it_is_given_again() -> None:
    it = await scene()
    await it.offer()
    it.node.mine()
    it.node.mine()
    (told,) = await it.wallet.advance(it.node.head())
    await it.start()
    assert tuple(await it.advance()) == told.outcomes
    assert it.ledger.open == {}
