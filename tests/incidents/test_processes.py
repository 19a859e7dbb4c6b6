"""Incidents against `keeper run` as a process of its own, watched only as an operator can watch it.

The other files drive the daemon's parts head by head. Here nothing is driven: the process waits for heads by
itself, and a test does to the world what the incident did, then waits for what an operator would see.
"""

import itertools
from pathlib import Path

import pytest
from web3.contract import Contract

from keeper.cli.exits import Exit
from keeper.core.transaction.account import CLOSED_KEPT_BLOCKS
from keeper.core.transaction.commands import Alert
from keeper.core.units import GWEI, WAD
from keeper.demo.accounts import PASSWORD, Role
from keeper.demo.plans import LOSS_PIPS
from keeper.demo.protocols.chainlink import submit_round
from keeper.demo.rpc import as_int
from keeper.demo.worldcache import LocalWorld
from tests.cli.conftest import PATIENCE_S, daemon, site_of
from tests.fixtures.searched import BEGINS_WITH_3333333, keystore_of
from tests.fixtures.world import World
from tests.incidents.conftest import BLIND, EAGER, SLICES, Run
from tests.incidents.doors import EVERYTHING, NOTHING, STATE, Door, opened
from tests.incidents.lies import TARGET, Forger
from tests.incidents.made import (
    assets,
    block,
    feed,
    give,
    hedge,
    hedges,
    need,
    proposed,
    push,
    refusal,
    speaks,
    urgent,
    vault,
)

pytestmark = pytest.mark.world

OFF = False
ROUNDS = 8
OK, UNREADY = 200, 503
UPTIME = "0x00000000000000000000000000000000000000A2"
CONTRADICTS = "node contradicts the others; its answer was not used"
SKIPPED = "plan not carried out"
LOST, BACK = "node lost; every vault holds until it is back", "node is back"


def test_maker_black_thursday_2020_the_process_raises_its_hedge_until_it_is_mined(
    world: World, run: Run
) -> None:
    kept = vault(world)
    world.rpc.call("evm_setAutomine", OFF)
    block(world, 10 * GWEI)
    keeper = run(kept.address, EAGER)
    keeper.until(lambda: keeper.waiting == 1)
    for _ in range(12):
        block(world, 200 * GWEI)
        keeper.until_decided()
        if keeper.sent:
            break
    assert (keeper.sent, keeper.waiting, hedges(world, kept)) == (1, 0, 1)
    keeper.until_as_blocks_come(lambda: keeper.of_vault("hedges_total", outcome="mined") == 1)
    # Its journal says the same: one use of the nonce, of offers that every client takes.
    (slot,) = keeper.asked("tx", "show", "0")["slots"]
    offers = [int(attempt["max_fee_wei"]) for attempt in slot["attempts"]]
    assert len(offers) > 1
    assert len(keeper.said("replacing")) == len(offers) - 1
    assert all(10 * later >= 11 * earlier for earlier, later in itertools.pairwise(offers))
    assert 200 * GWEI <= offers[-1] <= 500 * GWEI


def test_nonce_stuck_the_process_frees_its_account_of_a_hedge_nobody_mines(world: World, run: Run) -> None:
    kept = vault(world)
    world.rpc.call("evm_setAutomine", OFF)
    keeper = run(kept.address, EAGER)
    keeper.until(lambda: keeper.waiting == 1)
    world.rpc.call("anvil_dropAllTransactions")
    world.rpc.call("evm_setNextBlockTimestamp", world.timestamp() + 7_300)
    block(world, GWEI)
    keeper.until(lambda: keeper.said("replacing", kind="no-op") != [])
    keeper.until_as_blocks_come(lambda: keeper.of_vault("hedges_total", outcome="expired") == 1)
    assert (keeper.sent, keeper.waiting, hedges(world, kept)) == (1, 0, 0)
    world.rpc.call("evm_setAutomine", not OFF)
    world.submit_price(3000.0)
    world.submit_volatility(0.7)
    keeper.until(lambda: keeper.sent == 2)
    assert (keeper.waiting, hedges(world, kept)) == (0, 1)


