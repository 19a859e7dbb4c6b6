"""Incidents of chains and nodes: forks, reorganisations, stalled sequencers, dear gas, nodes that lie."""

import itertools

import pytest

from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.guard import Guard
from keeper.adapters.ethereum.rpc import Rpc
from keeper.core.reason import Reason
from keeper.core.transaction.attempt import Kind
from keeper.core.transaction.commands import Alert
from keeper.core.units import GWEI, WAD
from keeper.demo.accounts import Role
from keeper.demo.rpc import as_int
from keeper.demo.worldcache import LocalWorld
from keeper.ports import WouldRevert
from tests.adapters.ethereum.conftest import checksummed
from tests.fixtures.world import World
from tests.incidents.conftest import EAGER, Keep
from tests.incidents.lies import BAND, TARGET, Forger
from tests.incidents.made import block, hedges, proposed, refusal, speaks, vault, why_not
from tests.incidents.scene import Liar, dead

pytestmark = pytest.mark.world

OFF = False
UPTIME = "0x00000000000000000000000000000000000000A2"


async def test_maker_black_thursday_2020_gas_is_twenty_times_as_dear_while_a_hedge_waits(
    world: World, keep: Keep
) -> None:
    kept = vault(world)
    keeper = await keep(kept.address, EAGER)
    world.rpc.call("evm_setAutomine", OFF)
    block(world, 10 * GWEI)
    await keeper.cycle()
    for _ in range(12):
        block(world, 200 * GWEI)
        await keeper.cycle()
        if keeper.sent:
            break
    (slot,) = (*keeper.wallet.account.slots, *keeper.wallet.account.closed)
    offers = [attempt.fees.max_fee_wei for attempt in slot.attempts]
    assert len(offers) > 1
    assert all(10 * later >= 11 * earlier for earlier, later in itertools.pairwise(offers))
    assert offers[-1] <= 500 * GWEI
    assert keeper.sent == 1
    assert hedges(world, kept) == 1


@pytest.mark.parametrize(
    ("bid", "error"), [(1_000.0, "SlippageExceeded"), (300.5, "SlippageExceeded"), (30.0, "NotRiskReducing")]
)
def test_maker_black_thursday_2020_nobody_sells_for_nothing(world: World, bid: float, error: str) -> None:
    kept, thief = vault(world), world.account(Role.KEEPER)

    def sells(base: int) -> str:
        # The vault measures what it gets, whatever little the proposal asks.
        proposal = proposed(world, kept, min_out=0, amount_in=base * WAD)
        return refusal(world, kept, "rebalance", proposal, sender=thief)

    # A third, a tenth, and nobody at all: below $300 the pool bids for nothing.
    world.trade_to(bid)
    assert [sells(base) for base in (20, 200)] == [error, error]
    assert world.balance(world.book.weth, kept.address) == 200 * WAD
    world.trade_to(3000.0)
    assert sells(200) == ""


async def test_maker_black_thursday_2020_above_its_ceiling_the_keeper_waits_and_says_so(
    world: World, keep: Keep
) -> None:
    kept = vault(world)
    keeper = await keep(kept.address, EAGER, spend_transaction="0.0001 coin")
    assert await keeper.cycle() == "delta-limit"
    assert keeper.skipped("spend-ceiling") == 1
    assert keeper.alarms(Alert.OVER_BUDGET) == 1
    block(world, 600 * GWEI)
    assert await keeper.cycle() == "fee-ceiling"
    assert keeper.sent == 0


async def test_nonce_stuck_a_hedge_that_nobody_mines_does_not_block_the_account(
    world: World, keep: Keep
) -> None:
    kept = vault(world)
    keeper = await keep(kept.address, EAGER)
    world.rpc.call("evm_setAutomine", OFF)
    await keeper.cycle()
    (slot,) = keeper.wallet.account.slots
    world.rpc.call("anvil_dropAllTransactions")
    world.rpc.call("evm_setNextBlockTimestamp", world.timestamp() + 7_300)
    block(world, GWEI)
    await keeper.cycle()
    (after,) = keeper.wallet.account.slots
    assert (after.nonce, after.newest.kind) == (slot.nonce, Kind.NO_OP)
    assert 10 * after.newest.fees.max_fee_wei >= 11 * slot.newest.fees.max_fee_wei
    block(world, GWEI)
    await keeper.cycle()
    assert keeper.of_vault("hedges_total", outcome="expired") == 1
    world.rpc.call("evm_setAutomine", not OFF)
    world.submit_price(3000.0)
    world.submit_volatility(0.7)
    await keeper.cycle()
    assert keeper.sent == 2
    assert hedges(world, kept) == 1


async def test_infura_2020_one_provider_follows_another_chain(world: World, keep: Keep) -> None:
    kept = vault(world)
    with LocalWorld.start() as other:
        other.node.rpc.call("anvil_mine", hex(as_int(world.rpc.call("eth_blockNumber")) + 3))
        forked = Rpc(Endpoint.parse(other.node.url), 10.0)
        both = [Rpc(Endpoint.parse(world.url), 10.0), forked]
        alone = await keep(kept.address, EAGER, agree=2, rpcs=both)
        assert await alone.cycle() == "node-unreachable"
        assert alone.sent == 0
        await alone.close()
        second = Rpc(Endpoint.parse(world.url.replace("127.0.0.1", "localhost")), 10.0)
        majority = [Rpc(Endpoint.parse(world.url), 10.0), second, Rpc(Endpoint.parse(other.node.url), 10.0)]
        keeper = await keep(kept.address, EAGER, agree=2, rpcs=majority)
        assert await keeper.cycle() == "delta-limit"
        assert keeper.sent == 1


