"""What is where in a local world: written beside its state, read by whatever runs in it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import orjson


@dataclass(frozen=True, slots=True)
class AddressBook:
    """Addresses of a world, checksummed, and where its market started.

    `vaults` and `twins` have the same names (strangle, covered-call, iron-condor); a twin is the same vault
    that nobody hedges. `accounts` maps a role in lower case to its address. `price` in usd, `volatility` as
    a fraction, `started_at` in Unix seconds of the chain; `block_number` and `timestamp` are of the last
    block built. Feeds are the proxies that contracts read; oracles submit to the aggregators behind them.
    The pool has liquidity between `pool_low` and `pool_high`, in usd.
    """

    chain_id: int
    block_number: int
    timestamp: int
    started_at: int
    price: float
    volatility: float
    usdc: str
    weth: str
    price_feed: str
    price_aggregator: str
    volatility_feed: str
    volatility_aggregator: str
    pool: str
    pool_fee_pips: int
    pool_low: float
    pool_high: float
    router: str
    quoter: str
    venue: str
    lens: str
    multicall: str
    vaults: Mapping[str, str]
    twins: Mapping[str, str]
    accounts: Mapping[str, str]

    def write(self, path: Path) -> None:
        """Write the book as JSON."""
        path.write_bytes(orjson.dumps(dataclasses.asdict(self), option=orjson.OPT_INDENT_2))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote. Raises OSError, and TypeError for another version's book."""
        return cls(**orjson.loads(path.read_bytes()))
