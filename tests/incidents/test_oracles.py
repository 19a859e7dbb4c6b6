"""Incidents of prices: sources that were wrong, dead, frozen, pushed, or in another unit."""

import pytest
from web3.contract import Contract

from keeper.core.units import WAD
from keeper.demo.accounts import Role
from keeper.demo.artifacts import contract
from keeper.demo.protocols.chainlink import submit_round, to_answer
from tests.fixtures.world import World
from tests.incidents.conftest import EAGER, SLICES, Keep
from tests.incidents.made import feed, hedges, proposed, push, refusal, speaks, vault, why_not

pytestmark = pytest.mark.world

PYTH = "0x00000000000000000000000000000000000000A1"


async def test_synthetix_skrw_2019_one_source_of_three_is_dead_and_another_off_a_thousandfold(
    world: World, keep: Keep
) -> None:
    made = feed(world, 3000.0)
    kept = vault(world, price=made.proxy.address)
    keeper = await keep(kept.address, EAGER)
    number = world.chain.read_int(made.aggregator, "latestRound") + 1
    alive, off, _dead = made.oracles
    world.chain.send(made.aggregator, "submit", number, to_answer(3_000_000.0), sender=off)
    world.chain.send(made.aggregator, "submit", number, to_answer(3000.0), sender=alive)
    # Two are no quorum: there is no new answer, and no mean of two.
    assert world.chain.read_int(made.aggregator, "latestRound") == number - 1
    age_before = keeper.of_vault("oracle_last_update_timestamp_seconds", feed="price")
    world.wait(5_401)
    assert await keeper.cycle() == "price-stale"
    assert age_before <= world.timestamp() - 5_401
    assert why_not(world, kept) == "StalePrice"
    assert keeper.sent == 0


async def test_compound_dai_2020_one_venue_says_a_third_more(world: World, keep: Keep) -> None:
    check = feed(world, 3000.0)
    kept = vault(world, check=check.proxy.address)
    keeper = await keep(kept.address, EAGER)
    world.submit_price(3900.0)
    assert await keeper.cycle() == "price-deviation"
    world.trade_to(3900.0)
    # Even if the pool is pushed as well, the vault's own second source holds the veto.
    assert await keeper.cycle() == "delta-limit"
    assert keeper.skipped("price-deviation") == 1
    assert why_not(world, kept) == "PriceDeviation"
    assert keeper.sent == 0


async def test_venus_luna_2022_the_feed_is_frozen_while_the_market_falls_by_nine_tenths(
    world: World, keep: Keep
) -> None:
    check = feed(world, 3000.0)
    kept = vault(world, check=check.proxy.address)
    keeper = await keep(kept.address, EAGER)
    submit_round(world.chain, check, 300.0)
    world.submit_price(3000.0)
    assert why_not(world, kept) == "PriceDeviation"
    await keeper.cycle()
    assert keeper.skipped("price-deviation") == 1
    world.trade_to(310.0)
    assert await keeper.cycle() == "price-deviation"
    # Its own bound, said again and again, is no price either.
    world.submit_price(150.0)
    submit_round(world.chain, check, 150.0)
    assert why_not(world, kept) == "PriceOutOfBounds"
    # And stopping needs no timelock: one guardian, one transaction.
    world.chain.send(kept, "pause", b"LUNA".ljust(32), sender=world.account(Role.GUARDIAN))
    assert await keeper.cycle() == "vault-paused"
    assert keeper.sent == 0


async def test_mango_2022_a_thin_market_rises_by_a_thousand_per_cent(world: World, keep: Keep) -> None:
    kept = vault(world)
    keeper = await keep(kept.address, (*EAGER, ("max_usd: 100_000", "max_usd: 15_000"), *SLICES))
    assert await keeper.cycle() == "delta-limit"
    assert keeper.sent == 1
    world.move(5000.0)
    # Within all bounds, and further than a price goes within minutes.
    assert why_not(world, kept) in {"CoolingDown", "PriceJumped"}
    world.wait(301)
    assert await keeper.cycle() == "delta-limit"
    assert keeper.skipped("price-jumped") == 1
    world.move(29_000.0)
    world.submit_price(33_000.0)
    assert await keeper.cycle() == "price-out-of-bounds"
    assert why_not(world, kept) == "PriceOutOfBounds"
    assert keeper.sent == 1


async def test_steth_2022_a_large_position_leaves_a_thin_market_in_slices(world: World, keep: Keep) -> None:
    kept = vault(world, base=300)
    keeper = await keep(kept.address, (*EAGER, *SLICES))
    slices = []
    for _ in range(8):
        before = world.balance(world.book.weth, kept.address)
        await keeper.cycle()
        slices.append(before - world.balance(world.book.weth, kept.address))
        world.wait(301)
        world.submit_price(3000.0)
        if slices[-1]:
            world.trade_to(3000.0)
    assert max(slices) <= 50 * WAD
    assert sum(1 for each in slices if each) == 6
    assert keeper.reverted("slippage-exceeded") == 0
    # The vault would not have let it go at once, whoever asks.
    assert why_not(world, kept) in {"InsideBand", "TurnoverExceeded", ""}


