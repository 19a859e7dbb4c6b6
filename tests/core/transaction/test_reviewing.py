"""What is not mined is sent again, raised, and given up at its deadline; never in another order."""

import itertools

from keeper.core.outcome import Cancelled, Mined
from keeper.core.reason import Reason
from keeper.core.transaction.attempt import NO_OP_GAS, Kind
from keeper.core.transaction.fees import Fees
from keeper.core.transaction.words import Answer
from keeper.core.units import GWEI
from tests.core.transaction.build import DEADLINE, PLAN, plan
from tests.core.transaction.life import broadcasts, finished, inclusion, sent, signs


def test_what_is_not_mined_after_a_block_is_sent_again_byte_for_byte() -> None:
    life = sent()
    assert broadcasts(life.head()) == [b"1"]
    assert broadcasts(life.head()) == [b"1"]


def test_after_some_blocks_both_caps_are_raised() -> None:
    life = sent()
    life.head(2)
    (bump,) = signs(life.head())
    assert (bump.kind, bump.nonce) == (Kind.REBALANCE, 7)
    assert bump.fees == Fees(45_100_000_000, 1_100_000_000)


def test_the_patience_starts_again_with_each_bump() -> None:
    life = sent()
    assert [len(signs(life.head())) for _ in range(7)] == [0, 0, 1, 0, 0, 1, 0]


def test_only_the_head_of_the_queue_is_bumped() -> None:
    life = sent()
    life.offer(plan(1))
    assert [bump.nonce for bump in signs(life.head(3))] == [7]


def test_bumps_end_with_room_for_a_no_op_below_the_ceiling() -> None:
    life = sent(plan(deadline=10**9))
    fees = [sign.fees for _ in range(90) for sign in signs(life.head())]
    assert 5 < len(fees) < 12
    assert all(later.max_fee_wei > earlier.max_fee_wei for earlier, later in itertools.pairwise(fees))
    life.timestamp = 10**9
    (no_op,) = signs(life.head())
    assert fees[-1].max_fee_wei * 11 // 10 <= no_op.fees.max_fee_wei <= PLAN.max_fee_wei


def test_at_the_deadline_a_freshly_signed_no_op_takes_the_nonce() -> None:
    life = sent()
    life.timestamp = DEADLINE - 12
    (no_op,) = signs(life.head())
    assert (no_op.nonce, no_op.kind, no_op.gas_limit) == (7, Kind.NO_OP, NO_OP_GAS)


def test_after_the_deadline_the_original_is_never_sent_again() -> None:
    life = sent()
    life.timestamp = DEADLINE
    assert broadcasts(life.head()) == [b"2"]
    life.answer(Answer.UNDERPRICED)
    assert broadcasts(life.head()) == [b"2"]


def test_a_mined_no_op_means_expired() -> None:
    life = sent()
    life.timestamp = DEADLINE
    life.head()
    life.nonce = 8
    (outcome,) = finished(life.settle(inclusion(103, tx=2), blocks=3))
    assert isinstance(outcome, Cancelled)
    assert outcome.why is Reason.EXPIRED


def test_an_original_that_wins_the_race_against_its_no_op_is_mined() -> None:
    life = sent()
    life.timestamp = DEADLINE
    life.head()
    life.nonce = 8
    (outcome,) = finished(life.settle(inclusion(103, tx=1), blocks=3))
    assert isinstance(outcome, Mined)


def test_a_no_op_that_cannot_be_paid_is_tried_again_not_given_up() -> None:
    life = sent()
    life.timestamp = DEADLINE
    life.head()
    life.answer(Answer.INSUFFICIENT_FUNDS)
    assert broadcasts(life.head()) == [b"2"]


def test_a_refused_bump_is_sent_again_beside_the_attempt_that_a_pool_may_have() -> None:
    life = sent()
    life.head(3)
    life.answer(Answer.UNDERPRICED)
    assert broadcasts(life.head()) == [b"1", b"2"]


def test_a_node_that_goes_by_the_price_gets_another_raise_at_once_and_is_remembered() -> None:
    life = sent()
    life.head(3)
    (again,) = signs(life.answer(Answer.REPLACEMENT_UNDERPRICED))
    assert again.fees.tip_wei * 10 >= 11 * GWEI + GWEI
    assert 20 * GWEI + again.fees.tip_wei >= 21 * GWEI * 110 // 100
    assert life.account.by_price
    assert signs(life.answer(Answer.REPLACEMENT_UNDERPRICED)) == []
