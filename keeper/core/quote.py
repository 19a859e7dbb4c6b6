"""What a trade would cost now.

The price comes from the pool's own arithmetic at the pinned block, not from a second read: a quote asked for
after the snapshot would belong to another block. A quote tells two costs apart: fee and impact against the
pool's own mid price, which a trade always pays, and the shortfall against the oracle, by which the vault's
contract judges the fill.
"""

from dataclasses import dataclass
from enum import StrEnum

from keeper.core.exposure import Situation
from keeper.core.hedging import Costs
from keeper.core.hedging.band import LEAST
from keeper.core.market import in_quote
from keeper.core.policy import Policy
from keeper.core.position import VaultState
from keeper.core.pricing.liquidity import (
    PIPS,
    Q96,
    Fill,
    fair_quote_down,
    fair_quote_up,
    mid_price_wad_down,
    swap_exact_in,
)
from keeper.core.units import BPS, WAD, Wad, mul_div_down, mul_div_up, wad_from_float_down


class Side(StrEnum):
    """Which token the vault gives."""

    BUY_BASE = "buy-base"
    SELL_BASE = "sell-base"


@dataclass(frozen=True, slots=True)
class Quote:
    """What the pool would give at the pinned block. Amounts in token units; costs in usd.

    `impact_usd` is against the pool's own mid price, so it is fee and impact only; `shortfall_bps` is against
    the oracle, as the vault's contract judges it, rounded up. `moves` is the fraction by which the pool's own
    price of a base changes.
    """

    side: Side
    amount_in: int
    amount_out: int
    base: float
    impact_usd: float
    shortfall_bps: int
    moves: float


def gas_cost_usd(gas_units: int, fee_wei: int, situation: Situation) -> float:
    """What an amount of gas costs at a fee per unit, in usd at the native coin's price."""
    return gas_units * fee_wei / WAD * in_quote(max(situation.native_price.answer_wad, 0))


def trade_costs(policy: Policy, situation: Situation) -> Costs:
    """Cost of a trade that would close the gap, as a model quantity.

    Gas is the fixed part; fee and impact, as a fraction of the value traded, are the proportional one. The
    fraction is the curve of `swap_exact_in` without its integers. A trade of dx base against a virtual
    reserve of X base fills r / (1 + r dx / X) of its worth at the mid price, where r is 1 less the fee; to
    buy, the same share of the quote given.
    """
    fee_wei = situation.head.base_fee_wei + policy.costs.priority_fee_wei
    fixed = gas_cost_usd(policy.costs.gas_units, fee_wei, situation)
    gap, pool = situation.exposure.gap, situation.vault.pool
    fee = pool.fee_pips / PIPS
    if pool.liquidity <= 0 or pool.sqrt_price_x96 <= 0:
        return Costs(fixed, fee)
    root = pool.sqrt_price_x96 / Q96
    reserve = pool.liquidity / root if pool.base_is_token0 else pool.liquidity * root
    retained = max(1.0 - fee, 0.0)
    filled = retained / (1.0 + retained * abs(gap) * 10**situation.vault.base_decimals / reserve)
    lost = 1.0 - filled if gap >= 0 else 1.0 / max(filled, LEAST) - 1.0
    return Costs(fixed, max(fee, lost))


def quote(situation: Situation, trade: float) -> Quote:
    """Price a signed trade in base on the vault's pool; the amount given is rounded down.

    To buy, the quote token given is what the pool's mid price asks without the fee, so that less than `trade`
    arrives and the gap cannot be overshot by rounding.
    """
    vault, pool = situation.vault, situation.vault.pool
    decimals = vault.base_decimals, vault.quote_decimals
    mid = _mid_wad(vault)
    base_wei = mul_div_down(wad_from_float_down(abs(trade)), 10**vault.base_decimals, WAD)
    side = Side.SELL_BASE if trade < 0 else Side.BUY_BASE
    amount_in = (
        min(base_wei, vault.base_wei)
        if side is Side.SELL_BASE
        else min(fair_quote_down(base_wei, mid, *decimals), vault.quote_units)
    )
    fill = swap_exact_in(
        pool.sqrt_price_x96,
        pool.liquidity,
        pool.fee_pips,
        amount_in,
        zero_for_one=pool.base_is_token0 == (side is Side.SELL_BASE),
    )
    return _as_quote(situation, side, fill, mid)


def pool_price(situation: Situation) -> float:
    """The pool's mid price, in quote per base."""
    return in_quote(_mid_wad(situation.vault))


def _mid_wad(vault: VaultState) -> Wad:
    return mid_price_wad_down(
        vault.pool.sqrt_price_x96,
        vault.base_decimals,
        vault.quote_decimals,
        base_is_token0=vault.pool.base_is_token0,
    )


def _as_quote(situation: Situation, side: Side, fill: Fill, mid_wad: Wad) -> Quote:
    vault = situation.vault
    decimals = vault.base_decimals, vault.quote_decimals
    selling = side is Side.SELL_BASE
    base_wei, quote_units = (
        (fill.amount_in, fill.amount_out) if selling else (fill.amount_out, fill.amount_in)
    )
    at_mid = fair_quote_down(base_wei, mid_wad, *decimals)
    fair_quote = fair_quote_up if selling else fair_quote_down
    fair = fair_quote(base_wei, Wad(vault.price.answer_wad), *decimals)
    lost = fair - quote_units if selling else quote_units - fair
    impact = at_mid - quote_units if selling else quote_units - at_mid
    return Quote(
        side=side,
        amount_in=fill.amount_in,
        amount_out=fill.amount_out,
        base=(-1 if selling else 1) * base_wei / 10**vault.base_decimals,
        impact_usd=impact / 10**vault.quote_decimals,
        shortfall_bps=mul_div_up(lost, BPS, fair) if fair > 0 else BPS,
        moves=_moves(vault, fill),
    )


def _moves(vault: VaultState, fill: Fill) -> float:
    before, after = vault.pool.sqrt_price_x96, fill.sqrt_price_x96
    ratio = after / before if vault.pool.base_is_token0 else before / after
    return ratio * ratio - 1.0
