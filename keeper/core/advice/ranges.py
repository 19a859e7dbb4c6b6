"""Where each limited sensitivity is, and where it may be: what an advice has to come to."""

from typing import NamedTuple

from keeper.core.case import Case
from keeper.core.inventory import hard_limit
from keeper.core.market import in_quote
from keeper.core.reason import Reason
from keeper.core.units import WAD
from keeper.core.verdict import Breached

GAP = frozenset({Reason.DELTA_BAND, Reason.DELTA_LIMIT, Reason.EMERGENCY_DELTA})

HARD_GAP = frozenset({Reason.DELTA_LIMIT, Reason.EMERGENCY_DELTA})


class Range(NamedTuple):
    """Where one sensitivity is, where it may be, and whether it is what the advice is for."""

    present: float
    low: float
    high: float
    passed: bool


def ranges_of(case: Case, verdict: Breached, *, base: bool) -> tuple[Range, ...]:
    """In the order of `Sensitivities`. With `base` the gap ends where the keeper's own rule would take it."""
    return (_gap(case, verdict, base=base), *_others(case, verdict))


def _gap(case: Case, verdict: Breached, *, base: bool) -> Range:
    exposure, band = case.situation.exposure, verdict.band
    passed, gap = not verdict.reasons.isdisjoint(GAP), exposure.gap
    if base:
        closed = exposure.inventory - gap
        low, high = band.buy_to - closed, band.sell_to - closed
        # Inside the band the keeper trades nothing; what options push out of it, it takes to an inner edge.
        return Range(gap, low, high, passed) if passed else Range(gap, min(low, gap), max(high, gap), passed)
    limit = hard_limit(case.policy, case.situation)
    if verdict.reasons.isdisjoint(HARD_GAP):
        return _kept(gap, limit, case.policy.limits.cleared_below(WAD) / WAD)
    return _restored(gap, limit * in_quote(case.policy.limits.restore_wad))


def _others(case: Case, verdict: Breached) -> list[Range]:
    limits, exposure = case.policy.limits, case.situation.exposure
    restore, clear = in_quote(limits.restore_wad), limits.cleared_below(WAD) / WAD
    return [
        _restored(present, in_quote(wad) * restore)
        if reason in verdict.reasons
        else _kept(present, in_quote(wad), clear)
        for reason, present, wad in (
            (Reason.GAMMA_LIMIT, exposure.gamma_usd, limits.gamma_usd_wad),
            (Reason.VEGA_LIMIT, exposure.vega_usd, limits.vega_usd_wad),
            (Reason.THETA_LIMIT, exposure.theta_usd, limits.theta_usd_wad),
        )
    ]


def _restored(present: float, level: float) -> Range:
    return Range(present, -level, level, passed=True)


def _kept(present: float, limit: float, clear: float) -> Range:
    """Not passed: it need not be better than it is, and may be as near to its limit as counts as kept."""
    return Range(present, min(-limit * clear, present), max(limit * clear, present), passed=False)
