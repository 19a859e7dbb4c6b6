"""The cheapest action that restores the policy, priced before it is proposed.

The size comes from the no-trade region: outside it, trade back to its inner edge, no further, because the
last part of the way to the centre costs more than the risk it removes. The price comes from the pool's own
arithmetic at the pinned block. All amounts that go on chain are integers, rounded so that the vault never
trades more than the model asked for.
"""

from dataclasses import dataclass

import numpy as np

from keeper.core.admissible import needed_gap, turnover_binds, turnover_left_usd
from keeper.core.exposure import Situation
from keeper.core.foresight import foresee
from keeper.core.inventory import Band
from keeper.core.market import in_quote
from keeper.core.policy import Policy, falls_below
from keeper.core.quote import Quote, Side, gas_cost_usd, pool_price, quote
from keeper.core.reason import Reason
from keeper.core.units import BPS, WAD, Address, mul_div_up, to_float
from keeper.core.verdict import Breach, Breached, Hold


@dataclass(frozen=True, slots=True)
class Plan:
    """One rebalance, ready to be simulated and signed.

    `amount_in` in units of the token given, `expected_out` and `min_out` of the token received. `state_hash`
    is the vault's state that the plan was made for: the contract refuses it in any other, so it also names
    the intent. `deadline` in Unix seconds of the chain. `max_fee_wei` is the ceiling per unit of gas that no
    attempt may pass. For `private_blocks` after it is signed only a relay is shown it. `trade` is the signed
    change of inventory in base. Costs and benefit in usd.
    """

    vault: Address
    reason: Reason
    urgent: bool
    side: Side
    amount_in: int
    expected_out: int
    min_out: int
    state_hash: bytes
    deadline: int
    gas_units: int
    max_fee_wei: int
    priority_fee_wei: int
    trade: float
    gap_after: float
    benefit_usd: float
    expected_cost_usd: float
    worst_cost_usd: float
    private_blocks: int = 0

    @property
    def intent(self) -> str:
        """The idempotency key: a vault's state can be left by one mined rebalance only."""
        return f"{self.vault}:{self.state_hash.hex()}"


def propose(policy: Policy, situation: Situation, verdict: Breached) -> Plan | Hold:
    """The cheapest trade that takes the inventory back inside the band, or why there is none."""
    breach = verdict.breaches[0]
    if breach.reason not in {Reason.DELTA_LIMIT, Reason.DELTA_BAND}:
        return Hold(Reason.NO_INSTRUMENT, breach.measured, breach.limit)
    exposure = situation.exposure
    if abs(exposure.gap) <= needed_gap(situation):
        # A hard limit within what the contract takes for hedged: it refuses every trade there.
        edge = verdict.band.sell_above if exposure.gap > 0 else verdict.band.buy_below
        return Hold(Reason.INSIDE_BAND, exposure.inventory, edge)
    wanted = _wanted(situation, verdict.band)
    has = _inventory(situation, wanted)
    trade = float(np.copysign(min(abs(wanted), has, _largest(policy, situation, wanted)), wanted))
    if _is_too_small(policy, situation, trade):
        short_of = Reason.NO_INVENTORY if has == abs(trade) < abs(wanted) else Reason.TRADE_TOO_SMALL
        short_of = Reason.TURNOVER_LIMIT if turnover_binds(situation, abs(trade)) else short_of
        return Hold(short_of, abs(trade) * exposure.spot, in_quote(policy.hedging.min_trade_usd_wad))
    fee_wei = situation.head.base_fee_wei + policy.costs.priority_fee_wei
    if fee_wei > policy.costs.max_fee_wei:
        return Hold(Reason.FEE_CEILING, float(fee_wei), float(policy.costs.max_fee_wei))
    slippage_bps = min(policy.costs.max_slippage_bps, situation.vault.rules.max_slippage_bps)
    quoted = _within_slippage(policy, situation, trade, slippage_bps)
    if quoted.shortfall_bps > slippage_bps:
        return Hold(Reason.SLIPPAGE_CEILING, float(quoted.shortfall_bps), float(slippage_bps))
    return _priced(policy, situation, breach, verdict.band, quoted, slippage_bps)


def _wanted(situation: Situation, band: Band) -> float:
    """Signed trade in base to the inner edge of the band."""
    inventory = situation.exposure.inventory
    return band.sell_to - inventory if situation.exposure.gap > 0 else band.buy_to - inventory


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
    allowed = situation.vault.rules.max_trade_wad / WAD * (1 - ROUNDING)
    return min(most_usd / situation.exposure.spot, allowed if wanted < 0 else allowed / _dearer(situation))


