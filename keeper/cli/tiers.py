"""What found a vault's band: its table, with what it was solved for, or the closed form, and why."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from keeper.app.cycle import Looked
from keeper.core.hedging import WITHIN_FACTOR, Recipe, Solved, Tier
from keeper.core.inventory import Question, question
from keeper.core.quote import trade_costs

BAD, DIM = "red", "dim"

WHY = {
    Tier.TABLE: "the table that was solved for this book",
    Tier.NO_TABLE: "the closed form: no table has been solved for this vault",
    Tier.UNSOLVED: "the closed form: there is no table for this book",
    Tier.BOOK: "the closed form: the table is another book's",
    Tier.LOOKS: "the closed form: the table is for another look interval",
    Tier.SPOT: "the closed form: the price is beyond the table's",
    Tier.VOLATILITY: "the closed form: the volatility has left the table's tolerance",
    Tier.GAS: "the closed form: the cost of gas has left the table's tolerance",
    Tier.SPREAD: "the closed form: the cost of trading has left the table's tolerance",
    Tier.AVERSION: "the closed form: the risk tolerance has left the table's tolerance",
}

ROWS = (
    ("price", Tier.SPOT, "spot"),
    ("volatility", Tier.VOLATILITY, "volatility"),
    ("gas of a trade (usd)", Tier.GAS, "fixed"),
    ("cost of a trade (share)", Tier.SPREAD, "proportional"),
    ("risk aversion (1/usd)", Tier.AVERSION, "aversion"),
)
"""What a table depends on, besides book and look interval; by its name in a recipe and in a question."""


def band_from(looked: Looked) -> dict[str, object]:
    """What found the one vault's band, for programs."""
    decision = looked.decisions[0]
    said: dict[str, object] = {"tier": decision.tier, "why": WHY[decision.tier]}
    solved = looked.tables.get(decision.vault)
    if solved is None:
        return said
    return said | {
        "stated_at": solved.origin.at,
        "age_s": looked.head.timestamp - solved.origin.at,
        "found": solved.origin.found,
        "same_as_recorded": not looked.strange,
        "inputs": {name: _input(looked, solved, tier, name) for _, tier, name in ROWS},
    }


def _input(looked: Looked, solved: Solved, tier: Tier, name: str) -> dict[str, object]:
    now = getattr(_asked(looked), name) if _judged(looked) else None
    return {"now": now, "solved": getattr(solved.origin.recipe, name), "factor": WITHIN_FACTOR.get(tier)}


def tier(looked: Looked) -> RenderableType:
    """The same for people; nothing where there is no band."""
    return Group(*_lines(looked)) if _judged(looked) else ""


def _lines(looked: Looked) -> Iterator[RenderableType]:
    decision = looked.decisions[0]
    solved = looked.tables.get(decision.vault)
    yield Text(f"band by {WHY[decision.tier]}")
    if solved is None:
        return
    age_s = looked.head.timestamp - solved.origin.at
    yield Text(f"  solved for {age_s} s ago: {solved.origin.found[:12]}", style=DIM)
    if looked.strange:
        (strange,) = looked.strange
        yield Text(f"  the journal says {strange.recorded[:12]}: this is not the daemon's table", style=BAD)
    yield _compared(_asked(looked), solved.origin.recipe, decision.tier)


def _compared(asked: Question, recipe: Recipe, answered: Tier) -> Table:
    table = Table("input", "now", "solved for", "tolerance", box=None, pad_edge=False)
    for label, tier, name in ROWS:
        allowed = f"within a factor of {WITHIN_FACTOR[tier]}" if tier in WITHIN_FACTOR else ""
        now, solved = getattr(asked, name), getattr(recipe, name)
        style = BAD if tier is answered else ""
        table.add_row(label, Text(f"{now:,.6g}", style=style), f"{solved:,.6g}", allowed)
    return table


def _judged(looked: Looked) -> bool:
    band = looked.decisions[0].band
    return band.sell_above > band.buy_below


def _asked(looked: Looked) -> Question:
    policy, situation = looked.policies[looked.decisions[0].vault], looked.situations[0]
    return question(policy, situation, trade_costs(policy, situation))
