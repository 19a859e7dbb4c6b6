"""What the driver decides, without a chain."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.demo.driver.arbitrage import Pool, find_trade
from keeper.demo.driver.calls import AGREE, OPEN_LEG, SUBMIT, expiry_of
from keeper.demo.driver.feeds import PRICE_RULE, VOLATILITY_RULE
from keeper.demo.plans import PLANS, VaultPlan, terms_of

NOW = 1_767_225_600
FEE = 500
prices = st.floats(100, 20_000)


@pytest.mark.parametrize(
    ("market", "age", "due"),
    [
        (3000, 0, False),
        (3014.9, 600, False),
        (3015, 600, True),
        (2985, 600, True),
        (3000, 3599, False),
        (3000, 3600, True),
    ],
)
def test_a_price_is_written_by_deviation_or_heartbeat(market: float, age: int, *, due: bool) -> None:
    assert PRICE_RULE.is_due(3000, NOW - age, market, NOW) is due


@pytest.mark.parametrize(
    ("market", "age", "due"),
    [(0.7, 0, False), (0.719, 60, False), (0.7201, 60, True), (0.6799, 60, True), (0.7, 3600, True)],
)
def test_a_volatility_is_written_by_points_or_heartbeat(market: float, age: int, *, due: bool) -> None:
    assert VOLATILITY_RULE.is_due(0.7, NOW - age, market, NOW) is due


@given(pool=prices, market=prices, liquidity=st.floats(1e3, 1e8), gas=st.floats(0, 100))
def test_an_arbitrage_earns_more_than_its_gas_and_ends_within_the_fee(
    pool: float, market: float, liquidity: float, gas: float
) -> None:
    trade = find_trade(Pool(math.sqrt(pool), liquidity, base_is_token0=True), market, FEE, gas)
    inside = 1 - FEE / 1e6 <= pool / market <= 1 / (1 - FEE / 1e6)
    if trade is None:
        return
    assert not inside
    assert trade.profit_usd > gas
    assert trade.buys_base == (pool < market)
    assert abs(math.log(trade.root**2 / market)) == pytest.approx(-math.log(1 - FEE / 1e6))


@given(market=prices, offset=st.floats(-1, 1))
def test_nobody_trades_inside_the_fee(market: float, offset: float) -> None:
    pool = Pool(math.sqrt(market * (1 - FEE / 1e6) ** (0.999 * offset)), 1e6, base_is_token0=True)
    assert find_trade(pool, market, FEE, 0.0) is None


def test_a_profit_smaller_than_the_gas_is_left_alone() -> None:
    pool = Pool(math.sqrt(3000 * 1.001), 1e6, base_is_token0=True)
    free = find_trade(pool, 3000, FEE, 0.0)
    assert free is not None
    assert find_trade(pool, 3000, FEE, free.profit_usd) is None


def test_a_pool_reads_the_same_whichever_token_is_first() -> None:
    root = math.sqrt(3000 / 1e12)
    liquidity = 5 * 10**18
    first = Pool.read(int(root * 2**96), liquidity, base_is_token0=True)
    second = Pool.read(int(2**96 / root), liquidity, base_is_token0=False)
    assert first.price == pytest.approx(3000)
    assert second.price == pytest.approx(3000)
    assert first.liquidity == second.liquidity


def test_selectors_are_the_published_ones() -> None:
    assert SUBMIT.selector.hex() == "202ee0ed"
    assert AGREE.signature == "agree((bool,uint56,uint32,int88,uint96,address),bool)"
    assert OPEN_LEG.data((True, 1, 2, -3, 4, "0x" + "11" * 20)).startswith("0x" + OPEN_LEG.selector.hex())


def test_the_expiry_of_a_leg_is_read_from_its_word() -> None:
    assert expiry_of(1 << 248 | 3000 * 10**8 << 192 | NOW << 160 | 123) == NOW


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_terms_have_strikes_on_the_grid_and_a_premium(plan: VaultPlan) -> None:
    for leg, terms in zip(plan.legs, terms_of(plan, 2741.3, 0.9, NOW, "0x" + "11" * 20), strict=True):
        assert terms.strike % (25 * 10**8) == 0
        assert terms.strike / 1e8 == pytest.approx(2741.3 * leg.moneyness, abs=12.5)
        assert terms.size == leg.size * 10**18
        assert terms.premium > 0
        assert terms.expiry == NOW + plan.days * 86_400
