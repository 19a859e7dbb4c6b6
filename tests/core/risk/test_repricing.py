"""Re-pricing is Black-Scholes, with digits of the spot, and a vault's values are its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.position import Leg
from keeper.core.risk.repricing import books_of, values
from keeper.core.units import WAD
from tests.core.build import NOW, SPOT
from tests.core.risk.build import books, holding, worth

MOVES = np.array([0.0, 1e-6, 0.3, 0.84, 0.999, 1.0, 1.001, 1.16, 3.0, 6.0])


@given(books, st.integers(0, 500), st.sampled_from([0.0, 1e-6, 0.1, 0.7, 5.0]))
def test_every_leg_is_priced_as_black_scholes_prices_it(
    book: tuple[Leg, ...], base: int, volatility: float
) -> None:
    each = holding(book, base, volatility=volatility)
    one = books_of([each])
    found = values(one, MOVES[None, :], one.leg_volatility)[0]
    size = 1.0 + base + sum(abs(leg.size_wad) / WAD for leg in book)
    assert found == pytest.approx(worth(each, MOVES, volatility), rel=0, abs=1e-11 * 6 * SPOT * size)


@given(st.lists(books, min_size=1, max_size=70), st.integers(0, 69))
def test_a_vaults_values_do_not_depend_on_its_neighbours_to_the_last_bit(
    many: list[tuple[Leg, ...]], which: int
) -> None:
    vaults = [holding(book, base) for base, book in enumerate(many)]
    together, index = books_of(vaults), which % len(many)
    alone = books_of([vaults[index]])
    found = values(together, MOVES[None, :], together.leg_volatility)[index]
    assert found.tolist() == values(alone, MOVES[None, :], alone.leg_volatility)[0].tolist()


def test_no_vaults_have_no_values() -> None:
    none = books_of([])
    assert values(none, MOVES[None, :], none.leg_volatility).shape == (0, len(MOVES))


def test_an_expired_leg_is_worth_its_intrinsic_value() -> None:
    expired = Leg(is_call=False, strike_wad=SPOT * WAD, expiry=NOW - 1, size_wad=-10 * WAD)
    one = books_of([holding((expired,))])
    found = values(one, np.array([[0.9, 1.0, 1.1]]), one.leg_volatility)[0]
    assert found == pytest.approx([-0.1 * SPOT * 10, 0.0, 0.0], abs=1e-6)
