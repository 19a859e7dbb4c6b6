from hypothesis import given
from hypothesis import strategies as st

from keeper.core.market import PRICE, FeedRules, Fit, Reading, Unfit, judge_deviation, judge_feed
from keeper.core.reason import Reason
from keeper.core.units import BPS, WAD
from tests.core.build import HEAD, NOW

RULES = FeedRules(max_age_s=3_600, min_wad=100 * WAD, max_wad=10_000 * WAD)


def test_a_fresh_price_within_bounds_is_fit() -> None:
    assert judge_feed(Reading(3_000 * WAD, NOW, 1), RULES, HEAD, PRICE) == Fit()


def test_a_price_exactly_at_its_heartbeat_is_fit_and_one_second_later_is_stale() -> None:
    assert judge_feed(Reading(3_000 * WAD, NOW - 3_600, 1), RULES, HEAD, PRICE) == Fit()
    late = judge_feed(Reading(3_000 * WAD, NOW - 3_601, 1), RULES, HEAD, PRICE)
    assert late == Unfit(Reason.PRICE_STALE, 3_601, 3_600)


def test_a_price_from_the_future_is_stale() -> None:
    assert judge_feed(Reading(3_000 * WAD, NOW + 1, 1), RULES, HEAD, PRICE) == Unfit(
        Reason.PRICE_STALE, -1, 3_600
    )


@given(st.integers(max_value=0))
def test_a_price_that_is_not_positive_is_invalid_however_fresh(answer: int) -> None:
    assert judge_feed(Reading(answer, NOW, 1), RULES, HEAD, PRICE) == Unfit(Reason.PRICE_INVALID, answer, 1)


def test_bounds_are_inclusive() -> None:
    for answer in (RULES.min_wad, RULES.max_wad):
        assert judge_feed(Reading(answer, NOW, 1), RULES, HEAD, PRICE) == Fit()
    below = judge_feed(Reading(RULES.min_wad - 1, NOW, 1), RULES, HEAD, PRICE)
    above = judge_feed(Reading(RULES.max_wad + 1, NOW, 1), RULES, HEAD, PRICE)
    assert below == Unfit(Reason.PRICE_OUT_OF_BOUNDS, RULES.min_wad - 1, RULES.min_wad)
    assert above == Unfit(Reason.PRICE_OUT_OF_BOUNDS, RULES.max_wad + 1, RULES.max_wad)


@given(st.integers(1, 10**24), st.integers(1, 10**24), st.integers(0, 2 * BPS))
def test_deviation_is_rounded_against_the_keeper(price: int, other: int, limit: int) -> None:
    verdict = judge_deviation(price, other, limit)
    assert isinstance(verdict, Fit) == (abs(other - price) * BPS <= limit * price)


def test_a_pool_without_a_price_deviates() -> None:
    assert judge_deviation(3_000 * WAD, 0, 100) == Unfit(Reason.PRICE_DEVIATION, BPS, 100)
