"""Scripted nodes are as different as real ones, and as unreliable as a test wants them."""

from collections.abc import Sequence
from typing import Any

import pytest

from keeper.adapters.ethereum.rpc import RpcRefusedError
from keeper.core.transaction.words import Answer
from keeper.core.units import GWEI
from keeper.ports import UnreachableError
from tests.nodes.build import FAR, send, signed, unsigned
from tests.nodes.chain import ACCOUNT, ScriptedChain
from tests.nodes.faults import (
    EMPTY,
    WRONG_HASH,
    Busy,
    DiesAfter,
    DiesBefore,
    Fault,
    Killed,
    LostAfter,
    LostBefore,
    Page,
    Refuses,
)
from tests.nodes.lies import always, invented_receipt, more
from tests.nodes.node import ScriptedNode, nodes_of
from tests.nodes.tx import cheaply_signed
from tests.nodes.vault import EXPIRED, told

FIRST = signed()
DEAR = signed(fee=60 * GWEI, tip=2 * GWEI)


async def count(node: ScriptedNode, tag: str = "latest") -> int:
    return int(str(await node.call("eth_getTransactionCount", [ACCOUNT, tag])), 16)


async def receipt(node: ScriptedNode, tx_hash: str) -> object:
    return await node.call("eth_getTransactionReceipt", [tx_hash])


# --- several of them ---


async def test_nodes_tell_one_another_what_they_took_unless_they_do_not() -> None:
    told_of, silent = nodes_of(ScriptedChain(), "geth", "reth")
    silent.gossips = False
    third = ScriptedNode(told_of.chain, "third")
    await send(told_of, FIRST)
    assert await send(third, FIRST) is Answer.ALREADY_KNOWN
    assert await send(silent, FIRST) is Answer.ACCEPTED


async def test_a_node_that_is_told_of_a_replacement_goes_by_its_own_rule() -> None:
    geth, besu = nodes_of(ScriptedChain(), "geth", "besu")
    await send(geth, FIRST)
    double = signed(fee=100 * GWEI, tip=2 * GWEI)
    assert await send(geth, double) is Answer.ACCEPTED
    assert besu.pool.waiting[0].tx_hash == FIRST.tx_hash


async def test_a_node_that_lags_answers_from_the_past() -> None:
    chain = ScriptedChain()
    fresh, stale = nodes_of(chain, "geth", "geth")
    stale.lag = 1
    await send(fresh, FIRST)
    chain.mine()
    assert (await count(fresh), await count(stale)) == (1, 0)
    assert await receipt(stale, FIRST.tx_hash) is None
    assert await receipt(fresh, FIRST.tx_hash) is not None
    with pytest.raises(RpcRefusedError, match="header not found"):
        await stale.call("eth_getBalance", [ACCOUNT, "0x1"])


async def test_a_frozen_node_stays_on_the_old_branch() -> None:
    chain = ScriptedChain()
    fresh, frozen = nodes_of(chain, "geth", "geth")
    await send(fresh, FIRST)
    chain.mine()
    frozen.freeze()
    chain.reorg(1, forget=True)
    assert await receipt(fresh, FIRST.tx_hash) is None
    assert await receipt(frozen, FIRST.tx_hash) is not None
    frozen.thaw()
    assert await receipt(frozen, FIRST.tx_hash) is None


async def test_nodes_may_serve_another_chain_and_lie() -> None:
    chain = ScriptedChain()
    honest, other = nodes_of(chain, "geth", "geth")
    other.chain_id = 5
    assert await other.call("eth_chainId", []) == "0x5"
    other.lies = {"eth_getTransactionCount": more(3), "eth_getBalance": always("0x1")}
    assert (await count(honest), await count(other)) == (0, 3)
    assert await other.call("eth_getBalance", [ACCOUNT, "latest"]) == "0x1"
    other.lies = {"eth_getTransactionReceipt": invented_receipt(chain.tip)}
    invented = await receipt(other, FIRST.tx_hash)
    assert isinstance(invented, dict)
    assert invented["transactionHash"] == FIRST.tx_hash


# --- faults ---

ERRORS = (UnreachableError, RpcRefusedError, Killed)


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        (LostBefore(), False),
        (LostAfter(), True),
        (Page(), False),
        (Page(heard=True), True),
        (Busy(), False),
        (Refuses("no", heard=True), True),
        (Refuses("no"), False),
        (DiesBefore(), False),
        (DiesAfter(), True),
    ],
)
async def test_a_fault_strikes_once_and_the_node_has_heard_or_not(fault: Fault, *, heard: bool) -> None:
    chain = ScriptedChain()
    (node,) = nodes_of(chain, "geth")
    node.next(fault)
    with pytest.raises(ERRORS):
        await node.call("eth_sendRawTransaction", ["0x" + FIRST.raw.hex()])
    assert (0 in node.pool.waiting) is heard
    assert chain.hashes_heard() == {FIRST.tx_hash}
    assert await send(node, FIRST) is (Answer.ALREADY_KNOWN if heard else Answer.ACCEPTED)


