"""How much a trade is to move, and how much of that is possible now.

What is wanted leads to the inner edge of the band; beyond a hard limit the way may also end where the limit
is restored, which can be sooner. What is possible is less: what the vault has, what policy and contract allow
at once, what the turnover budget has left, and what the pool takes without passing the slippage ceiling.
"""

import numpy as np

from keeper.core.admissible import largest_trade_wad, turnover_binds, turnover_left_usd
from keeper.core.exposure import Situation
from keeper.core.inventory import Band, hard_limit
from keeper.core.market import in_quote
from keeper.core.policy import Policy, falls_below
from keeper.core.quote import Quote, pool_price, quote
from keeper.core.reason import Reason
from keeper.core.units import WAD, to_float
from keeper.core.verdict import Hold

ROUNDING = 1e-12
"""Share of a trade that is left to the rounding of floats, where it is held against a limit."""

SLICES = 4
"""How often a trade is halved to fit under the slippage ceiling before it is given up."""


def to_inner_edge(situation: Situation, band: Band) -> float:
    """Signed trade in base to the inner edge of the band."""
    inventory = situation.exposure.inventory
    return band.sell_to - inventory if situation.exposure.gap > 0 else band.buy_to - inventory


def to_restore_level(policy: Policy, situation: Situation) -> float:
    """Signed trade in base to where the hard limit of delta is restored."""
    gap = situation.exposure.gap
    level = hard_limit(policy, situation) * in_quote(policy.limits.restore_wad)
    return -float(np.copysign(max(abs(gap) - level, 0.0), gap))


def possible(policy: Policy, situation: Situation, wanted: float) -> float | Hold:
    """As much of a wanted trade as can be made at once, or why that is too little."""
    has = _inventory(situation, wanted)
    trade = float(np.copysign(min(abs(wanted), has, _largest(policy, situation, wanted)), wanted))
    if not is_too_small(policy, situation, trade):
        return trade
    short_of = Reason.NO_INVENTORY if has == abs(trade) < abs(wanted) else Reason.TRADE_TOO_SMALL
    short_of = Reason.TURNOVER_LIMIT if turnover_binds(situation, abs(trade)) else short_of
    return Hold(short_of, abs(trade) * situation.exposure.spot, in_quote(policy.hedging.min_trade_usd_wad))


def _inventory(situation: Situation, wanted: float) -> float:
    """The most that the vault could trade of what it has, in base."""
    if wanted < 0:
        return situation.exposure.inventory
    vault = situation.vault
    quote_held = to_float(vault.quote_units, 10**vault.quote_decimals)
    return quote_held / (situation.exposure.spot * _dearer(situation))


def _largest(policy: Policy, situation: Situation, wanted: float) -> float:
    """The least of the policy's slice and what the contract's limits and turnover budget allow, in base.

    The contract counts a purchase by the quote it gives, at the oracle's price; the pool may ask for more.
    """
    most_usd = min(in_quote(policy.hedging.max_trade_usd_wad), turnover_left_usd(situation))
    allowed = largest_trade_wad(situation) / WAD * (1 - ROUNDING)
    return min(most_usd / situation.exposure.spot, allowed if wanted < 0 else allowed / _dearer(situation))


def _dearer(situation: Situation) -> float:
    """What the pool asks for a base, in what the oracle says; at least 1."""
    return max(pool_price(situation) / situation.exposure.spot, 1.0)


def is_too_small(policy: Policy, situation: Situation, trade: float) -> bool:
    """Whether a trade is below the policy's least."""
    value = abs(trade) * situation.exposure.spot * (1 + ROUNDING)
    return falls_below(value, policy.hedging.min_trade_usd_wad)


def within_slippage(policy: Policy, situation: Situation, trade: float, slippage_bps: int) -> Quote:
    """The largest of the trade and its halves within the slippage ceiling; the smallest if none is."""
    quoted = quote(situation, trade)
    for _ in range(SLICES):
        if quoted.shortfall_bps <= slippage_bps or is_too_small(policy, situation, trade / 2):
            break
        trade /= 2
        quoted = quote(situation, trade)
    return quoted
