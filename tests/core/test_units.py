"""The integer helpers agree with exact rational arithmetic, and their names tell the truth about rounding."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.units import (
    WAD,
    div_up,
    mul_div_down,
    mul_div_up,
    to_float,
    wad_from_float_down,
)

words = st.integers(-(2**256), 2**256)
positive_words = st.integers(1, 2**256)
finite = st.floats(allow_nan=False, allow_infinity=False)


@given(words, words, positive_words)
def test_mul_div_brackets_the_exact_quotient(x: int, y: int, denominator: int) -> None:
    exact = Fraction(x * y, denominator)
    assert mul_div_down(x, y, denominator) == math.floor(exact)
    assert mul_div_up(x, y, denominator) == math.ceil(exact)


@given(words, positive_words)
def test_div_up_is_the_ceiling(x: int, denominator: int) -> None:
    assert div_up(x, denominator) == math.ceil(Fraction(x, denominator))


@pytest.mark.parametrize("divide", [mul_div_down, mul_div_up])
def test_a_zero_denominator_is_an_error_not_a_number(divide: object) -> None:
    assert callable(divide)
    with pytest.raises(ZeroDivisionError):
        divide(1, 1, 0)


@given(finite)
def test_a_wad_made_of_a_float_is_the_exact_product_cut_toward_zero(value: float) -> None:
    assert wad_from_float_down(value) == math.trunc(Fraction(value) * WAD)


@given(finite)
def test_a_wad_made_of_a_float_is_odd_in_its_sign(value: float) -> None:
    assert wad_from_float_down(-value) == -wad_from_float_down(value)


def test_a_tenth_shows_the_float_it_really_is() -> None:
    assert wad_from_float_down(0.1) == 100_000_000_000_000_005
    assert wad_from_float_down(0.7) == 699_999_999_999_999_955


@pytest.mark.parametrize(
    ("value", "error"), [(math.nan, ValueError), (math.inf, OverflowError), (-math.inf, OverflowError)]
)
def test_a_float_that_is_no_number_is_refused(value: float, error: type[Exception]) -> None:
    with pytest.raises(error):
        wad_from_float_down(value)


@given(st.integers(-(2**200), 2**200))
def test_to_float_is_the_nearest_float(amount: int) -> None:
    assert to_float(amount) == float(Fraction(amount, WAD))


@given(st.integers(-(2**53), 2**53))
def test_whole_numbers_survive_the_way_there_and_back(whole: int) -> None:
    assert wad_from_float_down(to_float(whole * WAD)) == whole * WAD


def test_to_float_reads_other_decimals_too() -> None:
    assert to_float(1_500_000, 10**6) == 1.5
