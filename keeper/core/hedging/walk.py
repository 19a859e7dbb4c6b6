"""One step of the walk that a book is solved on: what is owed, what holding costs, and the best trade.

A trinomial walk of the log price: two in three steps it stays, and it is a martingale. A row is a hedge
position, a column a price.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keeper.core.hedging.band import Floats
from keeper.core.hedging.book import Legs


class Lattice(NamedTuple):
    """Prices (columns), positions (rows), the step at which each leg expires, and the odds of a step up."""

    spots: Floats
    positions: Floats
    expiries: NDArray[np.int64]
    steps: int
    step: float
    factor: float
    rise: float


class Walk(NamedTuple):
    """Factors of utility of holding a position (a row) from a price (a column) that rises or falls."""

    rising: Floats
    falling: Floats


def mean(lattice: Lattice, owed: Floats) -> Floats:
    """What is owed, a step earlier. At the two edges the price has come to rest.

    Were it turned back there, it would have a drift, which is worth more to a trader than any hedge.
    """
    earlier = owed.copy()
    earlier[1:-1] = 2 / 3 * owed[1:-1] + lattice.rise * owed[2:] + (1 / 3 - lattice.rise) * owed[:-2]
    return earlier


def held(lattice: Lattice, walk: Walk, utility: Floats, after: Floats, before: Floats) -> Floats:
    """Utility of a position kept for a step; `after` and `before` are aversion times what is owed."""
    result: Floats = utility * np.exp(after - before)
    inner = result[:, 1:-1]
    inner *= 2 / 3
    inner += walk.rising * utility[:, 2:] * (lattice.rise * np.exp(after[2:] - before[1:-1]))
    inner += walk.falling * utility[:, :-2] * ((1 / 3 - lattice.rise) * np.exp(after[:-2] - before[1:-1]))
    return result


def trade(utility: Floats, charge: Floats, fixed: float) -> None:
    """Move to the best position wherever that pays, in place."""
    bought, sold = utility * charge, utility / charge
    for row in range(len(utility) - 1, 0, -1):
        np.minimum(bought[row], bought[row - 1], out=bought[row - 1])
    for row in range(len(utility) - 1):
        np.minimum(sold[row], sold[row + 1], out=sold[row + 1])
    bought /= charge
    sold *= charge
    np.minimum(bought, sold, out=bought)
    bought *= fixed
    np.minimum(utility, bought, out=utility)


def due(lattice: Lattice, legs: Legs, step: int) -> Floats:
    """What the book pays out at each spot by the legs that expire at a step."""
    now = lattice.expiries == step
    sign = np.where(legs.is_call[now], 1.0, -1.0)
    payoff = np.maximum(sign * (lattice.spots[:, np.newaxis] - legs.strike[now]), 0.0)
    total: Floats = -(payoff * legs.size[now]).sum(axis=1)
    return total
