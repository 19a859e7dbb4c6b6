"""The report of a backtest: one HTML file that needs no network, no script and no second file."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from html import escape
from pathlib import Path
from string import Template
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from keeper.simulation.backtest import Track
from keeper.simulation.book import DAY_S
from keeper.simulation.drawing import INK, MUTED, PALETTE, Draw, finish, legend, page, svg
from keeper.simulation.path import Floats
from keeper.simulation.scores import cumulated, result, unwanted
from keeper.simulation.study import Compared, Study
from keeper.simulation.table import ORDERS, advised, comparison, left_out, notes, orders, subject

_POINTS: Final = 1_500
"""Points of a curve: more cannot be seen, and a year of looks would make a page of fifty megabytes."""

_USUAL: Final = 99.5


def write_report(path: Path, study: Study, compared: Sequence[Compared]) -> None:
    """Write the report of a study. Raises OSError."""
    path.write_text(html(study, compared), encoding="utf-8")


def html(study: Study, compared: Sequence[Compared]) -> str:
    """The report as text."""
    draws: list[Draw] = [
        partial(_price, compared=compared),
        partial(_curves, compared=compared, course=result, title="Result, costs included"),
        partial(_curves, compared=compared, course=unwanted, title="What unwanted delta earned"),
        partial(_curves, compared=compared, course=_cost, title="Cost so far"),
        *(partial(_gap, each=each, colour=_colour(place)) for place, each in enumerate(compared)),
    ]
    body = _BODY.substitute(
        plots="".join(f"<figure>{svg(draw)}</figure>" for draw in draws),
        table=_table(*comparison(compared)),
        notes="".join(map(_quiet, notes(study, compared))),
        advised="".join(_advised(each) for each in compared),
    )
    return page(f"keeper backtest: {subject(study)}", body)


def _cost(track: Track) -> Floats:
    return cumulated(track, gas_only=False)


def _colour(place: int) -> str:
    return PALETTE[place % len(PALETTE)]


def _days(looks: int, step_s: int) -> Floats:
    return np.arange(looks, dtype=np.float64) * (step_s / DAY_S)


def _thin(course: Floats) -> Floats:
    """Every so many points, and the last."""
    every = max(len(course) // _POINTS, 1)
    kept: Floats = course[::every]
    return kept if (len(course) - 1) % every == 0 else np.concatenate([kept, course[-1:]])


def _price(axes: Axes, compared: Sequence[Compared]) -> None:
    track = compared[0].track
    axes.plot(_thin(_days(len(track.spot), track.step_s)), _thin(track.spot), color=INK, linewidth=1.0)
    _over_days(axes, "Price")


def _curves(axes: Axes, compared: Sequence[Compared], course: Callable[[Track], Floats], title: str) -> None:
    for place, each in enumerate(compared):
        days = _days(len(each.track.spot), each.track.step_s)
        axes.plot(_thin(days), _thin(course(each.track)), color=_colour(place), label=each.policy.name)
    axes.axhline(0.0, color=MUTED, linewidth=0.6)
    _over_days(axes, title)
    legend(axes, min(len(compared), 4))


def _gap(axes: Axes, each: Compared, colour: str) -> None:
    """Delta beyond target in usd, over the no-trade band of each look.

    When options expire the gap is for one look as large as the book; the scale is that of the other looks.
    """
    track = each.track
    days, spot = _thin(_days(len(track.spot), track.step_s)), _thin(track.spot)
    low, high, gap = (_thin(edge) * spot for edge in (track.low, track.high, track.gap))
    axes.fill_between(days, low, high, color=colour, alpha=0.18, linewidth=0, label="no-trade band")
    axes.plot(days, gap, color=colour, linewidth=0.9, label="delta beyond target")
    reach = 1.3 * float(np.percentile(np.maximum(np.abs(gap), np.abs(high)), _USUAL)) or 1.0
    axes.set_ylim(-reach, reach)
    _over_days(axes, each.policy.name)
    legend(axes, 2)


def _over_days(axes: Axes, title: str) -> None:
    finish(axes, title)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda days, _: f"{days:g} d"))
    axes.margins(x=0.01)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in headings)
    body = "".join(f"<tr>{_row(row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(row: Sequence[str]) -> str:
    first, *others = map(escape, row)
    return f"<th>{first}</th>" + "".join(f"<td>{each}</td>" for each in others)


def _advised(each: Compared) -> str:
    """What the desk did in the first market, where it was advised at all."""
    if not each.track.bought:
        return ""
    return _quiet(advised(each)) + _table(ORDERS, orders(each.track)) + _quiet(left_out(each.track))


def _quiet(line: str) -> str:
    return f'<p class="quiet">{escape(line)}</p>' if line else ""


_BODY: Final = Template("""\
<p class="quiet">The keeper's own decisions on simulated vaults: every policy met the same market, the same
gas, and the same mishaps. Usd of one vault. The figures are of all markets, the pictures of the first
one.</p>
$table
$notes
<p class="quiet">Result: change of value less gas, without what the target delta earned. Hedging error:
standard deviation of what the unwanted delta earned in a day. CVaR: mean loss of the worst twentieth of days,
for whatever reason. Outside: share of looks at which the band or the hard limit was passed. Advised: orders
of the desk, whose cost is what they lost against their worth by the oracles.</p>
$advised
<div class="row">$plots</div>
""")
