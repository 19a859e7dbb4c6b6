"""How the Greeks themselves move: with volatility, and with time.

For a zero rate, d1 = ln(S/K)/(sigma sqrt(tau)) + sigma sqrt(tau)/2 and d2 = d1 - sigma sqrt(tau):

    vanna = d delta / d sigma = -phi(d1) d2 / sigma
    volga = d vega / d sigma  = vega d1 d2 / sigma
    charm = d delta / d time  = phi(d1) d2 / (2 tau)     as time passes, at a constant spot

They are the same for calls and puts. Sources: Haug, "The Complete Guide to Option Pricing Formulas", 2007.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from keeper.core.pricing.black_scholes import Floats, greeks, log_share


class CrossGreeks(NamedTuple):
    """Per unit of the underlying, for a long position; arrays of the common shape.

    `vanna` in units per 1.00 of volatility, `volga` in quote per 1.00 squared, `charm` in units per year.
    """

    vanna: Floats
    volga: Floats
    charm: Floats


def cross_greeks(spot: ArrayLike, strike: ArrayLike, years: ArrayLike, volatility: ArrayLike) -> CrossGreeks:
    """Cross Greeks with a zero rate; zero where an option has no time value left. A NaN input gives NaN."""
    s, k, t, sigma = np.broadcast_arrays(
        *(np.asarray(value, dtype=np.float64) for value in (spot, strike, years, volatility))
    )
    vega = greeks(s, k, t, sigma, is_call=True).vega
    with np.errstate(all="ignore"):
        root = np.sqrt(t)
        log_ratio = np.where(s <= k, log_share(s, k), -log_share(k, s))
        middle, half = log_ratio / (sigma * root), 0.5 * sigma * root
        second = middle - half
        density = vega / (s * root)
        found = (
            -density * second / sigma,
            vega * (middle * middle - half * half) / sigma,
            density * second / (2.0 * t),
        )
        still = vega == 0.0
    return CrossGreeks(*(np.where(still, 0.0, each) for each in found))
