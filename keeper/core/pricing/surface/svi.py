"""One expiry's smile: total variance as a function of log-moneyness, in five numbers.

With k = ln(strike / forward), raw SVI (Gatheral 2004) is

    w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2)),

w being volatility squared times years. Its density of the price is proportional to (Durrleman; Gatheral &
Jacquier 2014, "Arbitrage-free SVI volatility surfaces", 2.1)

    g(k) = (1 - k w' / 2w)^2 - (w'^2 / 4)(1/w + 1/4) + w''/2,

so a slice is free of butterfly arbitrage where g >= 0 and neither wing is steeper than 2 (Lee 2004). The jump
wings say the same in what a trader sees: variance and slope of volatility at the money, slopes of the wings,
least variance (same paper, 3.3 and lemma 3.2).
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from keeper.core.pricing.black_scholes import Floats


@dataclass(frozen=True, slots=True)
class Slice:
    """Raw parameters of one expiry, `years` from now."""

    years: float
    a: float
    b: float
    rho: float
    m: float
    sigma: float

    @property
    def left(self) -> float:
        """Slope of total variance far below the forward, as a positive number."""
        return self.b * (1.0 - self.rho)

    @property
    def right(self) -> float:
        """Slope far above it."""
        return self.b * (1.0 + self.rho)

    @property
    def least(self) -> float:
        """Least total variance of any strike."""
        return self.a + self.b * self.sigma * math.sqrt(max(1.0 - self.rho * self.rho, 0.0))


class Shape(NamedTuple):
    """Total variance with its first and second slope in log-moneyness."""

    variance: Floats
    slope: Floats
    bend: Floats


def total_variance(smile: Slice, moneyness: ArrayLike) -> Floats:
    """Volatility squared times years, at log-moneyness."""
    return shape(smile, moneyness).variance


def shape(smile: Slice, moneyness: ArrayLike) -> Shape:
    """Total variance and its slopes."""
    away = np.asarray(moneyness, dtype=np.float64) - smile.m
    root = np.hypot(away, smile.sigma)
    return Shape(
        smile.a + smile.b * (smile.rho * away + root),
        smile.b * (smile.rho + away / root),
        smile.b * (smile.sigma / root) ** 2 / root,
    )


def durrleman(moneyness: ArrayLike, of: Shape) -> Floats:
    """g, which is negative where a butterfly costs less than nothing; minus infinity without variance."""
    k = np.asarray(moneyness, dtype=np.float64)
    w, slope, bend = of
    with np.errstate(all="ignore"):
        found = (1.0 - 0.5 * k * slope / w) ** 2 - 0.25 * slope * slope * (1.0 / w + 0.25) + 0.5 * bend
    return np.where(w > 0.0, found, -np.inf)


class JumpWings(NamedTuple):
    """`atm` and `least` variance a year; the others over the root of total variance at the money."""

    atm: float
    skew: float
    left: float
    right: float
    least: float


def jump_wings(smile: Slice) -> JumpWings:
    """The slice as a trader reads it."""
    at = shape(smile, 0.0)
    root = math.sqrt(float(at.variance))
    return JumpWings(
        atm=float(at.variance) / smile.years,
        skew=0.5 * float(at.slope) / root,
        left=smile.left / root,
        right=smile.right / root,
        least=smile.least / smile.years,
    )


def from_jump_wings(years: float, wings: JumpWings) -> Slice:
    """The slice that has these wings. They must not be those of a slice whose least variance is at the money.

    Raises ZeroDivisionError or ValueError if no slice has them.
    """
    root = math.sqrt(wings.atm * years)
    b = 0.5 * root * (wings.left + wings.right)
    rho = 1.0 - wings.left * root / b
    lean = rho - 2.0 * wings.skew * root / b
    tall = math.copysign(math.sqrt(1.0 / (lean * lean) - 1.0), lean)
    flat = math.sqrt(1.0 - rho * rho)
    spread = -rho + math.copysign(math.sqrt(1.0 + tall * tall), tall) - tall * flat
    m = (wings.atm - wings.least) * years / (b * spread)
    sigma = tall * m
    return Slice(years, wings.least * years - b * sigma * flat, b, rho, m, sigma)


def repaired_wings(wings: JumpWings) -> JumpWings:
    """The nearest slice of SSVI: same variance and skew at the money, same left wing (same paper, 5.1).

    Free of butterfly arbitrage unless its wings are very steep; `least_density` tells.
    """
    right = wings.left + 2.0 * wings.skew
    least = wings.atm * 4.0 * wings.left * right / (wings.left + right) ** 2
    return wings._replace(right=right, least=least)
