"""How wide a no-trade band has to be when every trade costs gas as well as a fraction of what it trades.

Let X be the distance of the hedge from its target, which moves with the spot: dX = Gamma sigma S dW. Holding
X costs (gamma/2) sigma^2 S^2 X^2 per year in certainty equivalents, at absolute risk aversion gamma; a trade
costs f dollars and k = lambda S per unit. Three bounds follow, each for |X|: beyond the *outer* one trade,
down to the *inner* one.

* Mixed asymptotic band (small costs, much gamma). With beta = gamma / (3 Gamma^2), smooth pasting at both
  bounds gives

      k = beta b B (b + B)          f = beta (B - b)^3 (B + b) / 4,

  whose limits are Whalley & Wilmott (1997, Math. Finance 7:307) for f = 0, b = B = (3 k Gamma^2 / 2
  gamma)^(1/3), and the fixed-cost band for k = 0, b = 0, B = (12 f Gamma^2 / gamma)^(1/4) (Whalley & Wilmott
  1999, EJAM 10:117; Altarovici, Muhle-Karbe & Soner 2015).
* Static residual band (little gamma, or little time): X would stay where it is for the time that is left, so
  the trade must earn its cost until then. Without it the asymptotic band dribbles away gas in the wings.
* Discrete looks: a walk seen only every `look_interval` is found beyond its barrier, by 0.58 of its step on
  average (Broadie, Glasserman & Kou 1997, Math. Finance 7:325). The barriers move in by as much.

All functions are vectorised, take non-negative finite arguments and return finite numbers with 0 <= inner <=
outer.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Reals = Floats | float

LEAST = 1e-30
MOST = 1e30
"""A divisor below LEAST counts as LEAST, a width above MOST as MOST: an infinite band is a very wide one."""

_NEWTON_STEPS = 7
"""From 1.3 the iteration is at the last digit after six steps for every ratio of the two costs."""

_OVERSHOOT = 0.5826
"""-zeta(1/2) / sqrt(2 pi), mean overshoot of a Gaussian walk over a barrier, in steps."""

_FORGOTTEN = 1.1
"""Rate at which the inner bound forgets the looks with its distance from the outer one, in steps. Fitted to
the solved local problem (a Gaussian walk, quadratic risk, both costs) for outer bounds of 1 to 9 steps."""


class Band(NamedTuple):
    """Distances from the target: trade beyond `outer`, to `inner`."""

    inner: Floats
    outer: Floats


def mixed_band(gamma: Floats, fixed: Reals, per_unit: Reals, risk_aversion: Reals) -> Band:
    """Asymptotic (b, B) for fixed and proportional cost together.

    `gamma`: book gamma, absolute value (units of the underlying per dollar); `fixed`: f, dollars per trade;
    `per_unit`: k, dollars per unit traded; `risk_aversion`: 1/dollar.

    The sum s = b + B solves s^3 - s^(1/3) (4f/beta)^(2/3) - 4k/beta = 0, then B - b = (4f/(beta s))^(1/3).
    Scaled by the larger of its two one-cost solutions, s lies in [1, 1.3] and the equation is convex there,
    so Newton's method from the right end falls to the root without a safeguard.
    """
    per_beta = 12.0 * np.square(np.minimum(gamma, MOST)) / np.maximum(risk_aversion, LEAST)
    fixed_term, unit_term = fixed * per_beta, per_unit * per_beta
    fixed_scale, unit_scale = fixed_term**0.25, np.cbrt(unit_term)
    scale = np.maximum(np.maximum(fixed_scale, unit_scale), LEAST)
    q = (fixed_scale / scale) ** (8.0 / 3.0)
    p = (unit_scale / scale) ** 3
    u = np.full_like(scale, 1.3)
    for _ in range(_NEWTON_STEPS):
        root = np.cbrt(u)
        u = u - (u**3 - q * root - p) / (3.0 * u * u - q * root / (3.0 * u))
    total = scale * u
    gap = np.minimum(scale * np.cbrt(q**1.5 / u), total)
    return Band(_finite(0.5 * (total - gap)), _finite(0.5 * (total + gap)))


def static_band(
    spot: Floats,
    volatility: Floats,
    horizon: Floats,
    fixed: Reals,
    proportional: Reals,
    risk_aversion: Reals,
) -> Band:
    """Band of a residual that will not move while `horizon` lasts.

    Inner lambda / (gamma sigma^2 S tau), outer sqrt(2f / (gamma sigma^2 S^2 tau)) more.
    `horizon` tau: years until the residual stops mattering; `proportional` lambda: one-way fraction of the
    traded value.
    """
    variance_rate = np.square(np.minimum(volatility * spot, MOST))
    curvature = np.maximum(risk_aversion * variance_rate * horizon, LEAST)
    inner = proportional * spot / curvature
    return Band(_finite(inner), _finite(inner + np.sqrt(2.0 * fixed / curvature)))


def wider(one: Band, other: Band) -> Band:
    """Either band's bounds, whichever are farther out ("CL-max")."""
    return Band(np.maximum(one.inner, other.inner), np.maximum(one.outer, other.outer))


def looked_at(band: Band, step: Floats) -> Band:
    """The band corrected for looks at intervals, in which the target moves by a standard deviation of `step`.

    The outer bound moves in by the whole overshoot. So does the inner one where the two coincide; the more
    steps lie between them, the less the landing point is a barrier, and the less it moves.
    """
    overshoot = _OVERSHOOT * step
    outer = np.maximum(band.outer - overshoot, 0.0)
    apart = (band.outer - band.inner) / np.maximum(step, LEAST)
    moved = overshoot * np.exp(-_FORGOTTEN * np.minimum(apart, MOST))
    return Band(np.clip(band.inner - moved, 0.0, outer), outer)


def _finite(width: Floats) -> Floats:
    return np.minimum(width, MOST)
