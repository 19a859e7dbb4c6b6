import math

import numpy as np
import pytest

from keeper.simulation.models import MERTON, Model, ModelError, model_market
from keeper.simulation.paths import Start

START = Start(3000.0, 0.7)
HOUR = 3_600
YEAR = 8_760


@pytest.mark.parametrize("model", list(Model))
def test_a_seed_gives_the_same_market_and_another_seed_another(model: Model) -> None:
    once, again = (model_market(model, START, 500, HOUR, 3) for _ in range(2))
    assert np.array_equal(once.price, again.price)
    assert np.array_equal(once.volatility, again.volatility)
    assert not np.array_equal(once.price, model_market(model, START, 500, HOUR, 4).price)
    assert once.price[0] == 3000.0


@pytest.mark.parametrize("model", list(Model))
def test_every_kind_has_the_variance_that_was_asked_for_and_no_drift(model: Model) -> None:
    returns = np.concatenate(
        [np.diff(np.log(model_market(model, START, YEAR, HOUR, seed).price)) for seed in range(40)]
    )
    variance = float(np.mean(returns**2)) * YEAR
    assert math.sqrt(variance) == pytest.approx(0.7, rel=0.04)
    # A price without drift is a martingale: its mean gross return is one.
    error = float(np.std(returns)) / math.sqrt(len(returns))
    assert float(np.mean(np.expm1(returns))) == pytest.approx(0.0, abs=4 * error)


def test_the_volatility_of_heston_moves_against_the_price_and_the_quote_follows_it() -> None:
    market = model_market(Model.HESTON, START, 20 * YEAR, HOUR, 1)
    quoted = np.diff(np.log(market.volatility))
    assert np.corrcoef(np.diff(np.log(market.price)), quoted)[0, 1] < -0.2
    assert 0.2 < market.volatility.min() < 0.5
    assert market.volatility.max() > 0.9


def test_jumps_are_there_as_often_as_they_should_be() -> None:
    returns = np.concatenate(
        [np.diff(np.log(model_market(Model.JUMP, START, YEAR, HOUR, seed).price)) for seed in range(30)]
    )
    diffusive = math.sqrt((0.7**2 - MERTON.variance) / YEAR)
    jumps = np.count_nonzero(np.abs(returns) > 6 * diffusive) / 30
    assert 0.3 * MERTON.rate < jumps < MERTON.rate


@pytest.mark.parametrize("model", list(Model))
@pytest.mark.parametrize("volatility", [0.0, -0.1, math.nan, math.inf])
def test_a_market_without_a_volatility_is_refused(model: Model, volatility: float) -> None:
    with pytest.raises(ModelError, match="volatility above zero"):
        model_market(model, Start(3000.0, volatility), 100, HOUR, 1)


def test_other_impossible_markets_are_refused() -> None:
    with pytest.raises(ModelError, match="price above zero"):
        model_market(Model.GBM, Start(0.0, 0.7), 100, HOUR, 1)
    with pytest.raises(ModelError, match="two steps"):
        model_market(Model.GBM, START, 1, HOUR, 1)
    with pytest.raises(ModelError, match="jumps alone"):
        model_market(Model.JUMP, Start(3000.0, 0.2), 100, HOUR, 1)
    with pytest.raises(ModelError, match="beyond all numbers"):
        model_market(Model.GBM, Start(3000.0, 1e3), YEAR, HOUR, 1)
