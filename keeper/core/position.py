"""What one vault holds: tokens, option legs, and the limits its contract enforces.

Balances and limits are exact integers as the chain has them, because they decide what a transaction may move.
Legs are kept for all vaults together, as columns (see `snapshot`), because a thousand vaults are measured in
one vectorised call.
"""

from dataclasses import dataclass

from keeper.core.market import Reading
from keeper.core.units import Address


@dataclass(frozen=True, slots=True)
class Leg:
    """One European option.

    `strike_wad` in quote per base; `size_wad` in base, negative when the vault is short.
    """

    is_call: bool
    strike_wad: int
    expiry: int
    size_wad: int


@dataclass(frozen=True, slots=True)
class PoolState:
    """A concentrated-liquidity pool at the head.

    `fee_pips` in millionths; `liquidity` in the pool's own unit.
    """

    sqrt_price_x96: int
    liquidity: int
    fee_pips: int
    base_is_token0: bool


@dataclass(frozen=True, slots=True)
class VaultRules:
    """What the vault's contract will insist on.

    `band_wad`, `target_delta_wad` and `max_trade_wad` are in base. `price_error_bps` is how far the oracle
    may be off: a hedge must be needed at every price so near. `min_trade_bps` is of the greatest trade that
    is admissible. The caps are millionths of the vault's net value.
    """

    band_wad: int
    target_delta_wad: int
    cooldown_s: int
    max_slippage_bps: int
    margin_bps: int
    max_price_age_s: int
    max_volatility_age_s: int
    max_deadline_s: int
    max_trade_wad: int
    price_error_bps: int
    min_trade_bps: int
    turnover_cap_pips: int
    loss_cap_pips: int


@dataclass(frozen=True, slots=True)
class VaultState:
    """A vault at a head. Balances in token units; times in Unix seconds of the chain.

    `sealed` says whether sequence, rules and legs are what `state_hash` was made of. What of the contract's
    budgets is used up now stands as fractions of the vault's net value.
    """

    address: Address
    readable: bool
    sealed: bool
    paused: bool
    keeper_authorised: bool
    quote_units: int
    base_wei: int
    quote_decimals: int
    base_decimals: int
    shares: int
    sequence: int
    state_hash: bytes
    last_rebalance_at: int
    rules: VaultRules
    price: Reading
    volatility: Reading
    pool: PoolState
    keeper_until: int
    turnover_used_wad: int
    loss_used_wad: int
