"""Smiles and chains to fit."""

from dataclasses import replace

import numpy as np

from keeper.core.pricing.black_scholes import Floats, price
from keeper.core.pricing.surface import Quotes, Slice, Smile, total_variance
from keeper.core.pricing.surface.svi import JumpWings, from_jump_wings

VOGT = Slice(1.0, -0.0410, 0.1331, 0.3060, 0.3586, 0.4153)
FORWARD = 3000.0


def crypto(years: float, atm: float = 0.7, skew: float = -0.05) -> Slice:
    """A smile as the venues quote them."""
    return from_jump_wings(years, JumpWings(atm**2, skew, 0.55, 0.45, 0.93 * atm**2))


def smile(of: Slice, moneyness: Floats, spread: float = 0.005, noise: Floats | float = 0.0) -> Smile:
    volatility = np.sqrt(total_variance(of, moneyness) / of.years) + noise
    wide = np.full(len(moneyness), spread)
    return Smile(FORWARD, of.years, moneyness, volatility, wide, tuple(range(len(moneyness))), ())


def quotes(of: Slice, moneyness: Floats, spread: float = 0.005) -> Quotes:
    """Out-of-the-money options whose bid and ask are that many volatilities from the slice's."""
    strike = FORWARD * np.exp(moneyness)
    call = strike >= FORWARD
    volatility = np.sqrt(total_variance(of, moneyness) / of.years)
    bid, ask = (price(FORWARD, strike, of.years, volatility + by, call) for by in (-spread, spread))
    return Quotes(FORWARD, of.years, strike, call, bid, ask)


def changed(chain: Quotes, position: int, bid: float, ask: float) -> Quotes:
    """The same with another quote at one place."""
    bids, asks = chain.bid.copy(), chain.ask.copy()
    bids[position], asks[position] = bid, ask
    return replace(chain, bid=bids, ask=asks)


def strikes(years: float, atm: float = 0.7, count: int = 15) -> Floats:
    """Log-moneyness two standard deviations either way."""
    spaced: Floats = np.linspace(-2.0, 2.0, count) * atm * np.sqrt(years)
    return spaced


def volatility(of: Slice, moneyness: Floats) -> Floats:
    found: Floats = np.sqrt(total_variance(of, moneyness) / of.years)
    return found
