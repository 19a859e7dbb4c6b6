"""What a trade must restore it restores, by no more than it takes, and never at the cost of another limit."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from keeper.core.exposure import Situation, measure
from keeper.core.policy import Limits, Policy
from keeper.core.position import Leg
from keeper.core.pricing.black_scholes import Floats
from keeper.core.reason import Reason
from keeper.core.risk import Risk, measure_risks, passed, restoring
from keeper.core.risk.restoring import kept_within
from keeper.core.risk.restoring import restoring_trade as trade_for
from keeper.core.risk.tails import expected_shortfall
from keeper.core.units import WAD
from tests.core.build import CALL, POLICY, STRADDLE, snapshot, usd
from tests.core.risk.build import books, holding

SHARE = 0.8


def limited(restore: float = SHARE, **limits: int) -> Policy:
    return replace(POLICY, limits=replace(POLICY.limits, restore_wad=round(restore * WAD), **limits))


def restoring_trade(policy: Policy, each: Situation) -> float:
    limits = policy.limits
    risk = risk_of(each)
    beyond = {each.reason for each in passed(limits, each.exposure, risk, ())}
    return trade_for(policy, each, beyond)


def traded(each: Situation, trade: float) -> Situation:
    """The same vault after a trade at the oracle's price, in exact units as nearly as they go."""
    base = each.vault.base_wei + round(trade * 10**18)
    quote = each.vault.quote_units - round(trade * each.exposure.spot * 10**6)
    return holding_state(each, base, quote)


def holding_state(each: Situation, base_wei: int, quote_units: int) -> Situation:
    state = replace(each.vault, base_wei=base_wei, quote_units=quote_units)
    (exposure,) = measure(replace(snapshot(state, ()), head=each.head))
    book = each.exposure
    return replace(
        each,
        vault=state,
        exposure=replace(
            book,
            inventory=exposure.inventory,
            gap=book.book_delta + exposure.inventory,
            gross_delta_usd=book.gross_delta_usd
            - abs(book.inventory * book.spot)
            + exposure.inventory * book.spot,
        ),
    )


def risk_of(each: Situation) -> Risk:
    (found,) = measure_risks([each], [POLICY.limits.collateral_ratio_wad / WAD])
    return found


HEAVY = holding(CALL, 900.0)


@pytest.mark.parametrize(
    ("measure_of", "key"),
    [
        (lambda risk: risk.stress_loss_usd, "stress_loss_usd_wad"),
        (lambda risk: risk.expected_shortfall_usd, "expected_shortfall_usd_wad"),
    ],
)
def test_too_much_inventory_is_sold_until_the_measure_is_well_inside_its_limit(
    measure_of: Callable[[Risk], float], key: str
) -> None:
    now = measure_of(risk_of(HEAVY))
    trade = restoring_trade(limited(**{key: usd(0.95 * now)}), HEAVY)
    assert -HEAVY.exposure.gap < trade < 0
    after = measure_of(risk_of(traded(HEAVY, trade)))
    assert after == pytest.approx(SHARE * 0.95 * now, rel=2e-3)
    assert after <= SHARE * 0.95 * now * (1 + 1e-9)


def test_leverage_is_restored_by_selling_and_not_by_buying() -> None:
    leverage = HEAVY.exposure.leverage
    tight = limited(0.95, leverage_wad=round(0.99 * leverage * WAD))
    trade = restoring_trade(tight, HEAVY)
    assert trade < 0
    after = traded(HEAVY, trade).exposure
    assert after.gross_delta_usd / HEAVY.exposure.nav_usd == pytest.approx(0.95 * 0.99 * leverage, rel=1e-3)
    poor = holding(CALL, 100.0)
    assert poor.exposure.gap < 0
    assert (
        restoring_trade(limited(0.95, leverage_wad=round(0.99 * poor.exposure.leverage * WAD)), poor) == 0.0
    )


def test_the_way_to_a_margin_call_is_lengthened_to_more_than_the_limit() -> None:
    short = holding(CALL, 300.0, 300_000.0)
    rise = risk_of(short).rise
    assert 0 < rise < 0.5
    tight = limited(liquidation_distance_wad=round(1.05 * rise * WAD))
    trade = restoring_trade(tight, short)
    assert 0 < trade < -short.exposure.gap
    after = risk_of(traded(short, trade))
    assert min(after.rise, after.fall) >= 1.05 * rise / SHARE - 1e-3
    halfway = risk_of(traded(short, trade / 2))
    assert min(halfway.rise, halfway.fall) < 1.05 * rise / SHARE


def test_a_limit_that_the_closed_gap_passes_as_well_cannot_be_restored() -> None:
    assert restoring_trade(limited(stress_loss_usd_wad=usd(1)), HEAVY) == 0.0
    hedged = holding(STRADDLE, -holding(STRADDLE).exposure.book_delta)
    assert restoring_trade(limited(stress_loss_usd_wad=usd(1)), hedged) == 0.0


def test_what_cannot_be_restored_well_is_restored_as_far_as_it_goes() -> None:
    best = min(
        risk_of(traded(HEAVY, share * -HEAVY.exposure.gap)).stress_loss_usd
        for share in np.linspace(0, 1, 201)
    )
    trade = restoring_trade(limited(stress_loss_usd_wad=usd(1.001 * best)), HEAVY)
    assert trade < 0
    assert risk_of(traded(HEAVY, trade)).stress_loss_usd <= 1.001 * best * (1 + 1e-9)


