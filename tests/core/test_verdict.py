from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.exposure import Situation
from keeper.core.hedging import Costs
from keeper.core.inventory import Band, inventory_bands, question
from keeper.core.market import FeedRules, Fit, Reading, Reference, Unfit
from keeper.core.policy import Policy, exceeds, falls_below
from keeper.core.position import Leg, VaultState
from keeper.core.reason import Reason
from keeper.core.units import WAD
from keeper.core.verdict import Breached, Hold, Within, fitness, judge, measured_against
from tests.core.build import CALL, NOW, POLICY, SPOT, STRADDLE, pool, situation, usd, vault

CHEAP = Costs(fixed=5.0, proportional=0.0005)


def closed_vault(gap: float = 0.0, **changes: object) -> VaultState:
    """A vault whose inventory leaves a given gap."""
    hedge = -situation().exposure.book_delta
    return vault(base_wei=round((hedge + gap) * WAD), **changes)


def inventory_band(policy: Policy, each: Situation, costs: Costs) -> Band:
    (band,) = inventory_bands([question(policy, each, costs)])
    return band


def measured(policy: Policy, each: Situation, costs: Costs = CHEAP) -> Within | Breached:
    return measured_against(policy, each, inventory_band(policy, each, costs))


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"readable": False}, Reason.VAULT_UNREADABLE),
        ({"sealed": False}, Reason.STATE_MISMATCH),
        ({"paused": True}, Reason.VAULT_PAUSED),
        ({"keeper_authorised": False}, Reason.NOT_KEEPER),
        ({"price": Reading(0, NOW, 1)}, Reason.PRICE_INVALID),
        ({"price": Reading(SPOT * WAD, NOW - 3_901, 1)}, Reason.PRICE_STALE),
        ({"price": Reading(99 * WAD, NOW, 1)}, Reason.PRICE_OUT_OF_BOUNDS),
        ({"volatility": Reading(-1, NOW, 1)}, Reason.VOLATILITY_INVALID),
        ({"volatility": Reading(WAD, NOW - 3_901, 1)}, Reason.VOLATILITY_STALE),
        ({"volatility": Reading(6 * WAD, NOW, 1)}, Reason.VOLATILITY_OUT_OF_BOUNDS),
        ({"pool": pool(SPOT * 1.02)}, Reason.PRICE_DEVIATION),
        ({"pool": pool(liquidity=0)}, Reason.NO_LIQUIDITY),
        ({"pool": replace(pool(), sqrt_price_x96=1)}, Reason.PRICE_DEVIATION),
    ],
)
def test_a_vault_that_is_not_fit_holds_and_says_why(broken: dict[str, object], reason: Reason) -> None:
    each = situation(closed_vault(gap=400.0, **broken))
    verdict = judge(POLICY, each)
    assert isinstance(verdict, Hold)
    assert verdict.reason is reason


@pytest.mark.parametrize(
    ("feed", "limit", "reason"),
    [
        ("price", "max_price_age_s", Reason.PRICE_STALE),
        ("volatility", "max_volatility_age_s", Reason.VOLATILITY_STALE),
    ],
)
def test_a_feed_older_than_the_contract_takes_is_stale_whatever_the_policy_allows(
    feed: str, limit: str, reason: Reason
) -> None:
    changes: dict[str, object] = {
        feed: replace(getattr(vault(), feed), updated_at=NOW - 301),
        "rules": replace(vault().rules, **{limit: 300}),
    }
    assert fitness(POLICY, situation(vault(**changes))) == Unfit(reason, 301, 300)


def test_a_pool_whose_base_is_the_second_token_agrees_as_well() -> None:
    assert fitness(POLICY, situation(vault(pool=pool(base_is_token0=False)))) == Fit()


def test_without_a_price_of_the_native_coin_the_cost_of_gas_is_unknown_and_nothing_is_done() -> None:
    blind = replace(situation(), native_price=Reading(0, 0, 0))
    assert fitness(POLICY, blind) == Unfit(Reason.NATIVE_PRICE_INVALID, 0, 1)


