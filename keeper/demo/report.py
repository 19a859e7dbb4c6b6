"""The report of a run: one HTML file that needs no network, no script and no second file."""

from collections.abc import Sequence
from functools import partial
from html import escape
from pathlib import Path
from string import Template

from keeper.demo import plots
from keeper.demo.samples import Record
from keeper.demo.summary import Summary, fall_sentences, inside_share, rows
from keeper.simulation.drawing import Draw, page, svg

_GOAL = 0.99


def write_report(path: Path, record: Record, summary: Summary) -> None:
    """Write the report of a run of at least one block."""
    path.write_text(html(record, summary), encoding="utf-8")


def html(record: Record, summary: Summary) -> str:
    """The report as text."""
    run = plots.Run.of(record)
    body = _BODY.substitute(
        cards="".join(_card(*card) for card in _cards(summary)),
        plots="".join(_row(row) for row in pictures(run)),
        fall="".join(f"<p>{escape(sentence)}</p>" for sentence in fall_sentences(summary)),
        table=_table(summary),
    )
    return page(title(summary), body)


def title(summary: Summary) -> str:
    """What was run."""
    origin = f"tape {Path(summary.tape).name}" if summary.tape else f"seed {summary.seed}"
    return f"keeper demo: {summary.blocks} blocks, {origin}"


def pictures(run: plots.Run) -> list[list[Draw]]:
    """All plots of a run, in rows of two."""
    first: list[Draw] = [partial(plots.price_plot, run=run), partial(plots.swing_plot, run=run)]
    last: list[Draw] = [partial(plots.hedge_plot, run=run), partial(plots.cost_plot, run=run)]
    return [first, *(_of_vault(run, name) for name in run.names), last]


def _of_vault(run: plots.Run, name: str) -> list[Draw]:
    return [partial(plots.delta_plot, run=run, name=name), partial(plots.value_plot, run=run, name=name)]


def _row(draws: Sequence[Draw]) -> str:
    figures = "".join(f"<figure>{svg(draw)}</figure>" for draw in draws)
    return f'<div class="row">{figures}</div>'


def _cards(summary: Summary) -> list[tuple[str, str, bool]]:
    reverted = sum(each.reverted for each in summary.vaults.values())
    share = inside_share(summary)
    return [
        (f"{share:.2%}", "of blocks inside the hard delta limit", share >= _GOAL),
        (str(sum(each.rebalances for each in summary.vaults.values())), "rebalances", True),
        (str(reverted), "reverted transactions", reverted == 0),
        (
            f"{summary.replayed_equal} of {summary.decisions}",
            "decisions derived again alike",
            summary.replayed_equal == summary.decisions,
        ),
        (f"{summary.wall_s:.0f} s", "on the wall clock", True),
    ]


def _card(value: str, label: str, good: bool) -> str:  # noqa: FBT001 the last field of a card, passed with the others
    state = "" if good else ' class="bad"'
    return f"<li{state}><strong>{escape(value)}</strong>{escape(label)}</li>"


def _table(summary: Summary) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in summary.vaults)
    body = "".join(
        f"<tr><th>{escape(label)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        for label, cells in rows(summary)
    )
    return f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>"


_BODY = Template("""\
<p class="quiet">Option vaults on real protocols, kept by the daemon in a process of its own. All numbers
were read from the chain by an observer that does not ask the daemon. A twin is the same vault with nobody
hedging it. Usd throughout; dashed red lines are the policies' hard limits.</p>
<ul>$cards</ul>
$plots
<h2>What the fall cost</h2>
$fall
<h2>Scores</h2>
$table
""")