def _dearer(situation: Situation) -> float:
    """What the pool asks for a base, in what the oracle says; at least 1."""
    return max(pool_price(situation) / situation.exposure.spot, 1.0)


def _is_too_small(policy: Policy, situation: Situation, trade: float) -> bool:
    value = abs(trade) * situation.exposure.spot * (1 + ROUNDING)
    return falls_below(value, policy.hedging.min_trade_usd_wad)


ROUNDING = 1e-12
"""Share of a trade that is left to the rounding of floats, where it is held against a limit."""

SLICES = 4
"""How often a trade is halved to fit under the slippage ceiling before it is given up."""


def _within_slippage(policy: Policy, situation: Situation, trade: float, slippage_bps: int) -> Quote:
    """The largest of the trade and its halves within the slippage ceiling; the smallest if none is."""
    quoted = quote(situation, trade)
    for _ in range(SLICES):
        if quoted.shortfall_bps <= slippage_bps or _is_too_small(policy, situation, trade / 2):
            break
        trade /= 2
        quoted = quote(situation, trade)
    return quoted


def _priced(
    policy: Policy, situation: Situation, breach: Breach, band: Band, quoted: Quote, slippage_bps: int
) -> Plan | Hold:
    exposure, vault, head = situation.exposure, situation.vault, situation.head
    fee_wei = head.base_fee_wei + policy.costs.priority_fee_wei
    cost = gas_cost_usd(policy.costs.gas_units, fee_wei, situation) + quoted.impact_usd
    benefit = risk_removed_usd(policy, situation, band, exposure.gap + quoted.base)
    if not breach.urgent and benefit < cost:
        return Hold(Reason.COST_EXCEEDS_BENEFIT, benefit, cost)
    min_out = _least_accepted(situation, quoted, slippage_bps)
    worst_gas = gas_cost_usd(policy.costs.gas_units, policy.costs.max_fee_wei, situation)
    return Plan(
        vault=vault.address,
        reason=breach.reason,
        urgent=breach.urgent,
        side=quoted.side,
        amount_in=quoted.amount_in,
        expected_out=quoted.amount_out,
        min_out=min_out,
        state_hash=vault.state_hash,
        deadline=head.timestamp + min(policy.deadline_s, vault.rules.max_deadline_s),
        gas_units=policy.costs.gas_units,
        max_fee_wei=policy.costs.max_fee_wei,
        priority_fee_wei=policy.costs.priority_fee_wei,
        trade=quoted.base,
        gap_after=exposure.gap + quoted.base,
        benefit_usd=benefit,
        expected_cost_usd=cost,
        worst_cost_usd=worst_gas + abs(quoted.base) * exposure.spot * slippage_bps / BPS,
        private_blocks=policy.private_blocks,
    )


def _least_accepted(situation: Situation, quoted: Quote, slippage_bps: int) -> int:
    """The least output: what the oracle's price less the allowed slippage asks for, rounded up."""
    vault = situation.vault
    scale = 10**vault.base_decimals * WAD
    if quoted.side is Side.SELL_BASE:
        worth = quoted.amount_in * vault.price.answer_wad * 10**vault.quote_decimals
        return mul_div_up(worth, BPS - slippage_bps, scale * BPS)
    return mul_div_up(
        quoted.amount_in * scale, BPS - slippage_bps, vault.price.answer_wad * 10**vault.quote_decimals * BPS
    )


def risk_removed_usd(policy: Policy, situation: Situation, band: Band, gap_after: float) -> float:
    """Certainty-equivalent of the variance that a trade removes, in usd.

    The charge for holding a gap x is (risk aversion / 2) (volatility * spot * x)^2 a year, at the band's
    volatility. It is counted for as long as the gap would take to wander across the band by itself, the mean
    exit time (width / (gamma * volatility * spot))^2 years, and no longer than the book lives.
    """
    exposure = situation.exposure
    swing = foresee(policy, situation).volatility * exposure.spot
    width = (band.sell_above - band.buy_below) / 2
    wander = abs(exposure.gamma) * swing
    life = float(situation.legs.years.max(initial=0.0)) or 1.0
    # The comparison before the square: far from every strike the square of gamma is beyond floats.
    horizon = (width / wander) ** 2 if width < wander * life**0.5 else life
    return policy.hedging.risk_aversion / 2 * swing * swing * (exposure.gap**2 - gap_after**2) * horizon
