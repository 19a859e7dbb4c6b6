"""What a vault may lose is shown whole: each scenario, the worst marked, each risk beside its limit."""

import math
from dataclasses import replace

import pytest
from rich.console import Console, Group

from keeper.cli.common import plain
from keeper.cli.risks import lossy, risks
from keeper.core.policy import Policy
from keeper.core.risk.stress import SCENARIOS
from keeper.core.units import WAD
from tests.core.build import POLICY, STRADDLE, situation, usd, vault


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
