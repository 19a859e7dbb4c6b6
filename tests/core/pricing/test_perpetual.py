"""Perpetuals against the venues' worked example, their own slopes, and the definition of liquidation."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from keeper.core.pricing.perpetual import (
    inverse,
    inverse_funding,
    inverse_in_coin,
    linear,
    linear_funding,
)

prices = st.floats(10.0, 1e5)
leverages = st.floats(0.3, 100.0)
shares = st.floats(0.001, 0.2)
longs = st.booleans()


def test_the_example_of_the_venue() -> None:
    """BitMEX's guide: 100,000 contracts from 10,000 to 10,500 earn 100,000 (1/10,000 - 1/10,500) coin."""
    found = inverse(10_500.0, 10_000.0, 100_000.0, 0.1, 0.005)
    assert float(found.profit) == pytest.approx(0.47619, abs=1e-5)
    assert float(found.equity) == pytest.approx(0.57619, abs=1e-5)


def test_a_long_is_closed_where_the_reference_says() -> None:
    """e (1 - 1/leverage) / (1 - m)."""
    found = linear(3000.0, 3000.0, 2.0, 600.0, 0.01)
    assert float(found.liquidation) == pytest.approx(3000.0 * 0.9 / 0.99)
    assert float(found.margin_ratio) == pytest.approx(0.1)


@given(entry=prices, leverage=leverages, share=shares, is_long=longs)
def test_a_linear_position_is_closed_where_its_ratio_is_the_maintenance_fraction(
    entry: float, leverage: float, share: float, *, is_long: bool
) -> None:
    size = 2.0 if is_long else -2.0
    margin = 2.0 * entry / leverage
    closed = float(linear(entry, entry, size, margin, share).liquidation)
    if is_long and leverage <= 1.0:
        assert closed == 0.0
        return
    at, worse = (
        linear(price, entry, size, margin, share).margin_ratio
        for price in (closed, closed * (0.999 if is_long else 1.001))
    )
    assert float(at) == pytest.approx(share, rel=1e-9, abs=1e-12)
    assert worse < share


@given(entry=prices, leverage=leverages, share=shares, is_long=longs)
def test_an_inverse_position_is_closed_where_its_ratio_is_the_maintenance_fraction(
    entry: float, leverage: float, share: float, *, is_long: bool
) -> None:
    size = 1000.0 if is_long else -1000.0
    margin = 1000.0 / entry / leverage
    assume(abs(leverage - 1.0) > 1e-6)
    closed = float(inverse(entry, entry, size, margin, share).liquidation)
    if not is_long and leverage < 1.0:
        assert closed == math.inf
        return
    at, worse = (
        inverse(price, entry, size, margin, share).margin_ratio
        for price in (closed, closed * (0.999 if is_long else 1.001))
    )
    assert float(at) == pytest.approx(share, rel=1e-6, abs=1e-9)
    assert worse < share


@given(prices, prices, st.floats(-100.0, 100.0), st.floats(0.0, 1e5))
def test_deltas_are_slopes_of_the_worth_in_quote(
    mark: float, entry: float, size: float, margin: float
) -> None:
    step = 1e-3 * mark
    up, down = (linear(mark + by, entry, size, margin, 0.01) for by in (step, -step))
    slope = float(up.equity - down.equity) / (2 * step)
    assert float(linear(mark, entry, size, margin, 0.01).delta) == pytest.approx(slope, rel=1e-6, abs=1e-6)
    dollars, coins = size * entry, margin / entry
    up, down = (inverse(mark + by, entry, dollars, coins, 0.01) for by in (step, -step))
    worth = float(up.equity) * (mark + step), float(down.equity) * (mark - step)
    slope = (worth[0] - worth[1]) / (2 * step)
    found = inverse(mark, entry, dollars, coins, 0.01)
    assert float(found.delta) == pytest.approx(slope, rel=1e-6, abs=1e-6 * (1 + abs(size)))
    assert float(found.gamma) == 0.0


