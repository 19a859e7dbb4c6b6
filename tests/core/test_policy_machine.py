"""Whatever the market does and whatever becomes of its plans, the policy engine keeps some promises."""

from dataclasses import dataclass, replace
from enum import Enum

from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.adapters.journal.codec import DECISION, MEMORY
from keeper.core.decision import Decision, decide
from keeper.core.plan import Plan
from keeper.core.policy import Policy
from keeper.core.position import Leg
from keeper.core.reason import Reason
from keeper.core.slicing import is_under_way
from keeper.core.triggers import Emergency, Slicing, Triggers
from tests.core.build import CALL, POLICY, SPOT, STRADDLE, usd, vault
from tests.core.keeping import Keeping, inventory

URGENT = {
    Reason.DELTA_LIMIT,
    Reason.EMERGENCY_COLLATERAL,
    Reason.STRESS_LIMIT,
    Reason.SHORTFALL_LIMIT,
    Reason.LEVERAGE_LIMIT,
    Reason.LIQUIDATION_LIMIT,
}
"""What may be acted upon inside the band."""


class Fate(Enum):
    """What becomes of a plan."""

    FILLED = "filled"
    REVERTED = "reverted"
    LOST = "lost"


@dataclass(frozen=True)
class Step:
    """The market's move, what becomes of a plan, and the time until the next look."""

    move: float
    fate: Fate
    seconds: int


steps = st.lists(
    st.builds(
        Step,
        st.one_of(st.just(0.0), st.floats(-0.03, 0.03), st.floats(-0.2, 0.2)),
        st.sampled_from([Fate.FILLED, Fate.FILLED, Fate.FILLED, Fate.REVERTED, Fate.LOST]),
        st.sampled_from([12, 60, 600, 3_600, 86_400]),
    ),
    min_size=2,
    max_size=12,
)
policies = st.builds(
    lambda tolerance, restore, risks, slicing, own, quiet, emergency: replace(
        POLICY,
        limits=replace(POLICY.limits, restore_wad=restore * 10**16, **risks),
        hedging=replace(POLICY.hedging, risk_tolerance_usd=tolerance),
        triggers=Triggers(slicing, quiet, own),
        emergency=emergency,
    ),
    st.sampled_from([100.0, 5_000.0, 40_000.0, 1e7]),
    st.integers(1, 99),
    st.sampled_from(
        [
            {},
            {"stress_loss_usd_wad": usd(200_000), "delta_usd_wad": usd(10**7)},
            {"expected_shortfall_usd_wad": usd(60_000), "delta_usd_wad": usd(10**7)},
            {"leverage_wad": 2 * 10**17},
            {"liquidation_distance_wad": 3 * 10**17},
        ]
    ),
    st.sampled_from([Slicing(), Slicing(usd(20_000), 3, 600)]),
    st.sampled_from([0, 1_800]),
    st.sampled_from([0, 3_600]),
    st.sampled_from([Emergency(), Emergency(10**13, 10**18)]),
)
books = st.sampled_from([CALL, STRADDLE, tuple(replace(leg, size_wad=-leg.size_wad) for leg in STRADDLE)])


def lived(kept: Keeping, path: list[Step]) -> list[Decision]:
    """Each look of a path; the plan, if there is one, meets its fate in the same block."""
    price = float(SPOT)
    for step in path:
        price *= 1.0 + step.move
        kept.goes_to(price)
        made = kept.look()
        if isinstance(made.action, Plan) and step.fate is not Fate.LOST:
            (kept.fills if step.fate is Fate.FILLED else kept.reverts)(made.action)
        kept.now += step.seconds
    return [made for _, made in kept.looks]


@settings(max_examples=60)
@given(policies, books, st.floats(0.0, 700.0), steps)
def test_no_trade_leads_away_from_the_target_or_beyond_it(
    policy: Policy,
    legs: tuple[Leg, ...],
    base: float,
    path: list[Step],
) -> None:
    for made in lived(Keeping(policy, vault(base_wei=inventory(base)), legs), path):
        if isinstance(made.action, Plan):
            assert made.action.trade * made.exposure.gap < 0
            assert 0.0 <= made.action.gap_after / made.exposure.gap < 1.0


@settings(max_examples=60)
@given(policies, books, st.floats(0.0, 700.0), steps)
def test_inside_the_band_nothing_is_traded_but_what_was_begun_outside(
    policy: Policy,
    legs: tuple[Leg, ...],
    base: float,
    path: list[Step],
) -> None:
    kept = Keeping(policy, vault(base_wei=inventory(base)), legs)
    lived(kept, path)
    for case, made in kept.looks:
        within = made.band.buy_below <= made.exposure.inventory <= made.band.sell_above
        begun = is_under_way(case.situation, case.memory, made.exposure.gap)
        if within and not begun and URGENT.isdisjoint(breach.reason for breach in made.breaches):
            assert not isinstance(made.action, Plan)


@settings(max_examples=40)
@given(policies, books, st.floats(0.0, 700.0), st.sampled_from([12, 600]))
def test_in_a_market_that_stands_still_the_keeper_comes_to_rest_and_never_turns(
    policy: Policy,
    legs: tuple[Leg, ...],
    base: float,
    seconds: int,
) -> None:
    kept = Keeping(policy, vault(base_wei=inventory(base)), legs)
    made = lived(kept, [Step(0.0, Fate.FILLED, seconds)] * 20)
    trades = [each.action.trade for each in made if isinstance(each.action, Plan)]
    assert len({trade > 0 for trade in trades}) <= 1
    # What is left when all pieces are made may be a need once more, of its own pieces.
    assert len(trades) <= 2 * (1 + policy.triggers.slicing.count)
    assert not any(isinstance(each.action, Plan) for each in made[-3:])


@settings(max_examples=60)
@given(policies, books, st.floats(0.0, 700.0), steps)
def test_each_look_is_repeated_exactly_by_what_was_written_down(
    policy: Policy,
    legs: tuple[Leg, ...],
    base: float,
    path: list[Step],
) -> None:
    kept = Keeping(policy, vault(base_wei=inventory(base)), legs)
    lived(kept, path)
    for case, made in kept.looks:
        memory = MEMORY.load(MEMORY.dump(case.memory))
        assert memory == case.memory
        assert DECISION.dump(decide(policy, case.situation, memory)) == DECISION.dump(made)


@settings(max_examples=40)
@given(policies, books, st.floats(0.0, 700.0), steps)
def test_what_stands_and_what_is_begun_follows_from_the_looks_alone(
    policy: Policy,
    legs: tuple[Leg, ...],
    base: float,
    path: list[Step],
) -> None:
    """A keeper that is restarted, or another one, has it from the record of the last look.

    What the pool had given back counts from the last hedge, so each hedge begins anew.
    """
    kept = Keeping(policy, vault(base_wei=inventory(base)), legs)
    lived(kept, path)
    for (seen, before), (case, _) in zip(kept.looks, kept.looks[1:], strict=False):
        hedged = case.memory.rebalances > seen.memory.rebalances
        assert case.memory.carried == (replace(before.carried, recovered=0.0) if hedged else before.carried)
