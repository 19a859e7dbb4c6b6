"""Plain values for core tests: a healthy vault that a test then breaks in one place."""

import math
from dataclasses import replace

import numpy as np

from keeper.core.exposure import Situation, situations
from keeper.core.head import Head
from keeper.core.market import FeedRules, Reading
from keeper.core.policy import CostCeilings, Hedging, Limits, Mode, OracleRules, Policy
from keeper.core.position import Leg, PoolState, VaultRules, VaultState
from keeper.core.snapshot import Legs, Snapshot
from keeper.core.units import WAD, Address, BlockHash

VAULT = Address("0x00000000000000000000000000000000000000A1")
OTHER = Address("0x00000000000000000000000000000000000000B2")
NOW = 1_700_000_000
DAY = 86_400
SPOT = 3_000

HEAD = Head(
    chain_id=31337,
    number=100,
    hash=BlockHash("0x" + "11" * 32),
    parent_hash=BlockHash("0x" + "10" * 32),
    timestamp=NOW,
    base_fee_wei=20 * 10**9,
)


def usd(amount: float) -> int:
    """WAD of an amount in the quote token."""
    return round(amount * 10**6) * 10**12


def pool(price: float = SPOT, *, liquidity: int = 10**19, base_is_token0: bool = True) -> PoolState:
    """A pool of an 18-decimals base and a 6-decimals quote at a price."""
    ratio = price * 10**6 / 10**18
    sqrt_price = math.sqrt(ratio if base_is_token0 else 1 / ratio)
    return PoolState(int(sqrt_price * 2**96), liquidity, 500, base_is_token0)


RULES = VaultRules(
    band_wad=WAD // 10,
    target_delta_wad=0,
    cooldown_s=60,
    max_slippage_bps=150,
    margin_bps=1_000,
    max_price_age_s=4_000,
    max_volatility_age_s=4_000,
    max_deadline_s=3_600,
    max_trade_wad=10_000 * WAD,
    price_error_bps=0,
    min_trade_bps=1,
    turnover_cap_pips=10**9,
    loss_cap_pips=10**9,
)

STRADDLE = (
    Leg(is_call=True, strike_wad=SPOT * WAD, expiry=NOW + 14 * DAY, size_wad=-1_000 * WAD),
    Leg(is_call=False, strike_wad=SPOT * WAD, expiry=NOW + 14 * DAY, size_wad=-1_000 * WAD),
)
CALL = STRADDLE[:1]


def vault(**changes: object) -> VaultState:
    """A readable vault with 2m of quote and 500 base, at a spot of 3,000 and a volatility of 70 %."""
    healthy = VaultState(
        address=VAULT,
        readable=True,
        sealed=True,
        paused=False,
        keeper_authorised=True,
        quote_units=2_000_000 * 10**6,
        base_wei=500 * WAD,
        quote_decimals=6,
        base_decimals=18,
        shares=10**12,
        sequence=7,
        state_hash=b"\x07" * 32,
        last_rebalance_at=0,
        rules=RULES,
        price=Reading(SPOT * WAD, NOW - 60, 42),
        volatility=Reading(7 * WAD // 10, NOW - 60, 9),
        pool=pool(),
        keeper_until=NOW + 30 * DAY,
        turnover_used_wad=0,
        loss_used_wad=0,
    )
    return replace(healthy, **changes)  # type: ignore[arg-type]


def columns(*books: tuple[Leg, ...]) -> Legs:
    """Legs of several vaults as a snapshot's columns."""
    rows = [(index, leg) for index, book in enumerate(books) for leg in book]
    return Legs(
        vault=np.array([index for index, _ in rows], dtype=np.int64),
        is_call=np.array([leg.is_call for _, leg in rows], dtype=np.bool_),
        strike=np.array([leg.strike_wad / WAD for _, leg in rows]),
        expiry=np.array([leg.expiry for _, leg in rows], dtype=np.int64),
        size=np.array([leg.size_wad / WAD for _, leg in rows]),
    )


def snapshot(state: VaultState | None = None, legs: tuple[Leg, ...] = CALL) -> Snapshot:
    """One vault at HEAD."""
    return Snapshot(
        head=HEAD,
        vaults=(state if state is not None else vault(),),
        legs=columns(legs),
        native_price=Reading(SPOT * WAD, NOW - 60, 1),
        keeper_balance_wei=10 * WAD,
    )


def situation(state: VaultState | None = None, legs: tuple[Leg, ...] = CALL) -> Situation:
    """One vault as the decision sees it."""
    return situations(snapshot(state, legs))[0]


POLICY = Policy(
    name="test",
    vault=VAULT,
    mode=Mode.ARMED,
    limits=Limits(
        delta_usd_wad=usd(300_000),
        gamma_usd_wad=usd(1_000_000),
        vega_usd_wad=usd(1_000_000),
        theta_usd_wad=usd(1_000_000),
        collateral_ratio_wad=WAD,
    ),
    hedging=Hedging(
        risk_tolerance_usd=40_000.0,
        look_interval_s=12,
        min_trade_usd_wad=usd(100),
        max_trade_usd_wad=usd(5_000_000),
    ),
    costs=CostCeilings(
        gas_units=300_000, max_fee_wei=200 * 10**9, priority_fee_wei=10**9, max_slippage_bps=100
    ),
    oracle=OracleRules(
        price=FeedRules(3_900, usd(100), usd(100_000)),
        volatility=FeedRules(3_900, WAD // 10, 5 * WAD),
        max_pool_deviation_bps=100,
        reference_max_age_s=0,
        max_reference_deviation_bps=100,
    ),
    cooldown_s=600,
    deadline_s=300,
    sha256="00" * 32,
)
