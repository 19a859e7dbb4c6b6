"""The cheapest action that restores the policy, priced before it is proposed.

The size comes from the no-trade region: outside it, trade back to its inner edge, no further, because the
last part of the way to the centre costs more than the risk it removes. Beyond a hard limit a trade must be
made, and of those that restore it the one with the best balance of risk removed and cost is. The price comes
from the pool's own arithmetic at the pinned block. All amounts that go on chain are integers, rounded so that
the vault never trades more than the model asked for.
"""

from dataclasses import dataclass

from keeper.core.admissible import needed_gap
from keeper.core.case import Case
from keeper.core.exposure import Situation
from keeper.core.foresight import foresee
from keeper.core.impact import footprint, less, own_part
from keeper.core.inventory import Band
from keeper.core.memory import NO_SLICES, Slices
from keeper.core.policy import Policy
from keeper.core.quote import Quote, Side, gas_cost_usd
from keeper.core.reason import Reason
from keeper.core.risk import kept_within
from keeper.core.sizing import possible, to_inner_edge, to_restore_level, within_slippage
from keeper.core.slicing import Piece, piece
from keeper.core.units import BPS, WAD, Address, mul_div_up
from keeper.core.verdict import Breached, Hold


@dataclass(frozen=True, slots=True)
class Plan:
    """One rebalance, ready to be simulated and signed.

    `amount_in` in units of the token given, `expected_out` and `min_out` of the token received. `state_hash`
    is the vault's state that the plan was made for: the contract refuses it in any other, so it also names
    the intent. `deadline` in Unix seconds of the chain. `max_fee_wei` is the ceiling per unit of gas that no
    attempt may pass. For `private_blocks` after it is signed only a relay is shown it. `trade` is the signed
    change of inventory in base. Costs and benefit in usd; of the expected cost, `wasted_usd` is gas of
    attempts that may revert. `moved_from` to `left_at` are the footprint of own hedges with this one (see
    `core.impact`). `slices` are those of which it is one.
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
    wasted_usd: float = 0.0
    moved_from: float = 0.0
    moved_by: float = 0.0
    moved_since: int = 0
    left_at: float = 0.0
    slices: Slices = NO_SLICES

    @property
    def intent(self) -> str:
        """The idempotency key: a vault's state can be left by one mined rebalance only."""
        return f"{self.vault}:{self.state_hash.hex()}"


def propose(case: Case, verdict: Breached) -> Plan | Hold:
    """The cheapest trade that takes the inventory back inside the band, or why there is none."""
    first, exposure = verdict.breaches[0], case.situation.exposure
    if verdict.reasons.isdisjoint(DELTA) and not verdict.restoring:
        return Hold(Reason.NO_INSTRUMENT, first.measured, first.limit)
    if abs(exposure.gap) <= needed_gap(case.situation):
        # A hard limit within what the contract takes for hedged: it refuses every trade there.
        edge = verdict.band.sell_above if exposure.gap > 0 else verdict.band.buy_below
        return Hold(Reason.INSIDE_BAND, exposure.inventory, edge)
    ends = [_towards(way, case, verdict) for way in _ways(case, verdict)]
    plans = [end for end in ends if isinstance(end, Plan)]
    return max(plans, key=lambda plan: plan.benefit_usd - plan.expected_cost_usd) if plans else ends[-1]


DELTA = frozenset({Reason.DELTA_LIMIT, Reason.DELTA_BAND})


