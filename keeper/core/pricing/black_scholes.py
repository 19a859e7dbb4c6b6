"""Black-Scholes values and Greeks of European options, exact in the tails and near expiry.

The textbook price S N(d1) - K N(d2) subtracts two nearly equal numbers when an option is far out of the money
or when little variance is left, which is where an option vault lives in its last days. Three observations
remove the loss:

* By put-call symmetry and parity one function is enough. With y = -|ln(S/K)| and v = volatility *
  sqrt(years), the out-of-the-money option of the strike is worth min(S, K) * C(y, v) with

      C(y, v) = N(y/v + v/2) - exp(-y) N(y/v - v/2),

  and the in-the-money one is worth its intrinsic value more; nothing is lost by an addition of positive
  numbers.
* With R(d) = N(d) / phi(d), Mills' ratio mirrored, C = phi(y/v + v/2) * (R(y/v + v/2) - R(y/v - v/2)),
  because phi(y/v + v/2) = exp(-y) phi(y/v - v/2). R is scipy's erfcx: it neither underflows nor shares the
  error of phi.
* For small v that difference is taken as a series in v about the middle m = y/v, with R' = 1 + mR, R'' = R +
  mR', R''' = 2R' + mR'' and so on: v (R' + v^2/24 R''' + v^4/1920 R''''').

The relative error of out-of-the-money prices stays below 1e-11 against 60-digit arithmetic as long as the
price is a normal float (tests/core/pricing). The rate is zero: vaults quote in a dollar token and hedge spot.

Sources: Black & Scholes 1973; Jaeckel, "Let's be rational", Wilmott 2015 (the scaled form; the arrangement is
ours).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfcx

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SQRT_HALF = float(np.sqrt(0.5))
_SQRT_HALF_PI = float(np.sqrt(0.5 * np.pi))
_SQRT_TWO_PI = float(np.sqrt(2.0 * np.pi))

_SERIES_BELOW = 0.05
"""v below which the series beats the difference: there both stay within a few hundred roundings."""

_NEAR = 0.5
"""Ratio above which low - high is exact (Sterbenz): log1p then keeps digits that the ratio has lost."""

_FAR = -1e3
"""Standard deviations beyond which every density has underflowed; farther ones would only make inf * 0."""


@dataclass(frozen=True, slots=True)
class Greeks:
    """Value and sensitivities per unit of the underlying, for a long position.

    All arrays have the common (broadcast) shape of the inputs. `price` is in quote; `delta` in units of the
    underlying; `gamma` in delta per quote unit of spot; `vega` in quote per 1.00 of volatility; `theta` in
    quote per year that passes (never positive, as the rate is zero).
    """

    price: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats


class _Kernel(NamedTuple):
    """What price and Greeks share; where `dead` (no time value) only `otm` means something."""

    low: Floats
    width: Floats
    dead: Flags
    density: Floats
    upper: Floats
    upper_complement: Floats
    lower: Floats
    otm: Floats


def price(
    spot: ArrayLike, strike: ArrayLike, years: ArrayLike, volatility: ArrayLike, is_call: ArrayLike
) -> Floats:
    """Value per unit of the underlying, in quote; inputs and corner cases as for `greeks`."""
    s, k, t, sigma, call = _inputs(spot, strike, years, volatility, is_call)
    with np.errstate(all="ignore"):
        kernel = _kernel(s, k, t, sigma)
    return kernel.otm + _intrinsic(s, k, call)


def greeks(
    spot: ArrayLike, strike: ArrayLike, years: ArrayLike, volatility: ArrayLike, is_call: ArrayLike
) -> Greeks:
    """Value and first-order Greeks of European options with a zero rate.

    Inputs broadcast against each other: spot and strike in quote, `years` to expiry, annualised volatility
    (0.7 = 70 %). Without time, volatility, spot or strike (each counts as absent at or below zero) an option
    is worth its intrinsic value, its gamma, vega and theta are zero, and its delta is a step: 0 out of the
    money, +-1 in the money, and +-1/2 exactly at the strike, the limit of the formula there, which keeps call
    delta - put delta = 1. Raises nothing; a NaN input gives NaN.
    """
    s, k, t, sigma, call = _inputs(spot, strike, years, volatility, is_call)
    with np.errstate(all="ignore"):
        kernel = _kernel(s, k, t, sigma)
        alive = ~kernel.dead
        money_density = kernel.low * kernel.density
        root = np.sqrt(t)
        gamma = np.where(alive, money_density / (s * s * kernel.width), 0.0)
        vega = np.where(alive, money_density * root, 0.0)
        theta = np.where(alive, -0.5 * money_density * sigma / root, 0.0)
        delta = np.where(alive, _delta(s <= k, call, kernel), _step(s, k, call))
    return Greeks(kernel.otm + _intrinsic(s, k, call), delta, gamma, vega, theta)


def _inputs(
    spot: ArrayLike, strike: ArrayLike, years: ArrayLike, volatility: ArrayLike, is_call: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats, Flags]:
    floats = (np.asarray(value, dtype=np.float64) for value in (spot, strike, years, volatility))
    s, k, t, sigma, call = np.broadcast_arrays(*floats, np.asarray(is_call, dtype=np.bool_))
    return s, k, t, sigma, call


def _kernel(s: Floats, k: Floats, t: Floats, sigma: Floats) -> _Kernel:
    low, high = np.minimum(s, k), np.maximum(s, k)
    width = np.sqrt(np.maximum(t, 0.0)) * np.maximum(sigma, 0.0)
    dead = (width <= 0.0) | (low <= 0.0)
    ratio = low / high
    middle = np.maximum(log_share(low, high) / width, _FAR)
    first, second = middle + 0.5 * width, middle - 0.5 * width
    density = np.exp(-0.5 * first * first) / _SQRT_TWO_PI
    tail = density * _mills(-np.abs(first))
    upper = np.where(first > 0.0, 1.0 - tail, tail)
    complement = np.where(first > 0.0, tail, 1.0 - tail)
    lower = density * _mills(second)
    unit = np.where(width < _SERIES_BELOW, density * _series(middle, width), upper - lower)
    otm = np.where(dead, 0.0, low * unit)
    return _Kernel(low, width, dead, density, upper, complement, ratio * lower, otm)


def log_share(low: Floats, high: Floats) -> Floats:
    """ln(low / high), to the last digits where they are near."""
    ratio = low / high
    return np.where(ratio > _NEAR, np.log1p((low - high) / high), np.log(ratio))


def _mills(d: Floats) -> Floats:
    """N(d) / phi(d)."""
    scaled: Floats = erfcx(-_SQRT_HALF * d)
    return _SQRT_HALF_PI * scaled


def mills_difference(middle: Floats, width: Floats) -> Floats:
    """R(middle + width/2) - R(middle - width/2)."""
    far = _mills(middle + 0.5 * width) - _mills(middle - 0.5 * width)
    return np.where(width < _SERIES_BELOW, _series(middle, width), far)


def _series(middle: Floats, width: Floats) -> Floats:
    """R(middle + width/2) - R(middle - width/2) for small widths, by the derivatives of Mills' ratio."""
    r0 = _mills(middle)
    r1 = 1.0 + middle * r0
    r2 = r0 + middle * r1
    r3 = 2.0 * r1 + middle * r2
    r4 = 3.0 * r2 + middle * r3
    r5 = 4.0 * r3 + middle * r4
    square = width * width
    return width * (r1 + square * (r3 / 24.0 + square * (r5 / 1920.0)))


def _delta(below_strike: Flags, call: Flags, kernel: _Kernel) -> Floats:
    """N(d1), minus one for a put, from whichever tail holds the digits.

    Below the strike the kernel's upper argument is d1; above it, it is -d2, and its lower one, once scaled,
    is -d1.
    """
    put_side = np.where(below_strike, kernel.upper_complement, kernel.lower)
    call_side = np.where(below_strike, kernel.upper, 1.0 - kernel.lower)
    return np.where(call, call_side, -put_side)


def _intrinsic(s: Floats, k: Floats, call: Flags) -> Floats:
    return np.maximum(np.where(call, s - k, k - s), 0.0)


def _step(s: Floats, k: Floats, call: Flags) -> Floats:
    sign = np.where(call, 1.0, -1.0)
    return sign * np.heaviside(sign * (s - k), 0.5)
