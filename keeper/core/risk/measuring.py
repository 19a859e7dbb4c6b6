"""The risks of vaults that only pricing every leg anew can tell, for all of them in one call.

Each costs dozens of prices a leg where all Greeks cost one. So they are not part of an exposure: they are
taken of vaults whose policy limits one of them, and of whatever a person asks about.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from keeper.core.exposure import Situation
from keeper.core.foresight import stress_factor
from keeper.core.market import in_quote
from keeper.core.policy import Policy
from keeper.core.risk.liquidation import distances
from keeper.core.risk.repricing import books_of
from keeper.core.risk.stress import Shock, stress
from keeper.core.risk.tails import CONFIDENCE, FREEDOM, cells, expected_shortfall, tail_profits


@dataclass(frozen=True, slots=True)
class Risk:
    """What a vault may lose, and how far it is from a margin call.

    `stress_loss_usd` is that of the worst scenario, which is a `stress_move` of the spot with volatility
    shocked by `stress_shock`. `expected_shortfall_usd` is of a day. `fall` and `rise` are the fractions by
    which the spot may move until the collateral ratio is at its floor, infinite if it never is;
    `touch_probability` is the chance that a day takes it there.
    """

    stress_loss_usd: float
    stress_move: float
    stress_shock: Shock
    expected_shortfall_usd: float
    fall: float
    rise: float
    touch_probability: float


@dataclass(frozen=True, slots=True)
class Unasked:
    """The policy limits nothing that needs it, so it was not measured."""


UNASKED = Unasked()


def risks_asked_for(each: Sequence[tuple[Policy, Situation]]) -> Iterator[Risk | Unasked]:
    """The risk of each vault whose policy limits it, all in one call."""
    asked = [(policy, situation) for policy, situation in each if policy.limits.need_repricing]
    floors = [in_quote(policy.limits.collateral_ratio_wad) for policy, _ in asked]
    stressed = [stress_factor(policy, situation) for policy, situation in asked]
    found = iter(measure_risks([situation for _, situation in asked], floors, stressed))
    return (next(found) if policy.limits.need_repricing else UNASKED for policy, _ in each)


def measure_risks(
    each: Sequence[Situation], floors: Sequence[float], stressed: Sequence[float] = ()
) -> tuple[Risk, ...]:
    """The risk of each vault, with its floor of the collateral ratio and the factor of its stress grid.

    A vault's risk does not depend on the others, to the last bit.
    """
    if not each:
        return ()
    books = books_of(each, stressed)
    grid, distance = stress(books), distances(books, np.array(floors, dtype=np.float64))
    shortfall = expected_shortfall(tail_profits(books), cells(FREEDOM, CONFIDENCE).weight, CONFIDENCE)
    numbers = zip(
        grid.loss.tolist(), grid.worst, books.stressed.tolist(), shortfall.tolist(),
        distance.fall.tolist(), distance.rise.tolist(), distance.probability.tolist(), strict=True,
    )  # fmt: skip
    return tuple(
        Risk(loss, worst.move * factor, worst.shock, shortfall_usd, fall, rise, chance)
        for loss, worst, factor, shortfall_usd, fall, rise, chance in numbers
    )
