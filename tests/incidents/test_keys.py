"""Incidents of keys and rules: stolen, forgotten, too powerful; loose limits, open doors, starved hedges."""

from typing import cast

import pytest
from web3.contract import Contract

from keeper.core.transaction.commands import Alert
from keeper.core.units import WAD
from keeper.demo.accounts import Role
from keeper.demo.artifacts import contract, protocol
from keeper.demo.chain import DeploymentError
from keeper.demo.plans import LOSS_PIPS, QUOTE_UNIT, limits
from keeper.demo.protocols.tokens import MINTABLE, WETH, approve, mint
from keeper.demo.rpc import Json
from keeper.policies import PolicyError
from tests.fixtures.world import World
from tests.incidents.conftest import BLIND, EAGER, SLICES, Keep
from tests.incidents.made import (
    appoint,
    assets,
    calls_back,
    hedge,
    hedges,
    need,
    refusal,
    urgent,
    vault,
    why_not,
)

pytestmark = pytest.mark.world

OFF = False
OTHER = "0x00000000000000000000000000000000000000B1"


async def test_ronin_2022_a_hedge_that_is_in_no_journal_is_told_at_the_next_head(
    world: World, keep: Keep
) -> None:
    kept = vault(world)
    forgotten = world.account(Role.TREASURY)
    appoint(world, kept, forgotten)
    keeper = await keep(kept.address, (*EAGER, *SLICES))
    await keeper.cycles(2)
    assert keeper.alarms(Alert.FOREIGN_HEDGE) == 0
    world.wait(301)
    hedge(world, kept, forgotten, amount_in=WAD * 20)
    await keeper.cycle()
    assert keeper.alarms(Alert.FOREIGN_HEDGE) == 1
    await keeper.cycles(2)
    assert keeper.alarms(Alert.FOREIGN_HEDGE) == 1


async def test_ronin_2022_our_own_key_in_other_hands_is_told_twice_over(world: World, keep: Keep) -> None:
    kept = vault(world)
    keeper = await keep(kept.address, BLIND)
    await keeper.cycle()
    hedge(world, kept, world.account(Role.KEEPER))
    await keeper.cycle()
    assert keeper.alarms(Alert.FOREIGN_HEDGE) == 1
    assert keeper.alarms(Alert.FOREIGN_USE) == 1
    # A new journal knows nothing of what was before it, and accuses nobody.
    again = await keep(kept.address, BLIND, journal=keeper.settings["KEEPER_JOURNAL"] + ".new")
    await again.cycle()
    assert again.alarms(Alert.FOREIGN_HEDGE) == 0


async def test_ronin_2022_a_forgotten_key_dies_by_itself(world: World, keep: Keep) -> None:
    kept = vault(world)
    appoint(world, kept, world.account(Role.KEEPER), term_s=60)
    keeper = await keep(kept.address, EAGER)
    world.wait(61)
    assert await keeper.cycle() == "not-keeper"
    selling = (True, WAD, 0, world.timestamp() + 60, bytes(32))
    refused = refusal(world, kept, "rebalance", selling, sender=world.account(Role.KEEPER))
    assert refused == "KeeperExpired"
    assert keeper.broadcasts == 0


async def test_wintermute_2022_the_drill_revokes_every_key(world: World, keep: Keep) -> None:
    kept = vault(world)
    holders = [world.account(role) for role in (Role.KEEPER, Role.TREASURY, Role.ARBITRAGEUR)]
    for holder in holders:
        appoint(world, kept, holder)
    keeper = await keep(kept.address, EAGER)
    guardian = world.account(Role.GUARDIAN)
    for holder in holders:
        world.chain.send(kept, "revokeKeeper", holder, sender=guardian)
    selling = (True, WAD, 0, world.timestamp() + 60, bytes(32))
    assert {refusal(world, kept, "rebalance", selling, sender=each) for each in holders} == {"NotKeeper"}
    assert await keeper.cycle() == "not-keeper"
    # And a guardian cannot appoint: what was taken away is given back by governance alone.
    given = refusal(world, kept, "setKeeper", holders[0], world.timestamp() + 60, sender=guardian)
    assert given == "OwnableUnauthorizedAccount"


