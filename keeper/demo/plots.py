"""The pictures of a run, as SVG text that needs nothing but a browser.

How they look is `keeper.simulation.drawing`'s.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from keeper.demo.samples import BlockSample, Record, SentSample
from keeper.demo.scores import Fall, beyond_target, deepest_fall, gaps, score
from keeper.simulation.drawing import INK, MUTED, PALETTE, RED, dollars, finish, legend

Floats = NDArray[np.float64]

TWIN = "#9ca3af"

_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Run:
    """A record with what every picture needs of it. `hours` are market hours since the first block."""

    record: Record
    hours: Floats
    spot: Floats
    fall: Fall

    @classmethod
    def of(cls, record: Record) -> "Run":
        """Prepare a record of at least one block."""
        start = record.blocks[0].timestamp
        return cls(
            record=record,
            hours=np.array([(block.timestamp - start) / _HOUR_S for block in record.blocks]),
            spot=np.array([block.spot for block in record.blocks]),
            fall=deepest_fall(record),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The vaults, in the observer's order."""
        return tuple(self.record.blocks[0].vaults)

    def colour(self, name: str) -> str:
        """A vault's colour, the same in every picture."""
        return PALETTE[self.names.index(name) % len(PALETTE)]

    def index(self, block_number: int) -> int:
        """Position of a block in the record, the nearest one if it was not seen."""
        first = self.record.blocks[0].number
        return min(max(block_number - first, 0), len(self.record.blocks) - 1)

    def hedges(self, name: str) -> list[SentSample]:
        """A vault's rebalances."""
        return [each for each in self.record.sent if each.vault == name and each.fill is not None]


def price_plot(axes: Axes, run: Run) -> None:
    """The oracle's price, a triangle for each hedge (up: the vault bought)."""
    axes.plot(run.hours, run.spot, color=INK, linewidth=1.1, zorder=2)
    for name in run.names:
        for sells, marker in ((False, "^"), (True, "v")):
            at = [run.index(h.block) for h in run.hedges(name) if h.fill and h.fill.sells_base is sells]
            label = name if not sells else None
            axes.scatter(
                run.hours[at], run.spot[at], s=26, marker=marker, color=run.colour(name), zorder=3,
                label=label, linewidths=0,
            )  # fmt: skip
    _mark_fall(axes, run)
    _finish(axes, run, "Price, with hedges (▲ bought, ▼ sold)")
    legend(axes, len(run.names))


def delta_plot(axes: Axes, run: Run, name: str) -> None:
    """Delta beyond target in usd, against the no-trade band and the hard limit; the twin's in grey."""
    mine = gaps(run.record.blocks, name) * run.spot
    twin = gaps(run.record.blocks, name, twin=True) * run.spot
    limit = run.record.limits_usd[name]
    band = [_band(block, name) for block in run.record.blocks]
    low, high = (np.array(edge) for edge in zip(*band, strict=True))
    axes.fill_between(
        run.hours, low, high, color=run.colour(name), alpha=0.15, linewidth=0, label="no-trade band"
    )
    axes.plot(run.hours, twin, color=TWIN, linewidth=1.0, label="twin, unhedged")
    axes.plot(run.hours, mine, color=run.colour(name), label="vault")
    for sign in (-1, 1):
        axes.axhline(
            sign * limit, color=RED, linestyle=(0, (5, 3)), linewidth=1.0,
            label="hard limit" if sign > 0 else None,
        )  # fmt: skip
    reach = max(1.6 * limit, 1.1 * float(np.max(np.abs(mine))))
    axes.set_ylim(-reach, reach)
    _finish(axes, run, f"{name}: delta beyond target")
    legend(axes, 4)


def value_plot(axes: Axes, run: Run, name: str) -> None:
    """The vault's value since the start beyond what its target delta earned, against its twin's."""
    for twin, colour, label in ((True, TWIN, "twin, unhedged"), (False, run.colour(name), "vault")):
        changed = beyond_target(run.record.blocks, name, twin=twin)
        axes.plot(run.hours, changed, color=colour, label=label)
    axes.axhline(0.0, color=MUTED, linewidth=0.6)
    target = run.record.blocks[0].vaults[name].target
    beyond = f", beyond its target of {target:g} base" if target else ""
    _finish(axes, run, f"{name}: change of value{beyond}")
    legend(axes, 2)


