"""Seeded markets: jump-diffusion with a volatility of its own, and one crash.

A keeper that is only shown calm markets learns nothing about itself. Returns are those of Bates' model
(1996), Heston's stochastic volatility with Merton's jumps, with the volatility's logarithm instead of the
variance following the mean-reverting process, which keeps it positive at any step. The crash is laid over
it: a fall within hours, half of what is lost regained or not as the seed has it, and a volatility that
doubles and decays.
"""

import math
from dataclasses import dataclass

import numpy as np

from keeper.core.units import YEAR_SECONDS
from keeper.simulation.derived import base_fee, implied_volatility
from keeper.simulation.path import Floats, MarketPath

_RECOVERY_HOURS = 12.0


@dataclass(frozen=True, slots=True)
class MarketModel:
    """Parameters, all per year where a rate. Jump sizes and the crash are in log price.

    `crash_at` is the fraction of the path at which the crash begins, drawn by the seed within the middle
    third if absent; `crash_size` is drawn between its bounds; no crash if both bounds are zero.
    """

    reversion: float = 12.0
    volatility_of_volatility: float = 2.0
    leverage: float = -0.4
    jump_rate: float = 40.0
    jump_mean: float = -0.005
    jump_deviation: float = 0.02
    crash_size: tuple[float, float] = (0.15, 0.3)
    crash_at: float | None = None
    crash_hours: float = 4.0
    crash_volatility: float = 0.8
    crash_decay_hours: float = 36.0


@dataclass(frozen=True, slots=True)
class Start:
    """Where a market begins: usd, and annualised volatility as a fraction."""

    price: float
    volatility: float


def simulate(
    start: Start, steps: int, step_s: int, seed: int, model: MarketModel | None = None
) -> MarketPath:
    """A market of `steps` steps whose first price is the start's. The same seed gives the same path."""
    if steps < 1:
        raise ValueError(f"a path of {steps} steps")
    used = model or MarketModel()
    price = start.price * np.exp(_log_returns(start, steps, step_s, seed, used).cumsum())
    return MarketPath(
        step_s,
        price,
        implied_volatility(price, step_s, start.volatility),
        base_fee(price, step_s, seed),
    )


def _log_returns(start: Start, steps: int, step_s: int, seed: int, model: MarketModel) -> Floats:
    rng = np.random.default_rng([seed, 1])
    years = step_s / YEAR_SECONDS
    shocks = rng.standard_normal((2, steps))
    jumps = rng.poisson(model.jump_rate * years, steps)
    jump_sizes = model.jump_mean * jumps + model.jump_deviation * np.sqrt(jumps) * rng.standard_normal(steps)
    crash, excess = _crash(steps, step_s, rng, model)
    correlated = model.leverage * shocks[0] + math.sqrt(1 - model.leverage**2) * shocks[1]
    log_volatility = math.log(start.volatility) + excess
    log_volatility += (
        _reverting(correlated, model.reversion * years) * model.volatility_of_volatility * math.sqrt(years)
    )
    volatility = np.exp(log_volatility)
    returns: Floats = (
        volatility * math.sqrt(years) * shocks[0] - 0.5 * volatility**2 * years + jump_sizes + crash
    )
    returns[0] = 0.0
    return returns


def _reverting(shocks: Floats, pull: float) -> Floats:
    """The discrete Ornstein-Uhlenbeck process that the shocks drive."""
    level, levels = 0.0, np.empty_like(shocks)
    for index, shock in enumerate(shocks):
        level += shock - pull * level
        levels[index] = level
    return levels


def _crash(steps: int, step_s: int, rng: np.random.Generator, model: MarketModel) -> tuple[Floats, Floats]:
    """Log returns of the crash and the extra log volatility that it leaves."""
    hours = np.arange(steps) * step_s / 3_600
    where = model.crash_at if model.crash_at is not None else rng.uniform(1 / 3, 2 / 3)
    since = hours - hours[-1] * where
    size = rng.uniform(*model.crash_size)
    rebound = size * rng.uniform(0.0, 0.5)
    fall = _fading(since, model.crash_hours / 3)
    recovery = _fading(since - model.crash_hours, _RECOVERY_HOURS)
    returns = rebound * _share(recovery) - size * _share(fall)
    intensity = size / max(*model.crash_size, 1e-12)
    excess = model.crash_volatility * intensity * _fading(since, model.crash_decay_hours)
    return returns, excess


def _fading(hours: Floats, scale: float) -> Floats:
    """Nothing before hour zero, one at it, and an exponential end."""
    return np.where(hours >= 0, np.exp(-np.maximum(hours, 0.0) / scale), 0.0)


def _share(weights: Floats) -> Floats:
    total = float(weights.sum())
    return weights / total if total > 0 else weights