SHORT = holding(CALL, 300.0)
"""To hedge it base is bought, which takes off stress and adds leverage."""


def test_a_risk_that_no_trade_restores_is_not_made_worse_by_restoring_another() -> None:
    loss, leverage = risk_of(SHORT).stress_loss_usd, SHORT.exposure.leverage
    stressed = {"stress_loss_usd_wad": usd(0.99 * loss)}
    assert restoring_trade(limited(**stressed), SHORT) > 0
    assert restoring_trade(limited(**stressed, leverage_wad=round(0.99 * leverage * WAD)), SHORT) == 0.0


def test_a_limit_is_not_restored_by_passing_another() -> None:
    loss, leverage = risk_of(SHORT).stress_loss_usd, SHORT.exposure.leverage
    stressed = {"stress_loss_usd_wad": usd(0.99 * loss)}
    assert restoring_trade(limited(**stressed, leverage_wad=round(1.001 * leverage * WAD)), SHORT) == 0.0
    assert restoring_trade(limited(**stressed, leverage_wad=round(2 * leverage * WAD)), SHORT) > 0


def test_within_all_limits_and_without_limits_nothing_is_traded() -> None:
    assert restoring_trade(POLICY, HEAVY) == 0.0
    wide = limited(stress_loss_usd_wad=usd(10**9), liquidation_distance_wad=1)
    assert restoring_trade(wide, HEAVY) == 0.0


@given(books, st.integers(0, 300), st.floats(0.3, 0.999), st.floats(0.3, 0.999))
def test_no_limit_is_restored_at_the_cost_of_another(
    book: tuple[Leg, ...], base: int, first: float, second: float
) -> None:
    each = holding(book, base)
    assume(each.exposure.nav_usd > 0)
    before = risk_of(each)
    stress_usd, shortfall_usd = first * before.stress_loss_usd, second * before.expected_shortfall_usd
    assume(min(stress_usd, shortfall_usd) > 1)
    limits = {"stress_loss_usd_wad": usd(stress_usd), "expected_shortfall_usd_wad": usd(shortfall_usd)}
    trade = restoring_trade(limited(**limits), each)
    if trade == 0.0:
        return
    assert 0 < trade / -each.exposure.gap <= 1
    after = risk_of(traded(each, trade))
    for limit, was, now in (
        (stress_usd, before.stress_loss_usd, after.stress_loss_usd),
        (shortfall_usd, before.expected_shortfall_usd, after.expected_shortfall_usd),
    ):
        assert now <= max(limit, was) * (1 + 1e-6) + 1
    assert after.stress_loss_usd <= stress_usd + 1 or after.expected_shortfall_usd <= shortfall_usd + 1


def test_a_limit_that_stands_and_is_kept_is_not_chased() -> None:
    loss = risk_of(HEAVY).stress_loss_usd
    least = min(risk_of(traded(HEAVY, -share * HEAVY.exposure.gap)).stress_loss_usd for share in (0.9, 1.0))
    policy = limited(1e-6, stress_loss_usd_wad=usd(1.01 * loss))
    assert least > 1e-6 * loss
    assert trade_for(policy, HEAVY, {Reason.STRESS_LIMIT}) == 0.0


@given(books, st.integers(0, 400), st.floats(1.001, 1.5), st.floats(0.1, 1.0))
def test_what_is_kept_within_breaks_no_limit(
    book: tuple[Leg, ...], base: int, room: float, share: float
) -> None:
    each = holding(book, base)
    before = risk_of(each)
    assume(each.exposure.nav_usd > 0)
    assume(before.stress_loss_usd > 1)
    limit = room * before.stress_loss_usd
    wanted = -share * each.exposure.gap
    trade = kept_within(limited(stress_loss_usd_wad=usd(limit)), each, 0.0, wanted)
    assert 0.0 <= trade * np.sign(wanted) <= abs(wanted)
    assert risk_of(traded(each, trade)).stress_loss_usd <= limit * (1 + 1e-6) + 1


def test_a_policy_says_which_of_its_limits_need_repricing() -> None:
    assert not POLICY.limits.need_repricing
    assert not replace(POLICY.limits, leverage_wad=1).need_repricing
    asked: tuple[Limits, ...] = tuple(
        replace(POLICY.limits, **{key: 1})
        for key in ("stress_loss_usd_wad", "expected_shortfall_usd_wad", "liquidation_distance_wad")
    )
    assert all(each.need_repricing for each in asked)


def test_a_risk_is_asked_once_for_all_trades_of_each_look(monkeypatch: pytest.MonkeyPatch) -> None:
    now = risk_of(HEAVY).expected_shortfall_usd
    asked: list[int] = []

    def counted(profit: Floats, weight: Floats, confidence: float) -> Floats:
        asked.append(len(profit))
        return expected_shortfall(profit, weight, confidence)

    monkeypatch.setattr(restoring, "expected_shortfall", counted)
    assert restoring_trade(limited(expected_shortfall_usd_wad=usd(0.95 * now)), HEAVY) != 0.0
    assert len(asked) == 3, "where it is least, on the way, and between two trades"
