"""The cheapest combination of instruments that brings several sensitivities to where they may be.

Spot changes delta and nothing else; an option changes all of them at once, at a spread. So gamma cannot be
restored one sensitivity after the other: what mends gamma breaks delta. All are looked at together:

    minimise    y' P y / 2  +  sum of c_i |x_i|  +  sum of f_i over those traded,    y = e + S x
    such that   low <= y <= high,    least <= x <= most,    sum of m_i |x_i| <= margin,

where x is what is traded of each instrument, e the present sensitivities, S what a unit changes, and P what a
residual costs. Without the f_i it is a convex program. Where nothing is penalised, whole lots and the f_i are
settled by branch and bound, or by rounding where that finds none. Else the f_i are settled by going through
the sets of instruments that could be traded, the cheapest first, and stopping where the fixed costs alone are
more than the best that was found, and lots are those around each set's optimum.

With one instrument and no P it is the cheapest trade to the next edge, as the keeper's own hedges are; with
one instrument and no limits it is the static no-trade band of `keeper.core.hedging.band`.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

import numpy as np

from keeper.core.hedging.band import Floats
from keeper.core.hedging.desk import Desk, Support
from keeper.core.hedging.instruments import Coarse, Combination, Instrument, Need, Short, within_reach
from keeper.core.hedging.program import Unsolvable
from keeper.core.hedging.settling import settled

NEAR: Final = 1.005
"""What lots may cost in what no lots can be below, where not all instruments have been asked."""

MOST_INSTRUMENTS: Final = 8
"""Sets double with each instrument, and 256 of them take about a tenth of a second."""


def cheapest(need: Need, instruments: Sequence[Instrument]) -> Combination | Short:
    """The best combination. Raises ValueError for too many instruments, and for what is no number."""
    _refuse_nonsense(need, instruments)
    desk = Desk.of(within_reach(need, instruments), instruments)
    relaxed = desk.trades(tuple(range(len(instruments))))
    if isinstance(relaxed, Unsolvable):
        return Short(tuple(desk.missing().tolist()))
    if not np.any(need.penalty) and any(each.lot for each in instruments):
        found = _settled(desk, relaxed)
        return found if isinstance(found, Combination) else _rounded(desk, relaxed)
    return _of_sets(desk, relaxed)


def _settled(desk: Desk, relaxed: Floats) -> Combination | Unsolvable:
    """The best in lots: of what is traded without lots, if that is near enough, or else of everything."""
    bound_usd = desk.combination(relaxed).objective_usd - desk.fixed_usd(relaxed)
    everything = tuple(range(len(relaxed)))
    found: Combination | Unsolvable = Unsolvable.INFEASIBLE
    for support in (tuple(np.flatnonzero(relaxed).tolist()) or everything, everything):
        trades = settled(desk, support)
        if not isinstance(trades, Unsolvable) and desk.fits(trades):
            found = desk.combination(trades)
            if found.objective_usd <= bound_usd * NEAR:
                break
    return found


def _rounded(desk: Desk, relaxed: Floats) -> Combination | Short:
    """The best of the lots around what is traded without lots: a few thousand at most, and none may do."""
    best = min(desk.in_lots(relaxed), key=lambda each: each.objective_usd, default=None)
    return Coarse(tuple(desk.missing_in_lots(relaxed).tolist())) if best is None else best


def _of_sets(desk: Desk, relaxed: Floats) -> Combination | Short:
    """The best of all sets, given the best without fixed costs and lots."""
    floor_usd = desk.combination(relaxed).objective_usd - desk.fixed_usd(relaxed)
    best: Combination | Short = Coarse(tuple(desk.missing_in_lots(relaxed).tolist()))
    for support, fixed_usd in _supports(desk.instruments):
        if isinstance(best, Combination) and floor_usd + fixed_usd >= best.objective_usd:
            break
        trades = desk.trades(support)
        if isinstance(trades, Unsolvable) or _is_known(desk, trades, support, best):
            continue
        for candidate in desk.in_lots(trades):
            if isinstance(best, Short) or candidate.objective_usd < best.objective_usd:
                best = candidate
    return best


def _is_known(desk: Desk, trades: Floats, support: Support, best: Combination | Short) -> bool:
    """Whether a smaller set trades the same, or lots can only make it dearer than the best.

    A set comes after all of its parts: none of them costs more, and each is smaller.
    """
    if not np.all(trades[list(support)]):
        return True
    return isinstance(best, Combination) and desk.combination(trades).objective_usd >= best.objective_usd


def _supports(instruments: Sequence[Instrument]) -> Iterator[tuple[tuple[int, ...], float]]:
    """Sets of instruments with their fixed costs, the cheapest first."""
    places = range(len(instruments))
    sets = [each for count in range(len(instruments) + 1) for each in combinations(places, count)]
    costs = [(sum(instruments[place].fixed for place in each), len(each), each) for each in sets]
    yield from ((each, cost) for cost, _, each in sorted(costs))


def _refuse_nonsense(need: Need, instruments: Sequence[Instrument]) -> None:
    if len(instruments) > MOST_INSTRUMENTS:
        raise ValueError(f"{len(instruments)} instruments: at most {MOST_INSTRUMENTS}")
    if not (np.all(np.isfinite(need.present)) and np.all(np.isfinite(need.penalty)) and need.margin >= 0.0):
        raise ValueError("a need is made of finite numbers")
    if not np.all(need.low <= need.high):
        raise ValueError("a range ends before it begins")
    for each in instruments:
        positive = (each.cost, each.cost_sold, each.fixed, each.margin, each.lot, each.most, -each.least)
        if not np.all(np.isfinite((*each.effect, *positive))):
            raise ValueError("an instrument is made of finite numbers")
        if min(positive) < 0.0:
            raise ValueError("an instrument's costs and limits are not below zero, its least not above")
