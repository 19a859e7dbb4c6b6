"""What the desk is advised to trade, as people see it: each order, then each sensitivity before and after."""

from collections.abc import Iterator
from datetime import UTC, datetime

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from keeper.core.advice import Advice, Hand, LeftOut, NoAdvice, Order, Unadvised
from keeper.core.listing import OPTIONS, Kind
from keeper.core.units import to_float

BAD, DIM = "red", "dim"

WHY = {
    Unadvised.NOT_LISTED: "the policy lists no instruments",
    Unadvised.NOT_FIT: "what was read is not fit to advise on",
    Unadvised.NOT_NEEDED: "no limit is passed that base alone cannot restore",
    Unadvised.NONE_LEFT: "none of the listed instruments can be traded at this head",
    Unadvised.NO_EFFECT: "no listed instrument changes what is passed",
    Unadvised.TOO_LITTLE: "all that may be traded does not suffice",
    Unadvised.LOTS_TOO_LARGE: "no whole lots bring all limits back together",
    Unadvised.BEYOND_NUMBERS: "numbers beyond what can be computed with",
    Unadvised.FAULT: "a defect of the keeper, of which its own trades know nothing",
}

MEASURES = (
    ("delta (base from target)", "gap", 4),
    ("gamma (usd per 1 %)", "gamma_usd", 0),
    ("vega (usd per point)", "vega_usd", 0),
    ("theta (usd per day)", "theta_usd", 0),
)


def advised(advice: Advice | NoAdvice) -> Iterator[RenderableType]:
    """Nothing for a policy that lists no instruments."""
    if isinstance(advice, Advice):
        breached = ", ".join(each.value for each in advice.breached)
        yield ""
        yield Text(f"advice for {breached}: the cheapest combination that restores all limits", style="bold")
        yield from (_orders(advice), "", _measures(advice))
    elif advice.why is not Unadvised.NOT_LISTED:
        yield ""
        yield Text(f"no advice: {WHY[advice.why]}", style=DIM if advice.why in _CALM else BAD)
        yield from _missing(advice)
        if advice.fault:
            yield Text(f"  {advice.fault}", style=DIM)
    yield from _left_out(advice.left_out)


_CALM = frozenset({Unadvised.NOT_NEEDED, Unadvised.NOT_FIT})


def _orders(advice: Advice) -> Table:
    table = Table("instrument", "venue", "by", "side", box=None, pad_edge=False)
    for column in ("size", "price usd", "cost usd"):
        table.add_column(column, justify="right")
    for each in advice.orders:
        by = "the keeper itself" if each.hand is Hand.KEEPER else "the desk"
        size = f"{to_float(each.size_wad):,.4f} {'usd' if each.kind is Kind.INVERSE else 'base'}"
        price, cost = f"{each.price_usd:,.2f}", f"{each.cost_usd:,.2f}"
        table.add_row(_named(each), each.venue, by, each.way.value, size, price, cost)
    table.add_row("all", "", "", "", "", "", f"{advice.cost_usd:,.2f}", style="bold")
    return table


def _named(order: Order) -> str:
    if order.kind not in OPTIONS:
        return f"{order.instrument} ({order.kind.value})"
    expiry = datetime.fromtimestamp(order.expiry, UTC)
    return f"{order.instrument} ({order.kind.value} {order.strike:,.2f}, {expiry:%Y-%m-%d %H:%M}Z)"


def _measures(advice: Advice) -> Table:
    table = Table("sensitivity", box=None, pad_edge=False)
    for column in ("before", "after", "from", "to"):
        table.add_column(column, justify="right")
    for name, field, digits in MEASURES:
        shown = (
            f"{getattr(each, field):,.{digits}f}"
            for each in (advice.before, advice.after, advice.low, advice.high)
        )
        table.add_row(name, *shown)
    return table


def _missing(advice: NoAdvice) -> Iterator[RenderableType]:
    for name, field, digits in MEASURES:
        beyond = getattr(advice.missing, field)
        if beyond:
            yield Text(f"  {name}: {beyond:+,.{digits}f} beyond its range")


def _left_out(left_out: tuple[LeftOut, ...]) -> Iterator[RenderableType]:
    for each in left_out:
        yield Text(f"  left out: {each.instrument}: {each.why.value}", style=DIM)