async def test_resolv_2026_a_thief_with_the_key_and_the_pool_takes_no_more_than_the_bound(
    world: World, keep: Keep
) -> None:
    kept = vault(world)
    keeper = await keep(kept.address, BLIND)
    await keeper.cycle()
    thief, before, started = world.account(Role.KEEPER), assets(world, kept, 3000.0), world.timestamp()
    for _ in range(12):
        world.trade_to(2976.0)
        while why_not(world, kept) == "" and steal(world, thief, kept):
            pass
        world.trade_to(3000.0)
        world.wait(301)
        world.submit_price(3000.0)
    taken, elapsed_s = before - assets(world, kept, 3000.0), world.timestamp() - started
    bound = before * LOSS_PIPS / 1e6 * (1 + elapsed_s / 86_400)
    assert 0 < taken <= bound
    await keeper.cycle()
    assert keeper.alarms(Alert.FOREIGN_HEDGE) == 1


def steal(world: World, thief: str, kept: Contract) -> bool:
    """As much as the vault admits, for as little as it takes."""
    try:
        hedge(world, kept, thief, amount_in=min(need(world, kept).amount_in, 40 * WAD))
    except DeploymentError:
        return False
    return True


@pytest.mark.parametrize(
    ("place", "value", "name"),
    [
        (5, 5_000, "maxSlippageBps"),
        (7, 2_000, "priceErrorBps"),
        (9, 20_000, "maxJumpBps"),
        (18, 10**6, "turnoverPerDayPips"),
    ],
)
async def test_gamma_2024_rules_that_would_allow_anything_are_refused(
    world: World, keep: Keep, place: int, value: int, name: str
) -> None:
    kept = vault(world)
    loose = list(limits(0))
    loose[place] = value
    with pytest.raises(DeploymentError, match=name.encode().hex()):
        world.chain.send(kept, "setLimits", tuple(loose))
    for old, new in (("max_slippage: 80 bps", "max_slippage: 5000%"), ("cooldown: 5m", "cooldown: -5m")):
        with pytest.raises(PolicyError):
            await keep(kept.address, ((old, new),))


OPEN_TO_ANYBODY = {
    "agree", "approve", "checkpoint", "collect", "deposit", "mint", "redeem", "redeemInKind", "ripcord",
    "settle", "transfer", "transferFrom", "trip", "withdraw",
}  # fmt: skip
"""They move the caller's own things, or prove a fact."""


async def test_kiloex_2025_no_door_but_the_keepers_leads_to_the_hedge(world: World, keep: Keep) -> None:
    kept = vault(world)
    keeper = await keep(kept.address, EAGER)
    stranger = world.account(Role.ARBITRAGEUR)
    before = roles_and_rules(world, kept.address)
    doors = [each for each in contract("DemoVault").abi if isinstance(each, dict) and is_door(each)]
    refused = {str(door["name"]): knocks(world, kept.address, door, stranger) for door in doors}
    assert len(refused) > 25
    assert {name for name, error in refused.items() if error == ""} <= OPEN_TO_ANYBODY
    assert refused["rebalance"] == "NotKeeper"
    assert roles_and_rules(world, kept.address) == before
    assert hedges(world, kept) == 0
    # Of all who have a part in the vault, the keeper alone can hedge.
    selling = (True, WAD, 0, world.timestamp() + 60, bytes(32))
    said = {role: refusal(world, kept, "rebalance", selling, sender=world.account(role)) for role in Role}
    assert said.pop(Role.KEEPER) == "StateMoved"
    assert set(said.values()) == {"NotKeeper"}
    assert await keeper.cycle() == "delta-limit"
    assert hedges(world, kept) == 1


def is_door(each: dict[str, Json]) -> bool:
    return each["type"] == "function" and each["stateMutability"] in {"nonpayable", "payable"}


def knocks(world: World, address: str, door: dict[str, Json], caller: str) -> str:
    """What a caller without any role is told there, whatever he brings."""
    kept = world.chain.at(contract("DemoVault"), address)
    inputs = cast("list[dict[str, Json]]", door["inputs"])
    return refusal(world, kept, str(door["name"]), *(brought(each, caller) for each in inputs), sender=caller)


def brought(argument: dict[str, Json], caller: str) -> object:
    kind = str(argument["type"])
    if kind == "tuple":
        return tuple(brought(each, caller) for each in cast("list[dict[str, Json]]", argument["components"]))
    if kind.startswith("bytes"):
        return bytes(32)
    return {"address": caller, "bool": True}.get(kind, 1)


