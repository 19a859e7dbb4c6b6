"""From prices to what forecasts are made of.

The sum of squared returns within a bar measures its variance many times better than the bar's own return
does, as many times as there are returns in it (Andersen & Bollerslev 1998, Int. Economic Review 39:885).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def realised_variance(price: Floats, each: int, bar_years: float) -> Floats:
    """Annualised variance of each whole bar of so many returns, in order; a bar that is not over has none.

    Raises ValueError for prices that are not positive and finite: a forecast of a wrong price is wrong
    without a sign of it.
    """
    if not (np.isfinite(price).all() and (price > 0.0).all()):
        raise ValueError("prices must be positive and finite")
    returns = np.diff(np.log(price))
    whole = len(returns) // each * each
    variance: Floats = np.square(returns[:whole]).reshape(-1, each).sum(axis=1) / bar_years
    return variance
