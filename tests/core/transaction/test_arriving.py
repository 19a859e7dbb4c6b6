"""What a head alone tells: where to look, whose a nonce is, and what is too old to matter."""

from keeper.core.transaction.account import CLOSED_KEPT_BLOCKS
from keeper.core.transaction.budget import DAY_S, Spend
from keeper.core.transaction.commands import Alarm, Alert, LookUp
from keeper.core.transaction.machine import step
from keeper.core.transaction.messages import Offered
from keeper.core.units import GWEI, TxHash
from tests.core.transaction.build import PLAN, plan
from tests.core.transaction.life import NATIVE_USD, Life, alarms, inclusion, only, sent

LOOK = LookUp(7, (TxHash("0x1"),))


def settled() -> Life:
    life = sent()
    life.nonce = 8
    life.settle(inclusion(102), blocks=3)
    return life


def test_what_was_paid_is_forgotten_after_a_day() -> None:
    life = settled()
    assert list(life.account.spent) == [Spend(7, 1_012, 50_000 * 21 * GWEI)]
    life.timestamp = 1_012 + DAY_S - 13
    life.arrive()
    assert len(life.account.spent) == 1
    life.arrive()
    assert not life.account.spent


def test_a_verdict_is_kept_for_as_long_as_a_chain_was_ever_taken_back() -> None:
    life = settled()
    life.arrive(102 + CLOSED_KEPT_BLOCKS - 1 - life.number)
    assert [slot.nonce for slot in life.account.closed] == [7]
    life.arrive()
    assert life.account.closed == ()


def test_a_nonce_that_was_gone_and_is_free_again_is_looked_at() -> None:
    life = sent()
    life.nonce = 8
    life.settle()
    life.nonce = 7
    assert only(life.arrive()) == LOOK


def test_what_is_in_a_block_is_looked_at_until_it_is_final_even_if_the_nonce_is_free_again() -> None:
    life = sent()
    life.nonce = 8
    life.settle(inclusion(102))
    life.nonce = 7
    assert only(life.arrive()) == LOOK


def test_what_waits_at_a_free_nonce_is_not_looked_for() -> None:
    assert sent().arrive() == []


def test_a_nonce_at_which_nothing_was_signed_yet_is_not_looked_at() -> None:
    life = Life()
    life.head()
    life.account, _ = step(life.account, Offered(PLAN, NATIVE_USD))
    life.nonce = 8
    assert life.arrive() == []


def test_foreign_use_is_told_with_its_first_nonce_and_how_many() -> None:
    life = Life()
    life.head()
    life.nonce = 10
    (alarm,) = life.arrive()
    assert isinstance(alarm, Alarm)
    assert (alarm.alert, alarm.nonce) == (Alert.FOREIGN_USE, 7)
    assert alarm.detail.startswith("3 nonces from 7 ")


def test_foreign_use_is_told_once_even_if_a_node_lags_in_between() -> None:
    life = Life()
    life.head()
    life.nonce = 9
    assert alarms(life.arrive()) == [Alert.FOREIGN_USE]
    life.nonce = 8
    assert alarms(life.arrive()) == []
    life.nonce = 9
    assert alarms(life.arrive()) == []


def test_pools_that_hold_all_of_ours_hold_nothing_strange_and_one_more_is_told_with_its_nonce() -> None:
    life = sent()
    life.offer(plan(1))
    life.pool_nonce = 9
    assert alarms(life.arrive()) == []
    life.pool_nonce = 11
    (alarm,) = life.arrive()
    assert isinstance(alarm, Alarm)
    assert (alarm.alert, alarm.nonce) == (Alert.FOREIGN_PENDING, 9)
    assert "up to nonce 10 " in alarm.detail


def test_what_is_strange_begins_above_what_is_mined() -> None:
    life = sent()
    life.nonce, life.pool_nonce = 9, 10
    told = [each for each in life.arrive() if isinstance(each, Alarm)]
    assert [(each.alert, each.nonce) for each in told] == [(Alert.FOREIGN_USE, 8), (Alert.FOREIGN_PENDING, 9)]
