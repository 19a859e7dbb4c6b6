"""A nonce remembers everything that was signed for it, and reserves the worst of it."""

from dataclasses import replace

import pytest

from keeper.core.transaction.attempt import NO_OP_GAS, NO_PLAN, Attempt, Inclusion, Kind, Standing, Why
from keeper.core.transaction.fees import Fees
from keeper.core.transaction.slot import Slot, Terms, gas_limit, reserved_wei
from keeper.core.transaction.states import IllegalMoveError, State
from keeper.core.units import GWEI, BlockHash, TxHash
from tests.core.transaction.build import PLAN, plan
from tests.core.transaction.life import inclusion

TERMS = Terms(90 * GWEI, 2 * GWEI)
EMPTY = Slot(7, 100, TERMS)
OTHER = replace(plan(1, max_fee_wei=120 * GWEI), urgent=True, private_blocks=4, priority_fee_wei=3 * GWEI)


def attempt(number: int, kind: Kind = Kind.REBALANCE, *, fee: int = 50, gas: int = 100_000) -> Attempt:
    return Attempt(TxHash(f"0x{number}"), b"", kind, Fees(fee * GWEI, GWEI), gas, Why.FIRST)


def first() -> Slot:
    return EMPTY.signed(attempt(1), PLAN)


def test_a_new_slot_is_reserved_and_holds_nothing() -> None:
    assert EMPTY.state is State.RESERVED
    assert (EMPTY.wanted, EMPTY.vaults, EMPTY.hashes) == (None, frozenset(), ())
    assert not EMPTY.is_cancelled
    assert not EMPTY.is_urgent
    assert (EMPTY.live_plans, EMPTY.public_from, EMPTY.worst_wei) == ((), 100, 0)
    assert EMPTY.reserved_wei == NO_OP_GAS * 90 * GWEI
    assert EMPTY.promised_fee_wei == 90 * GWEI


def test_a_signature_brings_its_plan_its_terms_and_its_place() -> None:
    slot = first().signed(attempt(2), OTHER)
    assert slot.plans == (PLAN, OTHER)
    assert [each.plan for each in slot.attempts] == [0, 1]
    assert slot.terms == Terms(120 * GWEI, 3 * GWEI)
    assert slot.state is State.PENDING
    assert slot.hashes == ("0x1", "0x2")
    assert slot.vaults == {PLAN.vault, OTHER.vault}
    assert slot.newest.tx_hash == "0x2"
    assert (slot.wanted, slot.is_urgent, slot.public_from) == (OTHER, True, 104)


def test_what_is_signed_is_no_longer_planned() -> None:
    planned = replace(EMPTY, planned_wei=10**18)
    assert planned.worst_wei == 10**18
    assert planned.signed(attempt(1), PLAN).planned_wei == 0


def test_a_plan_that_is_signed_again_keeps_its_place() -> None:
    slot = first().signed(attempt(2), OTHER).signed(attempt(3), PLAN)
    assert slot.plans == (PLAN, OTHER)
    assert [each.plan for each in slot.attempts] == [0, 1, 0]
    assert slot.terms == Terms(100 * GWEI, GWEI)


def test_a_no_op_wants_nothing_and_keeps_the_terms() -> None:
    slot = first().signed(attempt(2, Kind.NO_OP), None)
    assert slot.newest.plan == NO_PLAN
    assert slot.plans == (PLAN,)
    assert slot.terms == first().terms
    assert slot.is_cancelled
    assert (slot.wanted, slot.live_plans) == (None, ())


def test_the_worst_is_the_dearest_attempt_and_the_reserve_the_dearest_plan() -> None:
    slot = first().signed(attempt(2, fee=60), PLAN).signed(attempt(3, Kind.NO_OP, fee=90, gas=21_000), None)
    assert attempt(1).worst_wei == 100_000 * 50 * GWEI
    assert slot.worst_wei == 100_000 * 60 * GWEI
    assert slot.reserved_wei == 100_000 * 100 * GWEI
    dear = first().signed(attempt(2, fee=200), PLAN)
    assert dear.reserved_wei == 100_000 * 200 * GWEI
    assert first().signed(attempt(2), OTHER).reserved_wei == 100_000 * 120 * GWEI


def test_a_plan_of_next_to_no_gas_reserves_a_no_op() -> None:
    small = replace(PLAN, gas_units=1)
    assert gas_limit(small) == 2
    assert gas_limit(PLAN) == 100_000
    assert reserved_wei(small) == NO_OP_GAS * 100 * GWEI
    assert reserved_wei(PLAN) == 100_000 * 100 * GWEI


def test_the_dearest_ceiling_that_was_ever_in_force_stays_promised() -> None:
    slot = first().signed(attempt(2), OTHER).signed(attempt(3), PLAN)
    assert slot.promised_fee_wei == 120 * GWEI
    assert first().promised_fee_wei == 100 * GWEI
    assert replace(first(), terms=Terms(130 * GWEI, 1)).promised_fee_wei == 130 * GWEI


def test_what_is_in_a_block_is_what_lives_and_else_what_is_wanted() -> None:
    slot = first().signed(attempt(2), OTHER).signed(attempt(3, Kind.NO_OP), None)
    assert replace(slot, included=inclusion(102, tx=1)).live_plans == (PLAN,)
    assert replace(slot, included=inclusion(102, tx=2)).live_plans == (OTHER,)
    assert replace(slot, included=inclusion(102, tx=3)).live_plans == ()
    assert replace(slot, included=inclusion(102, tx=9)).live_plans == ()
    reverted = replace(slot, included=inclusion(102, tx=1, succeeded=False))
    assert reverted.live_plans == (PLAN,)
    assert replace(reverted, state=State.CLOSED).live_plans == ()
    assert replace(reverted, state=State.CLOSED, included=inclusion(102, tx=1)).live_plans == (PLAN,)
    assert first().live_plans == (PLAN,)
    assert replace(first(), state=State.CLOSED).live_plans == ()


def test_a_standing_is_of_one_attempt_and_doubt_is_of_those_without_an_answer() -> None:
    slot = first().signed(attempt(2), PLAN).signed(attempt(3), PLAN)
    slot = slot.with_standing(TxHash("0x1"), Standing.REFUSED).with_standing(TxHash("0x2"), Standing.ACCEPTED)
    assert [each.standing for each in slot.attempts] == [
        Standing.REFUSED,
        Standing.ACCEPTED,
        Standing.SIGNED,
    ]
    assert [each.standing for each in slot.unsure().attempts] == [
        Standing.REFUSED,
        Standing.ACCEPTED,
        Standing.UNKNOWN,
    ]


def test_an_attempt_is_found_by_its_hash() -> None:
    slot = first().signed(attempt(2), PLAN)
    found = slot.attempt(TxHash("0x2"))
    assert found is slot.newest
    assert slot.attempt(TxHash("0x3")) is None


def test_nothing_is_signed_for_a_verdict() -> None:
    with pytest.raises(IllegalMoveError):
        replace(first(), state=State.CLOSED).signed(attempt(2), PLAN)


def test_an_inclusion_exchanged_nothing_and_failed_for_nothing_unless_it_says_so() -> None:
    plain = Inclusion(
        TxHash("0x1"), 1, BlockHash("0xa"), BlockHash("0xa"), 1, succeeded=True, gas_used=3, price_wei=5
    )
    assert (plain.spent, plain.got, plain.error) == (0, 0, "")
    assert plain.cost_wei == 15
    assert plain.canonical
    assert not replace(plain, canonical_hash=BlockHash("0xb")).canonical
