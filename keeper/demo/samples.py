"""What the demo's observer saw, block by block.

The keeper's own numbers cannot judge the keeper. So everything scored or drawn comes from these values, which
are read from the chain by a second reader that does not ask the daemon. Model quantities are floats: nothing
here decides about money.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VaultSample:
    """One vault after one block.

    `gap` is delta minus `target`, both in base; `band_low` <= 0 <= `band_high` are the gaps beyond which the
    vault's policy wants a trade, 0 for a twin, which nobody keeps; `value_usd` is the net asset value.
    """

    gap: float
    target: float
    inventory: float
    value_usd: float
    band_low: float
    band_high: float


@dataclass(frozen=True, slots=True)
class BlockSample:
    """One block.

    `timestamp` in Unix seconds of the chain; `spot` is the oracle's price in usd; `native_usd` that of the
    coin that pays for gas. `vaults` and `twins` are by the vault's name.
    """

    number: int
    timestamp: int
    base_fee_wei: int
    spot: float
    native_usd: float
    vaults: Mapping[str, VaultSample]
    twins: Mapping[str, VaultSample]


@dataclass(frozen=True, slots=True)
class Fill:
    """What a mined rebalance traded, as the vault's event says: amounts positive, price the oracle's."""

    sequence: int
    sells_base: bool
    base: float
    quote: float
    price: float

    @property
    def shortfall_usd(self) -> float:
        """What the trade lost against the oracle's price, in usd: pool fee and slippage together."""
        fair = self.base * self.price
        return fair - self.quote if self.sells_base else self.quote - fair

    @property
    def trade_usd(self) -> float:
        """Signed size in usd, positive when the vault bought."""
        return -self.base * self.price if self.sells_base else self.base * self.price


@dataclass(frozen=True, slots=True)
class SentSample:
    """One mined transaction of the keeper's account.

    `vault` is the name of the vault that it was sent to, empty for any other address (a no-op that frees a
    nonce). `fill` is absent where nothing was traded.
    """

    block: int
    hash: str
    nonce: int
    vault: str
    succeeded: bool
    gas_used: int
    gas_cost_usd: float
    fill: Fill | None


@dataclass(frozen=True, slots=True)
class Record:
    """A whole run in order. `limits_usd` are the policies' hard limits on |gap| at spot, by vault."""

    blocks: tuple[BlockSample, ...]
    sent: tuple[SentSample, ...]
    limits_usd: Mapping[str, float]
