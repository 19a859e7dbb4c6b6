"""Stuck transactions, reorganisations, deadlines and money (transactions.md §6 D, E and F)."""

import pytest

from keeper.adapters.wallet.dry import DryWallet
from keeper.core.outcome import Cancelled, Mined, NonceTaken, Refused, Reverted
from keeper.core.reason import Reason
from keeper.core.transaction.slot import reserved_wei
from keeper.core.transaction.whose import Whose
from keeper.core.units import GWEI
from tests.adapters.wallet import fakes
from tests.adapters.wallet.scene import FAR, PLAN, scene
from tests.core.transaction.build import plan


@pytest.mark.parametrize("client", ["geth", "reth"])
async def test_a_stuck_transaction_is_replaced_at_the_first_try(client: str) -> None:
    """D35 and D37."""
    it = await scene(client)
    await it.offer()
    await it.blocks(2, empty=True)
    assert it.node.pool[0].tx_hash == it.heard[-1] != it.heard[0]
    assert len(it.ledger.open[0].attempts) == 2


@pytest.mark.parametrize("client", ["besu", "nethermind"])
async def test_a_pool_that_goes_by_the_price_gets_the_tip_it_wants_in_the_same_block(client: str) -> None:
    """D36."""
    it = await scene(client)
    await it.offer()
    await it.blocks(2, empty=True)
    assert it.node.pool[0].tx_hash == it.heard[-1] != it.heard[0]
    assert it.node.pool[0].fields.tip_wei >= 3 * GWEI
    before = len(it.ledger.open[0].attempts)
    await it.blocks(2, empty=True)
    assert len(it.ledger.open[0].attempts) == before + 1


async def test_bumps_start_from_our_own_fees_when_the_market_fell() -> None:
    """D38."""
    it = await scene()
    await it.offer()
    it.node.base_fee_wei = GWEI
    await it.blocks(2, empty=True)
    first, second = it.ledger.open[0].attempts
    assert second.fees.max_fee_wei * 100 >= first.fees.max_fee_wei * 110


async def test_endless_bumps_in_a_flat_market_stop_below_the_ceiling() -> None:
    """D39."""
    it = await scene()
    await it.offer()
    await it.blocks(80, empty=True)
    attempts = it.ledger.open[0].attempts
    assert 5 < len(attempts) < 12
    assert all(attempt.fees.max_fee_wei <= PLAN.max_fee_wei for attempt in attempts)
    await it.blocks(2)
    assert [type(each) for each in it.outcomes] == [Mined]


async def test_the_first_mined_while_the_bump_is_signed_is_the_one_reported() -> None:
    """D41."""
    it = await scene()
    await it.offer()
    await it.blocks(1, empty=True)
    stale = it.node.mine(empty=True)
    it.node.timestamp += 1
    it.node.faults.append(lambda node, tx: (node.mine(), node.judge(tx))[1])
    await it.advance(stale)
    assert len(it.ledger.open[0].attempts) == 2
    await it.blocks(2)
    (outcome,) = it.outcomes
    assert isinstance(outcome, Mined)
    assert outcome.tx_hash == it.heard[0]


async def test_with_three_waiting_only_the_head_of_the_queue_is_bumped() -> None:
    """D46."""
    it = await scene()
    for number in range(3):
        await it.offer(plan(number, deadline=FAR))
    it.node.base_fee_wei = 60 * GWEI
    await it.blocks(2)
    assert [len(intent.attempts) for intent in it.ledger.open.values()] == [2, 1, 1]
    await it.blocks(20)
    assert len(it.outcomes) == 3


@pytest.mark.parametrize("forget", [True, False])
async def test_a_reorganised_transaction_is_mined_once_all_the_same(*, forget: bool) -> None:
    """E49."""
    it = await scene()
    await it.offer()
    await it.blocks(1)
    await it.advance(it.node.reorg(1, forget=forget))
    assert it.outcomes == []
    assert len(set(it.heard)) == 1
    await it.blocks(2)
    assert [type(each) for each in it.outcomes] == [Mined]
    assert it.node.chain_nonce() == 1


