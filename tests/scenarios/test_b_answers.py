"""B. Answers that leave it open what became of the bytes (transactions.md §6)."""

import pytest

from keeper.core.outcome import Mined, NonceTaken
from keeper.core.transaction.attempt import Standing
from keeper.core.transaction.commands import Alert
from keeper.core.transaction.states import State
from keeper.ports import Accepted
from tests.core.transaction.build import plan
from tests.nodes.faults import WRONG_HASH, Fault, LostAfter, LostBefore, Page, Refuses
from tests.nodes.lies import always
from tests.scenarios.conftest import Begin
from tests.scenarios.world import FAR, PLAN

TOO_LOW = Refuses("nonce too low: next nonce 1, tx nonce 0")
STRANGE = Refuses("the stars are not right", -32603)


@pytest.mark.parametrize("fault", [LostAfter(), Page(heard=True), Page()], ids=str)
async def test_13_taken_with_its_answer_lost_the_same_bytes_are_sent_and_no_other_nonce(
    begin: Begin, fault: Fault
) -> None:
    world = await begin("geth")
    world.nodes[0].next(fault)
    assert await world.cycle(PLAN) == [Accepted(PLAN.intent)]
    await world.blocks(1, empty=True)
    first, again = world.heard
    assert first == again
    await world.at_rest()
    assert world.mined() == [first]


@pytest.mark.parametrize("client", ["geth", "besu", "nethermind-old", "erigon", "anvil"])
async def test_14_already_known_at_the_first_send_counts_as_sent(begin: Begin, client: str) -> None:
    world = await begin(client)
    words = world.nodes[0].client.refusal("same-bytes")
    world.nodes[0].next(Refuses(words.message, words.code, heard=True))
    await world.cycle(PLAN)
    assert [each.newest.standing for each in world.slots] == [Standing.ACCEPTED]
    await world.at_rest()


async def test_15_nonce_too_low_and_a_receipt_of_an_older_hash_is_success_of_that_hash(begin: Begin) -> None:
    world = await begin()
    await world.cycle(PLAN)
    older = world.heard[0]
    await world.blocks(3, empty=True)
    assert world.heard[-1] != older
    for node in world.nodes:
        node.next(TOO_LOW)
    await world.blocks(1, empty=True)
    world.chain.mine(only=older)
    await world.at_rest()
    assert world.mined() == [older] == world.named()


async def test_16_no_receipt_counts_only_from_a_node_that_has_the_block(begin: Begin) -> None:
    """Of three one has the block and hides the receipt, one is behind it, and one does not answer."""
    world = await begin()
    await world.cycle(PLAN)
    hides, silent, behind = world.nodes
    hides.lies["eth_getTransactionReceipt"] = always(None)
    silent.next(*[LostBefore()] * 50, method="eth_getTransactionReceipt")
    behind.lag = 2
    await world.blocks(10)
    assert world.outcomes == []
    assert world.alerts() == []
    assert world.nonces == [0]
    assert len(set(world.heard)) == 1
    silent.faults.clear()
    behind.lag = 0
    await world.at_rest()
    assert [type(each) for each in world.outcomes] == [Mined]


async def test_17_a_nonce_that_was_taken_before_the_first_send_is_read_again_and_the_intent_signed_once_more(
    begin: Begin,
) -> None:
    """Only at depth: the answer may be about these very bytes, where a proxy has sent them twice."""
    world = await begin()
    head = await world.arrive()
    world.chain.foreign()
    world.chain.mine()
    await world.wallet.offer(PLAN, head, 0)
    assert [each.newest.standing for each in world.slots] == [Standing.UNKNOWN]
    await world.blocks(1)
    assert [each.state for each in world.slots] == [State.UNKNOWN]
    assert len(world.signs) == 1
    await world.blocks(1)
    assert world.outcomes == [NonceTaken(PLAN.vault, PLAN.intent, 0)]
    await world.cycle(PLAN)
    assert [each.nonce for each in world.signs] == [0, 1]
    await world.at_rest()
    assert len(world.mined()) == 1


