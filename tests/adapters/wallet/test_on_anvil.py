"""The real path: a key, a journal on disk and a node, through the situations that anvil can make."""

from dataclasses import replace

import pytest

from keeper.adapters.journal.history import History
from keeper.adapters.journal.journal import SqlJournal
from keeper.adapters.wallet.wallet import LiveWallet
from keeper.core.head import Head
from keeper.core.memory import Memory
from keeper.core.outcome import Cancelled, Filled, Mined, Outcome, Refused, Reverted, Superseded
from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.transaction.commands import Alarm, Alert
from keeper.core.transaction.wish import Instead, Unwanted, Wanted, Wish
from keeper.core.units import GWEI, Address
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
    assert chain.lease is not None
    journal = SqlJournal(chain.lease)
    for _ in range(blocks):
        head = chain.mine()
        for settlement in await wallet.advance(head):
            vaults = {each.vault for each in settlement.outcomes if not isinstance(each, Filled)}
            await journal.settle(settlement, [Memory(vault) for vault in vaults])
            told += settlement.outcomes
        await wallet.review(head, everything(wallet, head), 0)
    return told


def everything(wallet: LiveWallet, head: Head) -> dict[Address, Wish]:
    return {vault: Wanted() for vault in wallet.in_flight(head)}


async def offered(wallet: LiveWallet, offer: Plan, head: Head) -> Accepted | Refused:
    """A plan, at a head of which the wallet has heard."""
    if wallet.account.view is None or wallet.account.view.hash != head.hash:
        await wallet.advance(head)
    return await wallet.offer(offer, head, 0)


async def looked(wallet: LiveWallet, head: Head) -> tuple[Outcome, ...]:
    """One cycle of the loop in which everything is still wanted."""
    settled = await wallet.advance(head)
    await wallet.review(head, everything(wallet, head), 0)
    return tuple(outcome for each in settled for outcome in each.outcomes)


async def test_a_plan_is_sent_mined_and_reported_at_depth(chain: Chain) -> None:
    wallet = await chain.wallet()
    assert await offered(wallet, PLAN, chain.head()) == Accepted(PLAN.intent)
    assert wallet.pending() == {PLAN.vault}
    assert await looked(wallet, chain.mine()) == ()
    (outcome,) = await looked(wallet, chain.mine())
    assert isinstance(outcome, Mined)
    assert (outcome.spent, outcome.got) == (PLAN.amount_in, PLAN.min_out)
    assert 21_000 < outcome.gas_used < PLAN.gas_units
    assert wallet.pending() == frozenset()


async def test_three_vaults_are_served_by_one_block(chain: Chain) -> None:
    wallet = await chain.wallet()
    for number in range(3):
        await offered(wallet, plan(number, deadline=FAR), chain.head())
    outcomes = await settled(chain, wallet)
    assert len(outcomes) == 3
    assert len({each.block_number for each in outcomes if isinstance(each, Mined)}) == 1


async def test_a_refusal_by_the_vault_is_a_revert_with_its_reason(chain: Chain) -> None:
    wallet = await chain.wallet()
    await offered(wallet, replace(PLAN, min_out=0), chain.head())
    (outcome,) = await settled(chain, wallet)
    assert isinstance(outcome, Reverted)
    assert outcome.error.startswith(f"refused {PLAN.vault}")
    assert outcome.gas_cost_wei > 0


async def test_a_call_that_succeeds_without_the_vaults_event_is_no_hedge(chain: Chain) -> None:
    wallet = await chain.wallet()
    await offered(wallet, plan(9, deadline=FAR), chain.head())
    (outcome,) = await settled(chain, wallet)
    assert isinstance(outcome, Reverted)
    assert outcome.error == "the vault logged no rebalance"


async def test_a_stuck_transaction_is_bumped_and_mined(chain: Chain) -> None:
    wallet = await chain.wallet()
    await offered(wallet, PLAN, chain.head())
    (first,) = chain.pool()
    for _ in range(3):
        await looked(wallet, chain.mine(base_fee_wei=50 * GWEI))
    (second,) = chain.pool()
    assert second != first
    (outcome,) = await settled(chain, wallet)
    assert isinstance(outcome, Mined)
    assert outcome.tx_hash == second


async def test_a_dropped_transaction_is_sent_again_byte_for_byte(chain: Chain) -> None:
    wallet = await chain.wallet()
    await offered(wallet, PLAN, chain.head())
    (tx_hash,) = chain.pool()
    chain.anvil.rpc.call("anvil_dropTransaction", tx_hash)
    assert chain.pool() == []
    await looked(wallet, chain.mine())
    assert chain.pool() == [tx_hash]
    (outcome,) = await settled(chain, wallet)
    assert isinstance(outcome, Mined)
    assert outcome.tx_hash == tx_hash


async def test_a_reorganised_transaction_is_mined_once(chain: Chain) -> None:
    wallet = await chain.wallet()
    await offered(wallet, PLAN, chain.head())
    assert await looked(wallet, chain.mine()) == ()
    (intent,) = wallet.account.slots
    assert intent.included is not None
    chain.anvil.rpc.call("anvil_reorg", 1, [])
    assert await looked(wallet, chain.head()) == ()
    (intent,) = wallet.account.slots
    assert intent.included is None
    assert chain.pool() == [intent.newest.tx_hash]
    (outcome,) = await settled(chain, wallet)
    assert isinstance(outcome, Mined)
    assert outcome.tx_hash == intent.newest.tx_hash