async def test_a_success_that_a_reorganisation_makes_a_revert_is_a_revert() -> None:
    """E50."""
    it = await scene()
    await it.offer(plan(deadline=it.node.timestamp + 15))
    await it.blocks(1)
    await it.advance(it.node.reorg(1, forget=False, empty=False, later_s=60))
    await it.blocks(1)
    (outcome,) = it.outcomes
    assert isinstance(outcome, Reverted)


async def test_after_a_revert_the_next_intent_goes_on() -> None:
    """E52."""
    it = await scene()
    await it.offer(plan(deadline=it.node.timestamp + 20))
    await it.offer(plan(1, deadline=FAR))
    it.node.timestamp += 30
    await it.blocks(2)
    assert [type(each) for each in it.outcomes] == [Reverted, Mined]


async def test_past_its_deadline_an_intent_is_replaced_by_a_no_op() -> None:
    """F58."""
    it = await scene()
    await it.offer(plan(deadline=it.node.timestamp + 20))
    await it.blocks(2, empty=True)
    await it.blocks(2)
    (outcome,) = it.outcomes
    assert isinstance(outcome, Cancelled)
    ((_, tx),) = it.node.mined()
    assert (tx.fields.to, tx.fields.data, tx.fields.value_wei) == (fakes.ACCOUNT, b"", 0)
    assert outcome.gas_cost_wei > 0


async def test_an_expired_intent_may_be_offered_again() -> None:
    it = await scene()
    await it.offer(plan(deadline=it.node.timestamp + 20))
    await it.blocks(2, empty=True)
    await it.blocks(2)
    await it.offer(plan(deadline=FAR))
    await it.blocks(2)
    assert [type(each) for each in it.outcomes] == [Cancelled, Mined]


async def test_below_the_cost_nothing_is_signed_and_a_top_up_is_enough() -> None:
    """F59."""
    it = await scene()
    it.node.balance = reserved_wei(PLAN) - 1
    refused = await it.offer()
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.WALLET_EMPTY
    assert it.ledger.hashes == set()
    it.node.balance += 1
    await it.advance()
    await it.offer()
    assert it.nonces == [0]


async def test_the_balance_guard_counts_what_is_in_flight() -> None:
    """F60."""
    it = await scene()
    it.node.balance = 2 * reserved_wei(PLAN) - 1
    await it.offer()
    refused = await it.offer(plan(1, deadline=FAR))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.WALLET_EMPTY


async def test_a_no_op_that_cannot_be_paid_is_tried_until_it_can() -> None:
    """F61."""
    it = await scene()
    await it.offer(plan(deadline=it.node.timestamp + 20))
    it.node.balance = 0
    await it.blocks(4, empty=True)
    it.node.balance = 10**20
    await it.blocks(1, empty=True)
    await it.blocks(3)
    assert [type(each) for each in it.outcomes] == [Cancelled]


async def test_a_key_used_elsewhere_is_noticed_and_nothing_is_done_twice() -> None:
    """F64."""
    it = await scene()
    await it.offer()
    it.node.pool.clear()
    it.node.foreign()
    await it.blocks(1)
    (intent,) = it.wallet.account.slots
    assert intent.passed_at == it.node.head().number
    await it.blocks(2)
    assert it.outcomes == [NonceTaken(PLAN.vault, PLAN.intent, 0)]


async def test_a_dry_run_is_refused_with_its_own_reason() -> None:
    """F65."""
    dry, node = DryWallet(), fakes.FakeNode()
    assert dry.whose(PLAN.vault, 1) is Whose.UNKNOWN
    refused = await dry.offer(PLAN, node.head(), 0)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.DRY_RUN
    assert dry.pending() == frozenset()
    assert await dry.advance(node.head()) == ()
    assert node.heard == []


async def test_heads_without_anything_in_flight_cost_no_request() -> None:
    it = await scene()
    it.node.down = True
    await it.blocks(3)
    assert it.wallet.account.view is None
