"""The clients' rules of replacement, held against a statement of them in exact fractions.

The rules round; what they round is written here without rounding, so that the two can only agree if the
rounding is understood.
"""

from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.transaction.unsigned import Unsigned
from keeper.core.units import GWEI
from tests.nodes import rules
from tests.nodes.build import unsigned

TENTH_MORE = Fraction(11, 10)
AMOUNTS = st.one_of(st.integers(1, 300), st.integers(1, 500 * GWEI))


@st.composite
def fees(draw: st.DrawFn) -> Unsigned:
    fee = draw(AMOUNTS)
    return unsigned(fee=fee, tip=draw(st.integers(0, fee)))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Unsigned, Unsigned]:
    """Any two, or two that lie near the limit of a tenth."""
    old = draw(fees())
    if draw(st.booleans()):
        return old, draw(fees())
    fee = ceil(old.max_fee_wei * TENTH_MORE) + draw(st.integers(-2, 2))
    tip = ceil(old.tip_wei * TENTH_MORE) + draw(st.integers(-2, 2))
    return old, replace(old, max_fee_wei=max(fee, 1), tip_wei=max(0, min(tip, fee)))


@given(pairs())
def test_geth_and_erigon_round_a_tenth_down_and_geth_also_wants_more(pair: tuple[Unsigned, Unsigned]) -> None:
    old, new = pair
    enough = all(
        after >= floor(before * TENTH_MORE)
        for before, after in ((old.max_fee_wei, new.max_fee_wei), (old.tip_wei, new.tip_wei))
    )
    more = new.max_fee_wei > old.max_fee_wei and new.tip_wei > old.tip_wei
    assert rules.erigon(0, old, new) is enough
    assert rules.geth(0, old, new) is (enough and more)


@given(pairs())
def test_reth_rounds_a_tenth_up_and_looks_at_the_tip_only_where_both_have_one(
    pair: tuple[Unsigned, Unsigned],
) -> None:
    old, new = pair
    by_fee = Fraction(new.max_fee_wei, old.max_fee_wei) >= TENTH_MORE
    tipless = 0 in (old.tip_wei, new.tip_wei)
    by_tip = tipless or Fraction(new.tip_wei, old.tip_wei or 1) >= TENTH_MORE
    assert rules.reth(0, old, new) is (by_fee and by_tip)


@given(pairs(), AMOUNTS)
def test_besu_goes_by_the_price_that_is_really_paid(pair: tuple[Unsigned, Unsigned], base: int) -> None:
    old, new = pair
    (old_price, old_tip), (new_price, new_tip) = (
        (min(each.max_fee_wei, base + each.tip_wei), min(each.tip_wei, each.max_fee_wei - base))
        for each in (old, new)
    )
    if Fraction(new_price, old_price) >= TENTH_MORE:
        expected = new_tip >= old_tip
    else:
        expected = new_price == old_price and Fraction(new_tip) >= old_tip * TENTH_MORE
    assert rules.besu(base, old, new) is expected


@given(pairs(), AMOUNTS)
def test_nethermind_wants_a_tenth_of_the_price_rounded_down_but_something(
    pair: tuple[Unsigned, Unsigned], base: int
) -> None:
    old, new = pair
    old_price, new_price = (min(each.max_fee_wei, base + each.tip_wei) for each in (old, new))
    assert rules.nethermind(base, old, new) is (
        new_price - old_price >= max(1, floor(Fraction(old_price, 10)))
    )


@given(fees(), AMOUNTS)
def test_nobody_lets_a_transaction_replace_itself_unless_a_tenth_of_it_is_nothing(
    old: Unsigned, base: int
) -> None:
    assert not rules.geth(base, old, old)
    assert not rules.nethermind(base, old, old)
    assert not rules.anvil(base, old, old)
    assert not rules.reth(base, old, old)
    assert rules.erigon(base, old, old) is (old.max_fee_wei < 10 and old.tip_wei < 10)


@given(fees(), AMOUNTS)
def test_a_tenth_more_of_both_caps_rounded_up_satisfies_all_but_those_that_go_by_the_price(
    old: Unsigned, base: int
) -> None:
    tip = max(old.tip_wei + 1, ceil(old.tip_wei * TENTH_MORE))
    new = replace(old, max_fee_wei=max(tip, ceil(old.max_fee_wei * TENTH_MORE)), tip_wei=tip)
    for rule in (rules.geth, rules.reth, rules.erigon, rules.anvil):
        assert rule(base, old, new)


def test_of_odd_fees_reth_wants_one_wei_more_than_geth() -> None:
    old, floored, ceiled = (unsigned(fee=fee, tip=fee) for fee in (105, 115, 116))
    assert rules.geth(0, old, floored)
    assert not rules.reth(0, old, floored)
    assert rules.reth(0, old, ceiled)


@pytest.mark.parametrize("rule", [rules.besu, rules.nethermind])
@pytest.mark.parametrize("base_gwei", [8, 20, 50])
def test_twice_both_caps_does_not_satisfy_a_rule_by_price_while_the_cap_does_not_bind(
    rule: rules.Rule, base_gwei: int
) -> None:
    base = base_gwei * GWEI
    old = unsigned(fee=2 * base + GWEI, tip=GWEI // 2)
    assert not rule(base, old, unsigned(fee=2 * old.max_fee_wei, tip=2 * old.tip_wei))
    wanted = ceil((base + old.tip_wei) * TENTH_MORE) - base
    assert rule(base, old, unsigned(fee=old.max_fee_wei + wanted, tip=wanted))
