"""What the vault's own guard would let through, besides what can be read off its rules.

A plan that the guard refuses is caught by the simulation, but a keeper that only learns so would propose the
same again at every head. So the guard's two rules that depend on the book and on what was done before are
known here: a hedge must be needed at every price that the oracle's error admits, and what is traded must fit
into the vault's turnover budget. The guard is asked a block later than the plan is made, so a little is left.
"""

import numpy as np

from keeper.core.exposure import Situation
from keeper.core.units import BPS, WAD

PIPS = 10**6

_HALF_MAX_CURVATURE = 0.12098536225957168
"""Half of the greatest slope of the normal density, exp(-1/2) / sqrt(2 pi)."""

_FAR = 6.0
"""Standard deviations beyond which delta does not move by anything that counts."""

_LEFT_OVER = 0.99
_ROUNDING = 1e-9


def needed_gap(situation: Situation) -> float:
    """The gap up to which the guard refuses every hedge, in base: its band and the price error's share."""
    return situation.vault.rules.band_wad / WAD + sway(situation)


def emergency_gap(situation: Situation) -> float:
    """The gap beyond which the guard's cooldown does not count, in base, at every price it may mean."""
    return situation.vault.rules.emergency_gap_wad / WAD + sway(situation)


def cools_until(situation: Situation) -> int:
    """When the guard's cooldown ends, in Unix seconds; 0 for a vault that was never hedged."""
    last = situation.vault.last_rebalance_at
    return last + situation.vault.rules.cooldown_s if last else 0


def largest_trade_wad(situation: Situation) -> int:
    """The greatest trade that the guard lets through now, in base: a smaller one while it cools down."""
    rules = situation.vault.rules
    cooling = situation.head.timestamp < cools_until(situation)
    return rules.emergency_trade_wad if cooling else rules.max_trade_wad


def sway(situation: Situation) -> float:
    """The most by which the book's delta may differ at any price within the oracle's error, in base.

    As `BlackScholes.sol` has it: delta as a function of the logarithm of the spot is a normal law, whose
    slope is known and whose curvature has a greatest value.
    """
    legs, exposure = situation.legs, situation.exposure
    error = situation.vault.rules.price_error_bps / BPS
    log_error = error / (1 - error)
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = exposure.volatility * np.sqrt(legs.years)
        moneyness = np.log(exposure.spot / legs.strike)
        d1 = np.abs(moneyness / deviation + deviation / 2)
        steps = log_error / deviation
        density = np.exp(-d1 * d1 / 2) / np.sqrt(2 * np.pi)
        moved = np.minimum(steps * density + steps * steps * _HALF_MAX_CURVATURE, 1.0)
    moved = np.where(d1 > steps + _FAR, 0.0, moved)
    moved = np.where(deviation > 0, moved, np.abs(moneyness) <= log_error)
    return float(np.sum(np.abs(legs.size) * moved))


def turnover_left_usd(situation: Situation) -> float:
    """What the guard would still let be traded now, in usd."""
    vault = situation.vault
    left = vault.rules.turnover_cap_pips / PIPS - vault.turnover_used_wad / WAD
    return max(left, 0.0) * max(situation.exposure.nav_usd, 0.0) * _LEFT_OVER


def turnover_binds(situation: Situation, size: float) -> bool:
    """Whether a trade of this size, in base, is all that the turnover budget has room for."""
    return size * situation.exposure.spot >= turnover_left_usd(situation) * (1 - _ROUNDING)