def hedge_plot(axes: Axes, run: Run) -> None:
    """What was traded and when, in usd; bars of vaults that traded in one block stand side by side."""
    step = float(np.median(np.diff(run.hours))) if len(run.hours) > 1 else 1.0
    width = 0.8 * step / max(len(run.names), 1)
    for place, name in enumerate(run.names):
        hedges = run.hedges(name)
        at = run.hours[[run.index(h.block) for h in hedges]] + (place - (len(run.names) - 1) / 2) * width
        sizes = [h.fill.trade_usd for h in hedges if h.fill]
        axes.bar(at, sizes, width=max(width, 0.15), color=run.colour(name), label=name, linewidth=0)
    axes.axhline(0.0, color=MUTED, linewidth=0.6)
    _finish(axes, run, "Hedges (bought above, sold below zero)")
    legend(axes, len(run.names))


def cost_plot(axes: Axes, run: Run) -> None:
    """What hedging has cost so far: gas, pool fees and slippage together; gas alone as a dotted line."""
    for name in run.names:
        steps, gas = (_cumulated(run, name, pick) for pick in (_total_cost, lambda sent: sent.gas_cost_usd))
        axes.step(run.hours, steps, where="post", color=run.colour(name), label=name)
        axes.step(run.hours, gas, where="post", color=run.colour(name), linewidth=0.9, linestyle=":")
    _finish(axes, run, "Cost so far (dotted: gas alone)")
    legend(axes, len(run.names))


def swing_plot(axes: Axes, run: Run) -> None:
    """Standard deviation of what the delta held through a block earned in it, vault against twin."""
    for place, name in enumerate(run.names):
        scored = score(run.record, name)
        twin, mine = scored.delta_pnl_std_twin_usd, scored.delta_pnl_std_usd
        for offset, height, colour, label in (
            (-0.19, twin, TWIN, dollars(twin, 0)),
            (0.19, mine, run.colour(name), f"{dollars(mine, 0)} ({scored.std_ratio:.0%})"),
        ):
            axes.bar(place + offset, height, width=0.36, color=colour, linewidth=0)
            axes.annotate(
                label, (place + offset, height), ha="center", va="bottom", color=INK, fontsize=8,
                xytext=(0, 2), textcoords="offset points",
            )  # fmt: skip
    axes.set_xticks(range(len(run.names)), run.names)
    axes.tick_params(length=0)
    axes.grid(visible=False, axis="x")
    axes.margins(y=0.18)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.yaxis.set_major_formatter(FuncFormatter(dollars))
    axes.set_title("Swing from delta per block (grey: the unhedged twin)")


def _band(block: BlockSample, name: str) -> tuple[float, float]:
    sample = block.vaults[name]
    return sample.band_low * block.spot, sample.band_high * block.spot


def _total_cost(sent: SentSample) -> float:
    return sent.gas_cost_usd + (sent.fill.shortfall_usd if sent.fill else 0.0)


def _cumulated(run: Run, name: str, pick: Callable[[SentSample], float]) -> Floats:
    steps = np.zeros(len(run.hours))
    for sent in run.record.sent:
        if sent.vault == name:
            steps[run.index(sent.block)] += pick(sent)
    return np.cumsum(steps)


def _mark_fall(axes: Axes, run: Run) -> None:
    """The deepest fall as a bracket at its low."""
    fall = run.fall
    if fall.share <= 0:
        return
    at = run.hours[fall.last]
    axes.plot([run.hours[fall.first], at], [fall.price_before] * 2, color=RED, linewidth=0.8, linestyle=":")
    axes.plot([at, at], [fall.price_before, fall.price_after], color=RED, linewidth=0.8, linestyle=":")
    axes.annotate(
        f" −{fall.share:.0%}", (at, (fall.price_before + fall.price_after) / 2), color=RED, fontsize=8
    )


def _finish(axes: Axes, run: Run, title: str) -> None:
    """Title, units and scale of time, alike in every picture over time."""
    finish(axes, title)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda hours, _: f"{hours:g} h"))
    margin = 0.01 * float(run.hours[-1]) or 1.0
    axes.set_xlim(-margin, run.hours[-1] + margin)
