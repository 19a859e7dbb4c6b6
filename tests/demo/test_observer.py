"""The observer sees what happened on a real chain, and nobody has to tell it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hexbytes import HexBytes

from keeper.core.policy import Policy
from keeper.core.units import Address
from keeper.demo.accounts import Role, address
from keeper.demo.artifacts import contract
from keeper.demo.observer import Observer
from keeper.demo.rpc import Json, as_int
from keeper.policies import read_policy
from tests.fixtures.world import World

pytestmark = pytest.mark.world

ROOT = Path(__file__).resolve().parents[2]
FAR = 2**40


@pytest.fixture
def policies(world: World) -> Mapping[str, Policy]:
    return {
        name: replace(read_policy(ROOT / "config" / "policies" / f"{name}.yaml"), vault=Address(vault))
        for name, vault in world.book.vaults.items()
    }


def test_every_block_is_seen_once_and_in_order(world: World, policies: Mapping[str, Policy]) -> None:
    start = as_int(world.rpc.call("eth_blockNumber"))
    observer = Observer(world.rpc, world.book, policies, start)
    assert observer.poll() == []
    world.rpc.call("anvil_mine", hex(3))
    assert [seen.block.number for seen in observer.poll()] == [start + 1, start + 2, start + 3]
    assert observer.poll() == []
    assert len(observer.record().blocks) == 3


def test_a_vault_and_its_twin_start_alike_and_hedged(world: World, policies: Mapping[str, Policy]) -> None:
    observer = Observer(world.rpc, world.book, policies, as_int(world.rpc.call("eth_blockNumber")))
    world.rpc.call("evm_mine")
    (seen,) = observer.poll()
    for name, sample in seen.block.vaults.items():
        assert sample.gap == pytest.approx(seen.block.twins[name].gap, abs=0.01)
        assert sample.value_usd == pytest.approx(seen.block.twins[name].value_usd, abs=10)
        assert abs(sample.gap) < 1
        assert sample.band_low < 0 < sample.band_high
    assert seen.block.spot == world.book.price == seen.block.native_usd


def test_a_hedge_is_seen_with_its_costs(world: World, policies: Mapping[str, Policy]) -> None:
    chain = world.chain
    vault = world.vault("covered-call")
    # A gift of base opens a gap without moving the vault's state.
    weth = chain.at(contract("IERC20"), world.book.weth)
    chain.send(weth, "transfer", vault.address, 40 * 10**18, sender=address(Role.ARBITRAGEUR))
    observer = Observer(world.rpc, world.book, policies, as_int(world.rpc.call("eth_blockNumber")))
    proposal = (True, 30 * 10**18, 1, world.timestamp() + 3600, chain.read(vault, "stateHash"))
    receipt = chain.send(vault, "rebalance", proposal, sender=address(Role.KEEPER))
    (seen,) = observer.poll()
    (sent,) = seen.sent
    assert (sent.vault, sent.succeeded, sent.gas_used) == ("covered-call", True, receipt["gasUsed"])
    assert sent.fill is not None
    assert (sent.fill.sells_base, sent.fill.base, sent.fill.price) == (True, 30.0, 3000.0)
    assert 0 < sent.fill.shortfall_usd < 200
    assert sent.gas_cost_usd > 0
    assert seen.block.vaults["covered-call"].gap == pytest.approx(10, abs=0.1)
    assert seen.block.twins["covered-call"].gap == pytest.approx(0, abs=0.1)


def test_a_refused_transaction_counts_as_reverted(world: World, policies: Mapping[str, Policy]) -> None:
    vault = world.vault("strangle")
    observer = Observer(world.rpc, world.book, policies, as_int(world.rpc.call("eth_blockNumber")))
    data = vault.encode_abi("rebalance", [(True, 1, 1, FAR, b"\0" * 32)])
    mined(world, {"to": vault.address, "data": data, "gas": hex(500_000)})
    (seen,) = observer.poll()
    (sent,) = seen.sent
    assert (sent.vault, sent.succeeded, sent.fill) == ("strangle", False, None)


def test_a_no_op_belongs_to_no_vault(world: World, policies: Mapping[str, Policy]) -> None:
    observer = Observer(world.rpc, world.book, policies, as_int(world.rpc.call("eth_blockNumber")))
    mined(world, {"to": address(Role.KEEPER), "value": "0x0"})
    (seen,) = observer.poll()
    assert [(sent.vault, sent.succeeded) for sent in seen.sent] == [("", True)]


def mined(world: World, transaction: dict[str, Json]) -> None:
    """Send from the keeper's account and wait for the block."""
    sent = world.rpc.call("eth_sendTransaction", {"from": address(Role.KEEPER), **transaction})
    world.chain.web3.eth.wait_for_transaction_receipt(HexBytes(str(sent)), poll_latency=0.002)