async def test_arbitrum_2023_the_sequencer_is_down_for_eighty_minutes(world: World, keep: Keep) -> None:
    kept = vault(world, sequencer=speaks(world, UPTIME, 1, 0, 1, 1, 1))
    assert why_not(world, kept) == ""
    state = bytes(world.chain.read(kept, "stateHash"))  # type: ignore[call-overload]
    queued = (True, WAD, 0, world.timestamp() + 180, state)
    keeper = await keep(kept.address, EAGER)
    speaks(world, UPTIME, 2, 1, world.timestamp())
    world.wait(80 * 60)
    world.submit_price(3000.0)
    assert await keeper.cycle() == "delta-limit"
    assert keeper.skipped("sequencer-down") == 1
    speaks(world, UPTIME, 3, 0, world.timestamp())
    await keeper.cycle()
    assert keeper.skipped("sequencer-grace") == 1
    # What waited in the queue for so long is no longer wanted.
    assert refusal(world, kept, "rebalance", queued, sender=world.account(Role.KEEPER)) == "Expired"
    sent = keeper.sent
    world.wait(3_601)
    world.submit_price(3000.0)
    world.submit_volatility(0.7)
    await keeper.cycle()
    assert keeper.sent == sent + 1
    assert hedges(world, kept) == 1


async def test_polygon_2023_a_reorganisation_deeper_than_the_confirmations(world: World, keep: Keep) -> None:
    kept = vault(world)
    keeper = await keep(kept.address, EAGER)
    before = world.rpc.call("evm_snapshot")
    await keeper.cycle()
    await keeper.cycles(4)
    assert keeper.of_vault("hedges_total", outcome="mined") == 1
    world.rpc.call("evm_revert", before)
    world.rpc.call("evm_setAutomine", OFF)
    for _ in range(8):
        world.wait(3)
    await keeper.cycle()
    assert keeper.alarms(Alert.FINALITY_BROKEN) == 1
    world.rpc.call("evm_setAutomine", not OFF)
    world.rpc.call("evm_mine")
    await keeper.cycles(4)
    assert keeper.sent == 1
    assert hedges(world, kept) == 1


# --- nodes that lie ---


def poisoned(world: World, field: int, value: int, *, hides: bool) -> tuple[Rpc, ...]:
    """Two nodes that lie alike, and an honest one."""
    lie = Forger(world.book.lens, field, value, hides=hides)
    liars = [Liar(world.url, f"poisoned-{name}.example", lie) for name in "ab"]
    return (*liars, Rpc(Endpoint.parse(world.url), 10.0))


async def test_kelpdao_2026_one_node_lies_and_the_others_are_taken_down(world: World, keep: Keep) -> None:
    kept = vault(world)
    liar, *_ = poisoned(world, TARGET, 10**21, hides=True)
    keeper = await keep(kept.address, EAGER, agree=2, rpcs=(liar, dead("a.example"), dead("b.example")))
    assert [await keeper.cycle() for _ in range(5)] == ["node-unreachable"] * 5
    assert (keeper.broadcasts, keeper.sent) == (0, 0)
    assert keeper.metric("evaluation_unreadable_total") == 5


@pytest.mark.parametrize(("field", "value"), [(TARGET, 10**21), (BAND, 10**24), (TARGET, 2**256 - 10**21)])
async def test_kelpdao_2026_a_majority_that_lies_about_the_rules_is_found_out(
    world: World, keep: Keep, field: int, value: int
) -> None:
    kept = vault(world)
    keeper = await keep(kept.address, EAGER, agree=2, rpcs=poisoned(world, field, value, hides=False))
    assert [await keeper.cycle() for _ in range(3)] == ["state-mismatch"] * 3
    assert (keeper.broadcasts, keeper.sent) == (0, 0)
    assert keeper.of_vault("decisions_total", reason="state-mismatch") == 3


async def test_kelpdao_2026_a_majority_that_lies_without_a_fault_costs_no_more_than_the_budget(
    world: World, keep: Keep
) -> None:
    budget_wei = 15 * 10**14
    kept = vault(world)
    hasty = (*EAGER, ("cooldown: 5m", "cooldown: 1s"))
    rpcs = poisoned(world, TARGET, 2**256 - 10**21, hides=True)
    keeper = await keep(kept.address, hasty, agree=2, rpcs=rpcs, spend_wasted="0.0015 coin")
    before = balance(world)
    for _ in range(25):
        world.wait(70)
        world.submit_price(3000.0)
        await keeper.cycle()
    assert keeper.sent > 1
    # The liars say that it ought to have succeeded; an honest node knows why it did not.
    assert keeper.reverted("reverted") == keeper.sent
    (*_, last) = keeper.wallet.account.closed
    honest = await Guard(rpcs[-1], checksummed(world.account(Role.KEEPER))).simulate(
        last.plans[-1], await keeper.head()
    )
    assert isinstance(honest, WouldRevert)
    assert honest.reason is Reason.STATE_MOVED
    assert 0 < before - balance(world) <= budget_wei
    assert keeper.skipped("waste-ceiling") > 0
    assert keeper.alarms(Alert.WASTED_GAS) == keeper.skipped("waste-ceiling")
    assert hedges(world, kept) == 0
    assert world.balance(world.book.weth, kept.address) == 200 * WAD
    world.wait(86_400)
    world.submit_price(3000.0)
    world.submit_volatility(0.7)
    sent = keeper.sent
    await keeper.cycle()
    assert keeper.sent == sent + 1


def balance(world: World) -> int:
    return as_int(world.rpc.call("eth_getBalance", world.account(Role.KEEPER), "latest"))
