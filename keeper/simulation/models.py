"""Markets from the textbooks: geometric Brownian motion, Heston's and Merton's, by a seed.

A rule is tuned on one kind of market and meets another. These three part what a real one mixes: nothing but
diffusion; a volatility that moves by itself and falls when the price rises; and jumps, which no rule can
trade through. Each has the same variance on average, so that a difference in cost is due to the kind of
market and not to its size. None has a drift.

Sources: Heston 1993 (Rev. Financial Studies 6:327), stepped by full truncation (Lord, Koekkoek & van Dijk
2010, Quant. Finance 10:177); Merton 1976 (J. Financial Economics 3:125).
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from keeper.core.units import YEAR_SECONDS
from keeper.simulation.derived import base_fee
from keeper.simulation.path import Floats, MarketPath
from keeper.simulation.paths import Start

QUOTED_YEARS: Final = 14 / 365
"""Life of the options whose volatility is quoted: a vault's."""

LOWEST_QUOTE: Final = 0.01


class Model(StrEnum):
    """The kinds of market."""

    GBM = "gbm"
    HESTON = "heston"
    JUMP = "jump"


@dataclass(frozen=True, slots=True)
class Heston:
    """Variance reverts to the start's at `reversion` a year.

    In a year it moves by `volatility_of_variance` of itself, correlated with the price by `leverage`.
    """

    reversion: float = 8.0
    volatility_of_variance: float = 2.0
    leverage: float = -0.5


@dataclass(frozen=True, slots=True)
class Merton:
    """`rate` jumps a year; the log price moves by `mean` with `deviation` at each."""

    rate: float = 20.0
    mean: float = -0.02
    deviation: float = 0.06

    @property
    def variance(self) -> float:
        """What jumps add to the variance of a year."""
        return self.rate * (self.mean**2 + self.deviation**2)


HESTON: Final = Heston()
MERTON: Final = Merton()


class ModelError(Exception):
    """Parameters that no market can have. The text says which."""


@dataclass(frozen=True, slots=True)
class Moves:
    """Log returns of each step, the first one zero, and the volatility quoted at each."""

    returns: Floats
    quoted: Floats


def model_market(model: Model, start: Start, steps: int, step_s: int, seed: int) -> MarketPath:
    """A market of a kind, whose first price is the start's. The same seed gives the same market.

    Raises ModelError.
    """
    for name, value in (("price", start.price), ("volatility", start.volatility)):
        if not (math.isfinite(value) and value > 0):
            raise ModelError(f"a market needs a {name} above zero, not {value:g}")
    if steps < 2:  # noqa: PLR2004 one step is no market
        raise ModelError(f"a market needs two steps or more, not {steps}")
    moves = _MOVES[model](start.volatility, steps, step_s / YEAR_SECONDS, np.random.default_rng([seed, 4]))
    price = start.price * np.exp(np.cumsum(moves.returns))
    if not (np.isfinite(price).all() and (price > 0).all()):
        raise ModelError(f"a volatility of {start.volatility:g} moves the price beyond all numbers")
    return MarketPath(step_s, price, moves.quoted, base_fee(price, step_s, seed))


def _gbm(volatility: float, steps: int, years: float, rng: np.random.Generator) -> Moves:
    returns = volatility * math.sqrt(years) * rng.standard_normal(steps) - 0.5 * volatility**2 * years
    return _from_start(returns, np.full(steps, volatility))


def _heston(volatility: float, steps: int, years: float, rng: np.random.Generator) -> Moves:
    shocks, own = rng.standard_normal((2, steps))
    driving = HESTON.leverage * shocks + math.sqrt(1 - HESTON.leverage**2) * own
    driving[0] = 0.0
    course = _variance(volatility**2, driving, years)
    # A step is taken at the variance before it, and quoted at the one after.
    variance, after = course[:-1], course[1:]
    returns = np.sqrt(variance * years) * shocks - 0.5 * variance * years
    # What an option's life has on average, seen from now: the quote knows nothing of the path to come.
    pull = HESTON.reversion * QUOTED_YEARS
    memory = -math.expm1(-pull) / pull
    mean = volatility**2 + (after - volatility**2) * memory
    return _from_start(returns, np.maximum(np.sqrt(mean), LOWEST_QUOTE))


def _variance(level: float, driving: Floats, years: float) -> Floats:
    """The variance before each step and after the last; where it would be negative it counts as none."""
    now, found = level, np.empty(len(driving) + 1)
    spread, pull = HESTON.volatility_of_variance * level**0.5 * math.sqrt(years), HESTON.reversion * years
    for index, shock in enumerate(driving.tolist()):
        found[index] = used = max(now, 0.0)
        now += pull * (level - used) + spread * math.sqrt(used) * shock
    found[-1] = max(now, 0.0)
    return found


def _jump(volatility: float, steps: int, years: float, rng: np.random.Generator) -> Moves:
    if volatility**2 <= MERTON.variance:
        least = math.sqrt(MERTON.variance)
        raise ModelError(f"jumps alone have a volatility of {least:.3g}: ask for more than that")
    diffusive = volatility**2 - MERTON.variance
    jumps = rng.poisson(MERTON.rate * years, steps)
    sizes = MERTON.mean * jumps + MERTON.deviation * np.sqrt(jumps) * rng.standard_normal(steps)
    drift = 0.5 * diffusive + MERTON.rate * math.expm1(MERTON.mean + 0.5 * MERTON.deviation**2)
    returns = math.sqrt(diffusive * years) * rng.standard_normal(steps) + sizes - drift * years
    return _from_start(returns, np.full(steps, volatility))


def _from_start(returns: Floats, quoted: Floats) -> Moves:
    returns[0] = 0.0
    return Moves(returns, quoted)


_MOVES: Final = {Model.GBM: _gbm, Model.HESTON: _heston, Model.JUMP: _jump}