ASKING = replace(POLICY, oracle=replace(POLICY.oracle, reference_max_age_s=120))


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        ((), Reason.REFERENCE_MISSING),
        ((Reference("cex", SPOT * WAD, NOW - 121),), Reason.REFERENCE_MISSING),
        ((Reference("cex", SPOT * WAD * 98 // 100, NOW),), Reason.PRICE_DEVIATION),
        ((Reference("a", SPOT * WAD, NOW), Reference("b", SPOT * WAD * 2, NOW)), Reason.PRICE_DEVIATION),
    ],
)
def test_a_policy_that_asks_for_a_second_opinion_holds_without_an_agreeing_one(
    references: tuple[Reference, ...], expected: Reason
) -> None:
    verdict = fitness(ASKING, replace(situation(), references=references))
    assert isinstance(verdict, Unfit)
    assert verdict.reason is expected


def test_a_fresh_reference_that_agrees_lets_the_keeper_act() -> None:
    agreeing = (Reference("cex", SPOT * WAD, NOW - 120),)
    assert fitness(ASKING, replace(situation(), references=agreeing)) == Fit()


def test_inside_the_band_the_policy_wants_nothing() -> None:
    verdict = measured(POLICY, situation(closed_vault()))
    assert isinstance(verdict, Within)
    assert verdict.hold.reason is Reason.INSIDE_BAND


def test_outside_the_band_the_policy_wants_a_trade_that_is_not_urgent() -> None:
    verdict = measured(POLICY, situation(closed_vault(gap=90.0)))
    assert isinstance(verdict, Breached)
    assert [(b.reason, b.urgent) for b in verdict.breaches] == [(Reason.DELTA_BAND, False)]


@pytest.mark.parametrize("gap", [101.0, -101.0])
def test_beyond_the_hard_limit_the_policy_wants_a_trade_whatever_it_costs(gap: float) -> None:
    dear = Costs(fixed=1e9, proportional=0.5)
    verdict = measured(POLICY, situation(closed_vault(gap=gap)), dear)
    assert isinstance(verdict, Breached)
    assert (verdict.breaches[0].reason, verdict.breaches[0].urgent) == (Reason.DELTA_LIMIT, True)


def test_each_other_limit_has_its_own_reason() -> None:
    tight = replace(
        POLICY,
        limits=replace(
            POLICY.limits,
            gamma_usd_wad=1,
            vega_usd_wad=1,
            theta_usd_wad=1,
            collateral_ratio_wad=10**6 * WAD,
        ),
    )
    verdict = measured(tight, situation(closed_vault()))
    assert isinstance(verdict, Breached)
    assert [b.reason for b in verdict.breaches] == [
        Reason.GAMMA_LIMIT,
        Reason.VEGA_LIMIT,
        Reason.THETA_LIMIT,
        Reason.COLLATERAL_LIMIT,
    ]


def test_a_vault_without_short_legs_cannot_breach_its_collateral() -> None:
    long = (Leg(is_call=True, strike_wad=SPOT * WAD, expiry=NOW + 86_400, size_wad=WAD),)
    tight = replace(POLICY, limits=replace(POLICY.limits, collateral_ratio_wad=10**9 * WAD))
    verdict = measured(tight, situation(vault(base_wei=0), long))
    assert isinstance(verdict, Within)


@given(
    st.floats(0.0, 1_500.0),
    st.floats(0.0, 1e4),
    st.floats(0.0, 0.05),
    st.sampled_from([CALL, STRADDLE, ()]),
    st.integers(-500, 500),
)
def test_the_band_is_ordered_and_never_leads_across_the_closed_gap(
    inventory: float, fixed: float, proportional: float, legs: tuple[Leg, ...], target: int
) -> None:
    rules = replace(vault().rules, target_delta_wad=target * WAD)
    each = situation(vault(base_wei=int(inventory * WAD), rules=rules), legs)
    band = inventory_band(POLICY, each, Costs(fixed, proportional))
    closed = target - each.exposure.book_delta
    assert band.buy_below <= band.buy_to <= closed <= band.sell_to <= band.sell_above
    refused = rules.band_wad / WAD
    assert band.buy_below <= closed - refused
    assert band.sell_above >= closed + refused


@given(st.floats(-1e15, 1e15), st.integers(0, 10**33))
def test_a_limit_is_compared_exactly(measured: float, limit: int) -> None:
    numerator, denominator = measured.as_integer_ratio()
    assert exceeds(measured, limit) == (abs(numerator) * WAD > limit * denominator)
    assert falls_below(measured, limit) == (numerator * WAD < limit * denominator)


def test_the_smallest_step_over_a_limit_is_a_breach() -> None:
    assert not exceeds(300_000.0, usd(300_000))
    assert exceeds(300_000.00000000006, usd(300_000))
    assert not exceeds(-300_000.0, usd(300_000))


def test_feed_rules_of_a_policy_are_those_applied() -> None:
    strict = replace(POLICY, oracle=replace(POLICY.oracle, price=FeedRules(59, 1, 10**30)))
    verdict = fitness(strict, situation())
    assert verdict == Unfit(Reason.PRICE_STALE, 60, 59)
