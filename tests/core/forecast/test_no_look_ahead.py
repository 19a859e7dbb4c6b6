"""No forecast knows the future: cut it off, or make another of it, and what was said before stays."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from keeper.core.forecast import Ewma, Garch, Har, Regimes, realised_variance

Floats = NDArray[np.float64]

COURSES: dict[str, Callable[[Floats], Floats]] = {
    "ewma": Ewma().course,
    "har": Har(-0.1, (0.4, 0.3, 0.2), 0.3).course,
    "garch": Garch(0.5, 0.2, 0.7).course,
    "regimes": Regimes((-1.5, 0.5), (0.6, 0.8), (0.98, 0.9)).filtered,
}
BARS = arrays.arrays(np.float64, st.integers(2, 90), elements=st.floats(0.0, 50.0))


@pytest.mark.parametrize("name", sorted(COURSES))
@given(bars=BARS, other=st.floats(0.0, 1e3), data=st.data())
def test_a_forecast_is_the_same_without_the_future_and_with_any_other(
    name: str, bars: Floats, other: float, data: st.DataObject
) -> None:
    now = data.draw(st.integers(1, len(bars) - 1))
    course = COURSES[name](bars)
    assert np.array_equal(COURSES[name](bars[:now]), course[:now])
    changed = bars.copy()
    changed[now:] = other
    assert np.array_equal(COURSES[name](changed)[:now], course[:now])


@given(
    moves=arrays.arrays(np.float64, st.integers(1, 60), elements=st.floats(-0.2, 0.2)),
    each=st.integers(1, 7),
    data=st.data(),
)
def test_bars_of_a_shorter_price_are_the_first_of_the_longer_one(
    moves: Floats, each: int, data: st.DataObject
) -> None:
    price = 3000.0 * np.exp(np.concatenate([[0.0], np.cumsum(moves)]))
    shorter = data.draw(st.integers(1, len(price)))
    bars, before = realised_variance(price, each, 1 / 365), realised_variance(price[:shorter], each, 1 / 365)
    assert len(bars) == len(moves) // each
    assert np.array_equal(before, bars[: len(before)])
