import math
from dataclasses import replace

import pytest

from keeper.core.exposure import measure, situations
from keeper.core.market import Reading
from keeper.core.position import Leg
from keeper.core.snapshot import Snapshot
from keeper.core.units import WAD
from tests.core.build import CALL, DAY, HEAD, NOW, OTHER, SPOT, STRADDLE, columns, situation, snapshot, vault


def test_inventory_counts_one_for_one() -> None:
    (bare,) = measure(snapshot(legs=()))
    assert (bare.net_delta, bare.gap, bare.gap_usd) == (500.0, 500.0, 500.0 * SPOT)
    assert (bare.gamma, bare.vega_usd, bare.theta_usd) == (0.0, 0.0, 0.0)
    assert bare.nav_usd == 2_000_000 + 500 * SPOT


def test_a_short_call_lowers_delta_and_earns_decay() -> None:
    (short,) = measure(snapshot())
    assert -1_000 < short.book_delta < -500
    assert short.gamma < 0
    assert short.vega_usd < 0
    assert short.theta_usd > 0
    assert short.book_usd < 0


def test_units_are_those_of_a_desk() -> None:
    (now,) = measure(snapshot())
    (moved,) = measure(snapshot(vault(price=Reading(SPOT * WAD * 101 // 100, NOW, 1))))
    one_percent = (moved.book_delta - now.book_delta) * SPOT
    assert now.gamma_usd == pytest.approx(one_percent, rel=0.05)
    (calm,) = measure(snapshot(vault(volatility=Reading(71 * WAD // 100, NOW, 1))))
    assert now.vega_usd == pytest.approx(calm.book_usd - now.book_usd, rel=0.01)
    later = replace(snapshot(), head=replace(HEAD, timestamp=NOW + DAY))
    assert now.theta_usd == pytest.approx(measure(later)[0].book_usd - now.book_usd, rel=0.05)


def test_the_gap_is_measured_from_the_vaults_own_target() -> None:
    rules = replace(vault().rules, target_delta_wad=-200 * WAD)
    (exposure,) = measure(snapshot(vault(rules=rules)))
    assert exposure.gap == pytest.approx(exposure.net_delta + 200)


def test_an_expired_leg_that_is_not_settled_counts_its_intrinsic_delta() -> None:
    expired = (Leg(is_call=True, strike_wad=2_000 * WAD, expiry=NOW - 1, size_wad=-100 * WAD),)
    (exposure,) = measure(snapshot(legs=expired))
    assert exposure.book_delta == -100
    assert exposure.book_usd == -100 * 1_000
    assert exposure.gamma == 0


def test_the_collateral_ratio_is_worth_over_margin_of_the_short_legs() -> None:
    (exposure,) = measure(snapshot(legs=STRADDLE))
    margin = 2_000 * SPOT * 0.10
    assert exposure.collateral_ratio == pytest.approx(exposure.nav_usd / margin)
    (bare,) = measure(snapshot(legs=()))
    assert math.isinf(bare.collateral_ratio)


def test_vaults_measured_together_are_measured_as_alone() -> None:
    alone, other = situation(legs=STRADDLE), situation(vault(address=OTHER, base_wei=WAD), CALL)
    together = Snapshot(
        head=HEAD,
        vaults=(alone.vault, other.vault),
        legs=columns(STRADDLE, CALL),
        native_price=alone.native_price,
        keeper_balance_wei=0,
    )
    first, second = situations(together)
    assert (first.exposure, second.exposure) == (alone.exposure, other.exposure)
    assert list(second.legs.strike) == [SPOT]
    assert together.legs_of(0) == STRADDLE


def test_a_feed_without_an_answer_breaks_no_other_vault() -> None:
    dead, alive = vault(address=OTHER, price=Reading(-5, 0, 0), volatility=Reading(0, 0, 0)), vault()
    both = replace(snapshot(), vaults=(dead, alive), legs=columns(CALL, CALL))
    assert measure(both)[1] == situation().exposure
    assert math.isfinite(measure(both)[0].nav_usd)


def test_a_snapshot_without_vaults_has_no_exposures() -> None:
    assert measure(replace(snapshot(), vaults=(), legs=columns())) == ()


def test_vega_is_split_by_what_is_left_until_expiry() -> None:
    days = (3, 20, 60, 200)
    book = tuple(Leg(True, SPOT * WAD, NOW + day * DAY, WAD) for day in days)  # noqa: FBT003 calls
    (whole,) = measure(snapshot(legs=book))
    alone = [measure(snapshot(legs=(leg,)))[0].vega_usd for leg in book]
    assert whole.vega_by_expiry_usd == pytest.approx(alone)
    assert sum(whole.vega_by_expiry_usd) == pytest.approx(whole.vega_usd)
    weighted = sum(vega * math.sqrt(30 / day) for vega, day in zip(alone, days, strict=True))
    assert whole.weighted_vega_usd == pytest.approx(weighted)


def test_a_leg_at_the_end_of_a_bucket_belongs_to_it_and_one_at_its_expiry_has_no_vega() -> None:
    ends = tuple(Leg(True, SPOT * WAD, NOW + day * DAY, WAD) for day in (7, 30, 90))  # noqa: FBT003 calls
    (whole,) = measure(snapshot(legs=(*ends, replace(CALL[0], expiry=NOW))))
    assert whole.vega_by_expiry_usd[-1] == 0.0
    assert all(vega > 0 for vega in whole.vega_by_expiry_usd[:-1])
    assert math.isfinite(whole.weighted_vega_usd)


def test_leverage_adds_up_what_a_net_delta_hides() -> None:
    (hedged,) = measure(snapshot(vault(base_wei=round(-situation().exposure.book_delta * WAD))))
    assert hedged.gap_usd == pytest.approx(0.0, abs=1.0)
    assert hedged.gross_delta_usd == pytest.approx(2 * hedged.inventory * SPOT, rel=1e-6)
    assert hedged.leverage == hedged.gross_delta_usd / hedged.nav_usd


def test_a_vault_without_worth_that_bears_a_delta_has_infinite_leverage_and_an_empty_one_none() -> None:
    (bankrupt,) = measure(snapshot(vault(quote_units=0, base_wei=0)))
    assert bankrupt.nav_usd < 0
    assert math.isinf(bankrupt.leverage)
    (empty,) = measure(snapshot(vault(quote_units=0, base_wei=0), legs=()))
    assert empty.leverage == 0.0
