"""What follows from a price alone: the volatility that options are quoted at, and the price of block space.

A recorded price seldom comes with either, and a simulated one needs both to move when the market does:
volatility quotes rise after a fall and decay over days, and everybody trades at once when the price jumps,
so that gas is dearest exactly when a hedge is due. Both are causal: the value of a step depends on nothing
later.
"""

import math
from typing import Final

import numpy as np

from keeper.core.units import GWEI, YEAR_SECONDS
from keeper.simulation.path import Floats, Integers

PREMIUM: Final = 1.1
"""What options are quoted above realised volatility."""
MEMORY_S: Final = 36 * 3_600
"""Half-life of realised variance."""
LOWEST_VOLATILITY, HIGHEST_VOLATILITY = 0.15, 3.0

CALM_FEE_GWEI: Final = 12.0
LOWEST_FEE_GWEI, HIGHEST_FEE_GWEI = 1.0, 400.0
MAX_FEE_GROWTH: Final = 1.5
"""Greatest growth of the base fee between steps.

Anvil drops a pending transaction whose fee cap falls below the base fee, which no real node does; up to here,
a cap of twice the base fee lives through a step.
"""

_FEE_MEMORY_S = 3_600
_FEE_NOISE = 0.12
_FEE_RESPONSE = 0.9
_FEE_MOVE_SCALE = 0.004
_FEE_SLACK = 0.4


def implied_volatility(price: Floats, step_s: int, start: float) -> Floats:
    """Quoted volatility along a price: EWMA of realised variance that begins at `start`, with a premium."""
    returns = np.diff(np.log(price), prepend=math.log(price[0]))
    annual_variance = returns**2 * (YEAR_SECONDS / step_s)
    keep = 0.5 ** (step_s / MEMORY_S)
    smooth = np.empty_like(annual_variance)
    level = annual_variance[0] = (start / PREMIUM) ** 2
    for index, realised in enumerate(annual_variance):
        level = smooth[index] = keep * level + (1 - keep) * realised
    quoted: Floats = np.clip(PREMIUM * np.sqrt(smooth), LOWEST_VOLATILITY, HIGHEST_VOLATILITY)
    return quoted


def base_fee(price: Floats, step_s: int, seed: int) -> Integers:
    """Base fee along a price, in wei: noise about a level that jumps when the market does, and decays."""
    rng = np.random.default_rng([seed, 2])
    moves = np.abs(np.diff(np.log(price), prepend=math.log(price[0])))
    # Moves are compared at an hour's scale, so that a path means the same at any step.
    pressure = moves * math.sqrt(_FEE_MEMORY_S / step_s) / _FEE_MOVE_SCALE
    keep = 0.5 ** (step_s / _FEE_MEMORY_S)
    noise = _FEE_NOISE * math.sqrt(1 - keep**2) * rng.standard_normal(len(price))
    calm = math.log(CALM_FEE_GWEI)
    levels = np.empty(len(price))
    wanted = level = calm
    for index, (push, shock) in enumerate(zip(pressure, noise, strict=True)):
        # What people would pay jumps at once; the protocol follows it at its own pace.
        wanted = max(
            calm + keep * (wanted - calm) + shock, calm + _FEE_RESPONSE * math.log1p(push**2 / 8) - _FEE_SLACK
        )
        level = min(wanted, level + math.log(MAX_FEE_GROWTH))
        levels[index] = level
    gwei = np.clip(np.exp(levels), LOWEST_FEE_GWEI, HIGHEST_FEE_GWEI)
    return np.round(gwei * GWEI).astype(np.int64)
