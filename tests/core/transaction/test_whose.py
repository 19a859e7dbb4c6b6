from keeper.core.transaction.account import Account
from keeper.core.transaction.whose import Whose, whose
from tests.core.transaction.build import PLAN, VAULTS
from tests.core.transaction.life import RULES, inclusion, restarted, sent

AT = inclusion(102).timestamp


def test_what_is_in_a_block_of_ours_is_ours_before_and_after_it_is_final() -> None:
    life = sent()
    life.nonce = 8
    life.settle(inclusion(102))
    assert whose(life.account, PLAN.vault, AT) is Whose.OURS
    life.settle(inclusion(102), blocks=3)
    assert life.account.slots == ()
    assert whose(life.account, PLAN.vault, AT) is Whose.OURS
    assert whose(life.account, PLAN.vault, AT + 1) is Whose.THEIRS
    assert whose(life.account, PLAN.vault, AT - 1) is Whose.THEIRS
    assert whose(life.account, VAULTS[1], AT) is Whose.THEIRS


def test_while_ours_waits_in_the_pool_it_was_somebody_else() -> None:
    life = sent()
    life.head()
    assert whose(life.account, PLAN.vault, AT) is Whose.THEIRS


def test_while_our_receipt_is_still_to_be_read_nobody_is_accused() -> None:
    life = sent()
    life.nonce = 8
    life.arrive()
    assert whose(life.account, PLAN.vault, AT) is Whose.UNKNOWN
    assert whose(life.account, VAULTS[1], AT) is Whose.THEIRS


def test_before_the_chain_was_looked_at_nothing_is_known() -> None:
    assert whose(Account(RULES), PLAN.vault, AT) is Whose.UNKNOWN


def test_what_the_last_run_left_is_looked_at_first() -> None:
    life = restarted(sent())
    life.arrive()
    assert whose(life.account, PLAN.vault, AT) is Whose.UNKNOWN
