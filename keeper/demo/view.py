"""What a person sees while the demo runs.

On a terminal one picture is drawn over itself: the price, and for each vault where its delta stands between
the band and the hard limit, what the keeper last said about it and what it last sent. Anywhere else a line
now and then does. Both show the observer's numbers; only the reason is the daemon's own word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from keeper.core.units import GWEI
from keeper.demo.samples import BlockSample, SentSample

SPARKS = "▁▂▃▄▅▆▇█"
BAR_CELLS = 41
_SPARK_CELLS = 60
_WIDE = 116
"""Columns from which the table has room for each vault's last transaction."""
_LINE_EVERY = 20
_HOUR_S = 3600


@dataclass(slots=True)
class Scene:
    """What is known so far. `reasons` is the daemon's last word on each vault."""

    total: int
    limits_usd: Mapping[str, float]
    prices: list[float] = field(default_factory=list)
    reasons: Mapping[str, str] = field(default_factory=dict)
    last_sent: dict[str, SentSample] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    started_at: int = 0

    def add(self, block: BlockSample, sent: Sequence[SentSample]) -> None:
        """Take in one block."""
        self.started_at = self.started_at or block.timestamp
        self.prices.append(block.spot)
        for each in sent:
            self.last_sent[each.vault] = each
            self.counts[each.vault] = self.counts.get(each.vault, 0) + (each.fill is not None)


class View(Protocol):
    """Somewhere to show a run."""

    def say(self, text: str) -> None:
        """A step of the preparation, or of the end."""
        ...

    def show(self, scene: Scene, block: BlockSample) -> None:
        """The state after a block."""
        ...

    def close(self) -> None:
        """Give the terminal back. May be called again."""
        ...


class LinesView:
    """Plain lines, one every twenty blocks and one for each transaction."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._sent: dict[str, str] = {}

    def say(self, text: str) -> None:
        """Print it."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def show(self, scene: Scene, block: BlockSample) -> None:
        """Print what is new."""
        for vault, sent in scene.last_sent.items():
            if self._sent.get(vault) != sent.hash:
                self._sent[vault] = sent.hash
                self.say(f"block {block.number}: {vault or 'no-op'}: {describe(sent)}")
        if len(scene.prices) % _LINE_EVERY == 0:
            states = ", ".join(
                f"{name} {sample.gap * block.spot:+,.0f}" for name, sample in block.vaults.items()
            )
            self.say(
                f"{len(scene.prices)}/{scene.total} blocks, price ${block.spot:,.2f}, "
                f"delta beyond target in $: {states}"
            )

    def close(self) -> None:
        """Nothing to give back."""


