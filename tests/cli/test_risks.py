"""What a vault may lose is shown whole: each scenario, the worst marked, each risk beside its limit."""

import math
from dataclasses import replace

import pytest
from rich.console import Console, Group

from keeper.cli.common import plain
from keeper.cli.risks import lossy, risks
from keeper.core.decision import decide
from keeper.core.memory import Memory
from keeper.core.policy import Policy
from keeper.core.risk.stress import SCENARIOS
from keeper.core.units import WAD
from tests.core.build import POLICY, STRADDLE, VAULT, situation, usd, vault
from tests.core.test_foresight import rules, seeing, told


def shown(policy: Policy = POLICY, **changes: object) -> str:
    console = Console(width=140, record=True, force_terminal=False)
    with console.capture() as captured:
        console.print(Group(*risks(policy, situation(vault(**changes), STRADDLE))))
    return captured.get()


def test_the_grid_shows_every_move_and_shock_and_the_far_table_its_fractions() -> None:
    text = shown()
    for word in (
        "-16%",
        "+0%",
        "+16%",
        "volatility up",
        "volatility flat",
        "volatility down",
        "+500%",
        "24.2%",
    ):
        assert word in text
    assert "fall until a margin call" in text
    assert "7, 30, 90 days, later" in text


def test_each_risk_stands_beside_its_limit_or_beside_none() -> None:
    assert shown().count("none") >= 5
    limits = replace(
        POLICY.limits,
        stress_loss_usd_wad=usd(100_000),
        leverage_wad=2 * WAD,
        liquidation_distance_wad=WAD // 5,
    )
    text = shown(replace(POLICY, limits=limits))
    for word in ("≤ 100,000", "≤ 2.00", "≥ 20%"):
        assert word in text


def test_a_vault_that_bears_nothing_shows_no_number_for_its_leverage() -> None:
    assert "nothing bears it" in shown(quote_units=0, base_wei=0)


@pytest.mark.parametrize("base", [0, 500 * WAD])
def test_the_same_is_there_for_programs(base: int) -> None:
    found = plain(lossy(POLICY, situation(vault(base_wei=base), STRADDLE))._asdict())
    assert isinstance(found, dict)
    assert len(found["outcomes"]) == len(SCENARIOS)
    worst = min(each["profit_usd"] for each in found["outcomes"])
    assert found["risk"]["stress_loss_usd"] == -worst
    assert math.isfinite(found["risk"]["expected_shortfall_usd"])


def test_in_a_turbulent_market_the_grid_says_by_how_much_its_moves_are_larger() -> None:
    policy, seen = rules(turbulent=1.5), seeing(told(0.7, 0.7, 0.7, 0.5))
    console = Console(width=140)
    with console.capture() as captured:
        console.print(Group(*risks(policy, seen)))
    assert "taken 1.25 times as large" in captured.get()
    assert "turbulent" not in shown()
    factor, risk, cells = lossy(policy, seen)
    assert factor == 1.25
    assert risk.stress_loss_usd == -min(each.profit_usd for each in cells)
    limited = replace(policy, limits=replace(policy.limits, stress_loss_usd_wad=usd(10**9)))
    assert decide(limited, seen, Memory(VAULT)).risk == risk
