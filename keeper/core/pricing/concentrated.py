"""What a concentrated-liquidity position is worth, how that moves, and what arbitrageurs take from it.

A position holds liquidity L between the prices pa and pb. At a price S, with c = S held inside the range, it
is (Uniswap v3 whitepaper, Adams et al. 2021, 6.29 and 6.30)

    x = L (sqrt(pb) - sqrt(c)) / sqrt(c pb)    of the underlying,
    y = L (sqrt(c) - sqrt(pa))                 of the quote,

worth V = x S + y. By the first-order condition of the pool the price's effect on x and y cancels, so delta is
x; and gamma is dx/dS = -L / (2 S^1.5) inside the range. It is a strip of short options, and it is paid for by
fees instead of a premium.

What the options cost has a name, loss versus rebalancing: the pool trades at stale prices, and whoever
corrects them earns sigma^2 S^2 |gamma| / 2 = L sigma^2 sqrt(S) / 4 a year (Milionis, Moallemi, Roughgarden &
Zhang 2022, "Automated market making and loss-versus-rebalancing"). The hedged position loses exactly that, so
what it is expected to lose until a horizon is V now less the expected V then; with a driftless lognormal
price that needs the partial moments

    E[S^p; S < x] = S0^p exp(p (p - 1) v^2 / 2) N(ln(x / S0) / v + v / 2 - p v),    v = sigma sqrt(time),

of orders 0, 1/2 and 1 (Aitchison & Brown 1957, theorem 2.6).

`keeper.core.pricing.liquidity` is the same pool in integers: it says what a trade gets, to the last unit.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from keeper.core.pricing.black_scholes import Floats

LOWEST = 1e-100
"""A distribution narrower than any rounding: stands for no time and no volatility, which divide by zero."""


class Concentrated(NamedTuple):
    """Arrays of the common shape: `value` and `quote` in quote, `delta` in units of the underlying.

    `delta` is at once the underlying in the position. `gamma` is in delta per quote unit of the price.
    """

    value: Floats
    quote: Floats
    delta: Floats
    gamma: Floats


def concentrated(spot: ArrayLike, lower: ArrayLike, upper: ArrayLike, liquidity: ArrayLike) -> Concentrated:
    """Value and sensitivities of liquidity between two prices, without its fees; inputs broadcast.

    Prices in quote per unit; `liquidity` in sqrt(unit * quote), negative for one that was borrowed and sold.
    The range is open at its top, as the pool's is. NaN where it is no range (0 < lower < upper) or the price
    is not positive. Raises nothing.
    """
    s, low, high, size = _inputs(spot, lower, upper, liquidity)
    with np.errstate(all="ignore"):
        held = np.clip(s, low, high)
        units = size * _root_difference(held, high) / np.sqrt(held * high)
        quote = size * _root_difference(low, held)
        inside = (low <= s) & (s < high)
        gamma = np.where(inside, -0.5 * size / (s * np.sqrt(s)), 0.0 * (units + s))
    return Concentrated(units * s + quote, quote, units, gamma)


def loss_rate(
    spot: ArrayLike, lower: ArrayLike, upper: ArrayLike, liquidity: ArrayLike, volatility: ArrayLike
) -> Floats:
    """Loss versus rebalancing in quote per year, at this price; zero outside the range."""
    s, sigma = np.asarray(spot, dtype=np.float64), np.asarray(volatility, dtype=np.float64)
    gamma = concentrated(s, lower, upper, liquidity).gamma
    rate: Floats = -0.5 * (sigma * s) ** 2 * gamma
    return rate


def expected_loss(
    spot: ArrayLike,
    lower: ArrayLike,
    upper: ArrayLike,
    liquidity: ArrayLike,
    years: ArrayLike,
    volatility: ArrayLike,
) -> Floats:
    """Loss versus rebalancing, in quote, expected from now until a horizon; a price may leave and return.

    Zero without time or volatility. Its digits are those of the value: relative to it the error is about
    1e-15, so that a loss far below the value has fewer.
    """
    s, low, high, size = _inputs(spot, lower, upper, liquidity)
    with np.errstate(all="ignore"):
        time, sigma = np.asarray(years, dtype=np.float64), np.asarray(volatility, dtype=np.float64)
        width = np.maximum(np.sqrt(np.maximum(time, 0.0)) * np.maximum(sigma, 0.0), LOWEST)

        root = np.sqrt(s) * np.exp(-0.125 * width * width)
        under, below = _moments(low / s, width), _moments(high / s, width)
        # Below the range it is all underlying, above all quote, and between the sum of both.
        units = (under.first * _root_difference(low, high)) / np.sqrt(low * high) - (
            below.first - under.first
        ) / np.sqrt(high)
        quote = (1.0 - below.zeroth) * _root_difference(low, high) - (below.zeroth - under.zeroth) * np.sqrt(
            low
        )
        later = size * (units * s + quote + 2.0 * root * (below.half - under.half))
        lost: Floats = concentrated(s, low, high, size).value - later
    return lost


class _Moments(NamedTuple):
    """Partial moments below a bound, each over its own whole."""

    zeroth: Floats
    half: Floats
    first: Floats


def _moments(bound: Floats, width: Floats) -> _Moments:
    reach = np.log(bound) / width + 0.5 * width
    return _Moments(ndtr(reach), ndtr(reach - 0.5 * width), ndtr(reach - width))


def _inputs(
    spot: ArrayLike, lower: ArrayLike, upper: ArrayLike, liquidity: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    s, low, high, size = np.broadcast_arrays(
        *(np.asarray(value, dtype=np.float64) for value in (spot, lower, upper, liquidity))
    )
    sound = (s > 0.0) & (low > 0.0) & (low < high)
    return np.where(sound, s, np.nan), low, high, size


def _root_difference(low: Floats, high: Floats) -> Floats:
    """sqrt(high) - sqrt(low), to the last digits where they are near."""
    difference: Floats = (high - low) / (np.sqrt(high) + np.sqrt(low))
    return difference
