"""Uncertain answers and nonces (transactions.md §6 B and C): no second nonce, and none wasted."""

import asyncio

import pytest

from keeper.adapters.wallet.needs import Reply
from keeper.core.outcome import Mined, Refused
from keeper.core.reason import Reason
from keeper.core.transaction.attempt import Standing
from keeper.core.transaction.messages import Order, Ordered
from keeper.core.transaction.words import Answer
from keeper.ports import Accepted
from tests.adapters.wallet import fakes
from tests.adapters.wallet.scene import FAR, PLAN, RULES, scene
from tests.core.transaction.build import plan


@pytest.mark.parametrize("fault", [fakes.lost_before, fakes.lost_after])
async def test_a_lost_answer_is_settled_by_the_same_bytes(fault: fakes.Fault) -> None:
    """B13."""
    it = await scene()
    it.node.faults.append(fault)
    assert await it.offer() == Accepted(PLAN.intent)
    await it.blocks(3)
    assert len(set(it.heard)) == 1
    assert [type(each) for each in it.outcomes] == [Mined]
    assert it.node.chain_nonce() == 1


@pytest.mark.parametrize("words", ["already known", "transaction already imported (-32003)"])
async def test_already_known_on_the_first_send_counts_as_sent(words: str) -> None:
    """B14."""
    it = await scene()
    it.node.faults.append(fakes.says(words))
    assert await it.offer() == Accepted(PLAN.intent)
    assert it.wallet.account.slots[0].newest.standing is Standing.ACCEPTED


async def test_nonce_too_low_with_a_receipt_of_an_older_hash_is_success() -> None:
    """B15."""
    it = await scene()
    await it.offer()
    first = it.heard[0]
    await it.blocks(1, empty=True)
    it.node.faults.append(fakes.says("nonce too low: next nonce 1, tx nonce 0"))
    await it.blocks(1, empty=True)
    await it.blocks(2)
    (outcome,) = it.outcomes
    assert isinstance(outcome, Mined)
    assert outcome.tx_hash == first


async def test_receipts_that_lag_behind_the_nonce_are_waited_for() -> None:
    """B16."""
    it = await scene()
    await it.offer()
    it.node.hidden_receipts = True
    await it.blocks(1)
    it.node.hidden_receipts = False
    await it.blocks(1)
    assert [type(each) for each in it.outcomes] == [Mined]


async def test_receipts_that_are_not_answered_conclude_nothing_however_long() -> None:
    """B16, and the double execution of a manager that takes an error for "not there"."""
    it = await scene()
    await it.offer()
    it.node.receipts_fail = True
    await it.blocks(20)
    assert it.outcomes == []
    assert it.nonces == [0]
    it.node.receipts_fail = False
    await it.blocks(1)
    assert [type(each) for each in it.outcomes] == [Mined]


async def test_another_hash_than_ours_is_not_believed() -> None:
    """B22."""
    it = await scene()
    it.node.faults.append(lambda _node, _tx: Reply(fakes.ENDPOINT, Answer.UNKNOWN, "another hash"))
    await it.offer()
    assert it.wallet.account.slots[0].newest.standing is Standing.UNKNOWN
    await it.blocks(3)
    assert [type(each) for each in it.outcomes] == [Mined]
    assert "public: unknown (another hash)" in [note.detail for note in it.ledger.notes]


async def test_a_proxys_page_is_unknown_and_kept_word_by_word() -> None:
    """B21 and B22."""
    it = await scene()
    it.node.faults.append(fakes.says("<html>Bad Gateway</html>"))
    await it.offer()
    await it.blocks(3)
    assert "public: unknown (<html>Bad Gateway</html>)" in [note.detail for note in it.ledger.notes]
    assert [type(each) for each in it.outcomes] == [Mined]


async def test_while_the_node_is_down_everything_stays_and_drains_in_order() -> None:
    """B23."""
    it = await scene()
    for number in range(3):
        await it.offer(plan(number, deadline=FAR))
    it.node.pool.clear()
    it.node.down = True
    assert await it.wallet.advance(it.node.mine()) == ()
    refused = await it.offer(plan(3, deadline=FAR))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.NODE_UNREACHABLE
    it.node.down = False
    await it.blocks(4)
    assert [tx.fields.nonce for _, tx in it.node.mined()] == [0, 1, 2]
    assert len(it.outcomes) == 3


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("transaction underpriced", Reason.NODE_REFUSED),
        ("Upfront cost exceeds account balance", Reason.WALLET_EMPTY),
        ("intrinsic gas too low", Reason.NODE_REFUSED),
    ],
)
async def test_a_refused_send_does_not_advance_the_nonce(words: str, reason: Reason) -> None:
    """C24."""
    it = await scene()
    it.node.faults.append(fakes.says(words))
    assert await it.offer() == Refused(PLAN.vault, reason, words)
    assert it.ledger.open == {}
    await it.offer(plan(1, deadline=FAR))
    assert it.nonces == [0]


