"""The pool's price follows the market because that pays somebody.

An arbitrageur buys while the pool, its fee included, is cheaper than the market, and sells while it is
dearer, until the last unit just pays; it trades at all only if the whole pays for its gas. So the pool
stays within a fee of the market, and not closer.
"""

import math
from dataclasses import dataclass
from typing import Final

from keeper.demo.addressbook import AddressBook
from keeper.demo.driver.calls import SWAP
from keeper.demo.driver.sender import Rank, Sender

_PIPS: Final = 10**6
_Q96: Final = 2.0**96
_SCALE: Final = 10.0**12
"""Between a pool of 18 against 6 decimals and whole tokens: of the price, and of the liquidity."""
_GAS: Final = 400_000
_GAS_USED: Final = 130_000
_WEI: Final = 10.0**18
_MOST: Final = 2**120
_NEVER: Final = 2**63
_EDGE: Final = 0.001


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool as read. `root` is the square root of its price in usd per base; `liquidity` in whole tokens."""

    root: float
    liquidity: float
    base_is_token0: bool

    @property
    def price(self) -> float:
        """Price of base in usd."""
        return self.root**2

    @classmethod
    def read(cls, sqrt_price_x96: int, liquidity: int, *, base_is_token0: bool) -> "Pool":
        """A pool from what its contract answers."""
        raw = sqrt_price_x96 / _Q96
        root = raw * math.sqrt(_SCALE) if base_is_token0 else math.sqrt(_SCALE) / raw
        return cls(root, liquidity / _SCALE, base_is_token0)


@dataclass(frozen=True, slots=True)
class Trade:
    """A swap that pays. `root` is where it leaves the pool; `profit_usd` is what it earns before gas."""

    buys_base: bool
    root: float
    profit_usd: float


def find_trade(pool: Pool, market: float, fee_pips: int, gas_cost_usd: float) -> Trade | None:
    """The most profitable swap against the pool at the market's price, or None where none pays."""
    keep = 1 - fee_pips / _PIPS
    low, high = math.sqrt(market * keep), math.sqrt(market / keep)
    if low <= pool.root <= high:
        return None
    buys = pool.root < low
    root = low if buys else high
    base = pool.liquidity * (1 / pool.root - 1 / root)
    quote = pool.liquidity * (root - pool.root)
    profit = base * market - quote / keep if buys else base / keep * market - quote
    return Trade(buys, root, profit) if profit > gas_cost_usd else None


@dataclass(frozen=True, slots=True)
class Arbitrageur:
    """An account with enough of both tokens, and the router's allowances."""

    book: AddressBook

    @property
    def account(self) -> str:
        """Who trades."""
        return self.book.accounts["arbitrageur"]

    def follow(self, sender: Sender, pool: Pool, market: float, base_fee_wei: int) -> Trade | None:
        """Queue the swap that pays at the market's price, if one does, within the pool's range."""
        book = self.book
        reachable = min(max(market, book.pool_low * (1 + _EDGE)), book.pool_high * (1 - _EDGE))
        gas_cost = _GAS_USED * base_fee_wei / _WEI * market
        trade = find_trade(pool, reachable, book.pool_fee_pips, gas_cost)
        if trade is not None:
            sender.queue(self.account, book.router, self._swap(pool, trade), _GAS, Rank.TRADE)
        return trade

    def _swap(self, pool: Pool, trade: Trade) -> str:
        book = self.book
        tokens = (book.usdc, book.weth) if trade.buys_base else (book.weth, book.usdc)
        raw = trade.root / math.sqrt(_SCALE) if pool.base_is_token0 else math.sqrt(_SCALE) / trade.root
        return SWAP.data((*tokens, book.pool_fee_pips, self.account, _NEVER, _MOST, 0, int(raw * _Q96)))
