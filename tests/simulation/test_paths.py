import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.simulation.derived import MAX_FEE_GROWTH, base_fee, implied_volatility
from keeper.simulation.path import MarketPath
from keeper.simulation.paths import MarketModel, Start, simulate

START = Start(3000.0, 0.7)
CALM = MarketModel(crash_size=(0.0, 0.0), jump_rate=0.0)
STEPS_PER_YEAR = 365 * 144


def test_a_seed_gives_the_same_market_again() -> None:
    once, again = simulate(START, 300, 600, seed=5), simulate(START, 300, 600, seed=5)
    assert np.array_equal(once.price, again.price)
    assert np.array_equal(once.volatility, again.volatility)
    assert np.array_equal(once.base_fee_wei, again.base_fee_wei)


def test_another_seed_gives_another_market() -> None:
    assert not np.array_equal(
        simulate(START, 300, 600, seed=5).price, simulate(START, 300, 600, seed=6).price
    )


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 2**32), steps=st.integers(1, 400), step_s=st.sampled_from([12, 60, 600, 3600, 86_400])
)
def test_every_path_begins_at_the_start_and_stays_a_market(seed: int, steps: int, step_s: int) -> None:
    path = simulate(START, steps, step_s, seed)
    assert len(path) == steps
    assert path.price[0] == pytest.approx(START.price)
    assert path.volatility[0] == pytest.approx(START.volatility)


@pytest.mark.parametrize("seed", range(10))
def test_a_path_has_one_crash_of_the_size_it_was_asked_for(seed: int) -> None:
    model = MarketModel(crash_size=(0.3, 0.3), jump_rate=0.0, crash_at=0.5)
    path = simulate(START, 240, 600, seed, model)
    fall = math.log(path.price[119] / path.price[119:145].min())
    assert 0.2 < fall < 0.4


def test_without_crash_and_jumps_the_volatility_is_what_was_asked_for() -> None:
    model = MarketModel(crash_size=(0.0, 0.0), jump_rate=0.0, volatility_of_volatility=0.0)
    path = simulate(START, STEPS_PER_YEAR, 600, 1, model)
    realised = np.std(np.diff(np.log(path.price))) * math.sqrt(STEPS_PER_YEAR)
    assert realised == pytest.approx(0.7, rel=0.02)


def test_the_quoted_volatility_knows_nothing_of_the_future() -> None:
    price = simulate(START, 200, 600, 3).price
    changed = price.copy()
    changed[120:] *= 0.5
    before, after = implied_volatility(price, 600, 0.7), implied_volatility(changed, 600, 0.7)
    assert np.array_equal(before[:120], after[:120])
    assert after[121] > before[121]


def test_the_base_fee_knows_nothing_of_the_future() -> None:
    price = simulate(START, 200, 600, 3).price
    changed = price.copy()
    changed[120:] *= 0.5
    assert np.array_equal(base_fee(price, 600, 1)[:120], base_fee(changed, 600, 1)[:120])


def test_the_base_fee_spikes_when_the_market_moves_and_comes_back() -> None:
    price = np.full(200, 3000.0)
    price[100:] = 2700.0
    fee = base_fee(price, 600, 1)
    assert fee[104:112].max() > 3 * np.median(fee[:100])
    assert np.median(fee[150:]) == pytest.approx(np.median(fee[:100]), rel=0.3)


@pytest.mark.parametrize("seed", range(5))
def test_the_base_fee_never_outgrows_a_cap_of_twice_itself_in_one_step(seed: int) -> None:
    fee = simulate(START, 2_000, 600, seed).base_fee_wei
    assert (fee[1:] / fee[:-1]).max() <= MAX_FEE_GROWTH + 1e-6


def test_volatility_rises_in_the_crash_and_decays_after_it() -> None:
    path = simulate(START, 2_000, 600, 2, MarketModel(crash_size=(0.3, 0.3), crash_at=0.3, jump_rate=0.0))
    calm = simulate(START, 2_000, 600, 2, CALM)
    assert path.volatility[650] > calm.volatility[650] + 0.2
    assert path.volatility[-1] < path.volatility[650]


@pytest.mark.parametrize("steps", [0, -1])
def test_a_path_needs_a_step(steps: int) -> None:
    with pytest.raises(ValueError, match="steps"):
        simulate(START, steps, 600, 1)


def test_a_market_refuses_prices_that_no_market_has() -> None:
    one = np.ones(2)
    fee = np.ones(2, dtype=np.int64)
    for bad in (np.array([1.0, 0.0]), np.array([1.0, math.nan]), np.array([1.0, math.inf])):
        with pytest.raises(ValueError, match="price"):
            MarketPath(600, bad, one, fee)
    with pytest.raises(ValueError, match="one length"):
        MarketPath(600, one, np.ones(3), fee)
    with pytest.raises(ValueError, match="step"):
        MarketPath(0, one, one, fee)
