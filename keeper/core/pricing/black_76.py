"""Options on a forward: Black's formula, as the venues that quote a forward per expiry use it.

An option on a forward F that is paid for now is worth exp(-r tau) of one that is paid for at expiry, and that
one is a Black-Scholes option with a zero rate on F (Black 1976, J. Financial Economics 3:167). So every Greek
is that option's, discounted; only theta also earns the rate on the price.
"""

import numpy as np
from numpy.typing import ArrayLike

from keeper.core.pricing.black_scholes import Greeks, greeks


def black_76(
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    volatility: ArrayLike,
    is_call: ArrayLike,
    *,
    rate: ArrayLike,
) -> Greeks:
    """Value and Greeks per unit of the forward; `rate` is continuously compounded, per year.

    Inputs broadcast, and corner cases are those of `greeks`; delta and gamma are against the forward.
    """
    later = greeks(forward, strike, years, volatility, is_call)
    interest = np.asarray(rate, dtype=np.float64)
    discount = np.exp(-interest * np.maximum(np.asarray(years, dtype=np.float64), 0.0))
    value = discount * later.price
    return Greeks(
        price=value,
        delta=discount * later.delta,
        gamma=discount * later.gamma,
        vega=discount * later.vega,
        theta=discount * later.theta + interest * value,
    )
