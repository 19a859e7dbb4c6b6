"""May what was read of a vault be believed, and may the vault be traded at all.

A wrong price makes every later number wrong, and a trade at it is a loss that no limit sees. So each feed,
the pool and every second opinion are asked before anything is measured, and the first no is the reason.

A price has a past, too, of which forecasts are made: it takes in what would have been believed alone.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from keeper.core.exposure import Exposure, Situation
from keeper.core.head import Head
from keeper.core.market import (
    FIT,
    PRICE,
    VOLATILITY,
    FeedRules,
    Fit,
    Reference,
    Unfit,
    judge_deviation,
    judge_feed,
)
from keeper.core.policy import Policy
from keeper.core.position import VaultState
from keeper.core.pricing.liquidity import mid_price_wad_down
from keeper.core.reason import Reason


def fitness(policy: Policy, situation: Situation) -> Fit | Unfit:
    """Whether the vault can be kept and every number it rests on may be believed; the first no decides."""
    for opinion in _opinions(policy, situation):
        if isinstance(opinion, Unfit):
            return opinion
    return FIT


def believed(policy: Policy, vault: VaultState, head: Head, references: Sequence[Reference]) -> bool:
    """Whether the price alone passes, whatever else speaks against a trade."""
    opinions = _of_price(policy, vault, head, references)
    return vault.readable and all(isinstance(opinion, Fit) for opinion in opinions)


def _of_price(
    policy: Policy, vault: VaultState, head: Head, references: Sequence[Reference]
) -> Iterator[Fit | Unfit]:
    rules = _within_age(policy.oracle.price, vault.rules.max_price_age_s)
    yield judge_feed(vault.price, rules, head, PRICE)
    yield _pool_agrees(policy, vault)
    yield _references_agree(policy, vault, head, references)


def _opinions(policy: Policy, situation: Situation) -> Iterator[Fit | Unfit]:
    """One after the other, because each relies on those before: a deviation needs a price that is one."""
    vault, head = situation.vault, situation.head
    price = _within_age(policy.oracle.price, vault.rules.max_price_age_s)
    volatility = _within_age(policy.oracle.volatility, vault.rules.max_volatility_age_s)
    yield FIT if vault.readable else Unfit(Reason.VAULT_UNREADABLE, 0, 1)
    yield FIT if vault.sealed else Unfit(Reason.STATE_MISMATCH, 0, 1)
    yield Unfit(Reason.VAULT_PAUSED, 1, 0) if vault.paused else FIT
    yield FIT if vault.keeper_authorised else Unfit(Reason.NOT_KEEPER, 0, 1)
    yield judge_feed(vault.price, price, head, PRICE)
    yield judge_feed(vault.volatility, volatility, head, VOLATILITY)
    yield _pool_agrees(policy, vault)
    yield _references_agree(policy, vault, head, situation.references)
    yield _measurable(situation.exposure)
    yield FIT if situation.native_price.answer_wad > 0 else Unfit(Reason.NATIVE_PRICE_INVALID, 0, 1)


def _measurable(exposure: Exposure) -> Fit | Unfit:
    numbers = (exposure.gap_usd, exposure.gamma_usd, exposure.vega_usd, exposure.theta_usd, exposure.nav_usd)
    return FIT if all(map(math.isfinite, numbers)) else Unfit(Reason.NOT_MEASURABLE, 0, 1)


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


def _references_agree(
    policy: Policy, vault: VaultState, head: Head, references: Sequence[Reference]
) -> Fit | Unfit:
    """Every fresh reference has a veto; a policy that asks for references holds when none is fresh."""
    rules, now = policy.oracle, head.timestamp
    if rules.reference_max_age_s == 0:
        return FIT
    fresh = [r for r in references if abs(now - r.observed_at) <= rules.reference_max_age_s]
    if not fresh:
        return Unfit(Reason.REFERENCE_MISSING, 0, 1)
    verdicts = (
        judge_deviation(vault.price.answer_wad, r.price_wad, rules.max_reference_deviation_bps) for r in fresh
    )
    return next((verdict for verdict in verdicts if isinstance(verdict, Unfit)), FIT)
