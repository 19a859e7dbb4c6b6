"""What a vault may lose, as people see it: the stress grid, and each risk beside its limit."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from keeper.core.exposure import EXPIRY_BUCKETS_DAYS, Exposure, Situation
from keeper.core.foresight import stress_factor
from keeper.core.policy import Limits, Policy
from keeper.core.risk import Outcome, Risk, Shock, measure_risks, outcomes
from keeper.core.units import to_float

BAD, DIM = "red", "dim"


class Lossy(NamedTuple):
    """What one vault may lose. The moves of the grid are `stressed` times as large as their scenarios say."""

    stressed: float
    risk: Risk
    outcomes: tuple[Outcome, ...]


def lossy(policy: Policy, situation: Situation) -> Lossy:
    """Measured now, whether or not the policy limits it. Without a price it means nothing."""
    factor = stress_factor(policy, situation)
    (risk,) = measure_risks([situation], [to_float(policy.limits.collateral_ratio_wad)], [factor])
    return Lossy(factor, risk, outcomes(situation, factor))


def risks(policy: Policy, situation: Situation) -> Iterator[RenderableType]:
    """The grid, and each risk beside its limit."""
    found = lossy(policy, situation)
    measures = _measures(situation.exposure, found.risk, policy.limits)
    if found.stressed != 1.0:
        yield Text(
            f"a turbulent market: each move below is taken {found.stressed:.2f} times as large", style=BAD
        )
    yield from (_near(found.outcomes), "", _far(found.outcomes), "", measures, "")


def _near(cells: Sequence[Outcome]) -> Table:
    near = [each for each in cells if each.scenario.fraction == 1.0]
    moves = sorted({each.scenario.move for each in near})
    table = Table("stress (usd)", title_justify="left", box=None, pad_edge=False)
    for move in moves:
        table.add_column(f"{move:+.0%}", justify="right")
    for shock in Shock:
        row = {each.scenario.move: each for each in near if each.scenario.shock is shock}
        table.add_row(f"volatility {shock.value}", *(_cell(row[move], cells) for move in moves))
    return table


def _far(cells: Sequence[Outcome]) -> Table:
    far = [each for each in cells if each.scenario.fraction != 1.0]
    table = Table("far moves, volatility up", box=None, pad_edge=False)
    for each in far:
        table.add_column(f"{each.scenario.move:+.0%}", justify="right")
    table.add_row("share that counts", *(f"{each.scenario.fraction:.1%}" for each in far), style=DIM)
    table.add_row("counts (usd)", *(_cell(each, cells) for each in far))
    return table


def _cell(outcome: Outcome, cells: Sequence[Outcome]) -> Text:
    worst = min(each.profit_usd for each in cells)
    return Text(f"{round(outcome.profit_usd):,}", style=BAD if outcome.profit_usd == worst < 0 else "")


def _measures(exposure: Exposure, risk: Risk, limits: Limits) -> Table:
    table = Table("risk", "measured", "limit", "used", box=None, pad_edge=False)
    where = f"{risk.stress_move:+.0%}, volatility {risk.stress_shock.value}"
    for name, measured, shown, limit_wad in (
        (f"stress loss (usd, at {where})", risk.stress_loss_usd, _usd, limits.stress_loss_usd_wad),
        ("expected shortfall (usd, worst 2.5 % of days)", risk.expected_shortfall_usd, _usd,
         limits.expected_shortfall_usd_wad),
        ("leverage", exposure.leverage, _multiple, limits.leverage_wad),
    ):  # fmt: skip
        limit = to_float(limit_wad)
        used = measured / limit if limit else 0.0
        table.add_row(
            name,
            shown(measured),
            f"≤ {shown(limit)}" if limit else "none",
            Text(f"{used:.0%}", style=BAD if used > 1 else "") if limit and math.isfinite(used) else "",
        )
    floor = to_float(limits.liquidation_distance_wad)
    table.add_row("fall until a margin call", _distance(risk.fall), f"≥ {floor:.0%}" if floor else "none", "")
    table.add_row("rise until a margin call", _distance(risk.rise), f"≥ {floor:.0%}" if floor else "none", "")
    table.add_row("chance of one within a day", f"{risk.touch_probability:.2%}", "", "")
    table.add_row(f"vega by expiry ({_buckets()})", _vegas(exposure), "", "")
    table.add_row("vega, weighted to 30 days (usd per point)", _usd(exposure.weighted_vega_usd), "", "")
    return table


def _usd(amount: float) -> str:
    return f"{round(amount):,}"


def _multiple(ratio: float) -> str:
    return f"{ratio:.2f}" if math.isfinite(ratio) else "nothing bears it"


def _distance(fraction: float) -> str:
    return f"{fraction:.1%}" if math.isfinite(fraction) else "none does"


def _buckets() -> str:
    ends = ", ".join(f"{days:.0f}" for days in EXPIRY_BUCKETS_DAYS)
    return f"{ends} days, later"


def _vegas(exposure: Exposure) -> str:
    return " / ".join(_usd(vega) for vega in exposure.vega_by_expiry_usd)
