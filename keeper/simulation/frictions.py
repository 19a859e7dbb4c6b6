"""What stands between a decision and its hedge: time, depth, gas, and transactions that fail.

A backtest that fills at the price it decided on finds that the more often one trades the better. Here a plan
arrives some blocks later, at the price and the base fee of that moment, in a pool of finite depth that has
grown thinner if the market is wild; and now and then a transaction reverts through no fault of its own.

All of it is drawn once for a market and a seed, whatever is decided: two policies meet the same market and
the same mishaps (common random numbers), so that their difference is theirs.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from keeper.core.units import YEAR_SECONDS
from keeper.simulation.path import Floats, Integers, MarketPath

_ONE_PERCENT: Final = 200
"""Virtual reserve of a pool over what moves its price by 1 %: a sale of a share x moves it by 2x."""


@dataclass(frozen=True, slots=True)
class Frictions:
    """Latency, chance and depth.

    `depth_usd` moves the pool's price by 1 % in a market as wild as at the start, and the less the wilder it
    is. `failure_rate` is the share of transactions that revert by chance.
    """

    latency_blocks: int = 2
    block_s: int = 12
    failure_rate: float = 0.01
    depth_usd: float = 2_000_000.0
    pool_fee_pips: int = 500

    @property
    def latency_s(self) -> int:
        """From a decision to the block that its transaction is in."""
        return self.latency_blocks * self.block_s


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """A market with its frictions.

    By step: what a plan that is decided there meets when it arrives, which is known `delay` steps later, and
    whether chance lets it fail.
    """

    market: MarketPath
    frictions: Frictions
    reserve_usd: Floats
    arrival_price: Floats
    arrival_fee_wei: Integers
    fails: NDArray[np.bool_]
    delay: int


def world_of(market: MarketPath, frictions: Frictions, seed: int) -> World:
    """Draw the mishaps of a market."""
    rng = np.random.default_rng([seed, 3])
    steps = len(market)
    luck, shock = rng.random(steps), rng.standard_normal(steps)
    late = frictions.latency_s / market.step_s
    whole, share = math.floor(late), late - math.floor(late)
    here = np.minimum(np.arange(steps) + whole, steps - 1)
    after = np.minimum(here + 1, steps - 1)
    log_price = np.log(market.price)
    # Between two steps the price is known at both ends: what is left in between is a Brownian bridge.
    bridge = market.volatility[here] * math.sqrt(market.step_s / YEAR_SECONDS * share * (1 - share)) * shock
    arrival = (
        log_price[here] + share * (log_price[after] - log_price[here]) + np.where(after > here, bridge, 0)
    )
    wildness = market.volatility / market.volatility[0]
    return World(
        market=market,
        frictions=frictions,
        reserve_usd=_ONE_PERCENT * frictions.depth_usd / np.maximum(wildness, 1.0),
        arrival_price=np.exp(arrival),
        arrival_fee_wei=market.base_fee_wei[here],
        fails=luck < frictions.failure_rate,
        delay=max(math.ceil(late), 1),
    )
