"""A backtest's forecasts know the steps before, and are those of a daemon that lived through them."""

from dataclasses import replace

import numpy as np
import pytest

from keeper.core.forecast import NO_OUTLOOK, Forecast, History, Name, Tick, folded, outlook
from keeper.core.policy import ForecastRules
from keeper.core.units import WAD
from keeper.simulation.backtest import backtest
from keeper.simulation.book import GENESIS
from keeper.simulation.foretelling import outlooks_of
from keeper.simulation.models import Model, model_market
from keeper.simulation.path import MarketPath
from keeper.simulation.paths import Start
from tests.simulation import build

RULES = ForecastRules((Name.EWMA, Name.HAR, Name.GARCH), 0.5, 1.25, 0.5, 2.0)
STEP_S = 3_600


def market(days: int, seed: int = 3) -> MarketPath:
    return model_market(Model.HESTON, Start(3_000.0, 0.7), days * 24 + 1, STEP_S, seed)


def test_a_policy_that_asks_for_no_forecast_gets_none() -> None:
    assert set(outlooks_of(build.policy(), market(2))) == {NO_OUTLOOK}


def test_outlooks_are_those_of_a_daemon_that_hears_each_step() -> None:
    course = market(25)
    found = outlooks_of(replace(build.policy(), forecast=RULES), course)
    history = History()
    for step, price in enumerate(course.price.tolist()):
        after = folded(history, Tick(GENESIS + step * STEP_S, price))
        history = after if isinstance(after, History) else history
        if step % 50 == 0 or step > 23 * 24:
            assert found[step] == outlook(history.bars), step
    assert all(isinstance(each, Forecast) for each in found[-1].forecasts)


def test_prices_that_a_policy_refuses_are_no_past_in_a_backtest_either() -> None:
    policy, course = replace(build.policy(), forecast=RULES), market(25)
    price = course.price.copy()
    price[[100, 101, 300]] *= 1.9
    bounds = replace(policy.oracle.price, max_wad=int(1.5 * course.price.max()) * WAD)
    bounded = replace(policy, oracle=replace(policy.oracle, price=bounds))
    strayed = replace(course, price=price)
    history = History()
    for step, each in enumerate(price.tolist()):
        if each <= bounds.max_wad / WAD:
            after = folded(history, Tick(GENESIS + step * STEP_S, each))
            history = after if isinstance(after, History) else history
    assert outlooks_of(bounded, strayed)[-1] == outlook(history.bars)
    assert outlooks_of(policy, strayed)[-1] != outlook(history.bars)


@pytest.mark.parametrize("now", [30, 24 * 19, 24 * 22 + 7])
def test_no_step_knows_those_to_come(now: int) -> None:
    policy, course = replace(build.policy(), forecast=RULES), market(24)
    other = replace(course, price=np.concatenate([course.price[:now], 1.3 * course.price[now:]]))
    short = MarketPath(STEP_S, course.price[:now], course.volatility[:now], course.base_fee_wei[:now])
    whole = outlooks_of(policy, course)
    assert outlooks_of(policy, other)[:now] == whole[:now]
    assert outlooks_of(policy, short) == whole[:now]
    assert outlooks_of(policy, other)[now:] != whole[now:]


def test_a_backtest_decides_by_its_forecasts_and_not_before_it_has_any() -> None:
    world = build.world(days=26)
    plain, asking = (
        backtest(policy, build.setup(), world)
        for policy in (build.policy(), replace(build.policy(), forecast=replace(RULES, turbulent=2.0)))
    )
    ready = next(
        step
        for step, each in enumerate(outlooks_of(replace(build.policy(), forecast=RULES), world.market))
        if isinstance(each.forecasts[0], Forecast)
    )
    assert np.array_equal(plain.low[:ready], asking.low[:ready])
    assert not np.array_equal(plain.low[ready:], asking.low[ready:])
