"""Where a value function says that trading pays, and to where.

Given the utility of holding each position (a row) at each spot (a column), the best purchase ends where
being there and having paid for it is cheapest, and pays from wherever staying is dearer than that and the
fixed cost. Both lie between two positions of the grid; a parabola and a line find them there.
"""

from typing import NamedTuple

import numpy as np

from keeper.core.hedging.band import Floats
from keeper.core.hedging.book import Region


class _Side(NamedTuple):
    """One direction: trade from `edge` or beyond, to `target`."""

    edge: Floats
    target: Floats


def frontier(held: Floats, charge: Floats, fixed: float, positions: Floats, simple: Region) -> Region:
    """The best region at each spot.

    `charge`: factor of utility for buying up to a position from zero; `fixed`: the same for trading at all.
    Where no position on the grid is far enough away to trade from, the bound is that of `simple`, yet not
    inside the grid.
    """
    buy = _upwards(np.log(held * charge), np.log(fixed), positions)
    sell = _upwards(np.log(held / charge)[::-1], np.log(fixed), -positions[::-1])
    buy_below = np.where(np.isfinite(buy.edge), buy.edge, np.minimum(simple.buy_below, positions[0]))
    sell_above = np.where(np.isfinite(sell.edge), -sell.edge, np.maximum(simple.sell_above, positions[-1]))
    buy_to = np.maximum(buy.target, buy_below)
    sell_to = np.minimum(np.maximum(-sell.target, buy_to), sell_above)
    return Region(np.minimum(buy_below, buy_to), np.minimum(buy_to, sell_to), sell_to, sell_above)


def _upwards(cost: Floats, fixed: float, positions: Floats) -> _Side:
    """The best move towards later rows; the edge is minus infinity where none pays."""
    rows, columns = np.arange(len(cost))[:, np.newaxis], np.arange(cost.shape[1])
    best = np.argmin(cost, axis=0)
    # The vertex of the parabola through the cheapest position and its neighbours.
    inner = np.clip(best, 1, len(cost) - 2)
    before, least, after = (cost[inner + each, columns] for each in (-1, 0, 1))
    bend = np.maximum(before - 2.0 * least + after, 1e-300)
    shift = np.where(inner == best, np.clip(0.5 * (before - after) / bend, -0.5, 0.5), 0.0)
    pitch = positions[1] - positions[0]
    target = positions[best] + shift * pitch
    bar = cost[best, columns] + fixed
    dear = (cost > bar) & (rows < best)
    row = len(cost) - 1 - np.argmax(dear[::-1], axis=0)
    found = np.any(dear, axis=0)
    row = np.where(found, row, 0)
    above, below = cost[row, columns], cost[np.minimum(row + 1, len(cost) - 1), columns]
    share = np.clip((above - bar) / np.maximum(above - below, 1e-300), 0.0, 1.0)
    edge = np.where(found, positions[row] + share * pitch, -np.inf)
    return _Side(np.minimum(edge, target), target)