@given(prices, st.floats(-1e6, 1e6))
def test_in_coin_the_contract_is_concave(mark: float, size: float) -> None:
    step = 1e-3 * mark
    at = [float(inverse(mark + by, mark, size, 0.0, 0.01).profit) for by in (-step, 0.0, step)]
    found = inverse_in_coin(mark, size)
    assert float(found.delta) == pytest.approx((at[2] - at[0]) / (2 * step), rel=1e-5, abs=1e-300)
    assert float(found.gamma) == pytest.approx((at[2] - 2 * at[1] + at[0]) / step**2, rel=1e-4, abs=1e-300)


@given(prices, prices, st.floats(0.1, 100.0))
def test_profit_is_the_same_in_both_kinds_once_it_is_converted(
    mark: float, entry: float, coins: float
) -> None:
    """A linear contract on q units held against q e quote of an inverse one: both hold q units of delta."""
    one = linear(mark, entry, coins, 0.0, 0.01)
    other = inverse(mark, entry, coins * entry, 0.0, 0.01)
    assert float(other.profit) * mark == pytest.approx(float(one.profit), rel=1e-9, abs=1e-9)
    assert float(other.delta) == pytest.approx(float(one.delta))


@given(prices, st.floats(-100.0, 100.0), st.floats(-0.01, 0.01))
def test_funding_is_what_the_other_side_pays(mark: float, size: float, rate: float) -> None:
    for funding in (linear_funding, inverse_funding):
        assert float(funding(mark, size, rate)) == -float(funding(mark, -size, rate))
    assert float(linear_funding(mark, abs(size), abs(rate))) <= 0.0
    assert float(inverse_funding(mark, size * mark, rate)) * mark == pytest.approx(
        float(linear_funding(mark, size, rate)), rel=1e-12
    )


def test_a_known_funding_payment() -> None:
    """Two units long at 3,000 and 0.01 % pay 0.60; a short of 6,000 quote units receives 0.0002 of a coin."""
    assert float(linear_funding(3000.0, 2.0, 1e-4)) == pytest.approx(-0.6)
    assert float(inverse_funding(3000.0, -6000.0, 1e-4)) == pytest.approx(0.0002)


def test_a_position_under_water_at_every_price_is_closed_at_every_price() -> None:
    assert float(linear(3000.0, 3000.0, -1.0, -4000.0, 0.01).liquidation) == 0.0
    assert float(inverse(3000.0, 3000.0, 3000.0, -2.0, 0.01).liquidation) == math.inf


def test_what_cannot_be_closed_says_so() -> None:
    assert float(linear(3000.0, 3000.0, 1.0, 3000.0, 0.01).liquidation) == 0.0
    assert float(inverse(3000.0, 3000.0, -3000.0, 1.0, 0.01).liquidation) == math.inf
    for kind in (linear, inverse):
        flat = kind(3000.0, 3000.0, 0.0, 5.0, 0.01)
        assert np.isnan(flat.liquidation)
        assert float(flat.margin_ratio) == math.inf
        assert float(flat.equity) == 5.0


@pytest.mark.parametrize("kind", [linear, inverse])
@pytest.mark.parametrize(
    ("position", "bad"), [(0, 0.0), (0, np.nan), (1, -1.0), (2, np.nan), (3, np.nan), (4, 1.0)]
)
def test_a_bad_input_is_never_mistaken_for_a_number(kind: type, position: int, bad: float) -> None:
    inputs = np.array([3000.0, 3000.0, 1.0, 5.0, 0.01])
    inputs[position] = bad
    found = kind(*inputs)
    assert np.isnan(found.equity)
    assert np.isnan(found.margin_ratio)
    assert np.isnan(found.liquidation)


def test_inputs_broadcast() -> None:
    found = linear(np.array([[2900.0], [3100.0]]), 3000.0, np.array([1.0, -1.0, 2.0]), 300.0, 0.01)
    assert {each.shape for each in found} == {(2, 3)}