async def test_moonwell_cbeth_2026_a_ratio_is_published_in_place_of_a_price(world: World, keep: Keep) -> None:
    made = feed(world, 3000.0)
    kept = vault(world, price=made.proxy.address)
    keeper = await keep(kept.address, EAGER)
    submit_round(world.chain, made, 1.12)
    assert await keeper.cycle() == "price-out-of-bounds"
    assert why_not(world, kept) == "PriceOutOfBounds"
    world.chain.send(kept, "pause", b"ratio".ljust(32), sender=world.account(Role.GUARDIAN))
    assert await keeper.cycle() == "vault-paused"
    assert keeper.sent == 0


@pytest.mark.parametrize("decimals", [6, 18])
async def test_ribbon_2025_a_price_comes_with_other_decimals(world: World, keep: Keep, decimals: int) -> None:
    made = feed(world, 3000.0)
    kept = vault(world, price=made.proxy.address)
    keeper = await keep(kept.address, EAGER)
    submit_round(world.chain, made, 3000.0 * 10.0 ** (decimals - 8))
    assert await keeper.cycle() == "price-out-of-bounds"
    assert why_not(world, kept) == "PriceOutOfBounds"
    assert keeper.sent == 0


async def test_pyth_btc_2021_the_publishers_are_not_sure(world: World, keep: Keep) -> None:
    second = world.chain.deploy(contract("PythFeed"), PYTH, b"ETH/USD".ljust(32), 50)
    publish(world, price=3000.0, confidence=1.0)
    kept = vault(world, check=second.address)
    keeper = await keep(kept.address, EAGER)
    publish(world, price=3000.0, confidence=16.0)
    assert await keeper.cycle() == "delta-limit"
    assert keeper.skipped("price-invalid") == 1
    assert why_not(world, kept) == "BadPrice"
    # Sure of something else entirely, they veto as well.
    publish(world, price=5402.0, confidence=1.0)
    await keeper.cycle()
    assert keeper.skipped("price-deviation") == 1
    assert keeper.sent == 0
    publish(world, price=3000.0, confidence=15.0)
    await keeper.cycle()
    assert keeper.sent == 1


def publish(world: World, *, price: float, confidence: float) -> None:
    speaks(world, PYTH, round(price * 1e8), round(confidence * 1e8), 2**256 - 8, world.timestamp())


async def test_rodeo_2023_the_samples_of_a_mean_are_sandwiched(world: World, keep: Keep) -> None:
    world.chain.send(world.pool, "increaseObservationCardinalityNext", 200)
    world.trade_to(3001.0)
    world.wait(1_801)
    world.trade_to(3000.0)
    second = world.chain.deploy(contract("TwapFeed"), world.pool.address, world.book.weth, 1_800, 10**15)
    kept = vault(world, check=second.address)
    world.submit_price(3000.0)
    keeper = await keep(kept.address, EAGER)
    # Pushed and put back around each sample, for a second: too short to move the mean by the error.
    for _ in range(3):
        world.trade_to(2000.0)
        world.trade_to(3000.0)
        world.wait(60)
    assert why_not(world, kept) == ""
    # Held away for minutes it does move, and then nothing is traded at all: the mean is a veto, no price.
    world.trade_to(2000.0)
    world.wait(300)
    world.trade_to(3000.0)
    assert why_not(world, kept) == "PriceDeviation"
    await keeper.cycle()
    assert keeper.skipped("price-deviation") == 1
    assert keeper.sent == 0


@pytest.mark.parametrize("path", ["rebalance", "ripcord"])
def test_bzx_2020_every_path_of_a_hedge_reaches_the_check_of_its_fill(world: World, path: str) -> None:
    kept = vault(world, base=500)
    world.trade_to(310.0)
    assert hedge_by(world, kept, path) == "SlippageExceeded"
    assert world.balance(world.book.weth, kept.address) == 500 * WAD
    # Nothing but its fill was wrong with it.
    world.trade_to(3000.0)
    assert hedge_by(world, kept, path) == ""
    assert hedges(world, kept) == 1


def hedge_by(world: World, kept: Contract, path: str) -> str:
    """The keeper, or in an emergency anybody, hedges for whatever he gets; the error if he may not."""
    if path == "ripcord":
        return refusal(world, kept, path, sender=world.account(Role.COUNTERPARTY))
    proposal = proposed(world, kept, min_out=0)
    return refusal(world, kept, path, proposal, sender=world.account(Role.KEEPER))


async def test_bzx_2020_the_pool_is_pushed_in_the_very_block(world: World, keep: Keep) -> None:
    kept = vault(world)
    keeper = await keep(kept.address, EAGER)
    world.rpc.call("evm_setAutomine", False)  # noqa: FBT003
    await keeper.cycle()
    assert keeper.broadcasts == 1
    push(world, 310.0)
    world.rpc.call("evm_mine")
    assert await keeper.cycle() in {"price-deviation", "cooldown"}
    assert keeper.reverted("slippage-exceeded") == 1
    assert world.balance(world.book.weth, kept.address) == 200 * WAD
