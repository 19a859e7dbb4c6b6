"""What a vault loses on average in the worst days of the next, if days have fat tails.

Daily returns of crypto assets have a tail exponent near three to five, so that a normal law calls days
impossible which come every year. Here the return of the horizon is a Student t with FREEDOM degrees, scaled
to the standard deviation that the volatility says, sigma sqrt(h). Expected shortfall at a confidence c is the
mean loss in the worst 1 - c of cases: unlike value at risk it counts how bad they are, and two books together
never have more of it than apart (Acerbi & Tasche 2002).

The law is cut into cells of known probability, each standing for its own mean, where every book is priced
anew. A position in the underlying then has the closed form to the last digits,

    scale * t(q) (f + q^2) / ((f - 1) (1 - c)),      scale = sigma sqrt(h) sqrt((f - 2) / f),

and the shortfall of any book is that of a law with finitely many cases, exactly: so it is coherent by
construction, not up to an error. Against the continuous law it is off by less than a hundredth of what the
gross delta moves in a day (tests/core/risk/test_tails.py). Volatility does not move with the spot here and no
time passes: the first is what `stress` is for, the second would let decay pay for the risk.

Sources: McNeil, Frey & Embrechts, "Quantitative Risk Management", 2015, 2.3.4; Gabaix et al. 2003 and Begusic
et al. 2018 for the exponents; confidence as in the Basel committee's market risk standard (MAR33).
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln, stdtrit

from keeper.core.pricing.black_scholes import Floats
from keeper.core.risk.repricing import Books, values

FREEDOM = 4.0
CONFIDENCE = 0.975
HORIZON_YEARS = 1.0 / 365.0

_TAIL_CELLS = 12
"""In each tail beyond the confidence, each of half the probability of the one before."""

_BODY_CELLS = 12
"""On each side between the tail and the median, of even probability."""


class Cells(NamedTuple):
    """A law in pieces: the `mean` of each in standard deviations, and its `weight`, which add up to one."""

    mean: Floats
    weight: Floats


@lru_cache(maxsize=8)
def cells(freedom: float, confidence: float) -> Cells:
    """The Student t of unit variance in cells, with edges at the confidence on both sides; `freedom` > 2."""
    rest = 1.0 - confidence
    tail = rest * 0.5 ** np.arange(_TAIL_CELLS - 1, 0, -1)
    below = np.concatenate([tail, np.linspace(rest, 0.5, _BODY_CELLS + 1)])
    quantile = stdtrit(freedom, below).astype(np.float64)
    weight = np.diff(below, prepend=0.0)
    mean = np.diff(_partial_mean(quantile, freedom), prepend=0.0) / weight
    scale = np.sqrt((freedom - 2.0) / freedom)
    return Cells(scale * np.concatenate([mean, -mean[::-1]]), np.concatenate([weight, weight[::-1]]))


def _partial_mean(quantile: Floats, freedom: float) -> Floats:
    """The integral of x t(x) up to a quantile: minus t(x) (f + x^2) / (f - 1)."""
    half = 0.5 * (freedom + 1.0)
    log_density: Floats = (
        gammaln(half)
        - gammaln(0.5 * freedom)
        - 0.5 * np.log(freedom * np.pi)
        - half * np.log1p(quantile * quantile / freedom)
    )
    density: Floats = np.exp(log_density)
    return -density * (freedom + quantile * quantile) / (freedom - 1.0)


def tail_moves(books: Books, freedom: float = FREEDOM, confidence: float = CONFIDENCE) -> Floats:
    """Multiples of each vault's spot, a row each, in each cell. The spot stops at zero."""
    spread = books.volatility * np.sqrt(HORIZON_YEARS)
    move: Floats = 1.0 + spread[:, None] * cells(freedom, confidence).mean
    return np.maximum(move, 0.0)


def tail_profits(books: Books, freedom: float = FREEDOM, confidence: float = CONFIDENCE) -> Floats:
    """Gain or loss of each vault, a row each, in each cell, in quote."""
    now = values(books, np.ones((1, 1)), books.leg_volatility)
    return values(books, tail_moves(books, freedom, confidence), books.leg_volatility) - now


def expected_shortfall(profit: Floats, weight: Floats, confidence: float) -> Floats:
    """Mean loss of each row in the worst 1 - confidence of its cases. A NaN input gives NaN."""
    order = np.argsort(profit, axis=-1)
    before = np.cumsum(weight[order], axis=-1) - weight[order]
    counted = np.clip(1.0 - confidence - before, 0.0, weight[order])
    lost: Floats = -np.sum(np.take_along_axis(profit, order, axis=-1) * counted, axis=-1)
    return lost / (1.0 - confidence)
