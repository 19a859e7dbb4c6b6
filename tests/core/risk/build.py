"""Books for tests of risk: any legs, any balances, at SPOT and 70 % unless said."""

import numpy as np
from hypothesis import strategies as st

from keeper.core.exposure import Situation
from keeper.core.market import Reading
from keeper.core.position import Leg
from keeper.core.pricing.black_scholes import Floats, price
from keeper.core.units import WAD
from tests.core.build import DAY, NOW, SPOT, situation, vault

legs = st.builds(
    lambda is_call, strike, days, size: Leg(
        is_call=is_call, strike_wad=strike * WAD, expiry=NOW + days * DAY, size_wad=size * WAD
    ),
    st.booleans(),
    st.integers(1_000, 9_000),
    st.sampled_from([-3, 0, 1, 6, 29, 31, 89, 400]),
    st.integers(-100, 100),
)
books = st.lists(legs, max_size=5).map(tuple)


def holding(
    book: tuple[Leg, ...] = (), base: float = 0.0, quote: float = 2_000_000.0, volatility: float = 0.7
) -> Situation:
    """A vault with these legs and balances."""
    state = vault(
        base_wei=round(base * 10**6) * 10**12,
        quote_units=round(quote * 10**6),
        volatility=Reading(round(volatility * 10**6) * 10**12, NOW - 60, 9),
    )
    return situation(state, book)


def worth(each: Situation, move: Floats, volatility: Floats | float) -> Floats:
    """Legs and inventory at multiples of the spot by the exact pricer, one leg after the other."""
    total = each.exposure.inventory * SPOT * move
    sigma = np.broadcast_to(volatility, each.legs.size.shape)
    for leg in range(len(each.legs.size)):
        total = total + each.legs.size[leg] * price(
            SPOT * move, each.legs.strike[leg], each.legs.years[leg], sigma[leg], each.legs.is_call[leg]
        )
    return total