def _ways(case: Case, verdict: Breached) -> tuple[Piece, ...]:
    """What restores the policy, the shorter way first.

    Beyond a hard limit the rest of the way to the inner edge is to be worth what it costs. What restores a
    risk pays the gas: the way to the inner edge is made with it, as far as no limit is broken by it, which
    goes for soft hedges too. Nothing urgent waits for its pieces.
    """
    policy, situation = case.policy, case.situation
    own = 0.0 if verdict.is_emergency else own_part(case)
    if verdict.reasons.isdisjoint(DELTA):
        return (Piece(verdict.restoring, NO_SLICES),)
    whole = less(to_inner_edge(situation, verdict.band), own)
    if not verdict.breaches[0].urgent:
        soft = kept_within(policy, situation, 0.0, whole)
        return (piece(policy, situation, case.memory, soft),)
    if Reason.DELTA_LIMIT not in verdict.reasons and abs(whole) > abs(verdict.restoring):
        whole = kept_within(policy, situation, verdict.restoring, whole)
    ways = [max(whole, verdict.restoring, key=abs)]
    if Reason.DELTA_LIMIT in verdict.reasons:
        shorter = max(less(to_restore_level(policy, situation), own), verdict.restoring, key=abs)
        ways += [shorter] if abs(shorter) < abs(ways[0]) else []
    return tuple(Piece(way, NO_SLICES) for way in reversed(ways))


def _towards(way: Piece, case: Case, verdict: Breached) -> Plan | Hold:
    policy, situation = case.policy, case.situation
    trade = possible(policy, situation, way.trade)
    if isinstance(trade, Hold):
        return trade
    fee_wei = situation.head.base_fee_wei + policy.costs.priority_fee_wei
    ceiling_wei = _fee_ceiling_wei(policy, verdict)
    if fee_wei > ceiling_wei:
        return Hold(Reason.FEE_CEILING, float(fee_wei), float(ceiling_wei))
    slippage_bps = min(policy.costs.max_slippage_bps, situation.vault.rules.max_slippage_bps)
    quoted = within_slippage(policy, situation, trade, slippage_bps)
    if quoted.shortfall_bps > slippage_bps:
        return Hold(Reason.SLIPPAGE_CEILING, float(quoted.shortfall_bps), float(slippage_bps))
    return _priced(case, verdict, quoted, slippage_bps, way.slices)


def _fee_ceiling_wei(policy: Policy, verdict: Breached) -> int:
    return policy.highest_fee_wei if verdict.is_emergency else policy.costs.max_fee_wei


def _priced(case: Case, verdict: Breached, quoted: Quote, slippage_bps: int, slices: Slices) -> Plan | Hold:
    policy, situation, breach = case.policy, case.situation, verdict.breaches[0]
    exposure, vault, head = situation.exposure, situation.vault, situation.head
    fee_wei = head.base_fee_wei + policy.costs.priority_fee_wei
    gas, left = gas_cost_usd(policy.costs.gas_units, fee_wei, situation), footprint(case, quoted.moves)
    wasted = gas * case.memory.expected_reverts
    cost = gas + wasted + quoted.impact_usd
    benefit = risk_removed_usd(policy, situation, verdict.band, exposure.gap + quoted.base)
    if not breach.urgent and benefit < cost:
        return Hold(Reason.COST_EXCEEDS_BENEFIT, benefit, cost)
    max_fee_wei = _fee_ceiling_wei(policy, verdict)
    worst_gas = gas_cost_usd(policy.costs.gas_units, max_fee_wei, situation)
    return Plan(
        vault=vault.address,
        reason=breach.reason,
        urgent=breach.urgent,
        side=quoted.side,
        amount_in=quoted.amount_in,
        expected_out=quoted.amount_out,
        min_out=_least_accepted(situation, quoted, slippage_bps),
        state_hash=vault.state_hash,
        deadline=head.timestamp + min(policy.deadline_s, vault.rules.max_deadline_s),
        gas_units=policy.costs.gas_units,
        max_fee_wei=max_fee_wei,
        priority_fee_wei=policy.costs.priority_fee_wei,
        trade=quoted.base,
        gap_after=exposure.gap + quoted.base,
        benefit_usd=benefit,
        expected_cost_usd=cost,
        worst_cost_usd=worst_gas + abs(quoted.base) * exposure.spot * slippage_bps / BPS,
        private_blocks=policy.private_blocks,
        wasted_usd=wasted,
        moved_from=left.moved_from,
        moved_by=left.moved_by,
        moved_since=left.moved_since,
        left_at=left.left_at,
        slices=slices,
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
