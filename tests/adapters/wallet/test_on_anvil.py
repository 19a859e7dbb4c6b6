"""The real path: a key, a journal on disk and a node, through the situations that anvil can make."""

from dataclasses import replace

import pytest

from keeper.adapters.journal.history import History
from keeper.adapters.journal.journal import SqlJournal
from keeper.adapters.wallet.wallet import LiveWallet
from keeper.core.memory import Memory
from keeper.core.outcome import Expired, Mined, Outcome, Refused, Reverted
from keeper.core.transaction.machine import FLOOR_HOLDS_BLOCKS
from keeper.core.units import GWEI
from keeper.ports import Accepted
from tests.adapters.wallet.chain import Chain
from tests.adapters.wallet.fakes import Killed
from tests.core.transaction.build import plan

FAR = 2**40
PLAN = plan(deadline=FAR)


async def settled(chain: Chain, wallet: LiveWallet, blocks: int = 3) -> list[Outcome]:
    """Mine, and settle each verdict as the loop does."""
    told: list[Outcome] = []
    assert chain.store is not None
    for _ in range(blocks):
        for outcome in await wallet.advance(chain.mine()):
            await SqlJournal(chain.store).settle(outcome, Memory(outcome.vault))
            told.append(outcome)
    return told


async def test_a_plan_is_sent_mined_and_reported_at_depth(chain: Chain) -> None:
    wallet = await chain.wallet()
    assert await wallet.offer(PLAN, chain.head()) == Accepted(PLAN.intent)
    assert wallet.pending() == {PLAN.vault}
    assert await wallet.advance(chain.mine()) == ()
    (outcome,) = await wallet.advance(chain.mine())
    assert isinstance(outcome, Mined)
    assert (outcome.spent, outcome.got) == (PLAN.amount_in, PLAN.min_out)
    assert 21_000 < outcome.gas_used < PLAN.gas_units
    assert wallet.pending() == frozenset()


async def test_three_vaults_are_served_by_one_block(chain: Chain) -> None:
    wallet = await chain.wallet()
    for number in range(3):
        await wallet.offer(plan(number, deadline=FAR), chain.head())
    outcomes = await settled(chain, wallet)
    assert len(outcomes) == 3
    assert len({each.block_number for each in outcomes if isinstance(each, Mined)}) == 1


async def test_a_refusal_by_the_vault_is_a_revert_with_its_reason(chain: Chain) -> None:
    wallet = await chain.wallet()
    await wallet.offer(replace(PLAN, min_out=0), chain.head())
    (outcome,) = await settled(chain, wallet)
    assert isinstance(outcome, Reverted)
    assert outcome.error.startswith(f"refused {PLAN.vault}")
    assert outcome.gas_cost_wei > 0


async def test_a_call_that_succeeds_without_the_vaults_event_is_no_hedge(chain: Chain) -> None:
    wallet = await chain.wallet()
    await wallet.offer(plan(9, deadline=FAR), chain.head())
    (outcome,) = await settled(chain, wallet)
    assert isinstance(outcome, Reverted)
    assert outcome.error == "the vault logged no rebalance"


async def test_a_stuck_transaction_is_bumped_and_mined(chain: Chain) -> None:
    wallet = await chain.wallet()
    await wallet.offer(PLAN, chain.head())
    (first,) = chain.pool()
    for _ in range(3):
        await wallet.advance(chain.mine(base_fee_wei=50 * GWEI))
    (second,) = chain.pool()
    assert second != first
    (outcome,) = await settled(chain, wallet)
    assert isinstance(outcome, Mined)
    assert outcome.tx_hash == second


async def test_a_dropped_transaction_is_sent_again_byte_for_byte(chain: Chain) -> None:
    wallet = await chain.wallet()
    await wallet.offer(PLAN, chain.head())
    (tx_hash,) = chain.pool()
    chain.anvil.rpc.call("anvil_dropTransaction", tx_hash)
    assert chain.pool() == []
    await wallet.advance(chain.mine())
    assert chain.pool() == [tx_hash]
    (outcome,) = await settled(chain, wallet)
    assert isinstance(outcome, Mined)
    assert outcome.tx_hash == tx_hash


