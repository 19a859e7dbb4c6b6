"""Forecasts set how wide the band is, within bounds, and nothing that the contract judges."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.decision import decide
from keeper.core.exposure import Situation
from keeper.core.forecast import Forecast, Name, Outlook, Silent, Turbulence, Unfitted
from keeper.core.foresight import OLDEST_S, Basis, foresee, stress_factor
from keeper.core.inventory import inventory_bands, question
from keeper.core.memory import Memory
from keeper.core.plan import risk_removed_usd
from keeper.core.policy import ORACLE_ALONE, ForecastRules, Policy
from keeper.core.quote import trade_costs
from tests.core.build import NOW, POLICY, STRADDLE, VAULT, situation

RULES = ForecastRules((Name.EWMA, Name.HAR, Name.GARCH), 0.5, 1.0, 0.5, 2.0)


def rules(**changes: object) -> Policy:
    return replace(POLICY, forecast=replace(RULES, **changes))  # type: ignore[arg-type]


def told(ewma: float, har: float, garch: float, wild: float = 0.0, until: int = NOW - 60) -> Outlook:
    """What three models say; a volatility of 0 is silence."""
    return Outlook(
        200,
        until,
        tuple(
            Forecast(name, 1, volatility, until) if volatility else Silent(name, Unfitted.TOO_FEW)
            for name, volatility in zip(Name, (ewma, har, garch), strict=True)
        ),
        Turbulence(1, wild, until),
    )


def seeing(outlook: Outlook) -> Situation:
    return replace(situation(legs=STRADDLE), outlook=outlook)


def width(policy: Policy, seen: Situation) -> tuple[float, float]:
    """How wide the band is, and how far its middle is from the inventory that closes the gap."""
    asked = replace(policy, limits=replace(policy.limits, delta_usd_wad=10**30))
    (band,) = inventory_bands([question(asked, seen, trade_costs(asked, seen))])
    closed = seen.exposure.target_delta - seen.exposure.book_delta
    return band.sell_above - band.buy_below, (band.sell_above + band.buy_below) / 2 - closed


def test_a_policy_without_forecasts_decides_to_the_last_bit_as_though_there_were_none() -> None:
    seen = seeing(told(1.5, 1.5, 1.5, 1.0))
    assert foresee(POLICY, seen).basis is Basis.UNUSED
    assert decide(POLICY, seen, Memory(VAULT)) == decide(POLICY, situation(legs=STRADDLE), Memory(VAULT))
    assert stress_factor(POLICY, seen) == 1.0


def test_models_and_the_oracle_are_blended_in_variance_by_the_policys_weights() -> None:
    found = foresee(rules(), seeing(told(0.5, 0.6, 0.9)))
    third = (0.25 + 0.36 + 0.81) / 3
    assert found.volatility == pytest.approx(math.sqrt(0.5 * third + 0.5 * 0.49))
    assert [(each.source, each.version) for each in found.used] == [
        ("ewma", 1),
        ("har", 1),
        ("garch", 1),
        ("implied", 1),
    ]
    assert [each.weight for each in found.used] == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])
    assert found.basis is Basis.FORECAST
    assert found.implied == 0.7


def test_only_models_that_were_named_have_a_say_and_silence_leaves_its_share_to_the_rest() -> None:
    found = foresee(rules(models=(Name.HAR, Name.GARCH)), seeing(told(3.0, 0.5, 0.0)))
    assert [each.source for each in found.used] == ["har", "implied"]
    assert [each.weight for each in found.used] == pytest.approx([1 / 3, 2 / 3])


@pytest.mark.parametrize(
    ("outlook", "basis"),
    [
        (told(0.0, 0.0, 0.0), Basis.NOT_READY),
        (told(0.5, 0.5, 0.5, until=NOW - OLDEST_S - 1), Basis.TOO_OLD),
    ],
)
def test_without_a_word_that_counts_the_oracles_volatility_stands(outlook: Outlook, basis: Basis) -> None:
    found = foresee(rules(), seeing(outlook))
    assert found.basis is basis
    assert found.volatility == seeing(outlook).exposure.volatility
    assert not found.used


@given(st.floats(1e-3, 50.0), st.floats(0.0, 1.0), st.floats(1.0, 3.0))
def test_whatever_models_say_the_volatility_stays_within_the_policys_bounds(
    said: float, wild: float, turbulent: float
) -> None:
    found = foresee(rules(turbulent=turbulent, least=0.8, most=1.25), seeing(told(said, said, said, wild)))
    assert 0.8 * 0.7 <= found.volatility <= 1.25 * 0.7
    assert (found.basis is Basis.FORECAST) or found.volatility in {0.8 * found.implied, 1.25 * found.implied}


def test_turbulence_raises_the_volatility_and_the_stress_in_proportion() -> None:
    policy = rules(turbulent=1.5)
    calm, unsure, wild = (foresee(policy, seeing(told(0.7, 0.7, 0.7, each))) for each in (0.0, 0.5, 1.0))
    assert (calm.factor, unsure.factor, wild.factor) == (1.0, 1.25, 1.5)
    assert wild.volatility == pytest.approx(1.5 * calm.volatility)
    assert stress_factor(policy, seeing(told(0.7, 0.7, 0.7, 0.5))) == 1.25
    assert stress_factor(rules(), seeing(told(0.7, 0.7, 0.7, 1.0))) == 1.0


def test_regimes_may_be_asked_without_any_model() -> None:
    found = foresee(rules(models=(), turbulent=1.4), seeing(told(3.0, 3.0, 3.0, 1.0)))
    assert found.volatility == pytest.approx(1.4 * 0.7)
    assert [each.source for each in found.used] == ["implied"]


def test_a_higher_volatility_narrows_the_band_at_the_money_and_leaves_it_where_the_contract_looks() -> None:
    own, calm, wild = (
        width(policy, seeing(told(said, said, said)))
        for policy, said in ((POLICY, 0.7), (rules(), 0.4), (rules(), 1.2))
    )
    assert wild[0] < own[0] < calm[0]
    # The book's delta at the forecast volatility is another; the region's middle may only move by its shift.
    assert abs(wild[1] - own[1]) < 0.05 * own[0]
    assert abs(calm[1] - own[1]) < 0.05 * own[0]


def test_what_is_measured_and_limited_stays_at_the_oracles_volatility() -> None:
    seen = seeing(told(1.2, 1.2, 1.2, 1.0))
    decided = decide(rules(turbulent=1.5), seen, Memory(VAULT))
    assert decided.exposure == situation(legs=STRADDLE).exposure
    assert decided.band != decide(POLICY, seen, Memory(VAULT)).band


def test_a_gap_is_worth_more_where_the_price_will_move_more() -> None:
    policy, seen = rules(), seeing(told(1.2, 1.2, 1.2))
    (band,) = inventory_bands([question(POLICY, seen, trade_costs(POLICY, seen))])
    far = replace(seen, legs=replace(seen.legs, size=seen.legs.size * 1e-9))
    far = replace(far, exposure=replace(far.exposure, gamma=0.0))
    plain, more = (risk_removed_usd(each, far, band, 0.0) for each in (POLICY, policy))
    used = foresee(policy, far).volatility
    assert more / plain == pytest.approx((used / 0.7) ** 2)


def test_the_neutral_rules_are_those_of_the_oracle_alone() -> None:
    assert ORACLE_ALONE.unused
    assert POLICY.forecast is ORACLE_ALONE
