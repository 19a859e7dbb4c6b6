"""When oracles write a price: on a deviation, or when the last answer has grown old.

A feed that follows every tick would flatter the keeper. Real ones answer when the market has left the last
answer by a deviation, and once per heartbeat otherwise; in between, the chain is wrong by up to that
deviation, and vaults are hedged by what the chain believes.
"""

from dataclasses import dataclass
from typing import Final

from keeper.demo.addressbook import AddressBook
from keeper.demo.driver.calls import LATEST_ROUND, SUBMIT
from keeper.demo.driver.sender import Rank, Sender
from keeper.demo.rpc import Json

DECIMALS: Final = 8
ORACLES: Final = ("oracle_a", "oracle_b", "oracle_c")

_UNIT: Final = 10.0**DECIMALS
_ROUND_IN_PHASE: Final = 2**64 - 1
_GAS = 400_000


@dataclass(frozen=True, slots=True)
class FeedRule:
    """When a feed's oracles write.

    `deviation` is a fraction of the answer if `relative`, else in the answer's own unit.
    """

    deviation: float
    relative: bool
    heartbeat_s: int

    def is_due(self, answer: float, updated_at: int, market: float, now: int) -> bool:
        """Whether the oracles write now."""
        scale = answer if self.relative else 1.0
        return now - updated_at >= self.heartbeat_s or abs(market - answer) >= self.deviation * scale


PRICE_RULE: Final = FeedRule(deviation=0.005, relative=True, heartbeat_s=3_600)
VOLATILITY_RULE: Final = FeedRule(deviation=0.02, relative=False, heartbeat_s=3_600)


@dataclass(slots=True)
class OracleFeed:
    """One feed and what it last said."""

    rule: FeedRule
    proxy: str
    aggregator: str
    oracles: tuple[str, ...]
    answer: float = 0.0
    round_id: int = 0
    updated_at: int = 0

    def load(self, latest: Json) -> None:
        """Take over what the chain says, from the answer to `latestRoundData`."""
        self.round_id, answer, _, self.updated_at, _ = LATEST_ROUND.decode(latest)
        self.answer = answer / _UNIT

    def follow(self, sender: Sender, market: float, now: int) -> bool:
        """Queue a round if one is due at `now`, the coming block's time. Returns whether it was."""
        if not self.rule.is_due(self.answer, self.updated_at, market, now):
            return False
        answer = round(market * _UNIT)
        self.round_id += 1
        for oracle in self.oracles:
            sender.queue(
                oracle,
                self.aggregator,
                SUBMIT.data(self.round_id & _ROUND_IN_PHASE, answer),
                _GAS,
                Rank.ORACLE,
            )
        self.answer, self.updated_at = answer / _UNIT, now
        return True


def feeds_of(book: AddressBook) -> tuple[OracleFeed, OracleFeed]:
    """The world's price and volatility feeds, not yet loaded."""
    oracles = tuple(book.accounts[role] for role in ORACLES)
    return (
        OracleFeed(PRICE_RULE, book.price_feed, book.price_aggregator, oracles),
        OracleFeed(VOLATILITY_RULE, book.volatility_feed, book.volatility_aggregator, oracles),
    )
