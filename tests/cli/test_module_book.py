"""A Safe's module is held to an address book like a vault, though no script of ours deployed it."""

import json
import tomllib
from pathlib import Path

import pytest

from keeper.cli.exits import Exit
from keeper.demo.artifacts import contract
from keeper.demo.vaults import NONE
from tests.cli.conftest import Keeper, site_of
from tests.cli.test_deployment import faults, keeps
from tests.fixtures.deploying import filled_in, second_source, today, written
from tests.fixtures.treasury import Treasury, deploy_treasury
from tests.fixtures.world import World

pytestmark = pytest.mark.forge
DELAY_S = 172_800
ADMIN = bytes(32)


def kept_in_production(world: World) -> tuple[Treasury, str]:
    """A treasury, and the example's plan for it: with a Safe for an underwriter, and no reward out of it."""
    today(world, ago_s=600)
    check = second_source(world)
    treasury = deploy_treasury(world, check)
    holder = treasury.world.book.multicall
    changes = {
        f'underwriter = "{holder}"': f'safe = "{treasury.safe.address}"',
        "ripcord_reward = 50000000": "ripcord_reward = 0",
    }
    return treasury, filled_in(world, check, changes)


def hand_over(treasury: Treasury, plan: str) -> str:
    """As an operator does it by himself: rules and guardian, and then everything to a timelock."""
    world, module, chain = treasury.world, treasury.module, treasury.world.chain
    planned = tomllib.loads(plan)
    holder = planned["roles"]["proposer"]
    chain.send(module, "setLimits", tuple(int(each) for each in planned["limits"].values()))
    chain.send(module, "setGuardian", holder, True)  # noqa: FBT003
    timelock = chain.deploy(contract("TimelockController"), DELAY_S, [holder], [NONE], chain.sender)
    chain.send(module, "transferOwnership", timelock.address)
    world.rpc.call("anvil_impersonateAccount", timelock.address)
    world.rpc.call("anvil_setBalance", timelock.address, hex(10**20))
    chain.send(module, "acceptOwnership", sender=timelock.address)
    chain.send(timelock, "renounceRole", ADMIN, chain.sender)
    return str(timelock.address)


def test_a_module_with_a_book_passes_check_and_is_hedged(
    keeper: Keeper, own_world: World, tmp_path: Path
) -> None:
    world = own_world
    treasury, plan = kept_in_production(world)
    timelock = hand_over(treasury, plan)
    today(world)
    with written(treasury, plan) as made:
        assert made.code == 0, made.said[-3000:]
        assert made.blocks == 0
        assert (made.book["safe"], made.at("timelock")) == (treasury.safe.address, timelock)
        today(world)
        config = keeps(site_of(world, tmp_path), made)
        assert faults(keeper, config) == (Exit.OK, [])
        gap = abs(treasury.gap())
        assert keeper("once", "--live", *config).code == Exit.ACTED
        assert abs(treasury.gap()) < gap

        safe = treasury.safe.address
        made.path.write_text(json.dumps({**made.book, "safe": world.book.multicall}))
        assert faults(keeper, config)[1] == [
            f"deployment of covered-call: safe: found {safe}, expected {world.book.multicall}"
        ]


def test_no_book_is_written_of_a_module_whose_deployer_still_governs(own_world: World) -> None:
    world = own_world
    treasury, plan = kept_in_production(world)
    timelock = world.chain.at(contract("TimelockController"), hand_over(treasury, plan))
    world.chain.send(timelock, "grantRole", ADMIN, world.chain.sender, sender=timelock.address)
    today(world)
    with written(treasury, plan) as made:
        assert made.code != 0
        assert "NotAsPlanned" in made.said
        assert "deployer as admin" in made.said
        assert not made.path.exists()
