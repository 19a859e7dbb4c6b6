"""What the keeper takes for an emergency is one to the contract, which lets through what it plans then."""

from dataclasses import replace

import pytest

from keeper.adapters.ethereum.guard import Guard
from keeper.adapters.ethereum.lens import LensReader, Subject
from keeper.adapters.ethereum.rpc import Rpc
from keeper.core.decision import Decision, decide
from keeper.core.exposure import situations
from keeper.core.head import Head
from keeper.core.memory import Memory
from keeper.core.plan import Plan
from keeper.core.policy import Policy
from keeper.core.quote import Side
from keeper.core.reason import Reason
from keeper.core.triggers import Emergency
from keeper.core.units import WAD
from keeper.demo.plans import EMERGENCY_TRADE
from keeper.ports import Simulated, WouldRevert
from tests.adapters.ethereum.conftest import plan_for, tip
from tests.adapters.ethereum.test_guard import send
from tests.core.build import POLICY
from tests.fixtures.world import World

PLAIN = replace(POLICY, costs=replace(POLICY.costs, max_fee_wei=10**13, gas_units=900_000))
READY = replace(PLAIN, emergency=Emergency(10**13))


async def decided(world: World, rpc: Rpc, subject: Subject, policy: Policy) -> tuple[Head, Decision]:
    head = await tip(rpc, world)
    snapshot = (await LensReader(rpc, subject).read(head)).snapshot
    strangle = situations(snapshot)[0]
    vault = strangle.vault.address
    return head, decide(replace(policy, vault=vault), strangle, Memory(vault))


async def hedge_a_little(world: World, rpc: Rpc, subject: Subject) -> None:
    """So that the vault's cooldown has begun."""
    head = await tip(rpc, world)
    vault = (await LensReader(rpc, subject).read(head)).snapshot.vaults[0]
    selling = world.chain.read_int(world.vault("strangle"), "gap") > 0
    side, amount = (Side.SELL_BASE, 10 * WAD) if selling else (Side.BUY_BASE, 28_000 * 10**6)
    assert send(world, plan_for(vault, head, side=side, amount_in=amount))["status"] == "0x1"


@pytest.mark.world
async def test_within_its_cooldown_the_contract_takes_an_emergency_in_steps_as_the_keeper_plans_it(
    world: World, rpc: Rpc, subject: Subject
) -> None:
    world.move(2800.0)
    await hedge_a_little(world, rpc, subject)
    world.move(2300.0)
    _, patient = await decided(world, rpc, subject, PLAIN)
    assert patient.reason is Reason.COOLDOWN
    head, urgent = await decided(world, rpc, subject, READY)
    assert urgent.reason is Reason.EMERGENCY_DELTA
    assert isinstance(urgent.action, Plan)
    assert abs(urgent.action.trade) == pytest.approx(EMERGENCY_TRADE, rel=0.02)
    assert isinstance(await Guard(rpc, subject.keeper).simulate(urgent.action, head), Simulated)
    larger = replace(urgent.action, amount_in=urgent.action.amount_in * 103 // 100)
    refused = await Guard(rpc, subject.keeper).simulate(larger, head)
    assert isinstance(refused, WouldRevert)
    assert refused.reason is Reason.TRADE_TOO_LARGE


@pytest.mark.world
async def test_below_the_contracts_threshold_neither_takes_it_for_an_emergency(
    world: World, rpc: Rpc, subject: Subject
) -> None:
    world.move(2800.0)
    await hedge_a_little(world, rpc, subject)
    world.move(2700.0)
    head, made = await decided(world, rpc, subject, READY)
    assert Reason.EMERGENCY_DELTA not in {breach.reason for breach in made.breaches}
    vault = (await LensReader(rpc, subject).read(head)).snapshot.vaults[0]
    refused = await Guard(rpc, subject.keeper).simulate(plan_for(vault, head), head)
    assert isinstance(refused, WouldRevert)
    assert refused.reason is Reason.COOLDOWN
