"""The volatility at which an option is worth what it costs.

The out-of-the-money option of a strike is worth min(S, K) C(y, v), with y = -|ln(S/K)| and v = volatility *
sqrt(years) (see `keeper.core.pricing.black_scholes`), and C = phi(y/v + v/2) D(v), where D is a difference of
Mills' ratios. Far from the money C spans three hundred decades, so it is ln C that is inverted:

    (ln C)' = 1 / D,    D' = 1 + (v/4 - y^2/v^3) D,

which gives Halley's step for one evaluation of D. ln C is concave in v, so that iteration from below climbs
to the root. Two starts are below it, the larger is taken: the root for the same price at the money, as C
falls with |y|; and where phi(y/v + v/2) / phi(0) alone would be the price, as N(d) < exp(-d^2/2) below zero.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from keeper.core.pricing.black_scholes import Floats, log_share, mills_difference

_STEPS = 9
"""From those starts the last digit is reached after six steps on the whole grid of the tests."""

_HALF_LOG_TWO_PI = 0.5 * float(np.log(2.0 * np.pi))


def implied_volatility(
    price: ArrayLike, spot: ArrayLike, strike: ArrayLike, years: ArrayLike, is_call: ArrayLike
) -> Floats:
    """Volatility (0.7 = 70 %, annualised) of European options with a zero rate; inputs broadcast.

    Zero for a price that is the intrinsic value. NaN where no volatility gives the price: below the intrinsic
    value, at or above the underlying (a put: the strike), without time, spot or strike. Raises nothing.
    """
    floats = (np.asarray(value, dtype=np.float64) for value in (price, spot, strike, years))
    paid, s, k, t, call = np.broadcast_arrays(*floats, np.asarray(is_call, dtype=np.bool_))
    with np.errstate(all="ignore"):
        low, high = np.minimum(s, k), np.maximum(s, k)
        share = (paid - np.maximum(np.where(call, s - k, k - s), 0.0)) / low
        width = np.where(share == 0.0, 0.0, _width(log_share(low, high), share))
        fit = (share >= 0.0) & (share < 1.0) & (low > 0.0) & (t > 0.0)
        return np.where(fit, width / np.sqrt(t), np.nan)


def _width(y: Floats, share: Floats) -> Floats:
    """The v at which C(y, v) is `share`."""
    wanted = np.log(share)
    deep = np.sqrt(-2.0 * wanted)
    v: Floats = np.maximum(2.0 * ndtri(0.5 + 0.5 * share), -2.0 * y / (deep + np.sqrt(deep * deep - 2.0 * y)))
    for _ in range(_STEPS):
        middle = y / v
        first = middle + 0.5 * v
        difference = mills_difference(middle, v)
        excess = np.log(difference) - 0.5 * first * first - _HALF_LOG_TWO_PI - wanted
        bend = 1.0 + (0.25 * v - middle * middle / v) * difference
        v = v - excess * difference / np.maximum(1.0 + 0.5 * excess * bend, 0.5)
    return v
