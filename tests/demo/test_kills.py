"""SIGKILL at random moments of a run: nothing is done twice, nothing is forgotten.

`DEMO_KILLS` says how often; `make test-kills` asks for thirty, a plain test run for a few.
"""

import os
from collections import Counter
from collections.abc import Sequence

import pytest

from keeper.adapters.journal.history import History, StoredSlot
from keeper.adapters.journal.store import open_reader
from keeper.core.outcome import Mined, Reverted
from keeper.demo.folder import restless
from keeper.demo.options import DemoOptions
from keeper.demo.samples import Record
from keeper.demo.session import Played, play
from keeper.demo.view import LinesView
from tests.demo.console import silent
from tests.demo.late import OF_A_MOVED_PRICE

pytestmark = [pytest.mark.world, pytest.mark.slow]

KILLS = int(os.environ.get("DEMO_KILLS", "4"))
BLOCKS_PER_KILL = 28
BLOCKS_AROUND = 20


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A run in which the daemon hedges nearly always and is killed again and again."""
    folder = tmp_path_factory.mktemp("kills")
    options = DemoOptions(
        seed=11,
        blocks=BLOCKS_AROUND + BLOCKS_PER_KILL * KILLS,
        out=folder / "run",
        policies=restless(folder / "examples"),
        kills=KILLS,
    )
    return play(options, LinesView(silent()))


@pytest.fixture
async def intents(killed: Played) -> Sequence[StoredSlot]:
    async with await open_reader(killed.folder.journal) as store:
        return await History(store).slots(limit=100_000)


def fills(record: Record) -> list[tuple[str, int]]:
    return [(sent.vault, sent.fill.sequence) for sent in record.sent if sent.fill is not None]


def test_the_daemon_was_killed_as_often_as_asked_and_hedged_in_between(killed: Played) -> None:
    assert killed.kills == KILLS
    assert len(fills(killed.record)) > KILLS


def test_no_state_of_a_vault_was_hedged_twice(killed: Played) -> None:
    assert [key for key, count in Counter(fills(killed.record)).items() if count > 1] == []


def test_none_was_even_tried_twice(intents: Sequence[StoredSlot]) -> None:
    """A busy machine hedges late, when the price has moved; any other refusal is of one who forgot."""
    refusals = {outcome.why for each in intents for outcome in each.outcomes if isinstance(outcome, Reverted)}
    assert refusals <= OF_A_MOVED_PRICE


def test_every_journalled_intent_came_to_an_end(intents: Sequence[StoredSlot]) -> None:
    assert [each.slot.nonce for each in intents if each.state == "open"] == []


def test_the_journal_knows_every_hedge_of_the_chain(killed: Played, intents: Sequence[StoredSlot]) -> None:
    journalled = {
        outcome.tx_hash for each in intents for outcome in each.outcomes if isinstance(outcome, Mined)
    }
    on_chain = {sent.hash for sent in killed.record.sent if sent.fill is not None}
    assert journalled == on_chain


def test_every_transaction_of_the_chain_was_journalled_before(
    killed: Played, intents: Sequence[StoredSlot]
) -> None:
    signed = {attempt.tx_hash for each in intents for attempt in each.slot.attempts}
    assert {sent.hash for sent in killed.record.sent} <= signed


def test_nonces_have_no_gap(killed: Played, intents: Sequence[StoredSlot]) -> None:
    mined = sorted(sent.nonce for sent in killed.record.sent)
    assert mined == list(range(mined[0], mined[0] + len(mined)))
    assert max(each.slot.nonce for each in intents if each.state != "released") == mined[-1]


def test_decisions_are_the_same_when_derived_again(killed: Played) -> None:
    assert killed.decisions == killed.replayed_equal > 0
