"""What of a gap may be the keeper's own doing.

An oracle that follows the pool sees our hedge as a move of the market. A book that is short gamma then asks
for more of the same, which moves the pool again: the keeper would sell into its own fall. So each own hedge
is remembered with the move that it made, and for as long as the oracle may still be digesting it, a move of
the oracle in that direction is taken for ours, as far as ours went. What is left of the gap at the price
without it is the market's, and is hedged. Where the oracle has had no new round there is no move, and nothing
is taken off: what a slice or a limit left over is no chase.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from keeper.core.case import Case
from keeper.core.pricing.black_scholes import greeks
from keeper.core.reason import Reason
from keeper.core.verdict import Breached, Hold, delta_breach


def chased(case: Case, verdict: Breached) -> Iterator[Hold]:
    """Whether without own hedges delta would not be breached; nothing else that is urgent is doubted."""
    part, exposure = own_part(case), case.situation.exposure
    if part == 0.0 or verdict.is_emergency or verdict.restoring:
        return
    gap = exposure.gap - part
    without = replace(exposure, inventory=exposure.inventory - part, gap=gap, gap_usd=gap * exposure.spot)
    if gap * exposure.gap <= 0.0 or not delta_breach(case, without, verdict.band):
        yield Hold(Reason.OWN_IMPACT, part * exposure.spot, exposure.gap_usd)


def less(wanted: float, part: float) -> float:
    """A wanted trade without what would close a part of the gap; never more than it was."""
    return float(np.copysign(max(abs(wanted) - max(-part * np.sign(wanted), 0.0), 0.0), wanted))


def own_part(case: Case) -> float:
    """The part of the gap that own hedges may have caused, signed in base."""
    own = _own_move(case)
    if own == 0.0:
        return 0.0
    legs, exposure = case.situation.legs, case.situation.exposure
    undone = exposure.spot / (1.0 + own)
    delta = greeks(undone, legs.strike, legs.years, exposure.volatility, legs.is_call).delta
    return exposure.book_delta - float(np.sum(legs.size * delta))


def _own_move(case: Case) -> float:
    """The part of the oracle's move since the last own hedges that may be theirs, as a fraction."""
    memory = case.memory
    if not _is_fresh(case) or memory.moved_from <= 0.0:
        return 0.0
    move = case.situation.exposure.spot / memory.moved_from - 1.0
    if move * memory.moved_by <= 0.0:
        return 0.0
    return float(np.copysign(min(abs(move), abs(memory.moved_by)), move))


def footprint(case: Case, moves: float) -> tuple[float, float]:
    """From which price, and by what fraction, own hedges will have moved the pool after one more."""
    memory = case.memory
    if not _is_fresh(case) or moves * memory.moved_by <= 0.0:
        return case.situation.exposure.spot, moves
    return memory.moved_from, (1.0 + memory.moved_by) * (1.0 + moves) - 1.0


def _is_fresh(case: Case) -> bool:
    """Whether the oracle may still be digesting the last own hedge."""
    window_s = case.policy.triggers.own_impact_s
    return window_s > 0 and case.situation.head.timestamp - case.memory.rebalanced_at <= window_s
