"""A limit that was passed stands as breached until the measure is well behind it again."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.case import Case
from keeper.core.decision import Decision, decide
from keeper.core.exposure import Situation
from keeper.core.memory import Carried, Memory
from keeper.core.plan import Plan, propose
from keeper.core.policy import Limits, Policy
from keeper.core.reason import Reason
from keeper.core.units import WAD
from keeper.core.verdict import Breached, judge, measured_against
from tests.core.build import POLICY, SPOT, VAULT, pool, situation, usd, vault

HEDGE = -situation().exposure.book_delta
FRESH = Memory(VAULT)
LIMIT = 100.0
"""The policy's hard limit in base at this spot; cleared below 90, restored to 80."""

Change = Callable[[Limits, int], Limits]


def gapped(gap: float, **changes: object) -> Situation:
    return situation(vault(base_wei=round((HEDGE + gap) * WAD), **changes))


def look(gap: float, memory: Memory, policy: Policy = POLICY) -> tuple[Decision, Memory]:
    made = decide(policy, gapped(gap), memory)
    return made, replace(memory, carried=made.carried)


def words(made: Decision) -> list[Reason]:
    return [breach.reason for breach in made.breaches]


def test_a_delta_limit_that_was_passed_stands_until_the_gap_is_half_way_to_where_it_is_restored() -> None:
    memory = Memory(VAULT)
    seen = []
    for gap in (99.0, 101.0, 99.0, 90.1, 89.9, 99.0):
        made, memory = look(gap, memory)
        seen.append(Reason.DELTA_LIMIT in words(made))
    assert seen == [False, True, True, True, False, False]


def test_a_breach_that_stands_is_as_urgent_as_a_new_one_and_is_restored_to_the_same_level() -> None:
    dear = replace(POLICY, hedging=replace(POLICY.hedging, risk_tolerance_usd=1e9))
    standing = Memory(VAULT, carried=Carried((Reason.DELTA_LIMIT,)))
    made, _ = look(95.0, standing, dear)
    assert isinstance(made.action, Plan)
    assert made.action.urgent
    assert made.action.gap_after == pytest.approx(0.8 * LIMIT, rel=1e-6)


MEASURES: list[tuple[Reason, str, Change]] = [
    (Reason.GAMMA_LIMIT, "gamma_usd", lambda limits, wad: replace(limits, gamma_usd_wad=wad)),
    (Reason.VEGA_LIMIT, "vega_usd", lambda limits, wad: replace(limits, vega_usd_wad=wad)),
    (Reason.THETA_LIMIT, "theta_usd", lambda limits, wad: replace(limits, theta_usd_wad=wad)),
]


@pytest.mark.parametrize(("reason", "measure", "limited"), MEASURES)
def test_each_other_limit_stands_likewise(reason: Reason, measure: str, limited: Change) -> None:
    measured = abs(getattr(gapped(0.0).exposure, measure))
    standing = Carried((reason,))
    for share, new, old in ((1.01, True, True), (0.91, False, True), (0.89, False, False)):
        policy = replace(POLICY, limits=limited(POLICY.limits, usd(measured / share)))
        each = gapped(0.0)
        band = judge(policy, each).band  # type: ignore[union-attr]
        for carried, breached in ((Carried(), new), (standing, old)):
            verdict = measured_against(Case(policy, each, replace(FRESH, carried=carried)), band)
            found = [b.reason for b in verdict.breaches] if isinstance(verdict, Breached) else []
            assert (reason in found) is breached


def test_a_floor_stands_until_the_measure_is_as_far_above_it() -> None:
    ratio = gapped(0.0).exposure.collateral_ratio
    memory = Memory(VAULT)
    for share, new, old in ((0.99, True, True), (1.09, False, True), (1.11, False, False)):
        limits = replace(POLICY.limits, collateral_ratio_wad=round(ratio / share * WAD))
        policy = replace(POLICY, limits=limits)
        fresh, _ = look(0.0, memory, policy)
        stood, _ = look(0.0, replace(memory, carried=Carried((Reason.COLLATERAL_LIMIT,))), policy)
        assert (Reason.COLLATERAL_LIMIT in words(fresh), Reason.COLLATERAL_LIMIT in words(stood)) == (
            new,
            old,
        )


