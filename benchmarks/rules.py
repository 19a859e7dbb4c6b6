"""The rules that the field hedges by, as regions: what the keeper's own is measured against.

Each is written as published, without repairs that its author did not make. A rule that trades on a schedule
is a band of no width at its times and one without end in between.
"""

from collections.abc import Mapping

import numpy as np

from benchmarks.lattice import Floats, Rule, World
from keeper.core.hedging import Region
from keeper.core.pricing.black_scholes import greeks

DAY = 1 / 365
NEVER = 1e30


def baselines(world: World) -> Mapping[str, Rule]:
    """All of them, by name."""
    return {
        "delta at each look": lambda spots, time: _to(_hedge(world, spots, time)),
        "daily delta": lambda spots, time: _daily(world, time, _hedge(world, spots, time)),
        "daily, Leland": lambda spots, time: _daily(world, time, _leland(world, spots, time)),
        **{f"band {width:.2f} to centre": _constant(world, width) for width in (0.05, 0.10, 0.20)},
        "Whalley-Wilmott": lambda spots, time: _whalley_wilmott(world, spots, time),
        "Zakamouline": lambda spots, time: _zakamouline(world, spots, time),
    }


def _hedge(world: World, spots: Floats, time: float, scale: Floats | float = 1.0) -> Floats:
    """The position that makes the book's delta zero, at a multiple of the volatility."""
    legs, sigma = world.open_legs(time), world.volatility * scale
    delta = greeks(spots[:, None], legs.strike, legs.years - time, sigma, legs.is_call).delta
    hedge: Floats = -(delta @ legs.size)
    return hedge


def _gamma(world: World, spots: Floats, time: float) -> Floats:
    legs = world.open_legs(time)
    each = greeks(spots[:, None], legs.strike, legs.years - time, world.volatility, legs.is_call)
    net: Floats = each.gamma @ legs.size
    return net


def _to(target: Floats) -> Region:
    return Region(target, target, target, target)


def _around(centre: Floats, inner: Floats | float, outer: Floats | float) -> Region:
    return Region(centre - outer, centre - inner, centre + inner, centre + outer)


def _daily(world: World, time: float, target: Floats) -> Region:
    """To the target at the first look of each day."""
    looks = round(time / world.look)
    due = looks % max(round(DAY / world.look), 1) == 0
    return _to(target) if due else _around(target, 0.0, NEVER)


def _constant(world: World, width: float) -> Rule:
    """A band of the same width always, in deltas of one option, back to its middle."""
    return lambda spots, time: _around(_hedge(world, spots, time), 0.0, width * world.unit)


def _leland(world: World, spots: Floats, time: float) -> Floats:
    """Leland 1985 (J. Finance 40:1283), with the sign of Hoggard, Whalley & Wilmott for a long leg."""
    volatility, spread = world.volatility, world.costs.proportional
    share = np.sqrt(8 / np.pi) * spread / (volatility * np.sqrt(DAY))
    signed = np.where(world.open_legs(time).size < 0.0, share, -share)
    return _hedge(world, spots, time, np.sqrt(np.maximum(1.0 + signed, 0.01)))


def _whalley_wilmott(world: World, spots: Floats, time: float) -> Region:
    """Whalley & Wilmott 1997 (Math. Finance 7:307): proportional cost only, to the edge."""
    unit_cost = world.costs.proportional * spots
    width = np.cbrt(1.5 * unit_cost * np.square(_gamma(world, spots, time)) / world.aversion)
    return _around(_hedge(world, spots, time), width, width)


def _zakamouline(world: World, spots: Floats, time: float) -> Region:
    """Zakamouline 2006 (Quant. Finance 6:435): proportional cost only, to the edge.

    His option is one; a book is hedged as one with its net gamma, over the time to its last expiry.
    """
    spread, volatility = world.costs.proportional, world.volatility
    years = float(world.open_legs(time).years.max()) - time
    gamma = _gamma(world, spots, time)
    size = np.abs(gamma)
    # He states the risk aversion and the gamma of one option; a book is so many of its largest leg.
    aversion = world.aversion * world.unit
    each = size / world.unit
    residual = spread / (aversion * spots * volatility**2 * years)
    width = 1.12 * spread**0.31 * years**0.05 * volatility**-0.25 * np.sqrt(each / aversion) + residual
    shift = 4.76 * spread**0.78 * years**-0.02 * volatility**-0.25 * (aversion * spots**2 * each) ** 0.15
    shifted = np.sqrt(np.maximum(1.0 - np.sign(gamma) * shift, 0.01))
    centre = _hedge(world, spots, time, shifted[:, None])
    return _around(centre, width * world.unit, width * world.unit)
