"""A Safe is kept like a vault: the same daemon, the same words, and its funds stay where they are."""

import json
from pathlib import Path

import pytest

from keeper.cli.exits import Exit
from keeper.demo.folder import EXAMPLES, fill_in
from tests.cli.conftest import Daemon, Keeper, Site, daemon, site_of
from tests.fixtures.treasury import BASE, OWNERS, QUOTE_USD, THRESHOLD, Treasury, deploy_treasury
from tests.fixtures.world import World

pytestmark = pytest.mark.world
WAD = 10**18
USD = 10**6


@pytest.fixture
def treasury(world: World) -> Treasury:
    return deploy_treasury(world)


@pytest.fixture
def site(treasury: Treasury, world: World, tmp_path: Path) -> Site:
    """An operator who keeps the treasury and nothing else."""
    made = site_of(world, tmp_path)
    for path in made.folder.policies.glob("*.yaml"):
        path.unlink()
    policy = fill_in((EXAMPLES / "covered-call.yaml").read_text(), treasury.module.address, 12)
    policy = policy.replace("name: covered-call", "name: treasury").replace("deadline: 60m", "deadline: 3m")
    made.policy("treasury").write_text(policy)
    return made


def reason(running: Daemon) -> str:
    return str(json.loads(running.page("/status")[1])["vaults"]["treasury"].get("reason"))


def test_once_hedges_the_treasury_within_its_safe(
    keeper: Keeper, site: Site, treasury: Treasury, world: World
) -> None:
    world.chain.rpc("anvil_setBalance", treasury.safe.address, hex(7 * WAD))
    nonce = world.chain.read_int(treasury.safe, "nonce")
    before = treasury.gap()
    assert abs(before) > 10 * WAD
    acted = keeper("once", "--live", "--vault", "treasury", "--json", *site.config())
    assert acted.code == Exit.ACTED, acted
    assert abs(treasury.gap()) < abs(before) / 4
    base, quote = treasury.balances()
    sold, got = BASE * WAD - base, quote - QUOTE_USD * USD
    assert got * WAD == pytest.approx(sold * 3_000 * USD, rel=0.01)
    assert sold != 0
    for token in (world.book.weth, world.book.usdc):
        assert world.balance(token, treasury.module.address) == 0
    assert world.chain.web3.eth.get_balance(treasury.safe.address) == 7 * WAD
    assert world.chain.read_int(treasury.safe, "nonce") == nonce
    assert world.chain.read_int(treasury.safe, "getThreshold") == THRESHOLD
    assert world.chain.read(treasury.safe, "getOwners") == [world.account(role) for role in OWNERS]
    assert keeper("replay", *site.config()).code == Exit.OK


def test_the_daemon_keeps_it_until_its_owners_disable_the_module(
    site: Site, treasury: Treasury, world: World
) -> None:
    with daemon(site, "--live") as running:
        running.until_ready()
        running.until_said("plan accepted")

        def hedged() -> bool:
            world.wait(12)
            return abs(treasury.gap()) < 20 * WAD

        running.until(hedged)
        treasury.disable()
        held = treasury.balances()
        world.move(2_600)

        def stopped() -> bool:
            world.wait(12)
            return reason(running) == "vault-paused"

        running.until(stopped)
        assert treasury.balances() == held
        treasury.enable()

        def hedged_again() -> bool:
            world.wait(12)
            return treasury.balances() != held

        running.until(hedged_again)
        assert running.terminate() == 0


def test_check_finds_a_module_that_is_not_enabled(keeper: Keeper, site: Site, treasury: Treasury) -> None:
    treasury.disable()
    said = keeper("check", *site.config())
    assert said.code != Exit.OK
    assert "treasury paused" in said.out
