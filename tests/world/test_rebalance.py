"""A hedge with the keeper's own key, on the real pool."""

from typing import cast

import pytest
from eth_account import Account
from eth_typing import HexStr

from keeper.demo.accounts import Role, private_key
from keeper.demo.driver.market import Market, Moment
from keeper.demo.plans import BAND, MAX_TRADE, PLANS, VaultPlan
from keeper.demo.rpc import as_object
from tests.fixtures.world import World

pytestmark = pytest.mark.world
WAD = 10**18


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
@pytest.mark.parametrize("price", [2700.0, 3300.0])
def test_a_rebalance_by_the_keepers_key_closes_the_gap(world: World, plan: VaultPlan, price: float) -> None:
    world.move(price)
    vault = world.vault(plan.name)
    before = world.chain.read_int(vault, "gap")
    assert abs(before) > 10 * BAND * WAD
    assert rebalance(world, plan.name) == 1
    after = world.chain.read_int(vault, "gap")
    size = min(abs(before), MAX_TRADE * WAD)
    assert abs(after) == pytest.approx(abs(before) - size, abs=5 * WAD)
    assert abs(world.chain.read_int(world.twin(plan.name), "gap")) == pytest.approx(abs(before), rel=1e-3)


def test_the_twins_refuse_the_keeper(world: World) -> None:
    world.move(2700.0)
    assert rebalance(world, "strangle", twin=True) == 0


def test_a_stale_price_stops_the_vault(world: World) -> None:
    world.move(2700.0)
    ok, _ = cast("list[object]", world.chain.read(world.vault("strangle"), "workable"))
    assert ok is True
    world.wait(5_401)
    ok, _ = cast("list[object]", world.chain.read(world.vault("strangle"), "workable"))
    assert ok is False


def test_a_keeper_hedges_in_the_block_after_the_one_it_read(world: World) -> None:
    market = Market(world.rpc, world.book)
    market.take_over()
    market.advance(Moment(2700.0, 0.7, 10**10, 600))
    sent = send_rebalance(world, "strangle")
    market.advance(Moment(2690.0, 0.7, 10**10, 600))
    receipt = as_object(world.rpc.call("eth_getTransactionReceipt", sent))
    assert receipt["status"] == "0x1"
    assert receipt["transactionIndex"] == "0x0"


def rebalance(world: World, name: str, *, twin: bool = False) -> int:
    """Returns the receipt's status."""
    sent = HexStr(send_rebalance(world, name, twin=twin))
    return world.chain.web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.005)["status"]


def send_rebalance(world: World, name: str, *, twin: bool = False) -> str:
    """Propose what the vault itself says it needs; returns the hash."""
    kept = world.vault(name)
    vault = world.twin(name) if twin else kept
    sell_base, _, _, _, amount, *_, state, latest, _, _, _ = cast(
        "tuple[bool, bool, int, int, int, bytes, int, int, int, int]", world.chain.read(kept, "need")
    )
    proposal = (sell_base, amount, 0, latest, state)
    keeper = world.chain.web3.to_checksum_address(world.account(Role.KEEPER))
    transaction = {
        "to": vault.address,
        "data": vault.encode_abi("rebalance", [proposal]),
        "gas": 1_000_000,
        "nonce": world.chain.web3.eth.get_transaction_count(keeper),
        "maxFeePerGas": 10**11,
        "maxPriorityFeePerGas": 10**9,
        "chainId": world.book.chain_id,
    }
    signed = Account.sign_transaction(transaction, private_key(Role.KEEPER))
    return str(world.rpc.call("eth_sendRawTransaction", "0x" + bytes(signed.raw_transaction).hex()))
