"""Vaults as they may be, drawn at random: nobody chose the cases on which the keeper looks well.

The box is of crypto options on chain: volatility 50-90 %, 5-60 days, strikes within 15 % of the spot, 3-40
basis points per trade and between five cents and twenty dollars of gas, books of 10 to 1,000 units, long and
short. What spans decades is drawn on a logarithmic scale. `aversion` is absolute, so that times the notional
it lies between 0.001 and 0.05: from a trader who hedges a few times in a book's life to one who rarely rests.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.lattice import World
from keeper.core.hedging import Costs, Legs

SPOT = 3000.0
HOUR = 1 / 8760
HOURS_PER_DAY = 24

Row = tuple[float, float, bool, float]
"""A leg: strike as a multiple of the spot, share of the book's time to expiry, is call, size per notional."""

Shape = Callable[[float], Sequence[Row]]
"""A book around a strike."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One vault in one market; `name` says what book it holds."""

    name: str
    world: World


def _single(*, call: bool, size: float) -> Shape:
    return lambda strike: [(strike, 1.0, call, size)]


SINGLES: dict[str, Shape] = {
    "short call": _single(call=True, size=-1.0),
    "long call": _single(call=True, size=1.0),
    "short put": _single(call=False, size=-1.0),
    "long put": _single(call=False, size=1.0),
}

BOOKS: dict[str, Shape] = {
    "call spread": lambda k: [(k, 1.0, True, -1.0), (1.1 * k, 1.0, True, 1.0)],
    "strangle": lambda k: [(0.93 * k, 1.0, False, -1.0), (1.07 * k, 1.0, True, -1.0)],
    "iron condor": lambda k: [
        (0.8 * k, 1.0, False, 1.0),
        (0.9 * k, 1.0, False, -1.0),
        (1.1 * k, 1.0, True, -1.0),
        (1.2 * k, 1.0, True, 1.0),
    ],
    "risk reversal": lambda k: [(0.9 * k, 1.0, False, -1.0), (1.1 * k, 1.0, True, 1.0)],
    "calendar": lambda k: [(k, 0.5, True, -1.0), (k, 1.0, True, 1.0)],
}


def singles(seed: int, count: int) -> Iterator[Scenario]:
    """So many options, each in a market of its own."""
    random = np.random.default_rng(seed)
    names = list(SINGLES)
    for _ in range(count):
        name = names[random.integers(len(names))]
        yield Scenario(name, _drawn(random, SINGLES[name]))


def books(seed: int, rounds: int = 1) -> Iterator[Scenario]:
    """Every kind of book, each in a market of its own, so many times."""
    random = np.random.default_rng((seed, len(BOOKS)))
    for _ in range(rounds):
        for name, shape in BOOKS.items():
            yield Scenario(name, _drawn(random, shape))


def _drawn(random: np.random.Generator, shape: Shape) -> World:
    def decades(low: float, high: float) -> float:
        return float(np.exp(random.uniform(np.log(low), np.log(high))))

    volatility = float(random.uniform(0.5, 0.9))
    hours = round(random.uniform(5, 60) * HOURS_PER_DAY)
    strike = float(random.uniform(0.85, 1.15))
    costs = Costs(fixed=decades(0.05, 20.0), proportional=decades(3e-4, 4e-3))
    notional = decades(10.0, 1000.0)
    aversion = decades(0.001, 0.05) / notional
    moneyness, share, call, size = (np.array(column) for column in zip(*shape(strike), strict=True))
    legs = Legs(moneyness * SPOT, np.rint(share * hours) * HOUR, call, size * notional)
    return World(legs, volatility, costs, aversion, HOUR, SPOT)
