"""One block of the world: time, block space, oracles, arbitrage, expiries, and then the block itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from keeper.demo.addressbook import AddressBook
from keeper.demo.driver.arbitrage import Arbitrageur, Pool
from keeper.demo.driver.calls import LATEST_ROUND, LIQUIDITY, SLOT0
from keeper.demo.driver.feeds import OracleFeed, feeds_of
from keeper.demo.driver.roller import Quote, Roller
from keeper.demo.driver.sender import Sender
from keeper.demo.rpc import Json, Rpc, as_int, as_object

_AUTOMINE: Final = False
_FULL: Final = False


@dataclass(frozen=True, slots=True)
class Moment:
    """What the market is like in a block. `price` in usd, `volatility` as a fraction."""

    price: float
    volatility: float
    base_fee_wei: int
    step_s: int


@dataclass(frozen=True, slots=True)
class BlockReport:
    """A block that was mined. Prices in usd; `pool_price` is the pool's before the block."""

    block: int
    ts: int
    price: float
    oracle_price: float
    pool_price: float
    volatility: float
    oracle_volatility: float
    base_fee_wei: int
    transactions: int
    events: tuple[str, ...]


@dataclass(slots=True)
class Market:
    """The world's market on a node. Call `take_over` first, then `advance` per block.

    Methods raise NodeUnreachableError, after which `take_over` must be called again, and RpcError.
    """

    rpc: Rpc
    book: AddressBook
    timestamp: int = 0
    sender: Sender = field(init=False)
    roller: Roller = field(init=False)
    trader: Arbitrageur = field(init=False)
    price_feed: OracleFeed = field(init=False)
    volatility_feed: OracleFeed = field(init=False)

    def __post_init__(self) -> None:
        self.sender = Sender(self.rpc)
        self.roller = Roller(self.rpc, self.book)
        self.trader = Arbitrageur(self.book)
        self.price_feed, self.volatility_feed = feeds_of(self.book)

    def take_over(self) -> None:
        """Stop automatic mining, forget own waiting transactions, and read where the chain is."""
        self.rpc.call("evm_setAutomine", _AUTOMINE)
        self.rpc.outcomes([("anvil_removePoolTransactions", [account]) for account in self._accounts()])
        block, price, volatility = self.rpc.batch(
            [
                ("eth_getBlockByNumber", ["latest", _FULL]),
                LATEST_ROUND.call(self.book.price_feed),
                LATEST_ROUND.call(self.book.volatility_feed),
            ]
        )
        self.timestamp = as_int(as_object(block)["timestamp"])
        self.price_feed.load(price)
        self.volatility_feed.load(volatility)
        self.sender.load(self._accounts())

    def advance(self, moment: Moment) -> BlockReport:
        """Mine the block in which the market is as `moment` says."""
        now = self.timestamp + moment.step_s
        pool = self._open_block(now, moment.base_fee_wei)
        events = list(self._queue(moment, pool, now))
        hashes, refusals = self.sender.flush(moment.base_fee_wei)
        events += [f"refused: {refusal}" for refusal in refusals]
        block = self._mine()
        transactions = _transactions(block)
        events += [f"reverted: {reason}" for reason in _reverted(transactions, set(hashes))]
        self.timestamp = as_int(block["timestamp"])
        if refusals or not set(hashes) <= {str(transaction["hash"]) for transaction in transactions}:
            self.take_over()
        return BlockReport(
            block=as_int(block["number"]),
            ts=self.timestamp,
            price=moment.price,
            oracle_price=self.price_feed.answer,
            pool_price=pool.price,
            volatility=moment.volatility,
            oracle_volatility=self.volatility_feed.answer,
            base_fee_wei=as_int(block["baseFeePerGas"]),
            transactions=len(transactions),
            events=tuple(events),
        )

    def _open_block(self, now: int, base_fee_wei: int) -> Pool:
        """Set the coming block's time and base fee, and read the pool on the way."""
        _, _, slot0, liquidity = self.rpc.batch(
            [
                ("evm_setNextBlockTimestamp", [now]),
                ("anvil_setNextBlockBaseFeePerGas", [hex(base_fee_wei)]),
                SLOT0.call(self.book.pool),
                LIQUIDITY.call(self.book.pool),
            ]
        )
        base_is_token0 = int(self.book.weth, 16) < int(self.book.usdc, 16)
        return Pool.read(
            SLOT0.decode(slot0)[0], LIQUIDITY.decode(liquidity)[0], base_is_token0=base_is_token0
        )

    def _queue(self, moment: Moment, pool: Pool, now: int) -> Sequence[str]:
        # Settlements and openings use what the chain knows, so they go by the round before this block's.
        quote = Quote(now, self.price_feed.answer, self.volatility_feed.answer, self.price_feed.round_id)
        events = list(self.roller.follow(self.sender, quote))
        if self.price_feed.follow(self.sender, moment.price, now):
            events.append(f"price round at {self.price_feed.answer:,.2f}")
        if self.volatility_feed.follow(self.sender, moment.volatility, now):
            events.append(f"volatility round at {self.volatility_feed.answer:.1%}")
        trade = self.trader.follow(self.sender, pool, moment.price, moment.base_fee_wei)
        if trade is not None:
            events.append(f"arbitrage {'buys' if trade.buys_base else 'sells'} to {trade.root**2:,.2f}")
        return events

    def _mine(self) -> dict[str, Json]:
        mined = self.rpc.call("evm_mine_detailed")
        if not isinstance(mined, list) or not mined:
            raise TypeError(f"no block: {mined!r:.100}")
        return as_object(mined[0])

    def _accounts(self) -> list[str]:
        accounts = [*self.price_feed.oracles, self.trader.account, *self.roller.accounts()]
        return list(dict.fromkeys(accounts))


def _transactions(block: dict[str, Json]) -> list[dict[str, Json]]:
    found = block["transactions"]
    return [as_object(transaction) for transaction in found] if isinstance(found, list) else []


def _reverted(transactions: Sequence[dict[str, Json]], own: set[str]) -> list[str]:
    """Why own transactions reverted; the keeper's are its own business."""
    return [
        f"{transaction['to']} {transaction['revertReason']}"
        for transaction in transactions
        if transaction["hash"] in own and transaction.get("revertReason")
    ]