async def test_a_signer_that_fails_does_not_advance_the_nonce() -> None:
    """C25."""
    it = await scene()
    it.signer.fails = True
    refused = await it.offer()
    assert refused == Refused(PLAN.vault, Reason.SIGNER_FAILED, "the key server does not answer")
    it.signer.fails = False
    await it.offer()
    assert it.nonces == [0]


async def test_fifty_offers_at_once_get_consecutive_nonces() -> None:
    """C26."""
    it = await scene()
    await asyncio.gather(*(it.offer(plan(number, deadline=FAR)) for number in range(50)))
    assert it.nonces == list(range(50))
    await it.blocks(2)
    assert len(it.outcomes) == 50
    assert RULES.max_in_flight >= 50


async def test_a_lost_transaction_below_others_is_sent_again_within_a_block() -> None:
    """C27 and C28."""
    it = await scene()
    for number in range(5):
        await it.offer(plan(number, deadline=FAR))
    del it.node.pool[1]
    await it.blocks(4)
    assert [tx.fields.nonce for _, tx in it.node.mined()] == [0, 1, 2, 3, 4]


async def test_a_node_that_lags_does_not_make_a_nonce_be_used_twice() -> None:
    """C29."""
    it = await scene()
    await it.offer()
    await it.blocks(2)
    it.node.lag = 1
    it.node.mine()
    refused = await it.offer(plan(1, deadline=FAR))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.NODE_UNREACHABLE
    it.node.lag = 0
    it.node.mine()
    await it.offer(plan(1, deadline=FAR))
    assert it.nonces == [1]


async def test_the_same_intent_offered_twice_is_one_transaction() -> None:
    """C33 and C34."""
    it = await scene()
    first, second = await asyncio.gather(it.offer(), it.offer())
    assert first == second == Accepted(PLAN.intent)
    assert len(it.heard) == 1


async def test_an_offer_whose_caller_is_cancelled_is_finished() -> None:
    it = await scene()
    await it.advance()
    task = asyncio.ensure_future(it.offer())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await it.wallet.close()
    assert [slot.newest.standing for slot in it.wallet.account.slots] == [Standing.ACCEPTED]


async def test_a_verdict_whose_caller_is_cancelled_is_told_to_the_next() -> None:
    it = await scene()
    await it.offer()
    it.node.mine()
    head = it.node.mine()
    task = asyncio.ensure_future(it.wallet.advance(head))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (outcome,) = await it.advance(it.node.mine())
    assert isinstance(outcome, Mined)


async def test_a_vault_is_pending_until_its_verdict_is_told() -> None:
    it = await scene()
    await it.offer()
    it.node.mine()
    head = it.node.mine()
    task = asyncio.ensure_future(it.wallet.advance(head))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await it.wallet.review(head, {}, 0)
    assert it.wallet.account.slots == ()
    assert it.wallet.pending() == {PLAN.vault}
    refused = await it.wallet.offer(plan(0, state=1, deadline=FAR), head, 0)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.PENDING
    await it.advance()
    assert it.wallet.pending() == frozenset()


async def test_a_receipt_whose_block_another_node_does_not_have_yet_concludes_nothing() -> None:
    """Taken for "no receipt", it would be somebody else's use of the key, and in the end no hedge."""
    it = await scene()
    await it.offer()
    it.node.blocks_lag = True
    await it.blocks(10)
    assert it.outcomes == []
    assert "foreign-use" not in [note.what for note in it.ledger.notes]
    it.node.blocks_lag = False
    await it.blocks(1)
    assert [type(each) for each in it.outcomes] == [Mined]


async def test_an_order_waits_for_a_head_at_which_the_account_could_be_read() -> None:
    """By the clock of an older head it would raise what is past its deadline by now."""
    it = await scene()
    await it.offer(plan(deadline=it.node.timestamp + 30))
    it.ledger.waiting.append(Ordered(1, 0, Order.RAISE))
    it.node.standing_fails = True
    await it.blocks(3, empty=True)
    assert it.ledger.answers == {}
    assert len(it.ledger.hashes) == 1
    it.node.standing_fails = False
    await it.blocks(1, empty=True)
    assert set(it.ledger.answers) == {1}
    assert it.wallet.account.slots[0].is_cancelled
