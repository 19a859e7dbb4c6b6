"""All expiries in three numbers and a term structure: the surface of last resort.

Where slices fitted one by one cannot be made free of arbitrage, SSVI can (Gatheral & Jacquier 2014):

    w(k, theta) = theta / 2 (1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2)),
    phi(theta) = eta / (theta^gamma (1 + theta)^(1 - gamma)),

theta being total variance at the money. With 0 < gamma <= 1/2, eta (1 + |rho|) <= 2 and theta that does not
fall over time there is no static arbitrage (remark 4.4): these are the bounds of the fit. Each of its slices
is a raw one: a = theta (1 - rho^2) / 2, b = theta phi / 2, m = -rho / phi, sigma = sqrt(1 - rho^2) / phi.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import least_squares

from keeper.core.pricing.black_scholes import Floats
from keeper.core.pricing.surface.quotes import Smile
from keeper.core.pricing.surface.starting import weights
from keeper.core.pricing.surface.svi import Slice, total_variance

_SCALE = 2.385
_BENT = 0.999
"""The largest |rho|: at one the slice has a wing that is no wing."""


def fit_ssvi(smiles: Sequence[Smile]) -> tuple[Slice, ...]:
    """The SSVI slices nearest to all quotes together, in order of time."""
    rises = np.log(np.diff(_at_the_money(smiles), prepend=0.0))

    def residuals(x: Floats) -> Floats:
        return np.concatenate(
            [
                (np.sqrt(total_variance(found, smile.moneyness) / smile.years) - smile.volatility)
                / (weights(smile) * _SCALE)
                for smile, found in zip(smiles, _slices(smiles, x), strict=True)
            ]
        )

    x = least_squares(
        residuals,
        np.array([-0.2, 0.5, 0.4, *rises]),
        bounds=(
            np.array([-_BENT, 1e-3, 1e-3, *(rises - 12.0)]),
            np.array([_BENT, 1.0, 0.5, *(rises + 4.0)]),
        ),
        loss="cauchy",
        max_nfev=200,
    ).x
    return _slices(smiles, x)


def ssvi_slice(years: float, theta: float, rho: float, phi: float) -> Slice:
    """One slice of the surface, in raw parameters."""
    flat = float(np.sqrt(1.0 - rho * rho))
    return Slice(years, 0.5 * theta * flat * flat, 0.5 * theta * phi, rho, -rho / phi, flat / phi)


def _slices(smiles: Sequence[Smile], x: Floats) -> tuple[Slice, ...]:
    rho, share, gamma = (float(each) for each in x[:3])
    thetas = np.cumsum(np.exp(x[3:]))
    eta = 2.0 * share / (1.0 + abs(rho))
    phis = eta / (thetas**gamma * (1.0 + thetas) ** (1.0 - gamma))
    return tuple(
        ssvi_slice(smile.years, float(theta), rho, float(phi))
        for smile, theta, phi in zip(smiles, thetas, phis, strict=True)
    )


def _at_the_money(smiles: Sequence[Smile]) -> Floats:
    """Total variance at the money as the median of the three nearest quotes has it, made to rise."""

    def guess(smile: Smile) -> float:
        nearest = np.argsort(np.abs(smile.moneyness))[:3]
        return float(np.median(smile.volatility[nearest])) ** 2 * smile.years

    rising = np.maximum.accumulate([guess(smile) for smile in smiles])
    return np.asarray(rising * (1.0 + 1e-3 * np.arange(len(rising))))