def test_bzx_2020_the_process_tells_a_sandwich_and_does_not_try_again_at_once(world: World, run: Run) -> None:
    kept = vault(world)
    world.rpc.call("evm_setAutomine", OFF)
    keeper = run(kept.address, EAGER)
    keeper.until(lambda: keeper.waiting == 1)
    push(world, 310.0)
    world.rpc.call("evm_mine")
    keeper.until_as_blocks_come(
        lambda: keeper.said("settled", reason="reverted", why="slippage-exceeded") != []
    )
    assert keeper.of_vault("hedge_reverts_total", reason="slippage-exceeded") == 1
    world.rpc.call("evm_setAutomine", not OFF)
    assert {keeper.block() for _ in range(5)} <= {"price-deviation", "cooldown"}
    assert (keeper.sent, keeper.waiting, keeper.broadcasts, hedges(world, kept)) == (1, 0, 1, 0)
    assert world.balance(world.book.weth, kept.address) == 200 * WAD


@pytest.mark.parametrize("since", [3, 157])
def test_polygon_2023_the_process_hedges_once_on_whatever_remains(world: World, run: Run, since: int) -> None:
    kept = vault(world)
    before = world.rpc.call("evm_snapshot")
    keeper = run(kept.address, EAGER)
    keeper.until_as_blocks_come(lambda: keeper.of_vault("hedges_total", outcome="mined") == 1)
    world.rpc.call("anvil_mine", hex(since))
    keeper.until_decided()
    newest = as_int(world.rpc.call("eth_blockNumber"))
    world.rpc.call("evm_setAutomine", OFF)
    world.rpc.call("evm_revert", before)
    world.rpc.call("anvil_dropAllTransactions")
    world.rpc.call("anvil_mine", hex(newest + 1 - as_int(world.rpc.call("eth_blockNumber"))))
    keeper.until(lambda: keeper.said("chain reorganised") != [])
    world.rpc.call("evm_setAutomine", not OFF)
    keeper.until_as_blocks_come(lambda: keeper.sent == 1)
    for _ in range(3):
        keeper.block()
    assert (keeper.sent, keeper.waiting, hedges(world, kept)) == (1, 0, 1)
    # What was settled long ago is no longer watched; it is only found that the vault is not hedged.
    assert keeper.alarms(Alert.FINALITY_BROKEN) == (1 if since < CLOSED_KEPT_BLOCKS else 0)


def test_infura_2020_the_process_leaves_out_a_provider_on_another_chain(world: World, run: Run) -> None:
    kept = vault(world)
    with LocalWorld.start() as other, opened(Door(world.url), Door(world.url)) as urls:
        other.node.rpc.call("anvil_mine", hex(as_int(world.rpc.call("eth_blockNumber")) + 3))
        keeper = run(kept.address, EAGER, rpc_url=f"{other.node.url} {urls}", ws_url="")
        keeper.until(lambda: keeper.sent == 1)
        apart = other.node.url.removeprefix("http://")
        refused = {"endpoint": apart, "method": "eth_call", "outcome": "refused"}
        keeper.until(lambda: keeper.metric("rpc_requests_total", **refused) > 0)
        assert hedges(world, kept) == 1


def test_ronin_2022_the_process_tells_of_a_hedge_by_its_own_stolen_key(world: World, run: Run) -> None:
    kept, thief = vault(world), world.account(Role.KEEPER)
    keeper = run(kept.address, BLIND)
    keeper.running.until_ready()
    hedge(world, kept, thief, amount_in=20 * WAD)
    keeper.until(lambda: keeper.said("foreign-hedge", vault="strangle", level="critical") != [])
    keeper.until(lambda: keeper.said("foreign-use") != [])
    # Whoever was woken by it has the key revoked, and that is told too.
    world.chain.send(kept, "revokeKeeper", thief, sender=world.account(Role.GUARDIAN))
    keeper.until_reason("not-keeper")
    selling = (True, WAD, 0, world.timestamp() + 60, bytes(32))
    assert refusal(world, kept, "rebalance", selling, sender=thief) == "NotKeeper"
    # Each use of the key is told once, also the one that the vault refused.
    keeper.until(lambda: keeper.alarms(Alert.FOREIGN_USE) == keeper.sent == 2)
    keeper.block()
    assert (keeper.alarms(Alert.FOREIGN_HEDGE), keeper.alarms(Alert.FOREIGN_USE)) == (1, 2)
    assert (len(keeper.said("foreign-hedge")), keeper.broadcasts, hedges(world, kept)) == (1, 0, 1)


