"""Does the policy want action, and why.

Two questions are kept apart. Whether what was read is fit to act on comes first, because a wrong price makes
every later number wrong; it ends in `Hold`. Then each sensitivity is held against its limit, and the
inventory against the band inside which a trade costs more than the risk it removes; what lies outside is a
`Breach`, urgent if it is a hard limit.

Between the two questions stands the band (see `inventory`), which is found for all vaults at once. So a
verdict comes in two steps, `prepared` and `measured_against`, and `judge` is both for one vault.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from keeper.core.exposure import Exposure, Situation
from keeper.core.inventory import Band, Question, inventory_bands, question
from keeper.core.market import PRICE, VOLATILITY, FeedRules, Fit, Unfit, in_quote, judge_deviation, judge_feed
from keeper.core.policy import Limits, Policy, exceeds, falls_below
from keeper.core.position import VaultState
from keeper.core.pricing.liquidity import mid_price_wad_down
from keeper.core.quote import trade_costs
from keeper.core.reason import Reason


@dataclass(frozen=True, slots=True)
class Hold:
    """No action. `measured` and `limit` are in the unit that the reason's page states."""

    reason: Reason
    measured: float
    limit: float


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit is passed. `urgent` means whatever it costs."""

    reason: Reason
    measured: float
    limit: float
    urgent: bool


@dataclass(frozen=True, slots=True)
class Breached:
    """The policy wants action. `breaches` is never empty, the delta breach first if there is one."""

    breaches: tuple[Breach, ...]
    band: Band


@dataclass(frozen=True, slots=True)
class Within:
    """Everything is fit, and nothing is passed."""

    hold: Hold
    band: Band


Verdict = Hold | Within | Breached


def prepared(policy: Policy, situation: Situation) -> Hold | Question:
    """Whether the vault can be judged at all, and if so what there is to find out about its band."""
    unfit = fitness(policy, situation)
    if isinstance(unfit, Unfit):
        return Hold(unfit.reason, float(unfit.measured), float(unfit.limit))
    return question(policy, situation, trade_costs(policy, situation))


def measured_against(policy: Policy, situation: Situation, band: Band) -> Within | Breached:
    """Hold a vault that is fit against the limits and its band."""
    exposure = situation.exposure
    breaches = (*_delta_breach(policy.limits, exposure, band), *_other_breaches(policy.limits, exposure))
    if breaches:
        return Breached(breaches, band)
    edge = band.sell_above if exposure.gap > 0 else band.buy_below
    return Within(Hold(Reason.INSIDE_BAND, exposure.inventory, edge), band)


def judge(policy: Policy, situation: Situation) -> Verdict:
    """Hold one vault against its policy."""
    found = prepared(policy, situation)
    if isinstance(found, Hold):
        return found
    (band,) = inventory_bands((found,))
    return measured_against(policy, situation, band)


def fitness(policy: Policy, situation: Situation) -> Fit | Unfit:
    """Whether the vault can be kept and every number it rests on may be believed; the first no decides."""
    opinions = _opinions(policy, situation)
    return next((opinion for opinion in opinions if isinstance(opinion, Unfit)), Fit())


def _opinions(policy: Policy, situation: Situation) -> Iterator[Fit | Unfit]:
    """One after the other, because each relies on those before: a deviation needs a price that is one."""
    vault, head = situation.vault, situation.head
    price = _within_age(policy.oracle.price, vault.rules.max_price_age_s)
    volatility = _within_age(policy.oracle.volatility, vault.rules.max_volatility_age_s)
    yield Fit() if vault.readable else Unfit(Reason.VAULT_UNREADABLE, 0, 1)
    yield Fit() if vault.sealed else Unfit(Reason.STATE_MISMATCH, 0, 1)
    yield Unfit(Reason.VAULT_PAUSED, 1, 0) if vault.paused else Fit()
    yield Fit() if vault.keeper_authorised else Unfit(Reason.NOT_KEEPER, 0, 1)
    yield judge_feed(vault.price, price, head, PRICE)
    yield judge_feed(vault.volatility, volatility, head, VOLATILITY)
    yield _pool_agrees(policy, vault)
    yield _references_agree(policy, situation)
    yield Fit() if situation.native_price.answer_wad > 0 else Unfit(Reason.NATIVE_PRICE_INVALID, 0, 1)


def _within_age(rules: FeedRules, contracts_max_age_s: int) -> FeedRules:
    """The policy's rules, tightened to the age at which the contract refuses every trade."""
    return rules if rules.max_age_s <= contracts_max_age_s else replace(rules, max_age_s=contracts_max_age_s)


def _pool_agrees(policy: Policy, vault: VaultState) -> Fit | Unfit:
    if vault.pool.liquidity <= 0 or vault.pool.sqrt_price_x96 <= 0:
        return Unfit(Reason.NO_LIQUIDITY, 0, 1)
    pool_wad = mid_price_wad_down(
        vault.pool.sqrt_price_x96,
        vault.base_decimals,
        vault.quote_decimals,
        base_is_token0=vault.pool.base_is_token0,
    )
    return judge_deviation(vault.price.answer_wad, pool_wad, policy.oracle.max_pool_deviation_bps)


def _references_agree(policy: Policy, situation: Situation) -> Fit | Unfit:
    """Every fresh reference has a veto; a policy that asks for references holds when none is fresh."""
    rules, now = policy.oracle, situation.head.timestamp
    if rules.reference_max_age_s == 0:
        return Fit()
    fresh = [r for r in situation.references if abs(now - r.observed_at) <= rules.reference_max_age_s]
    if not fresh:
        return Unfit(Reason.REFERENCE_MISSING, 0, 1)
    verdicts = (
        judge_deviation(situation.vault.price.answer_wad, r.price_wad, rules.max_reference_deviation_bps)
        for r in fresh
    )
    return next((verdict for verdict in verdicts if isinstance(verdict, Unfit)), Fit())


def _delta_breach(limits: Limits, exposure: Exposure, band: Band) -> tuple[Breach, ...]:
    if exceeds(exposure.gap_usd, limits.delta_usd_wad):
        return (Breach(Reason.DELTA_LIMIT, exposure.gap_usd, in_quote(limits.delta_usd_wad), urgent=True),)
    if exposure.inventory > band.sell_above:
        return (Breach(Reason.DELTA_BAND, exposure.inventory, band.sell_above, urgent=False),)
    if exposure.inventory < band.buy_below:
        return (Breach(Reason.DELTA_BAND, exposure.inventory, band.buy_below, urgent=False),)
    return ()


def _other_breaches(limits: Limits, exposure: Exposure) -> tuple[Breach, ...]:
    """Limits that trading the base alone cannot restore: told to the operator, they do not stop a hedge."""
    ceilings = (
        (Reason.GAMMA_LIMIT, exposure.gamma_usd, limits.gamma_usd_wad),
        (Reason.VEGA_LIMIT, exposure.vega_usd, limits.vega_usd_wad),
        (Reason.THETA_LIMIT, exposure.theta_usd, limits.theta_usd_wad),
    )
    passed = [
        Breach(reason, measured, in_quote(limit), urgent=False)
        for reason, measured, limit in ceilings
        if exceeds(measured, limit)
    ]
    ratio = exposure.collateral_ratio
    if np.isfinite(ratio) and falls_below(ratio, limits.collateral_ratio_wad):
        passed.append(
            Breach(Reason.COLLATERAL_LIMIT, ratio, in_quote(limits.collateral_ratio_wad), urgent=True)
        )
    return tuple(passed)