def test_where_nothing_can_be_measured_what_stood_breached_still_stands() -> None:
    standing = Memory(VAULT, carried=Carried((Reason.DELTA_LIMIT,)))
    blind = situation(vault(paused=True))
    assert decide(POLICY, blind, standing).carried == standing.carried


def test_the_band_leaves_nothing_to_the_next_look() -> None:
    made, _ = look(95.0, Memory(VAULT))
    assert words(made) == [Reason.DELTA_BAND]
    assert made.carried == Carried()


@given(st.lists(st.floats(-130.0, 130.0), min_size=2, max_size=12))
def test_a_breach_never_ends_above_its_clearing_level_nor_begins_below_its_limit(gaps: list[float]) -> None:
    memory, stood = Memory(VAULT), False
    for gap in gaps:
        made, memory = look(gap, memory)
        stands = Reason.DELTA_LIMIT in words(made)
        size = abs(made.exposure.gap)
        if stands and not stood:
            assert size > LIMIT * (1 - 1e-9)
        if stood and not stands:
            assert size <= 0.9 * LIMIT * (1 + 1e-9)
        stood = stands


def test_the_longer_way_to_the_inner_edge_is_gone_where_its_last_part_is_worth_it() -> None:
    each = gapped(150.0)
    verdict = judge(POLICY, each)
    assert isinstance(verdict, Breached)
    plan = propose(Case(POLICY, each, FRESH), verdict)
    assert isinstance(plan, Plan)
    assert each.exposure.inventory + plan.trade == pytest.approx(verdict.band.sell_to, rel=1e-6)
    assert plan.gap_after < 0.8 * LIMIT


def test_the_shorter_way_is_gone_where_the_rest_would_cost_more_than_it_removes() -> None:
    """The band is of a deep pool, the quote of a shallow one."""
    each = gapped(150.0)
    verdict = judge(POLICY, each)
    assert isinstance(verdict, Breached)
    lenient = replace(POLICY, costs=replace(POLICY.costs, max_slippage_bps=10_000))
    shallow = gapped(150.0, pool=pool(liquidity=10**17), rules=replace(vault().rules, max_slippage_bps=9_999))
    plan = propose(Case(lenient, shallow, FRESH), verdict)
    assert isinstance(plan, Plan)
    assert plan.gap_after > each.exposure.gap + verdict.band.sell_to - each.exposure.inventory + 1.0
    assert plan.gap_after <= 0.8 * LIMIT * (1 + 1e-3)


@given(st.floats(101.0, 400.0), st.sampled_from([1, -1]), st.sampled_from([10**17, 10**18, 10**20]))
def test_of_two_ways_the_one_with_the_better_balance_is_gone(gap: float, sign: int, depth: int) -> None:
    lenient = replace(vault().rules, max_slippage_bps=9_999)
    each = gapped(sign * gap, pool=pool(liquidity=depth), rules=lenient)
    policy = replace(POLICY, costs=replace(POLICY.costs, max_slippage_bps=9_999))
    verdict = judge(policy, each)
    assert isinstance(verdict, Breached)
    plan = propose(Case(policy, each, FRESH), verdict)
    assert isinstance(plan, Plan)
    soft = replace(verdict, breaches=(replace(verdict.breaches[0], reason=Reason.DELTA_BAND),))
    whole = propose(Case(policy, each, FRESH), soft)
    assert isinstance(whole, Plan)
    assert plan.benefit_usd - plan.expected_cost_usd >= whole.benefit_usd - whole.expected_cost_usd
    assert abs(plan.trade) <= abs(whole.trade) * (1 + 1e-12)
    # A purchase is rounded down to what the pool's price asks before fee and impact.
    assert sign < 0 or plan.gap_after * SPOT <= 0.8 * 300_000 * (1 + 1e-9)
