"""What of a gap may be the keeper's own doing.

An oracle that follows the pool sees our hedge as a move of the market. A book that is short gamma then asks
for more of the same, which moves the pool again: the keeper would sell into its own fall. So each own hedge
is remembered with the move that it made, and for as long as the oracle may still be digesting it, a move of
the oracle in that direction is taken for ours, as far as ours went. What is left of the gap at the price
without it is the market's, and is hedged. Where the oracle has had no new round there is no move, and nothing
is taken off: what a slice or a limit left over is no chase.

A market that trends moves the same way, and would be taken for us with each hedge a little further. But the
pool tells them apart: where others trade it back after our hedge, what we moved is gone from it, and a price
without us is not beyond the pool's own with what is left. In a pool that nobody trades back our price becomes
the market's: hedges that follow one another are doubted for an hour, and no longer.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from keeper.core.case import Case
from keeper.core.pricing.black_scholes import greeks
from keeper.core.quote import pool_price
from keeper.core.reason import Reason
from keeper.core.verdict import Breached, Hold, delta_breach

LONGEST_DOUBT_S: Final = 3_600
"""Since the first of some hedges in a row; a policy's window may be longer."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What own hedges in a row leave, as `Memory` keeps it.

    From an oracle's price, and since when, they moved the pool's price by a fraction, as far as it had not
    come back before the last; that left it at `left_at`.
    """

    moved_from: float
    moved_by: float
    moved_since: int
    left_at: float


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
    legs, exposure = case.situation.legs, case.situation.exposure
    undone = _undone(case)
    if undone == exposure.spot:
        return 0.0
    delta = greeks(undone, legs.strike, legs.years, exposure.volatility, legs.is_call).delta
    return exposure.book_delta - float(np.sum(legs.size * delta))


def _undone(case: Case) -> float:
    """The oracle's price without own hedges, as far as they may still be in it; never beyond `moved_from`."""
    spot, memory = case.situation.exposure.spot, case.memory
    before, moved_by = memory.moved_from, memory.moved_by
    if not _is_doubted(case) or before <= 0.0 or (spot - before) * moved_by <= 0.0:
        return spot
    mid, left = pool_price(case.situation), _left(case)
    # By comparison of products, as a pool that was emptied has moved by all of its price.
    if moved_by < 0.0:
        undone = before if spot >= before * (1.0 + moved_by) else spot / (1.0 + moved_by)
        undone = undone if undone * (1.0 + left) <= mid else mid / (1.0 + left)
        return max(undone, spot)
    undone = max(before, spot / (1.0 + moved_by), mid / (1.0 + left))
    return min(undone, spot)


def recovered(case: Case) -> float:
    """By what fraction the pool has come back since the last own hedge, at the most that any look saw."""
    memory, before = case.memory, case.memory.carried.recovered
    if not _is_fresh(case) or memory.left_at <= 0.0:
        return 0.0
    now = pool_price(case.situation) / memory.left_at - 1.0
    return before if now * memory.moved_by >= 0.0 else max(before, now, key=abs)


def _left(case: Case) -> float:
    """What of own hedges may still be in the pool, as a fraction of its price."""
    moved_by = case.memory.moved_by
    left = (1.0 + moved_by) * (1.0 + recovered(case)) - 1.0
    return left if left * moved_by > 0.0 else 0.0


def footprint(case: Case, moves: float) -> Footprint:
    """What own hedges will have left after one more, which moves the pool's price by this fraction."""
    memory, spot, now = case.memory, case.situation.exposure.spot, case.situation.head.timestamp
    if not case.policy.triggers.own_impact_s:
        return Footprint(spot, moves, 0, 0.0)
    left_at = pool_price(case.situation) * (1.0 + moves)
    if not _is_fresh(case) or moves * memory.moved_by <= 0.0:
        return Footprint(spot, moves, now, left_at)
    return Footprint(
        memory.moved_from, (1.0 + _left(case)) * (1.0 + moves) - 1.0, memory.moved_first_at, left_at
    )


def _is_fresh(case: Case) -> bool:
    """Whether the oracle may still be digesting the last own hedge."""
    window_s = case.policy.triggers.own_impact_s
    return window_s > 0 and case.situation.head.timestamp - case.memory.rebalanced_at <= window_s


def _is_doubted(case: Case) -> bool:
    """Whether it may be, and the hedges before it have not been doubted for too long."""
    longest_s = max(case.policy.triggers.own_impact_s, LONGEST_DOUBT_S)
    since = case.memory.moved_first_at
    return _is_fresh(case) and case.situation.head.timestamp - since <= longest_s
