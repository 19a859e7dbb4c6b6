"""How far the spot may move before a vault's collateral no longer covers its short legs.

The collateral ratio is worth over margin, and both move with the spot: a short strangle is called by a fall
as well as by a rise, and a straight line from today's delta says neither where. So the worth is taken anew at
a ladder of moves, and the first crossing of the floor on either side is then narrowed down. What happens
between two rungs is not seen if the ratio crosses there twice; rungs are two to four percent apart near the
spot.

The chance of getting there is that of touching, in a day, not of ending there; on both sides it is at most
the sum. It is lognormal, and prices jump: a floor to the chance and not the chance.
"""

from typing import NamedTuple

import numpy as np

from keeper.core.pricing.black_scholes import Floats
from keeper.core.pricing.lending import touch_probability
from keeper.core.risk.repricing import Books, values

HORIZON_YEARS = 1.0 / 365.0

FALLS = (1.0, 0.98, 0.96, 0.94, 0.92, 0.88, 0.84, 0.8, 0.75, 0.7, 0.65, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0)
RISES = (1.0, 1.02, 1.04, 1.06, 1.08, 1.12, 1.16, 1.2, 1.25, 1.3, 1.4, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 6.0)
NARROWINGS = 8
"""Leaves a thousandth of what is at stake even where a leg expires (tests/core/risk/test_liquidation.py)."""


class Distance(NamedTuple):
    """By what fraction the spot may `fall` and `rise` until the ratio is at its floor, for each vault.

    Zero where it is there; infinite where no fall, or no rise to six times the spot, brings it there.
    `probability` is the chance that a day does.
    """

    fall: Floats
    rise: Floats
    probability: Floats

    def sigmas(self, volatility: Floats) -> tuple[Floats, Floats]:
        """Both distances as logarithms over the standard deviation of a day."""
        with np.errstate(all="ignore"):
            spread = np.maximum(volatility, 0.0) * np.sqrt(HORIZON_YEARS)
            return -np.log(1.0 - np.minimum(self.fall, 1.0)) / spread, np.log(1.0 + self.rise) / spread


def distances(books: Books, floor: Floats) -> Distance:
    """The distance of each vault to its floor of the collateral ratio. A NaN input gives NaN."""
    falls, rises = np.array(FALLS), np.array(RISES)
    covers = [cover_at(books, floor, rungs[None, :]) for rungs in (falls, rises)]
    ends = [_bracket(cover, rungs) for cover, rungs in zip(covers, (falls, rises), strict=True)]
    inside, outside = (np.stack(sides, axis=1) for sides in zip(*ends, strict=True))
    reached = np.isfinite(outside) & (books.margin[:, None] > 0.0)
    edge = _narrowed(books, floor, np.where(reached, inside, 1.0), np.where(reached, outside, 1.0))
    unknown = np.isnan(np.hstack(covers)).any(axis=1, keepdims=True)
    never = np.array([0.0, np.inf])
    edge = np.where(unknown, np.nan, np.where(reached, edge, never))
    distance = np.where(reached | unknown, np.abs(edge - 1.0), np.inf)
    chance = touch_probability(edge, HORIZON_YEARS, books.volatility[:, None]).sum(axis=1)
    return Distance(distance[:, 0], distance[:, 1], np.minimum(chance, 1.0))


def cover_at(books: Books, floor: Floats, move: Floats) -> Floats:
    """Worth above what the floor asks for, in quote, at each move."""
    worth = books.quote[:, None] + values(books, move, books.leg_volatility)
    return worth - (floor * books.margin * books.spot)[:, None] * move


def _bracket(cover: Floats, rungs: Floats) -> tuple[Floats, Floats]:
    """The last rung with cover and the first without; both at one if there is none now; infinite if never."""
    bare = cover < 0.0
    first = bare.argmax(axis=1)
    outside = np.where(bare.any(axis=1), rungs[first], np.inf)
    return rungs[np.maximum(first - 1, 0)], outside


def _narrowed(books: Books, floor: Floats, inside: Floats, outside: Floats) -> Floats:
    """The move at which cover ends (regula falsi, Illinois)."""
    middle, has, lacks = inside, cover_at(books, floor, inside), cover_at(books, floor, outside)
    before = np.full(inside.shape, -1)
    for _ in range(NARROWINGS):
        with np.errstate(all="ignore"):
            step = np.where(has > lacks, has / (has - lacks), 0.0)
        middle = inside + (outside - inside) * step
        found = cover_at(books, floor, middle)
        covered = found > 0.0
        # The end that stays twice is given half its weight, or it would stay for ever beside a bend.
        again = np.where(covered == before, 0.5, 1.0)
        has, lacks = np.where(covered, found, again * has), np.where(covered, again * lacks, found)
        before = covered
        inside, outside = np.where(covered, middle, inside), np.where(covered, outside, middle)
    return middle