def roles_and_rules(world: World, address: str) -> tuple[object, ...]:
    kept, read = world.chain.at(contract("DemoVault"), address), world.chain.read
    asked = ("owner", "pendingOwner", "underwriter", "paused", "limits", "sequence", "lastRebalanceAt")
    return tuple(read(kept, each) for each in asked)


DOORS = {
    "rebalance": ((True, WAD, 0, 2**40, bytes(32)),),
    "ripcord": (),
    "deposit": (10**6, OTHER),
    "mint": (10**6, OTHER),
    "withdraw": (0, OTHER, OTHER),
    "redeem": (0, OTHER, OTHER),
    "redeemInKind": (1, OTHER, 0, 0),
    "settle": (0, 1),
    "collect": (OTHER, OTHER),
}
"""Every function that moves a token."""


@pytest.mark.parametrize("door", DOORS)
async def test_gmx_2025_whoever_is_paid_calls_back_through_any_door(
    world: World, keep: Keep, door: str
) -> None:
    kept = vault(world)
    keeper = await keep(kept.address, EAGER)
    before = assets(world, kept, 3000.0)
    calls_back(world, world.book.venue, kept.encode_abi(door, list(DOORS[door])))
    assert await keeper.cycle() == "delta-limit"
    assert keeper.skipped("operation-mixed") == 1
    assert (keeper.broadcasts, keeper.sent) == (0, 0)
    # Nor does it help whoever sends it all the same.
    wanted = need(world, kept)
    asked = (wanted.sell_base, wanted.amount_in, 0, wanted.deadline, wanted.state_hash)
    refused = refusal(world, kept, "rebalance", asked, sender=world.account(Role.KEEPER))
    assert refused == "ReentrancyGuardReentrantCall"
    assert assets(world, kept, 3000.0) == before


async def test_lyra_2022_nobody_can_starve_the_hedge_by_moving_the_vault(world: World, keep: Keep) -> None:
    kept = vault(world)
    keeper = await keep(kept.address, EAGER)
    busy = world.account(Role.COUNTERPARTY)
    usdc = world.chain.at(protocol(MINTABLE), world.book.usdc)
    mint(world.chain, usdc, busy, 10**10)
    for token in (usdc, world.chain.at(protocol(WETH), world.book.weth)):
        approve(world.chain, token, busy, kept.address)
    world.rpc.call("evm_setAutomine", OFF)
    await keeper.cycle()
    assert keeper.broadcasts == 1
    # In the very block, before the hedge: a deposit, a withdrawal, and gifts of both tokens.
    raw = [
        kept.encode_abi("deposit", [10**9, busy]),
        kept.encode_abi("redeem", [10**12, busy, busy]),
    ]
    for data in raw:
        world.rpc.call("eth_sendTransaction", urgent(busy, kept.address, data))
    gift = usdc.encode_abi("transfer", [kept.address, 1])
    world.rpc.call("eth_sendTransaction", urgent(busy, world.book.usdc, gift))
    world.rpc.call("evm_mine")
    await keeper.cycle()
    assert hedges(world, kept) == 1
    assert keeper.of_vault("hedge_reverts_total", reason="state-moved") == 0


async def test_lyra_2022_what_calls_itself_risk_reducing_is_measured(world: World, keep: Keep) -> None:
    kept = vault(world)
    keeper = await keep(kept.address, EAGER)
    thief = world.account(Role.KEEPER)
    state, latest = need(world, kept).state_hash, world.timestamp() + 60
    buying = (False, 3000 * QUOTE_UNIT, 0, latest, state)
    assert refusal(world, kept, "rebalance", buying, sender=thief) == "NotRiskReducing"
    too_much = (True, 250 * WAD, 0, latest, state)
    assert refusal(world, kept, "rebalance", too_much, sender=thief) in {
        "TradeTooLarge",
        "InsufficientInventory",
    }
    dust = (True, 10**15, 0, latest, state)
    assert refusal(world, kept, "rebalance", dust, sender=thief) == "TradeTooSmall"
    gap = world.chain.read_int(kept, "gap")
    await keeper.cycle()
    # Slippage is counted once, and the gap left is that of the plan.
    assert 0 <= world.chain.read_int(kept, "gap") < gap
    assert hedges(world, kept) == 1
