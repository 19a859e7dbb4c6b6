"""The world that every later test stands on: it must be what it says, and come back as it was."""

from pathlib import Path
from typing import cast

import pytest
from eth_account import Account

from keeper.core.pricing.liquidity import Fill, mid_price_wad_down, swap_exact_in
from keeper.demo.accounts import Role, address, private_key, write_keystore
from keeper.demo.anvil import Anvil
from keeper.demo.artifacts import MissingArtifactError, contract, load
from keeper.demo.plans import MAX_FEED_AGE_S, MAX_TRADE, PLANS, VaultPlan
from keeper.demo.protocols.multicall import ADDRESS as MULTICALL
from keeper.demo.rpc import as_bytes
from keeper.demo.worldcache import LocalWorld
from tests.fixtures.world import World

pytestmark = pytest.mark.world
WAD = 10**18
PRICE, VOLATILITY = 3000 * WAD, 7 * WAD // 10

each_plan = pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)


@each_plan
def test_every_vault_and_its_twin_start_hedged(world: World, plan: VaultPlan) -> None:
    for vault in (world.vault(plan.name), world.twin(plan.name)):
        assert abs(world.chain.read_int(vault, "gap")) < WAD // 10


@each_plan
def test_every_vault_starts_with_several_times_its_margin(world: World, plan: VaultPlan) -> None:
    vault = world.vault(plan.name)
    value = world.chain.read_int(vault, "netValueDown", PRICE, VOLATILITY)
    assert value > 5 * world.chain.read_int(vault, "marginUp", PRICE) > 0