def test_kelpdao_2026_the_process_holds_while_only_the_liar_answers(world: World, run: Run) -> None:
    kept = vault(world, base=0)
    liar = Door(world.url, Forger(world.book.lens, TARGET, 10**21, hides=True))
    honest = Door(world.url), Door(world.url)
    with opened(liar, *honest) as urls:
        keeper = run(kept.address, EAGER, rpc_url=urls, ws_url="", ready_seconds="1")
        keeper.until_reason("inside-band")
        keeper.until(lambda: keeper.said(CONTRADICTS, endpoint=liar.host, method="eth_call") != [])
        # First the honest ones answer no questions about the state, then none at all.
        for each in honest:
            each.drops = STATE
        give(world, kept, 200)
        keeper.until(lambda: keeper.said("cycle ended early", reason="node-unreachable") != [])
        assert keeper.metric("evaluation_unreadable_total") > 0
        for each in honest:
            each.drops = EVERYTHING
        keeper.until(lambda: len(keeper.said(LOST)) > len(keeper.said(BACK)))
        keeper.until(lambda: keeper.running.page("/readyz")[0] == UNREADY)
        assert keeper.running.page("/livez")[0] == OK
        assert [each.broadcasts for each in (liar, *honest)] == [0, 0, 0]
        assert (keeper.sent, keeper.waiting, keeper.reason()) == (0, 0, "inside-band")
        for each in honest:
            each.drops = NOTHING
        keeper.until(lambda: len(keeper.said(LOST)) == len(keeper.said(BACK)))
        keeper.until_as_blocks_come(lambda: keeper.sent == 1)
        assert hedges(world, kept) == 1
        assert world.balance(world.book.weth, kept.address) < 20 * WAD
        keeper.until_as_blocks_come(lambda: keeper.running.page("/readyz")[0] == OK)


def test_arbitrum_2023_the_process_waits_out_the_sequencer_and_its_grace(world: World, run: Run) -> None:
    kept = vault(world, base=0, sequencer=speaks(world, UPTIME, 1, 0, 1, 1, 1))
    keeper = run(kept.address, EAGER)
    keeper.running.until_ready()
    speaks(world, UPTIME, 2, 1, world.timestamp())
    world.wait(80 * 60)
    give(world, kept, 200)
    world.submit_price(3000.0)
    keeper.until(lambda: keeper.said(SKIPPED, reason="sequencer-down") != [])
    keeper.until_decided()
    speaks(world, UPTIME, 3, 0, world.timestamp())
    keeper.block()
    keeper.until(lambda: keeper.said(SKIPPED, reason="sequencer-grace") != [])
    assert keeper.skipped("sequencer-down") > 0
    assert keeper.skipped("sequencer-grace") > 0
    assert (keeper.sent, keeper.waiting, keeper.broadcasts) == (0, 0, 0)
    world.wait(3_601)
    world.submit_price(3000.0)
    world.submit_volatility(0.7)
    keeper.until(lambda: keeper.sent == 1)
    keeper.until_as_blocks_come(lambda: keeper.of_vault("hedges_total", outcome="mined") == 1)
    assert (keeper.sent, keeper.broadcasts, hedges(world, kept)) == (1, 1, 1)


