"""The program in whole lots and with tickets, where nothing is penalised: branch and bound (HiGHS).

Rounding around the optimum without lots finds a way in lots mostly, and not always a cheap one: where several
narrow ranges are met at their edges, each rounding leaves one of them. So all lots are settled at once.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from keeper.core.hedging.band import Floats
from keeper.core.hedging.desk import Desk, Support
from keeper.core.hedging.instruments import Instrument
from keeper.core.hedging.program import Unsolvable

NODES: Final = 2_000
"""How far the tree is searched: a bound on the time that does not depend on the machine."""

GAP: Final = 1e-4
"""Share of the cost that is not worth a search."""

MOST_LOTS: Final = 1e9
"""Of more lots each is so small that any amount will do."""

_TINY: Final = 1e-300


def settled(desk: Desk, support: Support) -> Floats | Unsolvable:
    """The cheapest trades of some instruments in whole lots, for all of them.

    They meet the need as nearly as the solver is exact, which is for the desk to say. Where no lot fits into
    a range nothing is sought: before its first node the solver would look for whole numbers without end.
    """
    chosen = [desk.instruments[place] for place in support]
    units, most, whole = _units(chosen, desk.scales(support))
    if not _lots_fit(desk, chosen):
        return Unsolvable.INFEASIBLE
    count, dear = len(chosen), [place for place, each in enumerate(chosen) if each.fixed]
    costs = np.concatenate(
        [
            units * [each.cost for each in chosen],
            units * [each.cost_sold for each in chosen],
            [chosen[place].fixed for place in dear],
        ]
    )
    found = milp(
        costs / max(float(np.max(costs)), _TINY),
        constraints=[*_ranges(desk, chosen, units, len(dear)), *_tickets(most, dear)],
        integrality=np.concatenate([whole, whole, np.ones(len(dear))]),
        bounds=Bounds(np.zeros(len(costs)), np.concatenate([most, np.ones(len(dear))])),
        options={"node_limit": NODES, "mip_rel_gap": GAP},
    )
    if found.x is None:
        return Unsolvable.INFEASIBLE
    net = found.x[:count] - found.x[count : 2 * count]
    trades = np.zeros(len(desk.instruments))
    trades[list(support)] = np.where(whole > 0, np.rint(net), net) * units
    return trades


def _lots_fit(desk: Desk, chosen: Sequence[Instrument]) -> bool:
    """Whether each range is at least as wide as what the finest lot that moves it does."""
    steps = np.abs([each.effect for each in chosen]) * np.array([each.lot for each in chosen])[:, np.newaxis]
    moved = np.any([each.effect for each in chosen], axis=0) & np.all(
        (steps > 0.0) | (np.array([each.effect for each in chosen]) == 0.0), axis=0
    )
    finest = np.min(np.where(steps > 0.0, steps, np.inf), axis=0)
    return bool(np.all((desk.need.high - desk.need.low >= finest) | ~moved))


def _ranges(desk: Desk, chosen: Sequence[Instrument], units: Floats, dear: int) -> Iterator[LinearConstraint]:
    """Each sensitivity in its range, and the margin of all together, in their scales."""
    need, inside = desk.need, desk.inside()
    effects = np.array([each.effect for each in chosen]).T * units / desk.scale[:, np.newaxis]
    low, high = ((limit - need.present) / desk.scale for limit in (need.low, need.high))
    nothing = np.zeros((len(effects), dear))
    yield LinearConstraint(np.hstack([effects, -effects, nothing]), low + inside, high - inside)
    margins = units * [each.margin for each in chosen]
    if np.any(margins) and np.isfinite(need.margin):
        largest = float(np.max(margins))
        row = np.concatenate([margins, margins, np.zeros(dear)])
        yield LinearConstraint(row / largest, -np.inf, need.margin / largest)


def _tickets(most: Floats, dear: Sequence[int]) -> Iterator[LinearConstraint]:
    """Nothing is traded without its ticket, of what has one."""
    count = len(most) // 2
    for column, place in enumerate(dear):
        row = np.zeros(2 * count + len(dear))
        row[[place, place + count]] = 1.0
        row[2 * count + column] = -max(most[place], most[place + count])
        yield LinearConstraint(row, -np.inf, 0.0)


def _units(chosen: Sequence[Instrument], scales: Floats) -> tuple[Floats, Floats, Floats]:
    """By instrument, what is counted: its lot, or what changes a sensitivity by its scale.

    Then how many of it may be bought, followed by sold; and 1 where they must be whole.
    """
    lots = np.array([each.lot for each in chosen])
    units = np.where(lots > 0.0, lots, scales)
    limits = np.array([(each.most, -each.least) for each in chosen]).T / units
    whole = (lots > 0.0) & (np.max(limits, axis=0) <= MOST_LOTS)
    most = np.where(whole, np.floor(limits * (1.0 + 1e-12)), limits)
    return units, most.ravel(), whole.astype(np.float64)
