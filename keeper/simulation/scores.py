"""What a backtest comes to, in the few figures by which policies are compared.

A vault's value swings for reasons that no hedge of the delta touches: gamma, time, quoted volatility. So two
figures stand beside each other. The *hedging error* is of what the delta that should not have been there
earned and lost, day by day; it is what a policy is answerable for. The *CVaR* is of the whole result, costs
included: it is what the vault's owners live with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from keeper.core.hedging import Tier
from keeper.simulation.backtest import Track
from keeper.simulation.book import DAY_S
from keeper.simulation.path import Floats

TAIL: Final = 0.05


@dataclass(frozen=True, slots=True)
class Score:
    """One policy over all its vaults and paths, in usd of a vault; days are pooled.

    `pnl_usd` is the mean result of a vault, without what its target delta earned and less gas. `cost_usd` is
    what its trades paid: gas, and fee and impact against the market's price; `gas_usd` is part of it.
    `hedging_error_usd` is the standard deviation of a day of unwanted delta, `cvar_usd` the mean loss of the
    worst twentieth of days, `worst_usd` of the worst. `outside` is the share of looks at which the band or
    the hard limit was passed, `largest_gap_usd` the largest delta beyond the target. `tables` were used
    of a vault, at the share `by_table` of its looks.
    """

    pnl_usd: float
    hedging_error_usd: float
    cost_usd: float
    gas_usd: float
    cvar_usd: float
    worst_usd: float
    trades: float
    failed: float
    outside: float
    largest_gap_usd: float
    tables: float
    by_table: float
    advised: float
    advised_usd: float


def score(tracks: Sequence[Track]) -> Score:
    """The figures of one policy. `tracks` is not empty."""
    count = len(tracks)
    trades = [trade for track in tracks for trade in track.trades]
    gas = sum(trade.gas_usd for trade in trades)
    bought = [order for track in tracks for order in track.bought]
    advised = sum(order.cost_usd for order in bought)
    days = np.concatenate([daily(track, result(track)) for track in tracks])
    return Score(
        pnl_usd=float(sum(result(track)[-1] for track in tracks)) / count,
        hedging_error_usd=float(np.std(np.concatenate([daily(each, unwanted(each)) for each in tracks]))),
        cost_usd=(gas + advised + sum(trade.fees_usd for trade in trades)) / count,
        gas_usd=gas / count,
        cvar_usd=cvar(-days),
        worst_usd=float(np.max(-days)),
        trades=sum(not trade.failed for trade in trades) / count,
        failed=sum(trade.failed for trade in trades) / count,
        outside=float(np.mean([np.mean(track.outside) for track in tracks])),
        largest_gap_usd=float(max(np.max(np.abs(track.gap * track.spot)) for track in tracks)),
        tables=sum(len(track.origins) for track in tracks) / count,
        by_table=sum(track.tiers[Tier.TABLE] for track in tracks) / sum(len(track.spot) for track in tracks),
        advised=len(bought) / count,
        advised_usd=advised / count,
    )


def result(track: Track) -> Floats:
    """A vault's result by look: its change of value, less what the target delta earned, less gas."""
    earned = track.target * (track.spot - track.spot[0])
    earnings: Floats = track.value_usd - track.value_usd[0] - earned - cumulated(track, gas_only=True)
    return earnings


def unwanted(track: Track) -> Floats:
    """What the delta beyond the target earned so far, by look."""
    moves = track.gap[:-1] * np.diff(track.spot)
    return np.concatenate([[0.0], np.cumsum(moves)])


def cumulated(track: Track, *, gas_only: bool) -> Floats:
    """What trades have cost so far, by look: gas alone, or all of it."""
    steps = np.zeros(len(track.spot))
    for trade in track.trades:
        steps[trade.step] += trade.gas_usd + (0.0 if gas_only else trade.fees_usd)
    for order in () if gas_only else track.bought:
        steps[order.step] += order.cost_usd
    return np.cumsum(steps)


def daily(track: Track, course: Floats) -> Floats:
    """Changes of a course from day to day; of a course of less than a day, its change."""
    looks = max(DAY_S // track.step_s, 1)
    ends = course[::looks]
    return np.diff(ends) if len(ends) > 1 else course[-1:] - course[:1]


def cvar(losses: Floats) -> float:
    """Mean of the worst twentieth of some losses, at least of one."""
    worst = np.sort(losses)[-max(round(len(losses) * TAIL), 1) :]
    return float(np.mean(worst))