async def test_a_reorganised_transaction_is_mined_once(chain: Chain) -> None:
    wallet = await chain.wallet()
    await wallet.offer(PLAN, chain.head())
    assert await wallet.advance(chain.mine()) == ()
    (intent,) = wallet.account.intents
    assert intent.included is not None
    chain.anvil.rpc.call("anvil_reorg", 1, [])
    assert await wallet.advance(chain.head()) == ()
    (intent,) = wallet.account.intents
    assert intent.included is None
    assert chain.pool() == [intent.newest.tx_hash]
    (outcome,) = await settled(chain, wallet)
    assert isinstance(outcome, Mined)
    assert outcome.tx_hash == intent.newest.tx_hash


async def test_what_a_deep_reorganisation_took_back_is_sent_again_once_the_chain_means_it(
    chain: Chain,
) -> None:
    wallet = await chain.wallet()
    await wallet.offer(PLAN, chain.head())
    (first,) = await settled(chain, wallet)
    assert isinstance(first, Mined)
    chain.anvil.rpc.call("anvil_reorg", 3, [])
    lagging = await wallet.offer(PLAN, chain.head())
    assert isinstance(lagging, Refused), "a node that is behind says the same"
    for _ in range(FLOOR_HOLDS_BLOCKS):
        chain.mine()
    assert await wallet.offer(PLAN, chain.head()) == Accepted(PLAN.intent)
    (again,) = await settled(chain, wallet)
    assert isinstance(again, Mined)


async def test_an_expired_plan_is_replaced_by_a_no_op(chain: Chain) -> None:
    wallet = await chain.wallet()
    head = chain.head()
    await wallet.offer(plan(deadline=head.timestamp + 5), head)
    chain.anvil.rpc.call("evm_increaseTime", 10)
    await wallet.advance(chain.mine(base_fee_wei=50 * GWEI))
    (outcome,) = await settled(chain, wallet, blocks=14)
    assert isinstance(outcome, Expired)


async def test_an_account_without_money_signs_nothing(chain: Chain) -> None:
    chain.anvil.rpc.call("anvil_setBalance", chain.signer.address, "0x1")
    wallet = await chain.wallet()
    assert isinstance(await wallet.offer(PLAN, chain.head()), Refused)
    assert chain.pool() == []


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_around_the_broadcast_a_restart_finishes_the_same_transaction(
    chain: Chain, moment: str
) -> None:
    wallet = await chain.wallet()
    chain.dies = moment
    with pytest.raises(Killed):
        await wallet.offer(PLAN, chain.head())
    again = await chain.wallet()
    (intent,) = again.account.intents
    assert await again.advance(chain.head()) == ()
    assert chain.pool() == [intent.newest.tx_hash]
    (outcome,) = await settled(chain, again)
    assert isinstance(outcome, Mined)
    assert outcome.tx_hash == intent.newest.tx_hash


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_around_a_bump_a_restart_knows_both_hashes(chain: Chain, moment: str) -> None:
    wallet = await chain.wallet()
    await wallet.offer(PLAN, chain.head())
    for _ in range(2):
        await wallet.advance(chain.mine(base_fee_wei=50 * GWEI))
    chain.dies = moment
    with pytest.raises(Killed):
        await wallet.advance(chain.mine(base_fee_wei=50 * GWEI))
    again = await chain.wallet()
    (intent,) = again.account.intents
    assert len(intent.attempts) == 2
    (outcome,) = await settled(chain, again, blocks=4)
    assert isinstance(outcome, Mined)
    assert outcome.tx_hash in intent.hashes


async def test_mined_and_settled_nothing_is_open_after_a_restart(chain: Chain) -> None:
    wallet = await chain.wallet()
    await wallet.offer(PLAN, chain.head())
    assert len(await settled(chain, wallet)) == 1
    again = await chain.wallet()
    assert again.account.intents == ()
    assert chain.store is not None
    (stored,) = await History(chain.store).intents()
    assert stored.state == "mined"


async def test_anvils_own_words_are_kept_with_the_attempt(chain: Chain) -> None:
    wallet = await chain.wallet()
    await wallet.offer(PLAN, chain.head())
    await wallet.advance(chain.head())
    await wallet.advance(chain.head())
    assert chain.store is not None
    (stored,) = await History(chain.store).intents()
    assert stored.attempts[0].answer == "already-known"
    assert stored.attempts[0].words == "transaction already imported (-32003)"
