"""The page of a frontier: one HTML file that needs no network, no script and no second file."""

from functools import partial
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from keeper.simulation.drawing import INK, PALETTE, RED, Draw, dollars, finish, legend, page, svg
from keeper.simulation.tuned import cells, headings, sentence
from keeper.simulation.tuning import Budget, Ending, Measure, Met, OutOfReach


def write_tuning(path: Path, ending: Ending, title: str) -> None:
    """Write the page of a tuning. Raises OSError."""
    path.write_text(html(ending, title), encoding="utf-8")


def html(ending: Ending, title: str) -> str:
    """The page as text."""
    draws: list[Draw] = [
        partial(_against, ending=ending, measure=Measure.DEVIATION, title="Cost against deviation"),
        partial(_against, ending=ending, measure=Measure.TAIL, title="Cost against CVaR 95 %"),
    ]
    body = _BODY.substitute(
        sentence=escape(sentence(ending)),
        period=ending.frontier.period.value,
        table=_table(ending),
        plots="".join(f"<figure>{svg(draw)}</figure>" for draw in draws),
    )
    return page(f"keeper tune: {title}", body)


def _against(axes: Axes, ending: Ending, measure: Measure, title: str) -> None:
    """Cost over risk, the policy and the choice as dots, the budget as a line."""
    frontier, scale = ending.frontier, Budget(measure, 0.0)
    points = frontier.points
    axes.plot([scale.risk(each) for each in points], [each.cost_usd for each in points], color=PALETTE[0],
              marker="o", markersize=3.0)  # fmt: skip
    for point in points:
        axes.annotate(f"{point.band:.2f}", (scale.risk(point), point.cost_usd), xytext=(4, 4),
                      textcoords="offset points", fontsize=7)  # fmt: skip
    axes.plot([scale.risk(frontier.now)], [frontier.now.cost_usd], "o", color=INK, label="now")
    if isinstance(ending, Met):
        axes.plot([scale.risk(ending.point)], [ending.point.cost_usd], "o", color=PALETTE[1], label="chosen")
    if isinstance(ending, Met | OutOfReach) and ending.budget.measure is measure:
        axes.axvline(ending.budget.most, color=RED, linewidth=0.8, label="budget")
    finish(axes, title)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(dollars))
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    legend(axes, 3)


def _table(ending: Ending) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in headings(ending.frontier))
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells(ending, point)) + "</tr>"
        for point in ending.frontier.points
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


_BODY: Final = Template("""\
<p>$sentence.</p>
$table
<p class="quiet">The keeper's own decisions on one simulated vault, at each tolerance in the same markets. Usd
a $period. Band: distance of the delta from its centre at which a trade is made, at the money, as a share of
the notional; it stands beside each dot. Deviation and CVaR are of the vault's result, costs included, without
what its target delta earned.</p>
<div class="row">$plots</div>
""")
