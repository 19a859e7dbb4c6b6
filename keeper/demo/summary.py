"""The result of a run, in the forms that a person and a program want."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from rich.table import Table

from keeper.demo.samples import Record
from keeper.demo.scores import Fall, FallScore, VaultScore, deepest_fall, score, score_fall

_HOUR_S = 3600
_SHARE_SHOWN = 0.02
"""A fall smaller than this is the weather and not worth a word."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything scored about one run.

    `decisions` is how many the daemon recorded, `replayed_equal` how many of them came out the same when
    derived again. `kills` is how often the daemon was killed and started again.
    """

    blocks: int
    decisions: int
    replayed_equal: int
    wall_s: float
    seed: int | None
    tape: str | None
    kills: int
    vaults: Mapping[str, VaultScore]
    fall: Fall
    fall_from_block: int
    fall_to_block: int
    fall_hours: float
    falls: Mapping[str, FallScore]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What the observer cannot know about a run."""

    decisions: int
    replayed_equal: int
    wall_s: float
    seed: int | None
    tape: str | None
    kills: int


def summarise(record: Record, facts: RunFacts) -> Summary:
    """Score a record of at least one block."""
    names, fall = tuple(record.limits_usd), deepest_fall(record)
    return Summary(
        blocks=len(record.blocks),
        decisions=facts.decisions,
        replayed_equal=facts.replayed_equal,
        wall_s=facts.wall_s,
        seed=facts.seed,
        tape=facts.tape,
        kills=facts.kills,
        vaults={name: score(record, name) for name in names},
        fall=fall,
        fall_from_block=record.blocks[fall.first].number,
        fall_to_block=record.blocks[fall.last].number,
        fall_hours=(record.blocks[fall.last].timestamp - record.blocks[fall.first].timestamp) / _HOUR_S,
        falls={name: score_fall(record, fall, name) for name in names},
    )


def as_json(summary: Summary) -> dict[str, object]:
    """The object that `keeper demo --json` prints; numbers of usd with cents."""
    origin = {"tape": summary.tape} if summary.tape else {"seed": summary.seed}
    return {
        "blocks": summary.blocks,
        "decisions": summary.decisions,
        "replayed_equal": summary.replayed_equal,
        "wall_s": round(summary.wall_s, 1),
        **origin,
        "kills": summary.kills,
        "vaults": {name: _rounded(dataclasses.asdict(each)) for name, each in summary.vaults.items()},
        "fall": {
            "from_block": summary.fall_from_block,
            "to_block": summary.fall_to_block,
            "hours": round(summary.fall_hours, 2),
            "price_before": round(summary.fall.price_before, 2),
            "price_after": round(summary.fall.price_after, 2),
            "vaults": {name: _rounded(dataclasses.asdict(each)) for name, each in summary.falls.items()},
        },
    }


def inside_share(summary: Summary) -> float:
    """Share of vault-blocks inside the hard limit, 0 to 1."""
    looked = summary.blocks * len(summary.vaults)
    outside = sum(each.blocks_outside_hard_limit for each in summary.vaults.values())
    return 1.0 - outside / looked if looked else 1.0


def table(summary: Summary) -> Table:
    """One column for each vault."""
    drawn = Table(title_justify="left", header_style="bold", show_edge=False, pad_edge=False)
    drawn.add_column("", no_wrap=True)
    for name in summary.vaults:
        drawn.add_column(name, justify="right")
    for label, cells in rows(summary):
        drawn.add_row(label, *cells)
    return drawn


def rows(summary: Summary) -> list[tuple[str, list[str]]]:
    """The summary table's rows, the same in terminal and report."""
    scores = list(summary.vaults.values())
    return [
        ("rebalances", [str(s.rebalances) for s in scores]),
        ("reverted", [str(s.reverted) for s in scores]),
        ("blocks outside the no-trade band", [str(s.blocks_outside_band) for s in scores]),
        ("blocks outside the hard limit", [str(s.blocks_outside_hard_limit) for s in scores]),
        ("largest delta beyond target", [usd(s.max_abs_delta_usd) for s in scores]),
        ("swing from delta per block", [usd(s.delta_pnl_std_usd) for s in scores]),
        ("  of the unhedged twin", [usd(s.delta_pnl_std_twin_usd) for s in scores]),
        ("  left of the twin's", [f"{s.std_ratio:.0%}" for s in scores]),
        ("change of value", [usd(s.pnl_usd) for s in scores]),
        ("  of the unhedged twin", [usd(s.pnl_twin_usd) for s in scores]),
        ("change of value beyond target", [usd(s.pnl_beyond_target_usd) for s in scores]),
        ("  of the unhedged twin", [usd(s.pnl_beyond_target_twin_usd) for s in scores]),
        ("pool fees and slippage", [usd(s.slippage_and_fees_usd) for s in scores]),
        ("gas cost", [usd(s.gas_cost_usd) for s in scores]),
        ("gas units", [f"{s.gas_used:,}" for s in scores]),
    ]


def fall_sentences(summary: Summary) -> list[str]:
    """What the deepest fall of the price did, in plain words; nothing if the price hardly fell."""
    fall = summary.fall
    if fall.share < _SHARE_SHOWN:
        return []
    length = summary.fall_to_block - summary.fall_from_block
    opening = (
        f"The price fell by {fall.share:.0%}, from ${fall.price_before:,.2f} to ${fall.price_after:,.2f}, "
        f"within {length} block{'' if length == 1 else 's'} ({summary.fall_hours:.1f} hours)."
    )
    meant = "Values are beyond what each vault's target delta alone lost."
    return [opening, meant, *(_fall_sentence(name, each) for name, each in summary.falls.items())]


def _fall_sentence(name: str, cost: FallScore) -> str:
    return (
        f"{name}: value {usd(cost.pnl_usd)} (unhedged twin {usd(cost.pnl_twin_usd)}); "
        f"worst block {usd(cost.worst_block_pnl_usd)} (block {cost.worst_block}); "
        f"worst drawdown {usd(cost.worst_drawdown_usd)} (twin {usd(cost.worst_drawdown_twin_usd)}); "
        f"{cost.blocks_outside_hard_limit} blocks outside the hard limit; "
        f"{cost.rebalances} rebalances for {usd(cost.cost_usd)} of gas, fees and slippage."
    )


def usd(value: float) -> str:
    """Whole dollars with a real minus sign."""
    return f"{'−' if value <= -0.5 else ''}${abs(value):,.0f}"  # noqa: PLR2004 what rounds to a dollar


def _rounded(fields: dict[str, object]) -> dict[str, object]:
    return {key: round(value, 2) if isinstance(value, float) else value for key, value in fields.items()}
