"""The personalities: what one client takes, another refuses, each in its own words."""

import pytest

from keeper.adapters.ethereum.rpc import RpcRefusedError
from keeper.core.transaction.words import Answer
from keeper.core.units import GWEI
from tests.nodes.build import send, signed
from tests.nodes.chain import ACCOUNT, ScriptedChain
from tests.nodes.clients import CLIENTS, Limits
from tests.nodes.node import ScriptedNode, nodes_of

FIRST = signed()
DEAR = signed(fee=60 * GWEI, tip=2 * GWEI)


@pytest.mark.parametrize("client", CLIENTS)
async def test_what_a_client_took_it_knows_and_mines_once(client: str) -> None:
    chain = ScriptedChain()
    (node,) = nodes_of(chain, client)
    assert await send(node, FIRST) is Answer.ACCEPTED
    again = Answer.NONCE_TOO_LOW if client == "arbitrum" else Answer.ALREADY_KNOWN
    assert await send(node, FIRST) is again
    chain.mine()
    assert await send(node, FIRST) is Answer.NONCE_TOO_LOW
    assert [each.tx.tx_hash for _, each in chain.mined()] == [FIRST.tx_hash]


@pytest.mark.parametrize("client", sorted(set(CLIENTS) - {"arbitrum"}))
async def test_a_replacement_that_is_too_cheap_leaves_the_first(client: str) -> None:
    chain = ScriptedChain()
    (node,) = nodes_of(chain, client)
    await send(node, FIRST)
    assert await send(node, signed(data=b"{}")) is Answer.REPLACEMENT_UNDERPRICED
    assert node.pool.waiting[0].tx_hash == FIRST.tx_hash


@pytest.mark.parametrize(
    ("client", "answer"),
    [
        ("geth", Answer.ACCEPTED),
        ("reth", Answer.ACCEPTED),
        ("anvil", Answer.ACCEPTED),
        ("besu", Answer.ACCEPTED),
        ("nethermind-old", Answer.NONCE_TOO_HIGH),
        ("nethermind", Answer.NONCE_TOO_HIGH),
        ("arbitrum", Answer.NONCE_TOO_HIGH),
    ],
)
async def test_clients_differ_on_a_nonce_that_is_ahead(client: str, answer: Answer) -> None:
    (node,) = nodes_of(ScriptedChain(), client)
    assert await send(node, signed(3)) is answer


async def test_a_gap_that_is_too_wide_is_too_wide_for_besu() -> None:
    (node,) = nodes_of(ScriptedChain(), "besu")
    assert await send(node, signed(201)) is Answer.NONCE_TOO_HIGH


@pytest.mark.parametrize("client", CLIENTS)
async def test_no_client_takes_what_the_account_cannot_pay(client: str) -> None:
    (node,) = nodes_of(ScriptedChain(funds_wei=10**15), client)
    assert await send(node, FIRST) is Answer.INSUFFICIENT_FUNDS


@pytest.mark.parametrize(
    ("client", "second"), [("geth", Answer.INSUFFICIENT_FUNDS), ("reth", Answer.ACCEPTED)]
)
async def test_geth_counts_all_that_waits_against_the_balance(client: str, second: Answer) -> None:
    (node,) = nodes_of(ScriptedChain(funds_wei=15 * 10**15), client)
    assert await send(node, FIRST) is Answer.ACCEPTED
    assert await send(node, signed(1)) is second


@pytest.mark.parametrize(
    ("client", "answer"),
    [
        ("geth", Answer.ACCEPTED),
        ("besu", Answer.UNDERPRICED),
        ("anvil", Answer.UNDERPRICED),
        ("arbitrum", Answer.UNDERPRICED),
    ],
)
async def test_clients_differ_on_a_cap_below_the_base_fee(client: str, answer: Answer) -> None:
    chain = ScriptedChain()
    (node,) = nodes_of(chain, client)
    assert await send(node, signed(fee=GWEI)) is answer
    chain.mine()
    assert chain.mined() == []


@pytest.mark.parametrize("client", ["geth", "reth", "besu", "erigon"])
async def test_a_nodes_own_fee_cap_is_its_own(client: str) -> None:
    chain = ScriptedChain()
    capped = ScriptedNode(chain, "capped", CLIENTS[client], Limits(fee_cap_wei=10**15))
    (free,) = nodes_of(chain, client)
    assert await send(capped, FIRST) is Answer.NODE_FEE_CAP
    assert await send(free, FIRST) is Answer.ACCEPTED
    assert capped.pool.waiting == {}


@pytest.mark.parametrize("client", ["geth", "reth", "nethermind", "nethermind-old"])
async def test_a_delegated_account_has_one_in_flight(client: str) -> None:
    chain = ScriptedChain(delegated=True)
    (node,) = nodes_of(chain, client)
    assert str(await node.call("eth_getCode", [ACCOUNT, "latest"])).startswith("0xef0100")
    assert await send(node, signed(1)) is Answer.DELEGATED_LIMIT
    assert await send(node, FIRST) is Answer.ACCEPTED
    assert await send(node, signed(1)) is Answer.DELEGATED_LIMIT
    assert await send(node, signed(fee=100 * GWEI, tip=5 * GWEI)) is Answer.ACCEPTED
    chain.mine()
    assert await send(node, signed(1)) is Answer.ACCEPTED


@pytest.mark.parametrize("client", ["geth", "reth", "erigon", "nethermind", "nethermind-old"])
async def test_an_account_with_blobs_in_the_pool_is_told_so(client: str) -> None:
    (node,) = nodes_of(ScriptedChain(), client)
    node.pool.reserved = True
    assert await send(node, FIRST) is Answer.POOL_CONFLICT


@pytest.mark.parametrize("client", ["geth", "reth", "erigon"])
async def test_a_pool_holds_only_so_many_of_one_account(client: str) -> None:
    node = ScriptedNode(ScriptedChain(), client=CLIENTS[client], limits=Limits(account_slots=2))
    answers = [await send(node, signed(nonce)) for nonce in range(3)]
    assert answers == [Answer.ACCEPTED, Answer.ACCEPTED, Answer.POOL_FULL]


async def test_a_floor_of_the_tip_is_the_operators() -> None:
    node = ScriptedNode(ScriptedChain(), limits=Limits(min_tip_wei=2 * GWEI))
    assert await send(node, FIRST) is Answer.UNDERPRICED
    assert await send(node, DEAR) is Answer.ACCEPTED


@pytest.mark.parametrize(
    "wrong",
    [{"gas_limit": 20_000}, {"gas_limit": 40_000_000}, {"chain_id": 5}, {"fee": GWEI, "tip": 2 * GWEI}],
)
async def test_what_no_block_could_hold_is_refused_for_good(wrong: dict[str, int]) -> None:
    (node,) = nodes_of(ScriptedChain(base_fee_wei=1), "geth")
    assert await send(node, signed(**wrong)) is Answer.FORBIDDEN


async def test_only_some_clients_show_their_pool() -> None:
    geth, anvil = nodes_of(ScriptedChain(), "geth", "anvil")
    await send(geth, signed(2))
    await send(geth, FIRST)
    shown = await geth.call("txpool_contentFrom", [ACCOUNT])
    assert isinstance(shown, dict)
    assert [list(shown["pending"]), list(shown["queued"])] == [["0"], ["2"]]
    assert shown["pending"]["0"]["maxFeePerGas"] == hex(50 * GWEI)
    with pytest.raises(RpcRefusedError):
        await anvil.call("txpool_contentFrom", [ACCOUNT])
