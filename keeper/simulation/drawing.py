"""How the project's pictures and pages look: SVG text and one style, for a browser without a network.

Drawn on matplotlib's object interface: no global state, no window, no fonts to fetch. Text stays text, so a
picture can be searched and read aloud. Colours are those of Okabe and Ito, which the colour-blind can tell
apart.
"""

import io
from collections.abc import Callable
from html import escape
from string import Template
from typing import Any, Final

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

Draw = Callable[[Axes], None]

INK, MUTED, GRID = "#1f2937", "#6b7280", "#e5e7eb"
RED = "#c0392b"
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")

_LOOK: Final[dict[str, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "keeper",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.titlecolor": INK,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "lines.linewidth": 1.4,
    "lines.solid_capstyle": "round",
}
_PAGE: Final = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root { color: #1f2937; background: #fff; font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }
body { max-width: 1180px; margin: 0 auto; padding: 1.5rem 1.2rem 3rem; }
h1 { font-size: 1.5rem; margin: 0 0 .3rem; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .5rem; }
p { margin: .3rem 0; max-width: 62rem; } .quiet { color: #6b7280; }
ul { list-style: none; padding: 0; margin: 1rem 0; display: flex; flex-wrap: wrap; gap: .7rem; }
li { flex: 1 1 9rem; border: 1px solid #e5e7eb; border-radius: .5rem; padding: .6rem .9rem; color: #6b7280; }
li strong { display: block; font-size: 1.35rem; color: #009e73; } li.bad strong { color: #c0392b; }
.row { display: flex; flex-wrap: wrap; gap: .4rem; }
figure { flex: 1 1 26rem; margin: 0; min-width: 0; } svg { width: 100%; height: auto; display: block; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .9rem .25rem 0; text-align: right; border-bottom: 1px solid #e5e7eb; }
th:first-child { text-align: left; font-weight: normal; color: #6b7280; white-space: pre; }
</style>
</head>
<body>
<h1>$title</h1>
$body</body>
</html>
""")

_THOUSAND = 1e3
_MILLION = 1e6


def page(title: str, body: str) -> str:
    """A page that needs no network, no script and no second file. `body` is HTML, `title` is text."""
    return _PAGE.substitute(title=escape(title), body=body)


def svg(draw: Draw, size: tuple[float, float] = (7.2, 2.8)) -> str:
    """One picture as an `<svg>` element. `size` in inches decides its proportions only."""
    with style.context(_LOOK):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.add_subplot())
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def finish(axes: Axes, title: str) -> None:
    """Title, dollars and no clutter, alike in every picture."""
    axes.set_title(title)
    axes.yaxis.set_major_formatter(FuncFormatter(dollars))
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=0)


def legend(axes: Axes, columns: int) -> None:
    """Above the picture, at the right of its title: never on the data."""
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 0.99), ncols=columns, borderaxespad=0.0,
        handlelength=1.2, handletextpad=0.4, columnspacing=1.0,
    )  # fmt: skip


def dollars(value: float, _: float) -> str:
    """An amount as short as it can be read."""
    sign, size = ("−" if value < 0 else ""), abs(value)
    if size >= _MILLION:
        return f"{sign}${size / _MILLION:.3g}M"
    if size >= 10 * _THOUSAND:
        return f"{sign}${size / _THOUSAND:.3g}k"
    return f"{sign}${size:,.0f}"
