"""Power perpetuals: a claim on a power of the price that never expires, and what holding it costs.

The index is S^p. Its growth beyond the interest on it,

    g = p (p - 1) sigma^2 / 2    per year, for a zero rate,

is convexity that the long receives and pays for by funding. Squeeth (p = 2) takes funding in kind: every
token's claim shrinks by the factor (index / mark)^(time / F), F being the funding period (`Controller.sol`:
420 hours, with the mark held within 80 % to 140 % of the index). At the fair mark that shrinks the claim as
fast as convexity grows it, g = ln(mark / index) / F, so mark / index = exp(g F): a constant, whatever the
price. A token is therefore worth V = V0 S^p, its delta is p V / S and its gamma p (p - 1) V / S^2, and the
decay of its claim pays for the gamma to the last cent: theta = -g V = -sigma^2 S^2 gamma / 2.

Sources: White, Robinson, Koticha, Leone, Gauba & Krishnan 2021, "Power perpetuals" (Paradigm); Squeeth's
`Controller.sol`. Venues that pay funding in cash have another fair mark, index / (1 - g F): not this one.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from keeper.core.pricing.black_scholes import Floats

SQUEETH_POWER = 2.0
SQUEETH_FUNDING_YEARS = 420 / (365 * 24)
SQUEETH_MARK_BOUNDS = (0.8, 1.4)
"""Least and most of mark over index that funding takes notice of."""


class Power(NamedTuple):
    """Per token, for a holder; arrays of the common shape.

    `value` in quote at the fair mark; `delta` in units of the underlying; `gamma` in delta per quote unit of
    the price; `vega` in quote per 1.00 of volatility; `theta`, what funding takes, in quote per year.
    """

    value: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats


def power_perpetual(
    spot: ArrayLike,
    claim: ArrayLike,
    volatility: ArrayLike,
    *,
    power: float = SQUEETH_POWER,
    funding_years: float = SQUEETH_FUNDING_YEARS,
) -> Power:
    """Fair value and sensitivities of `claim` units of S^power, funded in kind; inputs broadcast.

    `claim` is the token's normalisation factor (with the venue's scale: Squeeth divides by 10,000). The
    bounds on the mark are not in it: they bind beyond 264 % of volatility. Raises nothing; NaN gives NaN, and
    so does a price that is not positive.
    """
    s, held, sigma = np.broadcast_arrays(
        *(np.asarray(value, dtype=np.float64) for value in (spot, claim, volatility))
    )
    price = np.where(s > 0.0, s, np.nan)
    growth = _growth(sigma, power)
    value = held * price**power * np.exp(growth * funding_years)
    return Power(
        value=value,
        delta=power * value / price,
        gamma=power * (power - 1.0) * value / (price * price),
        vega=power * (power - 1.0) * sigma * funding_years * value,
        theta=-growth * value,
    )


def claim_left(
    mark: ArrayLike, index: ArrayLike, years: ArrayLike, *, funding_years: float = SQUEETH_FUNDING_YEARS
) -> Floats:
    """Factor by which a token's claim shrinks while mark and index stand for a time, as Squeeth funds.

    NaN where mark or index is not positive.
    """
    ratio = _ratio(mark, index)
    lowest, highest = SQUEETH_MARK_BOUNDS
    time = np.asarray(years, dtype=np.float64)
    return np.clip(ratio, lowest, highest) ** (-time / funding_years)


def power_volatility(
    mark: ArrayLike,
    index: ArrayLike,
    *,
    power: float = SQUEETH_POWER,
    funding_years: float = SQUEETH_FUNDING_YEARS,
) -> Floats:
    """The volatility at which a mark is fair. NaN where there is none: a mark below the index."""
    with np.errstate(all="ignore"):
        variance = 2.0 * np.log(_ratio(mark, index)) / (power * (power - 1.0) * funding_years)
        return np.sqrt(variance)


def _growth(sigma: Floats, power: float) -> Floats:
    return 0.5 * power * (power - 1.0) * sigma * sigma


def _ratio(mark: ArrayLike, index: ArrayLike) -> Floats:
    top, bottom = np.asarray(mark, dtype=np.float64), np.asarray(index, dtype=np.float64)
    with np.errstate(all="ignore"):
        return np.where((top > 0.0) & (bottom > 0.0), top / bottom, np.nan)
