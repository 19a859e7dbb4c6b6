"""The closed form against the optimum itself, found on a lattice without Monte-Carlo noise.

The lattice is the benchmark's (`benchmarks.lattice`), which shares no code with the core and is checked
against a brute-force recursion. Here are the corners; the benchmark draws its vaults at random.
"""

import numpy as np
import pytest

from benchmarks.hedging import closed_form
from benchmarks.lattice import World, cost_of, optimum
from keeper.core.hedging import Costs, Legs

LOOK = 1 / 8760


def book(days: float, *rows: tuple[float, bool, float]) -> Legs:
    strike, call, size = (np.array(column) for column in zip(*rows, strict=True))
    return Legs(strike, np.full(len(rows), days / 365), call, size)


CALL = book(7, (3000.0, True, -1.0))
STRADDLE = book(7, (3000.0, True, 1.0), (3000.0, False, 1.0))
SPREAD = book(7, (3000.0, True, -1.0), (3300.0, True, 1.0))


@pytest.mark.parametrize(
    ("legs", "volatility", "costs", "most"),
    [
        pytest.param(CALL, 0.7, Costs(0.05, 1e-3), 0.01, id="one call"),
        pytest.param(CALL, 0.7, Costs(0.0, 1e-3), 0.01, id="no gas"),
        pytest.param(CALL, 0.8, Costs(2.0, 3e-3), 0.015, id="small vault, dear gas"),
        pytest.param(STRADDLE, 0.7, Costs(0.05, 1e-3), 0.03, id="long straddle"),
        pytest.param(SPREAD, 0.7, Costs(0.05, 1e-3), 0.04, id="call spread"),
    ],
)
def test_the_region_loses_next_to_nothing_to_the_optimum(
    legs: Legs, volatility: float, costs: Costs, most: float
) -> None:
    world = World(legs, volatility, costs, 0.01, LOOK)
    assert -1e-3 < cost_of(world, closed_form(world)) / optimum(world) - 1 < most