class LiveView:
    """One picture, drawn over itself."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None

    def say(self, text: str) -> None:
        """Print it above the picture."""
        self._console.print(Text(text, style="dim"))

    def show(self, scene: Scene, block: BlockSample) -> None:
        """Draw the picture anew."""
        picture = render(scene, block, self._console.width)
        if self._live is None:
            self._live = Live(picture, console=self._console, auto_refresh=False, transient=False)
            self._live.start()
        self._live.update(picture, refresh=True)

    def close(self) -> None:
        """Leave the last picture on the screen."""
        if self._live is not None:
            self._live.stop()
            self._live = None


def view_for(console: Console) -> View:
    """The live picture on a terminal, lines elsewhere."""
    return LiveView(console) if console.is_terminal else LinesView(console)


def render(scene: Scene, block: BlockSample, width: int = _WIDE) -> RenderableType:
    """The whole picture, for a terminal of so many columns."""
    hours = (block.timestamp - scene.started_at) / _HOUR_S
    change = block.spot / scene.prices[0] - 1
    head = Table.grid(padding=(0, 2))
    head.add_row(
        Text(f"${block.spot:,.2f}", style="bold"),
        Text(f"{change:+.1%}", style="red" if change < 0 else "green"),
        Text(sparkline(scene.prices, max(10, min(_SPARK_CELLS, width - 30))), style="cyan"),
    )
    facts = Text(
        f"block {len(scene.prices)} of {scene.total}   market time {hours:.1f} h   "
        f"base fee {block.base_fee_wei / GWEI:.1f} gwei",
        style="dim",
    )
    newest = max(scene.last_sent.values(), key=lambda sent: sent.nonce, default=None)
    last = f"{newest.vault}: {describe(newest)}, transaction {newest.hash}" if newest else "none yet"
    footer = Text(f"last transaction: {last}", style="dim", no_wrap=True, overflow="ellipsis")
    parts = (head, facts, Text(), _vaults(scene, block, width), Text(), footer)
    return Panel(Group(*parts), title="keeper demo", border_style="dim")


def _vaults(scene: Scene, block: BlockSample, width: int) -> Table:
    wide = width >= _WIDE
    cells = max(11, min(BAR_CELLS, width - (88 if wide else 62)) // 2 * 2 - 1)
    table = Table(box=None, padding=(0, 1), header_style="dim")
    table.add_column("vault", no_wrap=True, min_width=max(map(len, block.vaults)))
    table.add_column("delta, band, limits", min_width=cells, no_wrap=True)
    table.add_column("usd", justify="right", no_wrap=True, min_width=9)
    table.add_column("keeper says", no_wrap=True, min_width=20)
    table.add_column("hedges", justify="right")
    if wide:
        table.add_column("last", no_wrap=True, min_width=24)
    for name, sample in block.vaults.items():
        limit = scene.limits_usd[name]
        gap, low, high = (x * block.spot for x in (sample.gap, sample.band_low, sample.band_high))
        sent = scene.last_sent.get(name)
        cells_of_row: list[RenderableType] = [
            name,
            bar(gap, low, high, limit, cells),
            Text(f"{gap:+,.0f}", style=_colour(gap, low, high, limit)),
            scene.reasons.get(name, "…"),
            str(scene.counts.get(name, 0)),
            Text(describe(sent) if sent else "none yet", style="dim"),
        ]
        table.add_row(*cells_of_row[: 6 if wide else 5])
    return table


def bar(gap: float, low: float, high: float, limit: float, cells: int = BAR_CELLS) -> Text:
    """A gap between the hard limits -limit and +limit, with the band's edges in brackets.

    Whatever lies beyond a limit stands at the end of the bar. `cells` is odd, so that zero has one of its
    own.
    """
    middle = cells // 2

    def place(value: float) -> int:
        share = max(-1.0, min(1.0, value / limit)) if limit > 0 else 0.0
        return middle + round(share * middle)

    signs = ["·"] * cells
    signs[middle] = "│"
    signs[place(low)], signs[place(high)] = "[", "]"
    text = Text("".join(signs), style="dim")
    at = place(gap)
    return Text.assemble(text[:at], ("●", _colour(gap, low, high, limit)), text[at + 1 :])


def sparkline(values: Sequence[float], cells: int) -> str:
    """The last values as a line of blocks, each cell the mean of its share."""
    if not values:
        return ""
    count = min(cells, len(values))
    edges = [round(i * len(values) / count) for i in range(count + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
    low, high = min(means), max(means)
    scale = (len(SPARKS) - 1) / (high - low) if high > low else 0.0
    return "".join(SPARKS[round((mean - low) * scale)] for mean in means)


def describe(sent: SentSample) -> str:
    """One transaction in a few words."""
    if not sent.succeeded:
        return "reverted"
    if sent.fill is None:
        return f"nonce {sent.nonce} freed"
    verb = "sold" if sent.fill.sells_base else "bought"
    return f"{verb} {sent.fill.base:,.2f} at ${sent.fill.price:,.0f}"


def _colour(gap: float, low: float, high: float, limit: float) -> str:
    if abs(gap) > limit:
        return "bold red"
    return "green" if low <= gap <= high else "yellow"
