from dataclasses import replace

import numpy as np
import pytest

from keeper.simulation.frictions import Frictions, world_of
from keeper.simulation.models import Model, model_market
from tests.simulation.build import START

MARKET = model_market(Model.HESTON, START, 2_000, 300, 1)


def test_mishaps_follow_from_the_seed_alone() -> None:
    one, other = (world_of(MARKET, Frictions(), 5) for _ in range(2))
    assert np.array_equal(one.fails, other.fails)
    assert np.array_equal(one.arrival_price, other.arrival_price)
    assert not np.array_equal(one.arrival_price, world_of(MARKET, Frictions(), 6).arrival_price)


def test_without_latency_a_plan_meets_the_price_it_was_made_at() -> None:
    world = world_of(MARKET, replace(Frictions(), latency_blocks=0), 5)
    assert world.arrival_price == pytest.approx(MARKET.price, rel=1e-12)
    assert np.array_equal(world.arrival_fee_wei, MARKET.base_fee_wei)
    assert world.delay == 1


def test_a_latency_of_whole_steps_meets_the_price_of_that_step() -> None:
    world = world_of(MARKET, Frictions(latency_blocks=50), 5)
    assert world.arrival_price[:-2] == pytest.approx(MARKET.price[2:], rel=1e-12)
    assert world.delay == 2


def test_between_steps_a_price_is_as_uncertain_as_the_market_is() -> None:
    calm = model_market(Model.GBM, START, 60_000, 300, 1)
    world = world_of(calm, Frictions(latency_blocks=5), 5)
    moved = np.log(world.arrival_price[:-1] / calm.price[:-1])
    assert np.std(moved) * np.sqrt(365 * 1440) == pytest.approx(0.7, rel=0.02)


def test_chance_fails_the_share_that_was_asked_for() -> None:
    assert not world_of(MARKET, Frictions(failure_rate=0.0), 5).fails.any()
    assert world_of(MARKET, Frictions(failure_rate=1.0), 5).fails.all()
    assert world_of(MARKET, Frictions(failure_rate=0.1), 5).fails.mean() == pytest.approx(0.1, abs=0.03)


def test_a_wilder_market_has_a_thinner_pool() -> None:
    reserve, volatility = world_of(MARKET, Frictions(), 5).reserve_usd, MARKET.volatility
    assert reserve[np.argmax(volatility)] < reserve[0]
    assert reserve.max() == reserve[0]
