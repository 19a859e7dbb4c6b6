"""The rules that the field hedges by, as regions: what the keeper's own is measured against.

Each is written as published, without repairs that its author did not make. A rule that trades on a schedule
is a band of no width at its times and one without end in between. A rule sees a book at some spots and says
where the hedge may be; whether the spots are a lattice's or a path's is not its matter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.lattice import Floats, Rule, World
from keeper.core.hedging import Costs, Legs, Region
from keeper.core.pricing.black_scholes import greeks

DAY = 1 / 365
NEVER = 1e30
BANDS = (0.05, 0.10, 0.20)


@dataclass(frozen=True, slots=True)
class View:
    """A book at some spots. `legs.years` and the volatility are the same for all of them, or a row for each.

    `unit` is the size of the largest leg: rules that were written for one option take the book for so many.
    """

    legs: Legs
    spot: Floats
    volatility: Floats | float
    costs: Costs
    aversion: float
    unit: float


See = Callable[[View], Region]


def seers() -> Mapping[str, See]:
    """The rules that do not look at the clock, by name."""
    return {
        "delta at each look": lambda view: to(hedge(view)),
        **{f"band {width:.2f} to centre": _constant(width) for width in BANDS},
        "Whalley-Wilmott": _whalley_wilmott,
        "Zakamouline": _zakamouline,
    }


def baselines(world: World) -> Mapping[str, Rule]:
    """All of them as the lattice asks for them, by name."""
    simple = seers()
    return {
        "delta at each look": _on(world, simple["delta at each look"]),
        "daily delta": lambda spots, time: _daily(world, time, hedge(_view(world, spots, time))),
        "daily, Leland": lambda spots, time: _daily(world, time, leland(_view(world, spots, time))),
        **{name: _on(world, see) for name, see in simple.items() if name != "delta at each look"},
    }


def hedge(view: View, scale: Floats | float = 1.0) -> Floats:
    """The position that makes the book's delta zero, at a multiple of the volatility."""
    sigma = np.asarray(view.volatility)[..., None] * scale
    delta = greeks(view.spot[:, None], view.legs.strike, view.legs.years, sigma, view.legs.is_call).delta
    position: Floats = -(delta @ view.legs.size)
    return position


def to(target: Floats) -> Region:
    """Trade to a target always."""
    return Region(target, target, target, target)


def leland(view: View) -> Floats:
    """Leland 1985 (J. Finance 40:1283), once a day; for a long leg the sign of Hoggard, Whalley & Wilmott."""
    volatility, spread = np.asarray(view.volatility), np.asarray(view.costs.proportional)
    share = (np.sqrt(8 / np.pi) * spread / (volatility * np.sqrt(DAY)))[..., None]
    signed = np.where(view.legs.size < 0.0, share, -share)
    return hedge(view, np.sqrt(np.maximum(1.0 + signed, 0.01)))


def around(centre: Floats, inner: Floats | float, outer: Floats | float) -> Region:
    """A band: trade when farther than `outer`, to `inner`."""
    return Region(centre - outer, centre - inner, centre + inner, centre + outer)


def _view(world: World, spots: Floats, time: float) -> View:
    legs = world.open_legs(time)
    left = Legs(legs.strike, legs.years - time, legs.is_call, legs.size)
    return View(left, spots, world.volatility, world.costs, world.aversion, world.unit)


def _on(world: World, see: See) -> Rule:
    return lambda spots, time: see(_view(world, spots, time))


def _gamma(view: View) -> Floats:
    sigma = np.asarray(view.volatility)[..., None]
    each = greeks(view.spot[:, None], view.legs.strike, view.legs.years, sigma, view.legs.is_call)
    net: Floats = each.gamma @ view.legs.size
    return net


def _daily(world: World, time: float, target: Floats) -> Region:
    """To the target at the first look of each day."""
    looks = round(time / world.look)
    due = looks % max(round(DAY / world.look), 1) == 0
    return to(target) if due else around(target, 0.0, NEVER)


def _constant(width: float) -> See:
    """A band of the same width always, in deltas of one option, back to its middle."""
    return lambda view: around(hedge(view), 0.0, width * view.unit)


def _whalley_wilmott(view: View) -> Region:
    """Whalley & Wilmott 1997 (Math. Finance 7:307): proportional cost only, to the edge."""
    unit_cost = view.costs.proportional * view.spot
    width = np.cbrt(1.5 * unit_cost * np.square(_gamma(view)) / view.aversion)
    return around(hedge(view), width, width)


def _zakamouline(view: View) -> Region:
    """Zakamouline 2006 (Quant. Finance 6:435): proportional cost only, to the edge.

    His option is one; a book is hedged as one with its net gamma, over the time to its last expiry.
    """
    spread, volatility = view.costs.proportional, np.asarray(view.volatility)
    years = view.legs.years.max(axis=-1)
    gamma = _gamma(view)
    size = np.abs(gamma)
    # He states the risk aversion and the gamma of one option; a book is so many of its largest leg.
    aversion = view.aversion * view.unit
    each = size / view.unit
    residual = spread / (aversion * view.spot * volatility**2 * years)
    width = 1.12 * spread**0.31 * years**0.05 * volatility**-0.25 * np.sqrt(each / aversion) + residual
    shift = 4.76 * spread**0.78 * years**-0.02 * volatility**-0.25 * (aversion * view.spot**2 * each) ** 0.15
    shifted = np.sqrt(np.maximum(1.0 - np.sign(gamma) * shift, 0.01))
    centre = hedge(view, shifted[:, None])
    return around(centre, width * view.unit, width * view.unit)
