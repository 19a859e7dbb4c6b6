"""Expired books are settled by whoever cares, and opened again."""

from typing import cast

import pytest

from keeper.core.units import WAD
from keeper.demo.artifacts import contract
from keeper.demo.driver.market import Market
from keeper.demo.driver.roller import RETRY_S
from keeper.demo.plans import PLANS, VaultPlan
from tests.fixtures.driving import by_hand, go
from tests.fixtures.world import World

pytestmark = pytest.mark.world
DAY = 86_400


@pytest.fixture
def market(world: World) -> Market:
    market = Market(world.rpc, world.book)
    market.take_over()
    return market


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_an_expired_book_is_settled_and_opened_again_at_the_new_price(
    world: World, market: Market, plan: VaultPlan
) -> None:
    events: list[str] = []
    while f"{plan.name}: opened {len(plan.legs)} of {len(plan.legs)} legs" not in events:
        assert market.timestamp < world.book.started_at + (plan.days + 6) * DAY, events
        events += go(market, 2500.0, step_s=DAY)[0].events
    assert f"{plan.name}-twin: settling {len(plan.legs)} legs" in events
    assert not [event for event in events if event.startswith(("refused", "reverted"))]
    for address in (world.book.vaults[plan.name], world.book.twins[plan.name]):
        vault = world.chain.at(contract("RiskVault"), address)
        assert world.chain.read_int(vault, "legCount") == len(plan.legs)
        strikes = [_strike(world, address, index) for index in range(len(plan.legs))]
        assert strikes == pytest.approx([2500 * leg.moneyness for leg in plan.legs], abs=13)


def test_a_settlement_that_is_refused_is_tried_again_later(world: World, market: Market) -> None:
    vault = world.vault("covered-call")
    by_hand(world, market, vault, "pause", bytes(32))
    reports = go(market, *[3000.0] * 20, step_s=DAY)
    events = [event for report in reports for event in report.events]
    assert "covered-call: settlement refused, tried again later" in events
    assert world.chain.read_int(world.twin("covered-call"), "legCount") == 1
    by_hand(world, market, vault, "unpause")
    reports = go(market, *[3000.0] * 6, step_s=RETRY_S)
    assert "covered-call: opened 1 of 1 legs" in [event for report in reports for event in report.events]


def test_a_vault_that_cannot_pay_keeps_the_leg_it_owes(world: World, market: Market) -> None:
    vault = world.vault("strangle")
    limits = list(cast("list[int]", world.chain.read(vault, "limits")))
    limits[21:23] = (300 * WAD, 30_000 * WAD)
    by_hand(world, market, vault, "setLimits", tuple(limits))
    events = [event for report in go(market, *[25_000.0] * 24, step_s=DAY) for event in report.events]
    assert "strangle: settlement refused, tried again later" in events
    assert world.chain.read_int(vault, "legCount") == 1


def test_a_price_that_the_rules_take_for_broken_settles_nothing(world: World, market: Market) -> None:
    events = [event for report in go(market, *[25_000.0] * 24, step_s=DAY) for event in report.events]
    assert "strangle: settlement refused, tried again later" in events
    assert world.chain.read_int(world.vault("strangle"), "legCount") == 2


def test_a_vault_without_the_collateral_for_a_new_book_stays_without_one(
    world: World, market: Market
) -> None:
    vault = world.vault("covered-call")
    limits = list(cast("list[int]", world.chain.read(vault, "limits")))
    limits[6] = 2**16 - 1
    by_hand(world, market, vault, "setLimits", tuple(limits))
    events = [event for report in go(market, *[3000.0] * 20, step_s=DAY) for event in report.events]
    assert "covered-call: not opened again, its collateral does not cover the margin" in events
    assert world.chain.read_int(vault, "legCount") == 0
    assert "covered-call-twin: opened 1 of 1 legs" in events


def _strike(world: World, vault: str, index: int) -> float:
    word = cast("list[int]", world.chain.read(world.chain.at(contract("RiskVault"), vault), "legAt", index))[
        0
    ]
    return (word >> 192 & (2**56 - 1)) / 1e8


def test_a_settlement_waits_for_the_first_round_after_expiry(world: World, market: Market) -> None:
    expiry = world.book.started_at + 14 * DAY
    go(market, *[3000.0] * 13, step_s=DAY)
    go(market, 3000.0, step_s=expiry - 10 - market.timestamp)
    events = [report.events for report in go(market, *[3000.0] * 8)]
    written = next(
        index for index, said in enumerate(events) if any("price round" in event for event in said)
    )
    settled = next(index for index, said in enumerate(events) if "covered-call: settling 1 legs" in said)
    assert (written, settled) == (5, 6)
    assert not [event for said in events for event in said if event.startswith("reverted")]
