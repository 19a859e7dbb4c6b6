"""Intents and attempts outlive the process, and the database itself refuses a second use of a nonce."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from keeper.adapters.journal.history import History
from keeper.adapters.journal.journal import SqlJournal
from keeper.adapters.journal.ledger import SqlLedger
from keeper.core.memory import Memory
from keeper.core.outcome import Expired, Mined, Refused
from keeper.core.reason import Reason
from keeper.core.transaction.fees import Fees
from keeper.core.transaction.intent import Attempt, Intent, Kind
from keeper.core.units import TxHash
from keeper.ports import JournalError
from tests.adapters.journal.build import store
from tests.core.transaction.build import plan


def attempt(number: int, kind: Kind = Kind.REBALANCE) -> Attempt:
    tx_hash = TxHash(f"0x{number:064x}")
    return Attempt(tx_hash, number.to_bytes(100, "big"), kind, Fees(100 + number, number))


def intent(nonce: int, vault: int = 0, state: int = 0) -> Intent:
    first = attempt(nonce * 1_000 + vault * 10 + state)
    return Intent(plan(vault, state=state), nonce, (first,))


@dataclass(frozen=True)
class Said:
    tx_hash: TxHash
    answer: str
    words: str


async def test_an_open_intent_comes_back_with_all_its_attempts_in_order(tmp_path: Path) -> None:
    begun, bump, no_op = intent(5), attempt(1), attempt(2, Kind.NO_OP)
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(opened)
        await ledger.begin(begun)
        await ledger.add(5, bump)
        await ledger.add(5, no_op)
    async with await store(tmp_path) as again:
        (found,) = await SqlLedger(again).open_intents()
    assert found == replace(begun, attempts=(*begun.attempts, bump, no_op))


async def test_open_intents_come_in_the_order_of_their_nonces(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(opened)
        for nonce, vault in ((9, 0), (7, 1), (8, 2)):
            await ledger.begin(intent(nonce, vault))
        assert [each.nonce for each in await ledger.open_intents()] == [7, 8, 9]


async def test_a_nonce_cannot_be_begun_twice(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(opened)
        await ledger.begin(intent(5, vault=0))
        with pytest.raises(JournalError, match="already holds this intent or nonce as open"):
            await ledger.begin(intent(5, vault=1))
        assert len(await ledger.open_intents()) == 1


async def test_the_same_intent_cannot_be_begun_at_another_nonce(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(opened)
        await ledger.begin(intent(5))
        with pytest.raises(JournalError, match="already holds this intent or nonce as open"):
            await ledger.begin(intent(6))


async def test_a_released_nonce_and_its_intent_may_be_used_again(tmp_path: Path) -> None:
    refused = Refused(plan().vault, Reason.NODE_REFUSED, "transaction underpriced")
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(opened)
        await ledger.begin(intent(5))
        await ledger.release(5, refused)
        assert await ledger.open_intents() == ()
        again = replace(intent(5), attempts=(attempt(77),))
        await ledger.begin(again)
        assert await ledger.open_intents() == (again,)
        newest, oldest = await History(opened).intents()
    assert (newest.state, oldest.state) == ("open", "released")
    assert oldest.attempts[0].words == "transaction underpriced"


async def test_an_intent_that_expired_may_be_tried_again(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(opened)
        begun = intent(5)
        await ledger.begin(begun)
        expired = Expired(begun.plan.vault, begun.plan.intent, begun.newest.tx_hash, 1, 2)
        await SqlJournal(opened).settle(expired, Memory(begun.plan.vault))
        await ledger.begin(intent(6))
        assert [each.nonce for each in await ledger.open_intents()] == [6]


async def test_an_intent_that_a_deep_reorganisation_took_back_may_be_begun_again(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        ledger, begun = SqlLedger(opened), intent(5)
        await ledger.begin(begun)
        undone = Mined(begun.plan.vault, begun.plan.intent, begun.newest.tx_hash, 1, 2, 3, 4, 5, 6)
        await SqlJournal(opened).settle(undone, Memory(begun.plan.vault))
        await ledger.begin(intent(6))
        assert [each.nonce for each in await ledger.open_intents()] == [6]


async def test_the_same_bytes_may_be_signed_again_after_a_release(tmp_path: Path) -> None:
    begun = intent(5)
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(opened)
        await ledger.begin(begun)
        await ledger.release(5, Refused(begun.plan.vault, Reason.WALLET_EMPTY, "insufficient funds"))
        await ledger.begin(begun)
        assert await ledger.open_intents() == (begun,)


async def test_answers_are_kept_for_whoever_asks_why_it_waits(tmp_path: Path) -> None:
    begun = intent(5)
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(opened)
        await ledger.begin(begun)
        await ledger.note([Said(begun.newest.tx_hash, "underpriced", "fee too low")])
        (stored,) = await History(opened).intents()
    assert (stored.attempts[0].answer, stored.attempts[0].words) == ("underpriced", "fee too low")
    assert (stored.state, stored.outcome) == ("open", None)


async def test_an_attempt_without_an_open_intent_is_refused(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        with pytest.raises(JournalError, match="no open intent at nonce 3"):
            await SqlLedger(opened).add(3, attempt(1))


async def test_a_begin_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        ledger = SqlLedger(opened)
        await ledger.begin(intent(5))
        broken = replace(attempt(1), raw=None)  # type: ignore[arg-type]
        with pytest.raises(JournalError):
            await ledger.begin(Intent(plan(1), 6, (broken,)))
        assert [each.nonce for each in await ledger.open_intents()] == [5]
        assert await History(opened).counts() == {"cycles": 0, "intents": 1, "outcomes": 0}
