"""What the surface says at any strike and time.

At a constant log-moneyness total variance is linear between two expiries, so that it never falls. Before the
first it goes to zero in proportion to time, which keeps that slice's volatility: g is concave in such a
factor and not negative at zero and at one, so no butterfly comes in. After the last nothing is known.
"""

import numpy as np
from numpy.typing import ArrayLike

from keeper.core.pricing.black_scholes import Floats
from keeper.core.pricing.surface.building import Surface
from keeper.core.pricing.surface.svi import total_variance


def volatility_at(surface: Surface, moneyness: ArrayLike, years: ArrayLike) -> Floats:
    """Volatility at ln(strike / forward) and time; inputs broadcast. NaN at time zero and after the last."""
    k, t = np.broadcast_arrays(np.asarray(moneyness, dtype=np.float64), np.asarray(years, dtype=np.float64))
    times = np.array([0.0, *(each.years for each in surface.slices)])
    after = np.clip(np.searchsorted(times, t), 1, len(times) - 1)
    levels = np.stack([np.zeros_like(k), *(total_variance(each, k) for each in surface.slices)])
    share = (t - times[after - 1]) / (times[after] - times[after - 1])
    early, late = (np.take_along_axis(levels, at[None], axis=0)[0] for at in (after - 1, after))
    with np.errstate(all="ignore"):
        found = np.sqrt((early + share * (late - early)) / t)
    return np.where((t > 0.0) & (t <= times[-1]), found, np.nan)


def forward_at(surface: Surface, years: ArrayLike) -> Floats:
    """The forward for a time: log-linear between expiries, the first's before it, NaN after the last."""
    t = np.asarray(years, dtype=np.float64)
    times = [each.years for each in surface.smiles]
    logs = np.log([each.forward for each in surface.smiles])
    return np.where((t > 0.0) & (t <= times[-1]), np.exp(np.interp(t, times, logs)), np.nan)