@pytest.mark.parametrize("fault", [WRONG_HASH, EMPTY])
async def test_a_wrong_answer_does_not_mean_that_nothing_was_taken(fault: Fault) -> None:
    (node,) = nodes_of(ScriptedChain(), "geth")
    node.next(fault)
    assert await send(node, FIRST) is Answer.UNKNOWN
    assert 0 in node.pool.waiting


async def test_a_fault_waits_for_its_method() -> None:
    (node,) = nodes_of(ScriptedChain(), "geth")
    node.next(LostBefore(), method="eth_getTransactionReceipt")
    assert await send(node, FIRST) is Answer.ACCEPTED
    with pytest.raises(UnreachableError):
        await receipt(node, FIRST.tx_hash)
    assert await receipt(node, FIRST.tx_hash) is None


async def test_while_it_is_down_nothing_arrives_and_everything_is_noted() -> None:
    chain = ScriptedChain()
    (node,) = nodes_of(chain, "geth")
    looked: list[str] = []
    chain.on_broadcast = lambda name, tx: looked.append(f"{name} {tx.tx_hash}")
    node.down = True
    with pytest.raises(UnreachableError):
        await node.call("eth_sendRawTransaction", ["0x" + FIRST.raw.hex()])
    assert node.pool.waiting == {}
    assert looked == [f"geth-0 {FIRST.tx_hash}"]


async def test_a_pool_may_forget_without_a_word() -> None:
    (node,) = nodes_of(ScriptedChain(), "geth")
    await send(node, FIRST)
    assert await node.call("eth_getTransactionByHash", [FIRST.tx_hash]) is not None
    node.pool.drop(FIRST.tx_hash)
    assert await node.call("eth_getTransactionByHash", [FIRST.tx_hash]) is None


# --- reading ---


async def test_blocks_are_named_by_number_tag_and_hash() -> None:
    chain = ScriptedChain(safe_depth=1, final_depth=2)
    (node,) = nodes_of(chain, "geth")
    await send(node, FIRST)
    head = chain.mine_many(3)
    numbers = {
        tag: int((await block(node, [tag, False]))["number"], 16)
        for tag in ("latest", "safe", "finalized", "earliest", "0x2")
    }
    assert numbers == {"latest": 3, "safe": 2, "finalized": 1, "earliest": 0, "0x2": 2}
    by_hash = await node.call("eth_getBlockByHash", [head.hash, False])
    assert by_hash == await block(node, ["latest", False])
    assert await node.call("eth_getBlockByNumber", ["0x9", False]) is None
    assert (await block(node, ["0x1", True]))["transactions"][0]["hash"] == FIRST.tx_hash
    assert (await block(node, ["0x2", False]))["parentHash"] == (await block(node, ["0x1", False]))["hash"]


async def block(node: ScriptedNode, params: Sequence[object]) -> dict[str, Any]:
    return fields(await node.call("eth_getBlockByNumber", params))


def fields(answer: object) -> dict[str, Any]:
    assert isinstance(answer, dict)
    return answer


async def test_a_call_runs_at_the_block_that_is_asked_for_and_reverts_with_the_contracts_error() -> None:
    chain = ScriptedChain()
    (node,) = nodes_of(chain, "besu")
    late = told("intent", chain.tip.timestamp)
    asked = {"to": ACCOUNT, "data": "0x" + late.hex()}
    assert await node.call("eth_call", [asked, "latest"]) == "0x"
    chain.mine()
    assert await node.call("eth_call", [asked, "0x0"]) == "0x"
    with pytest.raises(RpcRefusedError) as refused:
        await node.call("eth_call", [asked, "latest"])
    error = refused.value
    assert (error.code, error.message, error.data) == (3, "Execution reverted", "0x" + EXPIRED.hex())


async def test_the_account_pays_what_its_receipts_say() -> None:
    chain = ScriptedChain()
    (node,) = nodes_of(chain, "geth")
    out_of_gas = cheaply_signed(unsigned(1, gas_limit=30_000))
    expired = signed(2, data=told("intent", 0))
    for tx in (FIRST, out_of_gas, expired):
        await send(node, tx)
    chain.mine()
    receipts = [fields(await receipt(node, tx.tx_hash)) for tx in (FIRST, out_of_gas, expired)]
    assert [each["status"] for each in receipts] == ["0x1", "0x0", "0x0"]
    assert [len(each["logs"]) for each in receipts] == [1, 0, 0]
    paid = sum(int(each["gasUsed"], 16) * int(each["effectiveGasPrice"], 16) for each in receipts)
    assert int(str(await node.call("eth_getBalance", [ACCOUNT, "latest"])), 16) == 10**20 - paid


async def test_bytes_that_are_no_transaction_are_refused_and_not_noted() -> None:
    chain = ScriptedChain()
    (node,) = nodes_of(chain, "geth")
    for junk in ("0x1234", "0xzz", "0x"):
        with pytest.raises(RpcRefusedError):
            await node.call("eth_sendRawTransaction", [junk])
    assert chain.heard == []
    with pytest.raises(RpcRefusedError, match="does not exist"):
        await node.call("eth_nonsense", [])


def test_far_is_later_than_any_block() -> None:
    assert ScriptedChain().mine_many(100).timestamp < FAR
