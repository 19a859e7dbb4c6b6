"""Risk aversion is found from a band, and gives that band."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.hedging import Costs, Legs, no_trade_region
from keeper.core.hedging.calibration import AtTheMoney, Calibrated, Uncalibrated

LOOK = 1 / 8760


def book(strikes: list[float], days: float = 14.0, size: float = -100.0) -> Legs:
    count = len(strikes)
    return Legs(
        strike=np.array(strikes),
        years=np.full(count, days / 365),
        is_call=np.ones(count, dtype=np.bool_),
        size=np.full(count, size),
    )


def flat(fixed: float = 5.0, proportional: float = 1e-3) -> AtTheMoney:
    return AtTheMoney(book([3_000.0]), 0.7, lambda _: Costs(fixed, proportional), LOOK)


@st.composite
def vaults(draw: st.DrawFn) -> AtTheMoney:
    """Short and long books whose trades cost more the larger they are."""
    strikes = draw(st.lists(st.floats(2_000, 4_500), min_size=1, max_size=4))
    size = draw(st.sampled_from([-1.0, 1.0])) * draw(st.floats(5, 1_000))
    gas, fee = draw(st.floats(0.05, 20)), draw(st.floats(3e-4, 4e-3))
    # In a pool so thin that its impact alone sets the band more than one band can fit itself.
    depth = draw(st.floats(100, 10_000)) * abs(size) * len(strikes)
    return AtTheMoney(
        book(strikes, draw(st.floats(3, 60)), size),
        draw(st.floats(0.4, 1.2)),
        lambda base: Costs(gas, fee + base / depth),
        draw(st.sampled_from([0.0, LOOK / 300, LOOK])),
    )


@given(vaults(), st.floats(0.02, 0.6))
def test_a_band_gives_an_aversion_that_gives_the_band(vault: AtTheMoney, share: float) -> None:
    width = share * abs(float(vault.legs.size[0]))
    found = vault.aversion(width)
    assert isinstance(found, Calibrated)
    assert vault.width(found.aversion) == pytest.approx(width, rel=1e-3)


@given(vaults(), st.floats(-7, -1), st.floats(0.01, 3))
def test_who_is_more_averse_gets_no_wider_band(vault: AtTheMoney, power: float, more: float) -> None:
    assert vault.width(10 ** (power + more)) <= vault.width(10**power) * (1 + 1e-9)


def test_the_width_is_that_of_the_region_at_the_strike() -> None:
    region = no_trade_region(book([3_000.0]), 3_000.0, 0.7, 0.0, Costs(5.0, 1e-3), 1e-4, LOOK)
    assert flat().width(1e-4) == pytest.approx(float(region.sell_above - region.buy_below) / 2)


def test_the_band_of_a_book_is_its_widest_at_any_strike() -> None:
    vault = flat()
    both = replace(vault, legs=book([3_000.0, 3_600.0]))
    alone = [replace(vault, legs=book([strike])).width(1e-4) for strike in (3_000.0, 3_600.0)]
    assert both.width(1e-4) >= max(alone) * 0.99


def test_what_has_no_band_is_told_by_its_reason() -> None:
    assert replace(flat(), legs=book([])).aversion(10.0) is Uncalibrated.NO_LEGS
    assert replace(flat(), legs=book([3_000.0], days=0.0)).aversion(10.0) is Uncalibrated.NO_LEGS
    assert flat(0.0, 0.0).aversion(10.0) is Uncalibrated.FREE
    assert flat().aversion(1e29) is Uncalibrated.BEYOND
    assert flat().aversion(0.0) is Uncalibrated.BEYOND
