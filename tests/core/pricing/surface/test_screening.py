"""Every quote that cannot be believed is refused, alone, and with the one reason that is its own."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.pricing.surface import Flaw, Quotes, Smile, Unfit, screen
from tests.core.pricing.surface.build import FORWARD, changed, crypto, quotes, strikes

CHAIN = quotes(crypto(0.1), strikes(0.1))
MIDDLE = 5


def refused(chain: Quotes) -> tuple[tuple[int, Flaw], ...]:
    found = screen(chain)
    assert isinstance(found, Smile)
    assert len(found.kept) + len(found.refused) == len(chain.strike)
    return found.refused


def test_a_sound_chain_is_kept_whole_and_gives_its_volatilities_back() -> None:
    found = screen(CHAIN)
    assert isinstance(found, Smile)
    assert found.refused == ()
    np.testing.assert_allclose(found.spread, 0.005, rtol=1e-9)


@pytest.mark.parametrize(
    ("bid", "ask", "flaw"),
    [
        (np.nan, 50.0, Flaw.NOT_A_NUMBER),
        (50.0, np.inf, Flaw.NOT_A_NUMBER),
        (0.0, 50.0, Flaw.NOT_POSITIVE),
        (-1.0, 50.0, Flaw.NOT_POSITIVE),
        (40.0, 0.0, Flaw.NOT_POSITIVE),
        (60.0, 50.0, Flaw.CROSSED),
        (50.0, 2.0 * FORWARD, Flaw.NO_VOLATILITY),
        (1500.0, 1501.0, Flaw.ARBITRAGE),
        (1e-6, 2e-6, Flaw.ARBITRAGE),
    ],
)
def test_a_bad_quote_is_refused_alone_with_its_reason(bid: float, ask: float, flaw: Flaw) -> None:
    assert refused(changed(CHAIN, MIDDLE, bid, ask)) == ((MIDDLE, flaw),)


@pytest.mark.parametrize(("strike", "flaw"), [(np.nan, Flaw.NOT_A_NUMBER), (0.0, Flaw.NOT_POSITIVE)])
def test_a_bad_strike_is_refused(strike: float, flaw: Flaw) -> None:
    moved = CHAIN.strike.copy()
    moved[MIDDLE] = strike
    assert refused(replace(CHAIN, strike=moved)) == ((MIDDLE, flaw),)


@given(position=st.integers(1, 13), factor=st.sampled_from([0.2, 0.4, 2.5, 4.0]))
def test_a_quote_that_others_can_be_traded_against_is_the_one_refused(position: int, factor: float) -> None:
    bad = changed(CHAIN, position, CHAIN.bid[position] * factor, CHAIN.ask[position] * factor)
    found = refused(bad)
    assert found in ((), ((position, Flaw.ARBITRAGE),)) or found == ((position, Flaw.NO_VOLATILITY),)


@given(st.lists(st.tuples(st.floats(0.5, 300.0), st.floats(0.5, 300.0)), min_size=15, max_size=15))
def test_what_is_left_of_any_chain_cannot_be_traded_against(rows: list[tuple[float, float]]) -> None:
    """By brute force: every call spread and every butterfly of the quotes that are kept."""
    bid, ask = np.sort(np.array(rows), axis=1).T
    found = screen(replace(CHAIN, bid=bid, ask=ask))
    if isinstance(found, Unfit):
        assert found.flaw is Flaw.TOO_FEW_QUOTES
        return
    kept = list(found.kept)
    strike = CHAIN.strike[kept]
    parity = np.where(CHAIN.is_call[kept], 0.0, FORWARD - strike)
    buy, sell = ask[kept] + parity, bid[kept] + parity
    slack = 1e-6
    for i in range(len(kept)):
        for j in range(i + 1, len(kept)):
            assert sell[j] <= buy[i] + slack
            assert sell[i] - buy[j] <= FORWARD + slack
            for k in range(j + 1, len(kept)):
                share = (strike[k] - strike[j]) / (strike[k] - strike[i])
                assert sell[j] <= share * buy[i] + (1 - share) * buy[k] + slack


@pytest.mark.parametrize(
    ("forward", "years", "flaw"),
    [
        (np.nan, 0.1, Flaw.NOT_A_NUMBER),
        (FORWARD, np.nan, Flaw.NOT_A_NUMBER),
        (0.0, 0.1, Flaw.NOT_POSITIVE),
        (-FORWARD, 0.1, Flaw.NOT_POSITIVE),
        (FORWARD, 0.0, Flaw.EXPIRED),
        (FORWARD, -0.1, Flaw.EXPIRED),
    ],
)
def test_an_expiry_that_is_none_has_no_smile(forward: float, years: float, flaw: Flaw) -> None:
    assert screen(replace(CHAIN, forward=forward, years=years)) == Unfit(flaw)


def test_four_strikes_are_too_few() -> None:
    few = quotes(crypto(0.1), strikes(0.1, count=4))
    assert screen(few) == Unfit(Flaw.TOO_FEW_QUOTES)
    assert screen(quotes(crypto(0.1), np.empty(0))) == Unfit(Flaw.TOO_FEW_QUOTES)