async def test_18_nonce_too_low_after_publication_is_waited_out_through_a_reorganisation(
    begin: Begin,
) -> None:
    world = await begin()
    await world.cycle(PLAN)
    (sent,) = set(world.heard)
    for node in world.nodes:
        node.next(*[TOO_LOW] * 2)
    await world.blocks(2, empty=True)
    assert world.nonces == [0]
    world.chain.mine()
    await world.cycle()
    assert [each.state for each in world.slots] == [State.INCLUDED]
    world.chain.reorg(1, forget=True)
    for node in world.nodes:
        node.next(TOO_LOW)
    await world.cycle()
    await world.blocks(1, empty=True)
    assert [each.state for each in world.slots] == [State.PENDING]
    assert set(world.heard) == {sent}
    await world.at_rest()
    assert world.mined() == [sent]


async def test_21_words_nobody_has_seen_are_kept_and_told_and_the_same_bytes_sent_until_the_deadline(
    begin: Begin,
) -> None:
    world = await begin("geth")
    deadline = world.chain.tip.timestamp + 60
    for node in world.nodes:
        node.next(*[STRANGE] * 3)
    await world.cycle(plan(deadline=deadline))
    await world.blocks(2)
    assert world.nonces == [0]
    assert world.slots[0].newest.standing is Standing.UNKNOWN
    assert len(set(world.heard)) == 1
    assert world.alerts() == [Alert.UNKNOWN_WORDS] * 3
    assert all(STRANGE.message in each.detail for each in world.alarms)
    assert any("geth-0" in each and STRANGE.message in each for each in world.notes())
    original = world.heard[0]
    heard = len(world.heard)
    world.chain.mine(empty=True, later_s=60)
    await world.cycle()
    assert original not in world.heard[heard:], "past its deadline only a no-op is sent"
    await world.at_rest()


async def test_22_another_hash_than_ours_is_an_alert_and_no_success(begin: Begin) -> None:
    world = await begin("geth")
    world.nodes[0].next(WRONG_HASH)
    await world.cycle(PLAN)
    assert world.slots[0].newest.standing is Standing.UNKNOWN
    assert world.alerts() == [Alert.UNKNOWN_WORDS]
    assert "0xeeee" in world.alarms[0].detail
    await world.at_rest()


async def test_22_another_hash_is_an_alert_even_if_another_node_took_the_bytes(begin: Begin) -> None:
    world = await begin("geth", "reth")
    world.nodes[0].next(WRONG_HASH)
    await world.cycle(PLAN)
    assert world.slots[0].newest.standing is Standing.ACCEPTED
    assert world.alerts() == [Alert.UNKNOWN_WORDS]
    assert "0xeeee" in world.alarms[0].detail
    await world.at_rest()


async def test_23_while_no_node_answers_nothing_changes_and_then_it_drains_in_order(begin: Begin) -> None:
    world = await begin()
    head = await world.arrive()
    for node in world.nodes:
        node.down = True
    offered = [plan(number, deadline=FAR) for number in range(3)]
    assert [await world.wallet.offer(each, head, 0) for each in offered] == [
        Accepted(each.intent) for each in offered
    ]
    assert world.nonces == [0, 1, 2]
    for node in world.nodes:
        node.down = False
    world.chain.mine()
    heard = len(world.chain.heard)
    await world.cycle()
    again = [tx.nonce for name, tx in world.chain.heard[heard:] if name == "geth-0"]
    assert again == [0, 1, 2]
    await world.at_rest()
    assert [each.nonce for each in world.signs] == [0, 1, 2]


async def test_16_one_of_three_that_hides_the_receipt_is_not_believed(begin: Begin) -> None:
    world = await begin()
    await world.cycle(PLAN)
    world.nodes[0].lies["eth_getTransactionReceipt"] = always(None)
    await world.at_rest()
    assert [type(each) for each in world.outcomes] == [Mined]