def test_venus_luna_2022_the_process_holds_on_a_frozen_feed_and_a_guardian_stops_it(
    world: World, run: Run
) -> None:
    check = feed(world, 3000.0)
    kept = vault(world, check=check.proxy.address, base=0)
    keeper = run(kept.address, EAGER)
    keeper.running.until_ready()
    # The feed stands where it stood; the second source, and then the pool, fall by nine tenths.
    submit_round(world.chain, check, 300.0)
    give(world, kept, 200)
    keeper.until(lambda: keeper.skipped("price-deviation") >= 1)
    world.trade_to(310.0)
    keeper.until_reason("price-deviation")
    told = keeper.asked("explain", "strangle")
    assert told["decision"]["action"]["reason"] == "price-deviation"
    world.chain.send(kept, "pause", b"LUNA".ljust(32), sender=world.account(Role.GUARDIAN))
    keeper.until_reason("vault-paused")
    assert keeper.block() == "vault-paused"
    assert (keeper.sent, keeper.waiting, keeper.broadcasts, hedges(world, kept)) == (0, 0, 0, 0)


def test_wintermute_2022_the_process_refuses_a_key_that_was_searched_for(
    world: World, tmp_path: Path
) -> None:
    site = site_of(world, tmp_path)
    keystore = keystore_of(BEGINS_WITH_3333333, PASSWORD, tmp_path / "vanity.json")
    with daemon(site, "--live", keystore=str(keystore)) as running:
        assert running.process.wait(PATIENCE_S) == Exit.KEY
        said = running.log.read_text()
    assert "7 equal digits at one end" in said
    assert "make a new key" in said
    assert "Traceback" not in said
    assert not site.folder.journal.exists()


def test_resolv_2026_a_thief_with_the_key_beside_the_process_takes_no_more_than_the_bound(
    world: World, run: Run
) -> None:
    kept, thief = vault(world), world.account(Role.KEEPER)
    keeper = run(kept.address, (*EAGER, *SLICES))
    keeper.until(lambda: keeper.sent == 1)
    worth, started = assets(world, kept, 3000.0), world.timestamp()
    for _ in range(ROUNDS):
        give(world, kept, 40)
        world.rpc.call("evm_setAutomine", OFF)
        world.wait(301)
        keeper.until(lambda: keeper.waiting == 1)
        outbid(world, kept, thief)
        world.rpc.call("evm_setAutomine", not OFF)
        world.trade_to(3000.0)
        world.submit_price(3000.0)
        keeper.until_decided()
    worth += ROUNDS * 40 * 3000.0
    taken, elapsed_s = worth - assets(world, kept, 3000.0), world.timestamp() - started
    assert 0 < taken <= worth * LOSS_PIPS / 1e6 * (1 + elapsed_s / 86_400)
    # Each theft is told twice, and none makes it fight for the nonce.
    keeper.until(lambda: keeper.alarms(Alert.FOREIGN_HEDGE) == ROUNDS)
    assert keeper.alarms(Alert.FOREIGN_USE) == ROUNDS
    assert keeper.of_vault("hedges_total", outcome="nonce-taken") == ROUNDS
    assert keeper.broadcasts == len(keeper.said("plan accepted")) == 1 + ROUNDS
    # Revoked it sends nothing more, although there is much to hedge.
    world.chain.send(kept, "revokeKeeper", thief, sender=world.account(Role.GUARDIAN))
    give(world, kept, 200)
    keeper.until_reason("not-keeper")
    world.wait(301)
    assert [keeper.block() for _ in range(3)] == ["not-keeper"] * 3
    assert (keeper.broadcasts, keeper.waiting, hedges(world, kept)) == (1 + ROUNDS, 0, 1 + ROUNDS)


def outbid(world: World, kept: Contract, thief: str) -> None:
    """The pool is pushed, and the thief's hedge stands behind that, in the place of the keeper's own."""
    proposal = proposed(world, kept, amount_in=min(need(world, kept).amount_in, 40 * WAD))
    nonce = world.rpc.call("eth_getTransactionCount", thief, "latest")
    push(world, 2976.0)
    stolen = urgent(thief, kept.address, kept.encode_abi("rebalance", [proposal]))
    world.rpc.call("eth_sendTransaction", {**stolen, "nonce": nonce})
    world.wait(1)
