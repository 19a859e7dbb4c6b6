"""An operator's hand does what the machine could do, within the same ceilings, and says what it did."""

from dataclasses import replace

import pytest

from keeper.core.transaction.account import Account
from keeper.core.transaction.attempt import NO_OP_GAS, Kind, Why
from keeper.core.transaction.budget import UNLIMITED, Ceiling
from keeper.core.transaction.commands import Obey, Sign
from keeper.core.transaction.fees import Fees
from keeper.core.transaction.messages import Order, Ordered
from keeper.core.transaction.ordering import STRANGER
from keeper.core.transaction.slot import Slot, Terms
from keeper.core.units import GWEI
from tests.core.transaction.build import DEADLINE, plan
from tests.core.transaction.life import RULES, Life, inclusion, only, sent, signs

ORDERS = (Order.CANCEL, Order.RAISE)


def strange(base_fee: int = 20 * GWEI, account: Account | None = None) -> Life:
    """Nonces 7 and 8 wait in the pools and are not ours."""
    life = Life(account)
    life.base_fee, life.pool_nonce = base_fee, 9
    life.arrive()
    return life


def told(life: Life, order: Order, nonce: int = 7) -> str:
    """The answer, where nothing is done."""
    before = life.account
    obeyed = only(life.tell(Ordered(5, nonce, order)))
    assert isinstance(obeyed, Obey)
    assert obeyed.number == 5
    assert life.account == before
    return obeyed.detail


@pytest.mark.parametrize("order", ORDERS)
def test_before_the_first_head_nothing_can_be_ordered(order: Order) -> None:
    unread = Life(Account(RULES, slots=sent().account.slots))
    assert told(unread, order) == "the account's nonce has not been read yet; ask again"


@pytest.mark.parametrize("order", ORDERS)
def test_what_is_in_a_block_or_gone_at_the_head_is_left_alone(order: Order) -> None:
    life = sent()
    life.nonce = 8
    life.arrive()
    assert told(life, order) == "nonce 7 is pending: nothing can be done now"
    life.receipts(inclusion(101))
    assert told(life, order) == "nonce 7 is included: nothing can be done now"
    life.nonce = 7
    life.arrive()
    assert told(life, order) == "nonce 7 is included: nothing can be done now"


def test_what_is_raised_is_told_with_its_new_fee_and_signed_as_a_raise() -> None:
    life = sent()
    life.arrive()
    commands = life.tell(Ordered(1, 7, Order.RAISE))
    (sign,) = signs(commands)
    assert (sign.why, sign.fees.max_fee_wei) == (Why.RAISED, 45_100_000_000)
    assert commands[-1] == Obey(1, "raised to 45100000000 wei per gas")


def test_what_is_not_raised_is_told_with_the_ceiling_that_is_in_the_way() -> None:
    life = sent(plan(max_fee_wei=45 * GWEI))
    life.arrive()
    needed, allowed = "45000000000 wei are needed", "40909090909 allowed"
    assert told(life, Order.RAISE) == f"not raised: ceiling: {needed}, {allowed}"


def test_what_is_past_its_deadline_is_not_raised_and_its_no_op_is() -> None:
    life = sent()
    life.timestamp = DEADLINE - 12
    life.arrive()
    assert life.timestamp == DEADLINE
    assert told(life, Order.RAISE) == "not raised: it is past its deadline, and taken back"
    life.review()
    life.arrive()
    (sign,) = signs(life.tell(Ordered(1, 7, Order.RAISE)))
    assert (sign.kind, sign.why) == (Kind.NO_OP, Why.RAISED)


def test_a_second_before_its_deadline_a_plan_can_be_raised() -> None:
    life = sent()
    life.timestamp = DEADLINE - 13
    life.arrive()
    assert len(signs(life.tell(Ordered(1, 7, Order.RAISE)))) == 1


def test_what_is_taken_back_is_told_as_signed_and_not_as_done() -> None:
    life = sent()
    life.arrive()
    commands = life.tell(Ordered(1, 7, Order.CANCEL))
    assert commands[-1] == Obey(
        1, "a no-op was signed; cancelled only when that is mined, see `keeper tx show`"
    )


def test_a_strangers_nonce_is_taken_back_on_terms_of_its_own() -> None:
    life = strange()
    commands = life.tell(Ordered(1, 8, Order.CANCEL))
    assert commands[0] == Sign(8, None, Kind.NO_OP, Fees(43 * GWEI, 3 * GWEI), NO_OP_GAS, Why.ORDERED)
    assert commands[-1] == Obey(1, "a no-op was signed against a transaction not made here")
    (slot,) = life.account.slots
    assert (slot.nonce, slot.opened, slot.terms) == (8, life.number, STRANGER)
    assert Terms(500 * GWEI, 3 * GWEI) == STRANGER


def test_a_stranger_may_be_outbid_up_to_the_terms_and_not_beyond() -> None:
    (sign,) = signs(strange(497 * GWEI).tell(Ordered(1, 7, Order.CANCEL)))
    assert sign.fees == Fees(500 * GWEI, 3 * GWEI)
    above = strange(497 * GWEI + 1)
    assert told(above, Order.CANCEL) == "500000000001 wei per gas are needed: above any ceiling"


def test_a_stranger_is_not_outbid_beyond_the_budget() -> None:
    worst = NO_OP_GAS * 43 * GWEI
    enough = Account(replace(RULES, budget=replace(UNLIMITED, day=Ceiling(worst))))
    assert len(signs(strange(account=enough).tell(Ordered(1, 7, Order.CANCEL)))) == 1
    short = Account(replace(RULES, budget=replace(UNLIMITED, day=Ceiling(worst - 1))))
    assert told(strange(account=short), Order.CANCEL) == (
        f"not signed: {worst} wei by the day's ceiling of {worst - 1}"
    )


@pytest.mark.parametrize("nonce", [6, 9])
def test_where_nothing_waits_in_the_pools_nothing_is_taken_back(nonce: int) -> None:
    assert told(strange(), Order.CANCEL, nonce) == f"nothing waits at nonce {nonce}"


def test_a_strangers_transaction_cannot_be_raised() -> None:
    assert told(strange(), Order.RAISE) == "nothing waits at nonce 7"


def test_a_nonce_with_a_fresh_verdict_is_not_a_strangers() -> None:
    life = sent()
    life.nonce = 8
    life.settle(inclusion(101), blocks=3)
    life.nonce, life.pool_nonce = 7, 9
    life.arrive()
    assert isinstance(life.account.closed_at(7), Slot)
    assert told(life, Order.CANCEL) == "nothing waits at nonce 7"
