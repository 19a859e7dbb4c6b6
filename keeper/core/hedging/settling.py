"""The program in whole lots and with tickets, where nothing is penalised: branch and bound (HiGHS).

Rounding around the optimum without lots finds a way in lots mostly, and not always a cheap one: where several
narrow ranges are met at their edges, each rounding leaves one of them. So all lots are settled at once.
"""

from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from keeper.core.hedging.band import Floats
from keeper.core.hedging.desk import Desk
from keeper.core.hedging.program import Unsolvable

NODES: Final = 2_000
"""How far the tree is searched: a bound on the time that does not depend on the machine."""

GAP: Final = 1e-4
"""Share of the cost that is not worth a search."""

MOST_LOTS: Final = 1e9
"""Of more lots each is so small that any amount will do."""

_TINY: Final = 1e-300


def settled(desk: Desk) -> Floats | Unsolvable:
    """The cheapest trades in whole lots, one for each instrument; they need not fit to the last digit."""
    instruments = desk.instruments
    units, most, whole = _units(desk)
    count = len(instruments)
    effects = np.array([each.effect for each in instruments]).T * units / desk.scale[:, np.newaxis]
    inside = desk.inside()
    present, low, high = (each / desk.scale for each in (desk.need.present, desk.need.low, desk.need.high))
    tickets = np.array([each.fixed for each in instruments])
    costs = np.concatenate(
        [
            units * [each.cost for each in instruments],
            units * [each.cost_sold for each in instruments],
            tickets,
        ]
    )
    largest = np.maximum(most[:count], most[count:])
    rows = [
        LinearConstraint(
            np.hstack([effects, -effects, np.zeros_like(effects)]),
            low - present + inside,
            high - present - inside,
        ),
        LinearConstraint(np.hstack([np.eye(count), np.eye(count), -np.diag(largest)]), -np.inf, 0.0),
    ]
    margins = units * [each.margin for each in instruments]
    if np.any(margins) and np.isfinite(desk.need.margin):
        row = np.concatenate([margins, margins, np.zeros(count)]) / max(float(np.max(margins)), _TINY)
        rows.append(LinearConstraint(row, -np.inf, desk.need.margin / max(float(np.max(margins)), _TINY)))
    found = milp(
        costs / max(float(np.max(costs)), _TINY),
        constraints=rows,
        integrality=np.concatenate([whole, whole, np.ones(count)]),
        bounds=Bounds(np.zeros(3 * count), np.concatenate([most, np.ones(count)])),
        options={"node_limit": NODES, "mip_rel_gap": GAP},
    )
    if found.x is None:
        return Unsolvable.INFEASIBLE
    net = found.x[:count] - found.x[count : 2 * count]
    return np.where(whole > 0, np.rint(net), net) * units


def _units(desk: Desk) -> tuple[Floats, Floats, Floats]:
    """By instrument, what is counted: its lot, or what changes a sensitivity by its scale.

    Then how many of it may be bought, followed by sold; and 1 where they must be whole.
    """
    scales = desk.scales(tuple(range(len(desk.instruments))))
    lots = np.array([each.lot for each in desk.instruments])
    units = np.where(lots > 0.0, lots, scales)
    limits = np.array([(each.most, -each.least) for each in desk.instruments]).T / units
    whole = (lots > 0.0) & (np.max(limits, axis=0) <= MOST_LOTS)
    most = np.where(whole, np.floor(limits * (1.0 + 1e-12)), limits)
    return units, most.ravel(), whole.astype(np.float64)
