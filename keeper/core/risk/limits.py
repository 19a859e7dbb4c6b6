"""Which limits on what a vault may lose are passed."""

import math
from collections.abc import Collection, Iterator
from typing import NamedTuple

from keeper.core.exposure import Exposure
from keeper.core.market import in_quote
from keeper.core.policy import Limits, exceeds, falls_below
from keeper.core.reason import Reason
from keeper.core.risk.measuring import Risk, Unasked


class Passed(NamedTuple):
    """A measure beyond its limit, both in the unit that the reason's page states."""

    reason: Reason
    measured: float
    limit: float


def passed(
    limits: Limits, exposure: Exposure, risk: Risk | Unasked, standing: Collection[Reason]
) -> Iterator[Passed]:
    """The limits that are passed; those in `standing` were already, and stand until they are cleared."""
    ceilings = [(Reason.LEVERAGE_LIMIT, exposure.leverage, limits.leverage_wad)]
    if isinstance(risk, Risk):
        ceilings += [
            (Reason.STRESS_LIMIT, risk.stress_loss_usd, limits.stress_loss_usd_wad),
            (Reason.SHORTFALL_LIMIT, risk.expected_shortfall_usd, limits.expected_shortfall_usd_wad),
        ]
        yield from _too_near(limits, min(risk.fall, risk.rise), standing)
    for reason, measured, limit_wad in ceilings:
        held_to = limits.cleared_below(limit_wad) if reason in standing else limit_wad
        if limit_wad and (measured == math.inf or exceeds(measured, held_to)):
            yield Passed(reason, measured, in_quote(held_to))


def _too_near(limits: Limits, distance: float, standing: Collection[Reason]) -> Iterator[Passed]:
    floor_wad = limits.liquidation_distance_wad
    held_to = limits.cleared_above(floor_wad) if Reason.LIQUIDATION_LIMIT in standing else floor_wad
    if distance != math.inf and falls_below(distance, held_to):
        yield Passed(Reason.LIQUIDATION_LIMIT, distance, in_quote(held_to))
