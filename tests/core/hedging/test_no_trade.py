"""The region is ordered and finite for any book, keeps its symmetries, and is shifted as the optimum is."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.core.hedging import Costs, Legs, Region, no_trade_region, side_by_side
from keeper.core.pricing.black_scholes import greeks

COSTS = Costs(fixed=0.05, proportional=1e-3)
FREE = Costs(fixed=0.0, proportional=0.0)
AVERSION, HOUR = 0.01, 1 / 8760
SPOTS = np.linspace(1500.0, 6000.0, 181)


def legs(*rows: tuple[float, float, bool, float]) -> Legs:
    """Rows of strike, days, is call, size."""
    strike, days, call, size = (np.array(column) for column in zip(*rows, strict=True))
    return Legs(strike.astype(float), days / 365, call.astype(bool), size.astype(float))


NOTHING = Legs(np.empty(0), np.empty(0), np.empty(0, dtype=bool), np.empty(0))
SHORT_CALL = legs((3000, 14, True, -1))
CALL_SPREAD = legs((3000, 14, True, -1), (3300, 14, True, 1))
CONDOR = legs((2700, 14, False, -1), (3300, 14, True, -1), (2400, 14, False, 1), (3600, 14, True, 1))


def region(
    book: Legs,
    spot: float | np.ndarray = 3000.0,
    costs: Costs = COSTS,
    *,
    look: float = 0.0,
    time: float = 0.0,
) -> Region:
    return no_trade_region(book, spot, 0.7, time, costs, AVERSION, look)


def middle(result: Region) -> np.ndarray:
    centre: np.ndarray = 0.5 * (result.buy_below + result.sell_above)
    return centre


def width(result: Region) -> np.ndarray:
    outer: np.ndarray = 0.5 * (result.sell_above - result.buy_below)
    return outer


rows = st.tuples(
    st.floats(1.0, 1e6),
    st.one_of(st.just(0.0), st.floats(0.0, 800.0)),
    st.booleans(),
    st.one_of(st.just(0.0), st.floats(-1e6, 1e6)),
)
books = st.one_of(st.just(NOTHING), st.lists(rows, min_size=1, max_size=6).map(lambda found: legs(*found)))
amounts = st.one_of(st.just(0.0), st.floats(-20, 9).map(lambda x: float(10.0**x)))


@settings(max_examples=300)
@given(
    book=books,
    spot=amounts,
    volatility=amounts,
    time=amounts,
    fixed=amounts,
    proportional=amounts,
    aversion=amounts,
    look=amounts,
)
def test_any_book_in_any_world_has_an_ordered_finite_region(  # noqa: PLR0913 - one per dimension
    *,
    book: Legs,
    spot: float,
    volatility: float,
    time: float,
    fixed: float,
    proportional: float,
    aversion: float,
    look: float,
) -> None:
    found = no_trade_region(book, spot, volatility, time, Costs(fixed, proportional), aversion, look)
    assert all(np.isfinite(found))
    assert found.buy_below <= found.buy_to <= found.sell_to <= found.sell_above


def test_negative_inputs_count_as_none() -> None:
    below = no_trade_region(SHORT_CALL, 3000.0, 0.7, -1.0, Costs(-5.0, -1.0), -1.0, -1.0)
    zero = no_trade_region(SHORT_CALL, 3000.0, 0.7, 0.0, FREE, 0.0, 0.0)
    np.testing.assert_array_equal(below, zero)


@pytest.mark.parametrize("book", [SHORT_CALL, CALL_SPREAD, CONDOR])
def test_without_costs_the_region_is_the_delta_hedge(book: Legs) -> None:
    delta = greeks(SPOTS[:, None], book.strike, book.years, 0.7, book.is_call).delta @ book.size
    for bound in region(book, SPOTS, FREE, look=HOUR):
        np.testing.assert_allclose(bound, -delta, atol=1e-12)


def test_the_region_holds_a_position_not_a_delta_a_short_call_is_hedged_by_owning() -> None:
    found = region(SHORT_CALL)
    assert 0.0 < found.buy_below < found.sell_above < 1.0


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_with_gas_alone_the_centre_is_the_delta_at_a_volatility_that_gas_moves(sign: float) -> None:
    """K = sqrt(4 a f / 3), at every spot that has gamma: 0.0258 at a dollar of aversion 0.01 and 5 cents."""
    k = (4 * AVERSION * 0.05 / 3) ** 0.5
    book = dataclasses.replace(SHORT_CALL, size=np.array([sign]))
    sigma = 0.7 * np.sqrt(1 - sign * k)
    expected = greeks(SPOTS, 3000.0, 14 / 365, sigma, np.True_).delta
    np.testing.assert_allclose(middle(region(book, SPOTS, Costs(0.05, 0.0))), -sign * expected, atol=1e-12)


def test_without_gas_the_shift_is_what_the_band_of_whalley_and_wilmott_costs() -> None:
    """K = 1.2 a B^2 / Gamma, with B^3 = 1.5 lambda S Gamma^2 / a."""
    gamma = greeks(SPOTS, 3000.0, 14 / 365, 0.7, np.True_).gamma
    width = np.cbrt(1.5 * 1e-3 * SPOTS * gamma**2 / AVERSION)
    sigma = 0.7 * np.sqrt(1 + 1.2 * AVERSION * width**2 / gamma)
    expected = greeks(SPOTS, 3000.0, 14 / 365, sigma, np.True_).delta
    np.testing.assert_allclose(middle(region(SHORT_CALL, SPOTS, Costs(0.0, 1e-3))), expected, atol=1e-12)


def test_splitting_a_leg_changes_nothing() -> None:
    halves = legs((3000, 14, True, -0.5), (3000, 14, True, -0.5))
    np.testing.assert_allclose(
        region(halves, SPOTS, look=HOUR), region(SHORT_CALL, SPOTS, look=HOUR), rtol=1e-12
    )


def test_a_put_is_a_call_and_a_forward() -> None:
    put = region(legs((3000, 14, False, -1)), SPOTS, look=HOUR)
    call = region(SHORT_CALL, SPOTS, look=HOUR)
    np.testing.assert_allclose(np.subtract(call, put), 1.0, atol=1e-12)


def test_a_book_is_one_option_scaled() -> None:
    """A hundred options, a hundredth of the aversion, a hundred times the gas: a hundred times the region."""
    hundred = dataclasses.replace(SHORT_CALL, size=np.array([-100.0]))
    book = no_trade_region(hundred, SPOTS, 0.7, 0.0, Costs(5.0, 1e-3), AVERSION / 100, HOUR)
    np.testing.assert_allclose(book, np.multiply(100.0, region(SHORT_CALL, SPOTS, look=HOUR)), rtol=1e-10)


def test_dearer_trades_make_a_wider_region() -> None:
    widths = [width(region(CONDOR, SPOTS, Costs(gas, 1e-3))) for gas in (0.0, 0.05, 2.0)]
    assert np.all(widths[0] <= widths[1])
    assert np.all(widths[1] <= widths[2])


def test_more_risk_aversion_makes_a_narrower_region() -> None:
    timid, bold = (no_trade_region(CONDOR, SPOTS, 0.7, 0.0, COSTS, x, HOUR) for x in (0.05, 0.002))
    assert np.all(width(timid) < width(bold))


def test_far_from_every_strike_the_static_band_takes_over() -> None:
    """Zero gamma: 1e-3 / (0.01 * 0.49 * S * tau) and sqrt(2 * 0.05 / (0.01 * 0.49 * S^2 * tau)) more."""
    far, years = 30.0, 14 / 365
    found = region(SHORT_CALL, far)
    inner = 1e-3 / (0.01 * 0.49 * far * years)
    assert float(found.sell_to) == pytest.approx(inner)
    assert float(found.sell_above) == pytest.approx(inner + (0.1 / (0.01 * 0.49 * far**2 * years)) ** 0.5)


def test_the_static_band_looks_to_the_last_expiry() -> None:
    short_and_long_dated = legs((3e5, 1, True, -1), (3e5, 30, True, -1))
    np.testing.assert_array_equal(
        width(region(short_and_long_dated)), width(region(legs((3e5, 30, True, -1))))
    )


def test_elapsed_time_is_time_taken_from_every_leg() -> None:
    later = region(legs((3000, 14, True, -1), (3300, 21, True, 1)), SPOTS, time=7 / 365)
    now = region(legs((3000, 7, True, -1), (3300, 14, True, 1)), SPOTS)
    np.testing.assert_allclose(later, now, rtol=1e-9, atol=1e-12)


def test_an_expired_book_is_an_open_ended_position() -> None:
    """Its delta is spent inventory if the option ended in the money, and the residual matters for a week."""
    expired = region(SHORT_CALL, np.array([2500.0, 3500.0]), time=15 / 365)
    np.testing.assert_array_equal(middle(expired), [0.0, 1.0])
    assert np.all(width(expired) < 0.05)


def test_no_legs_want_no_hedge_but_not_at_any_price() -> None:
    found = region(NOTHING)
    assert float(middle(found)) == 0.0
    assert 0.0 < float(found.sell_to) < float(found.sell_above) < 0.05


@pytest.mark.parametrize("book", [CALL_SPREAD, CONDOR])
def test_the_centre_does_not_jump_where_net_gamma_changes_sign(book: Legs) -> None:
    spot = np.linspace(2000.0, 4500.0, 25_001)
    centre = middle(region(book, spot))
    plain = middle(region(book, spot, FREE))
    step = np.max(np.abs(np.diff(plain)))
    assert np.max(np.abs(np.diff(centre))) < 2 * step


def test_spot_volatility_and_time_broadcast() -> None:
    grid = no_trade_region(CONDOR, SPOTS[:, None], np.array([0.5, 0.7]), 1 / 365, COSTS, AVERSION, HOUR)
    assert {bound.shape for bound in grid} == {(181, 2)}
    alone = no_trade_region(CONDOR, SPOTS[7], 0.7, 1 / 365, COSTS, AVERSION, HOUR)
    np.testing.assert_allclose([bound[7, 1] for bound in grid], alone, rtol=1e-12)


def test_many_books_at_once_are_each_book_alone() -> None:
    """One call for all vaults: rows padded with legs of no size, each with its own market and costs."""
    rows = [SHORT_CALL, CALL_SPREAD, CONDOR, NOTHING]
    padded = side_by_side(rows)
    spot, sigma, time = np.linspace(2800, 3100, 4), np.linspace(0.5, 0.8, 4), np.linspace(0, 9, 4) / 365
    gas, share, aversion = np.linspace(0, 2, 4), np.linspace(3e-4, 3e-3, 4), np.linspace(2e-3, 5e-2, 4)
    together = no_trade_region(padded, spot, sigma, time, Costs(gas, share), aversion, HOUR)
    for i, book in enumerate(rows):
        costs = Costs(float(gas[i]), float(share[i]))
        alone = no_trade_region(book, spot[i], sigma[i], time[i], costs, aversion[i], HOUR)
        np.testing.assert_allclose([bound[i] for bound in together], alone, rtol=1e-12)


def test_a_leg_of_no_size_is_no_leg() -> None:
    ghost = legs((3000, 1, True, -1), (3000, 300, True, 0))
    np.testing.assert_allclose(region(ghost, SPOTS), region(legs((3000, 1, True, -1)), SPOTS), rtol=1e-12)


def test_a_leg_of_dust_hardly_moves_the_centre() -> None:
    dusty = legs((3000, 14, True, -1), (2000, 14, True, -1e-9))
    np.testing.assert_allclose(middle(region(dusty, SPOTS)), middle(region(SHORT_CALL, SPOTS)), atol=1e-6)


@given(st.lists(st.tuples(books, st.floats(1.0, 1e5), st.floats(0.0, 3.0), amounts), min_size=1, max_size=9))
def test_a_book_among_others_has_the_region_it_has_alone_to_the_last_bit(
    rows: list[tuple[Legs, float, float, float]],
) -> None:
    spot, sigma, gas = (np.array([row[i] for row in rows]) for i in (1, 2, 3))
    together = no_trade_region(
        side_by_side([row[0] for row in rows]), spot, sigma, 0.0, Costs(gas, 1e-3), AVERSION, HOUR
    )
    for i, (book, *_) in enumerate(rows):
        one = slice(i, i + 1)
        alone = no_trade_region(
            side_by_side([book]), spot[one], sigma[one], 0.0, Costs(gas[one], 1e-3), AVERSION, HOUR
        )
        assert [bound[i].tobytes() for bound in together] == [bound[0].tobytes() for bound in alone]


def test_beyond_the_fitted_range_more_aversion_narrows_the_band_and_moves_it_no_further() -> None:
    legs = Legs(np.array([3_000.0]), np.array([14 / 365]), np.array([True]), np.array([-1_000.0]))
    costs = Costs(fixed=20.0, proportional=0.0005)
    edge, beyond, far = (no_trade_region(legs, 3_000.0, 0.7, 0.0, costs, a, 0.0) for a in (5e-5, 5e-4, 5e-3))
    centres = [(region.buy_below + region.sell_above) / 2 for region in (edge, beyond, far)]
    widths = [region.sell_above - region.buy_below for region in (edge, beyond, far)]
    np.testing.assert_allclose(centres, centres[0], rtol=1e-12)
    assert widths[0] > widths[1] > widths[2]