async def test_51_what_a_deep_reorganisation_took_back_is_sent_again_byte_for_byte(chain: Chain) -> None:
    wallet = await chain.wallet()
    await offered(wallet, PLAN, chain.head())
    (first,) = await settled(chain, wallet)
    assert isinstance(first, Mined)
    chain.anvil.rpc.call("anvil_reorg", 3, [])
    await looked(wallet, chain.head())
    assert chain.pool() == [first.tx_hash]
    (again,) = await settled(chain, wallet)
    assert isinstance(again, Mined)
    assert again.tx_hash == first.tx_hash


async def test_an_expired_plan_is_replaced_by_a_no_op(chain: Chain) -> None:
    wallet = await chain.wallet()
    head = chain.head()
    await offered(wallet, plan(deadline=head.timestamp + 5), head)
    chain.anvil.rpc.call("evm_increaseTime", 10)
    await looked(wallet, chain.mine(base_fee_wei=50 * GWEI))
    (outcome,) = await settled(chain, wallet, blocks=14)
    assert isinstance(outcome, Cancelled)


async def test_an_account_without_money_signs_nothing(chain: Chain) -> None:
    chain.anvil.rpc.call("anvil_setBalance", chain.signer.address, "0x1")
    wallet = await chain.wallet()
    assert isinstance(await offered(wallet, PLAN, chain.head()), Refused)
    assert chain.pool() == []


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_around_the_broadcast_a_restart_finishes_the_same_transaction(
    chain: Chain, moment: str
) -> None:
    wallet = await chain.wallet()
    chain.dies = moment
    with pytest.raises(Killed):
        await offered(wallet, PLAN, chain.head())
    again = await chain.wallet()
    (intent,) = again.account.slots
    assert await looked(again, chain.head()) == ()
    assert chain.pool() == [intent.newest.tx_hash]
    (outcome,) = await settled(chain, again)
    assert isinstance(outcome, Mined)
    assert outcome.tx_hash == intent.newest.tx_hash


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_around_a_bump_a_restart_knows_both_hashes(chain: Chain, moment: str) -> None:
    wallet = await chain.wallet()
    await offered(wallet, PLAN, chain.head())
    for _ in range(2):
        await looked(wallet, chain.mine(base_fee_wei=50 * GWEI))
    chain.dies = moment
    with pytest.raises(Killed):
        await looked(wallet, chain.mine(base_fee_wei=50 * GWEI))
    again = await chain.wallet()
    (intent,) = again.account.slots
    assert len(intent.attempts) == 2
    (outcome,) = await settled(chain, again, blocks=4)
    assert isinstance(outcome, Mined)
    assert outcome.tx_hash in intent.hashes


async def test_mined_and_settled_nothing_is_open_after_a_restart(chain: Chain) -> None:
    wallet = await chain.wallet()
    await offered(wallet, PLAN, chain.head())
    assert len(await settled(chain, wallet)) == 1
    again = await chain.wallet()
    assert again.account.slots == ()
    assert [slot.nonce for slot in again.account.closed] == [0]


async def test_a_superseded_plan_is_never_carried_out_beside_the_newer_one(chain: Chain) -> None:
    wallet = await chain.wallet()
    await offered(wallet, PLAN, chain.head())
    newer = replace(PLAN, amount_in=2 * PLAN.amount_in, state_hash=b"\x01" * 32)
    head = chain.mine(base_fee_wei=50 * GWEI)
    await wallet.advance(head)
    await wallet.review(head, {PLAN.vault: Instead(newer)}, 0)
    done, superseded = await settled(chain, wallet, blocks=6)
    assert isinstance(done, Mined)
    assert done.spent == newer.amount_in
    assert isinstance(superseded, Superseded)
    assert superseded.intent == PLAN.intent


async def test_52_an_unwanted_plan_costs_a_no_op_and_no_hedge(chain: Chain) -> None:
    wallet = await chain.wallet()
    await offered(wallet, PLAN, chain.head())
    head = chain.mine(base_fee_wei=50 * GWEI)
    await wallet.advance(head)
    await wallet.review(head, {PLAN.vault: Unwanted(Reason.INSIDE_BAND)}, 0)
    (outcome,) = await settled(chain, wallet, blocks=6)
    assert isinstance(outcome, Cancelled)
    assert outcome.why is Reason.UNWANTED


async def test_64_somebody_elses_use_of_the_key_is_told_at_the_next_head(chain: Chain) -> None:
    heard: list[Alert] = []
    wallet = await chain.wallet(
        listener=lambda _, commands: heard.extend(each.alert for each in commands if isinstance(each, Alarm))
    )
    await looked(wallet, chain.head())
    chain.anvil.rpc.call("anvil_setNonce", chain.signer.address, "0x3")
    await looked(wallet, chain.mine())
    assert heard == [Alert.FOREIGN_USE]


async def test_anvils_own_words_are_kept_with_the_attempt(chain: Chain) -> None:
    wallet = await chain.wallet()
    await offered(wallet, PLAN, chain.head())
    await looked(wallet, chain.mine(base_fee_wei=50 * GWEI))
    await looked(wallet, chain.mine(base_fee_wei=50 * GWEI))
    await wallet.close()
    assert chain.store is not None
    notes = await History(chain.store).notes(0)
    assert "public: underpriced (max fee per gas less than block base fee (-32003))" in [
        note.detail for note in notes
    ]
