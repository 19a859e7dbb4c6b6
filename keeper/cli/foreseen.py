"""What `explain` says of forecasts: who was asked, what each said, and what the band was drawn by."""

from collections.abc import Iterator

from rich.table import Table

from keeper.core.exposure import Situation
from keeper.core.forecast import Forecast, Silent, Turbulence
from keeper.core.foresight import IMPLIED, Foresight, foresee
from keeper.core.policy import Policy


def foreseen(policy: Policy, situation: Situation) -> Iterator[Table | str]:
    """A row for each opinion, then what came of them; nothing for a policy that asks for none."""
    if policy.forecast.unused:
        return
    found = foresee(policy, situation)
    table = Table("volatility", "expects", "weight", "version", "fitted", box=None, pad_edge=False)
    weights = {each.source: each.weight for each in found.used}
    now = situation.head.timestamp
    table.add_row("implied (oracle)", f"{found.implied:.1%}", _weight(weights.get(IMPLIED, 1.0)), "", "")
    for each in situation.outlook.forecasts:
        asked = "" if each.model in policy.forecast.models else "not asked"
        if isinstance(each, Silent):
            table.add_row(each.model, "silent", asked, "", each.why.value)
        else:
            weight = asked or _weight(weights.get(each.model, 0.0))
            table.add_row(each.model, f"{each.volatility:.1%}", weight, str(each.version), _age(each, now))
    table.add_row("band", f"{found.volatility:.1%}", "", "", found.basis.value)
    yield table
    yield from (_past(situation), _turbulence(situation, found), "")


def _weight(weight: float) -> str:
    return f"{weight:.0%}"


def _age(forecast: Forecast, now: int) -> str:
    return f"{(now - forecast.fitted_at) / 86_400:.1f} days ago"


def _past(situation: Situation) -> str:
    outlook = situation.outlook
    if not outlook.bars:
        return "no bar of the price's past is over yet"
    hours = (situation.head.timestamp - outlook.until) / 3_600
    return f"{outlook.bars} bars, the last ended {hours:.1f} hours ago"


def _turbulence(situation: Situation, found: Foresight) -> str:
    known = situation.outlook.turbulence
    if not isinstance(known, Turbulence):
        return f"turbulence: not known, {known.why.value}"
    return f"turbulence: {known.probability:.0%} probable, version {known.version}; factor {found.factor:.2f}"
