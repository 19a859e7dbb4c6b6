"""What a unit of each listing changes, costs and may be traded of at one head."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.advice import Advice, Way
from keeper.core.advice.offers import Offer, offers
from keeper.core.exposure import Situation
from keeper.core.listing import Kind, Listing, Prices, Terms
from keeper.core.pricing.black_scholes import greeks
from keeper.core.reason import Reason
from keeper.core.units import WAD, to_float
from tests.core.advice.listed import CALL_3300, INVERSE, LINEAR, PUT_2700, SPOT, decided, option, policy, room
from tests.core.build import DAY, NOW, POLICY, pool, situation, usd, vault
from tests.core.keeping import inventory


def offered(listing: Listing, seen: Situation | None = None) -> Offer:
    (found,), left = offers((listing,), seen or situation())
    assert left == ()
    return found


@pytest.mark.parametrize("kind", [Kind.CALL, Kind.PUT])
def test_an_option_changes_what_it_would_as_a_leg_of_the_vault(kind: Kind) -> None:
    offer = offered(option("any", kind, 3_100))
    years = (offer.expiry - NOW) / (365 * DAY)
    each = greeks(3_000.0, 3_100.0, years, 0.7, is_call=kind is Kind.CALL)
    assert offer.instrument.effect == pytest.approx(
        (float(each.delta), float(each.gamma) * 90_000, float(each.vega) / 100, float(each.theta) / 365)
    )
    assert offer.instrument.cost == pytest.approx(0.04 * float(each.price) + 3e-4 * 3_000)
    assert (offer.ask_usd + offer.bid_usd) / 2 == pytest.approx(float(each.price))


def test_perpetuals_and_base_change_delta_alone() -> None:
    linear, inverse, base = (offered(each).instrument for each in (LINEAR, INVERSE, SPOT))
    assert linear.effect == base.effect == (1.0, 0.0, 0.0, 0.0)
    assert inverse.effect == pytest.approx((1 / 3_000, 0.0, 0.0, 0.0))
    assert linear.cost == pytest.approx(3_000 * 2e-4)
    assert inverse.cost == pytest.approx(3e-4)
    assert inverse.lot == 10.0


def test_an_inverse_perpetuals_fee_is_of_its_face() -> None:
    dear = replace(INVERSE, prices=replace(INVERSE.prices, fee_wad=WAD // 1_000))
    assert offered(dear).instrument.cost == pytest.approx(3e-4 + 1e-3)
    quoted = Prices(bid_wad=usd(2_997), ask_wad=usd(3_003), until=NOW + 1)
    assert offered(replace(INVERSE, prices=quoted)).instrument.cost == pytest.approx(1e-3)


@given(st.integers(1, 10**6), st.integers(50, 200))
def test_a_relative_strike_is_on_a_grid_near_its_share_of_the_spot(spot: int, percent: int) -> None:
    state = vault()
    seen = situation(replace(state, price=replace(state.price, answer_wad=spot * WAD), pool=pool(spot)))
    terms = Terms(moneyness_wad=percent * WAD // 100, tenor_s=30 * DAY)
    offer = offered(replace(CALL_3300, terms=terms), seen)
    assert abs(offer.strike - spot * percent / 100) <= spot / 200 * 2.6
    assert float(f"{offer.strike:.4g}") == pytest.approx(offer.strike)


def test_a_tenor_ends_with_its_day() -> None:
    offer = offered(replace(CALL_3300, terms=Terms(strike_wad=3_300 * WAD, tenor_s=30 * DAY)))
    assert offer.expiry % DAY == 0
    assert NOW + 30 * DAY <= offer.expiry < NOW + 31 * DAY


def test_base_is_no_more_than_the_vault_has_or_can_pay() -> None:
    seen = situation(vault(base_wei=inventory(12.3456), quote_units=30_003 * 10**6))
    instrument = offered(SPOT, seen).instrument
    assert instrument.least == pytest.approx(-12.345)
    assert instrument.most == pytest.approx(30_003 / 3_000.3, abs=1e-3)
    assert instrument.most * 3_000.3 <= 30_003
    few = offered(replace(SPOT, room=room(2, 1, 0.5)), seen).instrument
    assert (few.least, few.most) == (-1.0, 2.0)


def test_a_limit_that_is_no_multiple_of_its_lot_is_cut_to_one() -> None:
    instrument = offered(replace(LINEAR, room=room(1.05, 0.05, 0.1))).instrument
    assert instrument.least == 0.0
    assert instrument.most == pytest.approx(1.0)


def test_base_that_a_shallow_pool_does_not_take_is_not_advised_against_the_gap() -> None:
    """The listing says that base is cheaper, and the pool's own quote that it is not to be had."""
    seen = situation(vault(base_wei=inventory(900), pool=pool(liquidity=10**14)))
    rules = policy(LINEAR, SPOT, gamma_usd_wad=usd(10**9))
    made = decided(rules, seen)
    assert made.action.reason is Reason.SLIPPAGE_CEILING
    assert isinstance(made.advice, Advice)
    assert [(each.instrument, each.way) for each in made.advice.orders] == [("perp", Way.SELL)]


def test_what_is_kept_may_not_be_taken_beyond_where_it_counts_as_kept() -> None:
    """A call that mends gamma for less would pass the limit of vega on the other side."""
    rules = policy(
        CALL_3300, option("near", Kind.CALL, 3_000, terms=Terms(3_000 * WAD, 0, NOW + 3 * DAY)), SPOT,
        gamma_usd_wad=usd(50_000), vega_usd_wad=usd(2_400),
    )  # fmt: skip
    advice = decided(rules).advice
    assert isinstance(advice, Advice)
    assert advice.low.vega_usd == advice.before.vega_usd < -0.9 * 2_400
    assert advice.high.vega_usd == pytest.approx(0.9 * 2_400)
    assert advice.high.gamma_usd == pytest.approx(40_000)


def test_without_base_the_gap_is_held_to_its_hard_limit_alone() -> None:
    advice = decided(policy(CALL_3300, LINEAR)).advice
    assert isinstance(advice, Advice)
    limit = to_float(POLICY.limits.delta_usd_wad) / 3_000
    assert advice.high.gap == -advice.low.gap == pytest.approx(0.9 * limit)
    with_base = decided(policy(PUT_2700, SPOT))
    assert isinstance(with_base.advice, Advice)
    closed = with_base.exposure.inventory - with_base.exposure.gap
    assert with_base.advice.high.gap == pytest.approx(with_base.band.sell_to - closed)