@each_plan
@pytest.mark.parametrize("price", [1, 600, 2_000, 2_699, 2_701, 3_299, 3_301, 3_450, 9_000, 50_000])
def test_the_target_can_be_reached_without_owing_base(world: World, plan: VaultPlan, price: int) -> None:
    vault = world.vault(plan.name)
    for volatility in (WAD // 100, VOLATILITY, 3 * WAD):
        book = world.chain.read_int(vault, "delta", price * WAD, volatility)
        assert plan.target_delta * WAD - book >= 0


def test_a_vault_and_its_twin_hold_the_same(world: World) -> None:
    for name in world.book.vaults:
        kept, twin = world.vault(name), world.twin(name)
        count = world.chain.read_int(kept, "legCount")
        for index in range(count):
            assert world.chain.read(kept, "legAt", index) == world.chain.read(twin, "legAt", index)
        assert world.balance(world.book.usdc, kept.address) == world.balance(world.book.usdc, twin.address)


def test_only_the_keeper_may_rebalance_and_never_the_twins(world: World) -> None:
    keeper = world.account(Role.KEEPER)
    for name in world.book.vaults:
        assert world.chain.read(world.vault(name), "isKeeper", keeper) is True
        assert world.chain.read(world.twin(name), "isKeeper", keeper) is False


def test_the_pool_stands_at_the_oracles_price(world: World) -> None:
    assert world.pool_price() == pytest.approx(3000, rel=1e-9)


@pytest.mark.parametrize("sell_base", [True, False])
@pytest.mark.parametrize("size", [10**12, 10**18, 123_456_789_012_345_678_901, 2_000 * 10**18])
def test_the_pool_fills_exactly_as_predicted(world: World, *, sell_base: bool, size: int) -> None:
    amount = size if sell_base else size * 3000 // 10**12
    predicted = _predicted(world, amount, sell_base=sell_base)
    got, reached = world.swap(amount, sell_base=sell_base)
    assert got == predicted.amount_out
    assert reached == predicted.sqrt_price_x96


@pytest.mark.parametrize("sell_base", [True, False])
def test_a_fill_across_tick_words_is_predicted_to_eleven_digits(world: World, *, sell_base: bool) -> None:
    # The pool stops, and rounds, at the end of each word of its tick bitmap, also where nothing changes.
    amount = 60_000 * WAD if sell_base else 180_000_000 * 10**6
    predicted = _predicted(world, amount, sell_base=sell_base)
    got, _ = world.swap(amount, sell_base=sell_base)
    assert got == pytest.approx(predicted.amount_out, rel=1e-10)


def test_a_crash_of_ninety_percent_stays_in_the_pools_range(world: World) -> None:
    liquidity = world.chain.read_int(world.pool, "liquidity")
    for price in (301.0, 29_900.0):
        world.trade_to(price)
        assert world.pool_price() == pytest.approx(price, rel=1e-9)
        assert world.chain.read_int(world.pool, "liquidity") == liquidity


def test_the_lens_reads_what_the_contracts_say(world: World) -> None:
    vault = world.vault("strangle")
    words = _lens_words(world, [vault.address])
    header, body = words[:8], words[8:40]
    feed = cast("list[int]", world.chain.read(world.feed("price"), "latestRoundData"))
    assert header[7] == 1
    assert header[5] == feed[1] * 10**10
    assert header[6] == feed[3]
    assert body[0] == int(vault.address, 16)
    assert body[2] == world.balance(world.book.usdc, vault.address)
    assert body[3] == world.balance(world.book.weth, vault.address)
    assert body[7] == int.from_bytes(cast("bytes", world.chain.read(vault, "stateHash")))
    assert body[14] == feed[0]
    assert body[17] == cast("list[int]", world.chain.read(world.pool, "slot0"))[0]
    assert body[18] == world.chain.read_int(world.pool, "liquidity")
    ages = MAX_FEED_AGE_S | MAX_FEED_AGE_S << 32 | 7200 << 64
    assert body[23] == ages | MAX_TRADE * 10**18 << 96
    assert len(words) == 8 + 32 + world.chain.read_int(vault, "legCount")
    assert words[40] == cast("list[int]", world.chain.read(vault, "legAt", 0))[0]


def test_the_pools_price_in_core_units_is_the_markets(world: World) -> None:
    root = cast("list[int]", world.chain.read(world.pool, "slot0"))[0]
    assert mid_price_wad_down(root, 18, 6, base_is_token0=world.base_is_token0) / WAD == pytest.approx(3000)


def test_multicall_answers_at_its_canonical_address(world: World) -> None:
    assert world.book.multicall == MULTICALL
    number = as_bytes(world.rpc.call("eth_call", {"to": MULTICALL, "data": "0x42cbb15c"}, "latest"))
    assert int.from_bytes(number) == world.chain.web3.eth.block_number


def test_what_a_test_does_to_the_world_is_undone(loaded_world: World) -> None:
    before = (loaded_world.timestamp(), loaded_world.chain.web3.eth.block_number, loaded_world.pool_price())
    snapshot = loaded_world.rpc.call("evm_snapshot")
    loaded_world.move(2500)
    loaded_world.wait(86_400)
    loaded_world.rpc.call("evm_revert", snapshot)
    after = (loaded_world.timestamp(), loaded_world.chain.web3.eth.block_number, loaded_world.pool_price())
    assert after == before
    loaded_world.rpc.call("evm_mine")
    assert loaded_world.timestamp() == before[0] + 1


def test_two_nodes_load_the_same_chain(loaded_world: World) -> None:
    with LocalWorld.start() as other:
        number = hex(loaded_world.book.block_number + 1)
        blocks = [
            node.rpc.call("eth_getBlockByNumber", number, False)  # noqa: FBT003
            for node in (loaded_world.node, other.node)
        ]
    assert blocks[0] == blocks[1]


def test_the_world_can_be_forked(world: World) -> None:
    with Anvil.start(fork_url=world.url) as node, World(node, world.book) as fork:
        assert fork.pool_price() == pytest.approx(3000, rel=1e-9)
        fork.trade_to(2000)
        assert fork.pool_price() == pytest.approx(2000, rel=1e-9)
    assert world.pool_price() == pytest.approx(3000, rel=1e-9)


def test_the_keepers_keystore_opens_with_the_password_beside_it(tmp_path: Path) -> None:
    keystore, password = write_keystore(tmp_path / "keys")
    key = Account.decrypt(keystore.read_text(), password.read_text().strip())
    assert "0x" + key.hex().removeprefix("0x") == private_key(Role.KEEPER)
    assert keystore.stat().st_mode & 0o077 == 0


def test_roles_are_anvils_own_accounts(world: World) -> None:
    for role in Role:
        assert address(role) == world.account(role)


def test_a_missing_artifact_says_which_command_makes_it(tmp_path: Path) -> None:
    with pytest.raises(MissingArtifactError, match="make setup"):
        load(tmp_path / "RiskVault.json", "make setup")


def test_a_damaged_artifact_is_not_taken_for_a_contract(tmp_path: Path) -> None:
    (tmp_path / "Vault.json").write_text('{"abi": {}}')
    with pytest.raises(MissingArtifactError, match="not a compiled contract"):
        load(tmp_path / "Vault.json", "make setup")


def test_a_vault_without_its_libraries_is_not_deployed() -> None:
    with pytest.raises(KeyError, match="Lib"):
        contract("RiskVault").linked({})


def _predicted(world: World, amount: int, *, sell_base: bool) -> Fill:
    root = cast("list[int]", world.chain.read(world.pool, "slot0"))[0]
    liquidity = world.chain.read_int(world.pool, "liquidity")
    fee, down = world.book.pool_fee_pips, sell_base == world.base_is_token0
    return swap_exact_in(root, liquidity, fee, amount, zero_for_one=down)


def _lens_words(world: World, vaults: list[str]) -> list[int]:
    packed = cast(
        "bytes",
        world.chain.read(world.lens, "read", vaults, world.account(Role.KEEPER), world.book.price_feed),
    )
    return [int.from_bytes(packed[at : at + 32]) for at in range(0, len(packed), 32)]
