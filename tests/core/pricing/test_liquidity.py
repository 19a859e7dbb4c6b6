"""The pool's arithmetic: worked vectors, exact fractions, and that nobody is ever given a unit too much."""

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from keeper.core.pricing.liquidity import (
    MAX_SQRT_PRICE,
    MIN_SQRT_PRICE,
    PIPS,
    Q96,
    Fill,
    fair_quote_down,
    fair_quote_up,
    mid_price_wad_down,
    swap_exact_in,
)
from keeper.core.units import WAD, Wad

E18 = 10**18
FEES = (0, 100, 500, 3000, 10_000)

sqrt_prices = st.integers(2**64, 2**140)
liquidities = st.integers(1, 2**127)
amounts = st.integers(0, 2**120)
fees = st.sampled_from(FEES)
sides = st.booleans()


def at_ratio(token1: int, token0: int) -> int:
    """Sqrt price of token1 per token0."""
    return math.isqrt(token1 * 2**192 // token0)


def swap(price: int, liquidity: int, fee: int, amount: int, *, down: bool, limit: int | None = None) -> Fill:
    return swap_exact_in(price, liquidity, fee, amount, zero_for_one=down, limit=limit)


def test_token1_in_at_even_price_by_hand() -> None:
    """Price 1, L = 2, fee 0.06 %: usable 0.9994, P' = 1 + 0.4997, out = 2 - 2 / 1.4997 = 0.66639994..."""
    fill = swap(Q96, 2 * E18, 600, E18, down=False)
    assert fill.amount_in == E18
    assert fill.fee == 600_000_000_000_000
    assert fill.amount_out == math.floor((2 - 2 / Fraction(14_997, 10_000)) * E18)
    assert fill.amount_out == 666_399_946_655_997_866


def test_token0_in_at_even_price_by_hand() -> None:
    """Price 1, L = 1, no fee: P' = 1 / 1.1, rounded up; out = 1 - 1 / 1.1 = 0.0909..., rounded down."""
    fill = swap(Q96, E18, 0, E18 // 10, down=True)
    assert fill.sqrt_price_x96 == math.ceil(Fraction(10, 11) * Q96)
    assert fill.amount_out == 90_909_090_909_090_909


def test_a_price_limit_caps_the_swap_and_the_fee_follows_what_was_used() -> None:
    limit = at_ratio(101, 100)
    fill = swap(Q96, 2 * E18, 600, E18, down=False, limit=limit)
    assert fill == Fill(
        9_975_124_224_178_055 + 5_988_667_735_148, 9_925_619_580_021_728, 5_988_667_735_148, limit
    )


def test_an_input_too_small_for_the_price_goes_to_the_fee() -> None:
    assert swap(2**40, 2**100, 1872, 10, down=False) == Fill(10, 0, 10, 2**40)


def test_where_words_overflow_the_detour_of_the_pool_is_taken() -> None:
    """amount * price needs more than 256 bits, so the pool divides first."""
    price, liquidity, amount = 2**159, 2**100, 2**120
    fill = swap(price, liquidity, 0, amount, down=True)
    reserve = liquidity << 96
    assert fill.sqrt_price_x96 == math.ceil(Fraction(reserve, reserve // price + amount))


def test_a_large_price_rounds_as_the_pool_does() -> None:
    """A case of the pool's own tests, where price times price overflows a word."""
    price = 1_025_574_284_609_383_690_408_304_870_162_715_216_695_788_925_244
    fill = swap(price, 50_015_962_439_936_049_619_261_659_728_067_971_248, 0, 406, down=True)
    assert fill.sqrt_price_x96 == 1_025_574_284_609_383_582_644_711_336_373_707_553_698_163_132_913
    assert fill.amount_in == 406


def test_an_empty_pool_gives_and_takes_nothing() -> None:
    assert swap(Q96, 0, 3000, E18, down=True) == Fill(0, 0, 0, Q96)
    assert swap(0, 0, 3000, E18, down=False) == Fill(0, 0, 0, 0)


def test_a_flood_stops_at_the_end_of_all_prices() -> None:
    assert swap(Q96, 10**6, 3000, 2**200, down=True).sqrt_price_x96 == MIN_SQRT_PRICE + 1
    assert swap(Q96, 10**6, 3000, 2**200, down=False).sqrt_price_x96 == MAX_SQRT_PRICE - 1


@pytest.mark.parametrize(
    ("price", "fee", "amount", "down", "limit"),
    [
        (Q96, 3000, -1, True, None),
        (Q96, -1, 1, True, None),
        (Q96, PIPS, 1, True, None),
        (0, 3000, 1, True, None),
        (MAX_SQRT_PRICE, 3000, 1, False, None),
        (Q96, 3000, 1, True, Q96 + 1),
        (Q96, 3000, 1, False, Q96 - 1),
    ],
)
def test_an_impossible_swap_is_refused(
    price: int, fee: int, amount: int, *, down: bool, limit: int | None
) -> None:
    with pytest.raises(ValueError, match=r"negative amount|pips|cannot move"):
        swap(price, E18, fee, amount, down=down, limit=limit)


@given(price=sqrt_prices, liquidity=liquidities, fee=fees, amount=amounts, down=sides)
def test_a_fill_never_beats_the_mid_price_less_the_fee(
    price: int, liquidity: int, fee: int, amount: int, *, down: bool
) -> None:
    fill = swap(price, liquidity, fee, amount, down=down)
    mid = Fraction(price, Q96) ** 2
    worth = (fill.amount_in - fill.fee) * (mid if down else 1 / mid)
    assert fill.amount_out <= worth
    assert fill.fee >= Fraction(fill.amount_in * fee, PIPS) - 1
    assert fill.amount_in <= amount


@given(price=sqrt_prices, liquidity=liquidities, fee=fees, amount=amounts, down=sides)
def test_the_exact_curve_bounds_the_fill_from_above_and_closely(
    price: int, liquidity: int, fee: int, amount: int, *, down: bool
) -> None:
    """Output on the curve itself, in fractions: L P' formulas without any rounding."""
    fill = swap(price, liquidity, fee, amount, down=down)
    assume(fill.amount_in == amount)
    root, usable = Fraction(price, Q96), amount * Fraction(PIPS - fee, PIPS)
    if down:
        curve = liquidity * (root - liquidity * root / (liquidity + usable * root))
        slack = 2 + root**2 + Fraction(liquidity, Q96)
    else:
        curve = liquidity * (1 / root - 1 / (root + usable / liquidity))
        slack = 3 + 1 / root**2 + Fraction(liquidity * Q96, price**2)
    assert curve - slack <= fill.amount_out <= curve


@given(price=sqrt_prices, liquidity=liquidities, fee=fees, one=amounts, other=amounts, down=sides)
def test_more_in_never_gives_less_out_nor_a_better_price(
    price: int, liquidity: int, fee: int, one: int, other: int, *, down: bool
) -> None:
    less, more = (swap(price, liquidity, fee, x, down=down) for x in sorted((one, other)))
    assert less.amount_out <= more.amount_out
    if down:
        assert price >= less.sqrt_price_x96 >= more.sqrt_price_x96
    else:
        assert price <= less.sqrt_price_x96 <= more.sqrt_price_x96


@given(price=sqrt_prices, liquidity=liquidities, fee=st.sampled_from(FEES), amount=amounts, down=sides)
def test_a_round_trip_loses_at_least_the_fee_both_ways(
    price: int, liquidity: int, fee: int, amount: int, *, down: bool
) -> None:
    there = swap(price, liquidity, fee, amount, down=down)
    back = swap(there.sqrt_price_x96, liquidity, fee, there.amount_out, down=not down)
    assert back.amount_out <= there.amount_in - there.fee


@given(
    price=sqrt_prices, liquidity=liquidities, fee=fees, amount=amounts, down=sides, shift=st.integers(1, 40)
)
def test_a_cap_only_ever_takes_less(
    price: int, liquidity: int, fee: int, amount: int, *, down: bool, shift: int
) -> None:
    step = price >> shift
    limit = price - step if down else price + step
    assume(MIN_SQRT_PRICE < limit < MAX_SQRT_PRICE)
    free, capped = (
        swap(price, liquidity, fee, amount, down=down),
        swap(price, liquidity, fee, amount, down=down, limit=limit),
    )
    assert capped.amount_in <= free.amount_in
    assert capped.amount_out <= free.amount_out
    assert capped.amount_in == amount or capped.sqrt_price_x96 == limit


def test_the_mid_price_counts_decimals_from_either_side() -> None:
    """3000 USDC (6 decimals) per ether (18): 3000e6 / 1e18 as token1 per token0, or its inverse."""
    as_token0 = at_ratio(3000 * 10**6, E18)
    as_token1 = at_ratio(E18, 3000 * 10**6)
    assert mid_price_wad_down(as_token0, 18, 6, base_is_token0=True) == pytest.approx(3000 * WAD, rel=1e-15)
    assert mid_price_wad_down(as_token1, 18, 6, base_is_token0=False) == pytest.approx(3000 * WAD, rel=1e-15)
    assert mid_price_wad_down(Q96, 6, 18, base_is_token0=True) == 10**6


@given(
    price=st.integers(MIN_SQRT_PRICE, MAX_SQRT_PRICE),
    base=st.integers(0, 24),
    quote=st.integers(0, 24),
    token0=sides,
)
def test_the_mid_price_is_the_exact_square_rounded_down(
    price: int, base: int, quote: int, *, token0: bool
) -> None:
    raw = Fraction(price, Q96) ** 2
    exact = (raw if token0 else 1 / raw) * Fraction(10**base, 10**quote) * WAD
    assert mid_price_wad_down(price, base, quote, base_is_token0=token0) == math.floor(exact)


def test_a_pool_without_a_price_has_no_mid() -> None:
    with pytest.raises(ValueError, match="no price"):
        mid_price_wad_down(0, 18, 6, base_is_token0=True)


@given(st.integers(0, 10**24), st.integers(1, 10**24))
def test_the_fair_value_is_bracketed(amount: int, price: int) -> None:
    exact = Fraction(amount * price * 10**6, WAD * E18)
    assert fair_quote_down(amount, Wad(price), 18, 6) == math.floor(exact)
    assert fair_quote_up(amount, Wad(price), 18, 6) == math.ceil(exact)


@given(liquidity=liquidities, fee=fees, amount=st.integers(10**12, 10**24), sells_base=sides)
def test_at_the_mid_price_a_trade_costs_at_least_its_fee(
    liquidity: int, fee: int, amount: int, *, sells_base: bool
) -> None:
    """Base is token0 with 18 decimals, quote token1 with 6."""
    price = at_ratio(3000 * 10**6, E18)
    offered = amount if sells_base else amount // 10**9
    fill = swap(price, liquidity, fee, offered, down=sells_base)
    mid = mid_price_wad_down(price, 18, 6, base_is_token0=True)
    fee_quote = fair_quote_down(fill.fee, mid, 18, 6) if sells_base else fill.fee
    # The mid is rounded down, which may flatter a sale by less than one unit of the quote token.
    cost = (
        fair_quote_up(fill.amount_in, mid, 18, 6) - fill.amount_out
        if sells_base
        else fill.amount_in - fair_quote_down(fill.amount_out, mid, 18, 6)
    )
    assert cost >= fee_quote - 1
