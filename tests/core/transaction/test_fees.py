"""A raise is enough for every client, and never above the ceiling."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from keeper.core.transaction.fees import (
    RAISE_PERCENT,
    AboveCeiling,
    Fees,
    cancellable,
    first_fees,
    raised,
    raised_fees,
)
from keeper.core.transaction.unsigned import Unsigned
from keeper.core.units import GWEI, Address
from tests.core.transaction.pools import CLIENTS, replaces

wei = st.integers(0, 10**13)
TO = Address("0x00000000000000000000000000000000000000Aa")


def fields(fees: Fees) -> Unsigned:
    return Unsigned(1, 0, TO, b"", 0, 21_000, fees.max_fee_wei, fees.tip_wei)


def test_the_raise_is_the_one_that_clients_ask_for() -> None:
    """To be looked at again if RAISE_PERCENT is changed: geth, reth, besu and nethermind ask for 10 %."""
    assert RAISE_PERCENT == 110


@pytest.mark.parametrize(
    ("old", "new"), [(0, 1), (1, 2), (9, 10), (10, 11), (100, 110), (105, 116), (10**9, 11 * 10**8)]
)
def test_a_raise_rounds_up_and_is_always_more(old: int, new: int) -> None:
    assert raised(old) == new


@given(wei)
def test_one_raise_is_kept_in_reserve_below_the_ceiling_and_not_more(ceiling: int) -> None:
    assume(ceiling > 0)
    highest = cancellable(ceiling)
    assert raised(highest) <= ceiling < raised(highest + 1)


@given(wei, wei, wei)
def test_first_fees_pay_now_and_stay_below_the_ceiling(base: int, tip: int, ceiling: int) -> None:
    fees = first_fees(base, tip, ceiling)
    if isinstance(fees, AboveCeiling):
        assert fees.needed_wei == base + tip > ceiling
    else:
        assert base + tip <= fees.max_fee_wei <= ceiling
        assert fees.tip_wei == tip <= fees.max_fee_wei


def test_first_fees_leave_room_for_a_base_fee_that_doubles() -> None:
    assert first_fees(20 * GWEI, GWEI, 100 * GWEI) == Fees(41 * GWEI, GWEI)
    assert first_fees(20 * GWEI, GWEI, 30 * GWEI) == Fees(30 * GWEI, GWEI)


@st.composite
def offers(draw: st.DrawFn) -> Fees:
    fee = draw(st.integers(1, 10**12))
    return Fees(fee, draw(st.integers(0, fee)))


@given(old=offers(), base=wei, tip=wei, ceiling=st.integers(1, 10**13), by_price=st.booleans())
def test_raised_fees_raise_both_caps_within_the_ceiling(
    old: Fees, base: int, tip: int, ceiling: int, *, by_price: bool
) -> None:
    new = raised_fees(old, base, tip, ceiling, by_price=by_price)
    if isinstance(new, AboveCeiling):
        assert new.needed_wei > ceiling
        return
    assert new.tip_wei <= new.max_fee_wei <= ceiling
    assert new.max_fee_wei >= raised(old.max_fee_wei)
    assert new.tip_wei >= raised(old.tip_wei)


@pytest.mark.parametrize("client", CLIENTS)
@given(offers(), st.integers(1, 10**12), wei)
def test_every_client_takes_a_raise_by_price(client: str, old: Fees, base: int, tip: int) -> None:
    new = raised_fees(old, base, tip, 2**128, by_price=True)
    assert isinstance(new, Fees)
    assert replaces(client, base, fields(old), fields(new))


@pytest.mark.parametrize("client", ["geth", "reth"])
@given(offers(), wei, wei)
def test_geth_and_reth_take_a_raise_of_both_caps(client: str, old: Fees, base: int, tip: int) -> None:
    new = raised_fees(old, base, tip, 2**128, by_price=False)
    assert isinstance(new, Fees)
    assert replaces(client, base, fields(old), fields(new))


def test_besu_refuses_a_raise_of_both_caps_while_the_base_fee_hides_it() -> None:
    """The reason for `by_price`: with a base fee of 20 gwei even doubling both caps is not enough."""
    old = Fees(41 * GWEI, GWEI)
    plain = raised_fees(old, 20 * GWEI, GWEI, 100 * GWEI, by_price=False)
    assert isinstance(plain, Fees)
    assert not replaces("besu", 20 * GWEI, fields(old), fields(plain))
    by_price = raised_fees(old, 20 * GWEI, GWEI, 100 * GWEI, by_price=True)
    assert isinstance(by_price, Fees)
    assert by_price.tip_wei == 3_100_000_000
    assert replaces("besu", 20 * GWEI, fields(old), fields(by_price))


def test_a_market_that_fell_does_not_lower_the_raise() -> None:
    assert raised_fees(Fees(80 * GWEI, 2 * GWEI), GWEI, GWEI, 100 * GWEI, by_price=False) == Fees(
        88 * GWEI, 2_200_000_000
    )


def test_a_market_that_rose_is_followed_up_to_the_ceiling() -> None:
    assert raised_fees(Fees(41 * GWEI, GWEI), 45 * GWEI, GWEI, 200 * GWEI, by_price=False) == Fees(
        91_100_000_000, 1_100_000_000
    )
    assert raised_fees(Fees(41 * GWEI, GWEI), 90 * GWEI, GWEI, 100 * GWEI, by_price=False) == Fees(
        100 * GWEI, 1_100_000_000
    )


def test_bumps_in_a_flat_market_end_at_the_ceiling() -> None:
    fees, bumps = Fees(41 * GWEI, GWEI), 0
    while isinstance(more := raised_fees(fees, 20 * GWEI, GWEI, 100 * GWEI, by_price=False), Fees):
        fees, bumps = more, bumps + 1
    assert bumps == 9
    assert fees.max_fee_wei <= 100 * GWEI < raised(fees.max_fee_wei)


def test_small_raises_on_a_cheap_chain_are_not_lost_to_rounding() -> None:
    assert raised_fees(Fees(7, 0), 3, 0, 1_000, by_price=False) == Fees(8, 1)


def test_a_raise_may_reach_the_ceiling_and_not_pass_it() -> None:
    assert raised_fees(Fees(100, 1), 1, 1, 110, by_price=False) == Fees(110, 2)
    assert raised_fees(Fees(100, 1), 1, 1, 109, by_price=False) == AboveCeiling(110, 109)
