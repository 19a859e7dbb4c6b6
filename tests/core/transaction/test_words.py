"""The words of every client, held against the refusals on file (tests/fixtures/refusals)."""

import re
from collections import Counter

import pytest

from keeper.core.transaction.words import TABLE, Answer, Phrase, classify
from tests.nodes.refusals import Refusal, rows

ROWS = rows()


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_clients_words_are_understood(row: Refusal) -> None:
    """B14, B15, G67."""
    assert classify(row.message) is row.answer


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_gateway_that_wraps_the_words_hides_nothing(row: Refusal) -> None:
    wrapped = f'execution node failed: {{"code": {row.code}, "message": "{row.message}"}} (-32603)'
    assert classify(wrapped) is row.answer


@pytest.mark.parametrize(
    ("phrase", "client"),
    [(phrase, client) for phrase in TABLE for client in phrase.clients],
    ids=lambda value: value if isinstance(value, str) else value.pattern,
)
def test_each_client_of_each_row_is_on_file_and_no_row_is_hidden_by_an_earlier_one(
    phrase: Phrase, client: str
) -> None:
    assert [row for row in ROWS if row.client == client and first_match(row.message) is phrase]


def test_a_row_names_every_client_that_is_on_file_with_it() -> None:
    missing = [
        (phrase.pattern, row.client)
        for row in ROWS
        if (phrase := first_match(row.message)) is not None and row.client not in phrase.clients
    ]
    assert missing == []


def test_each_client_is_on_file_and_each_situation_of_a_client_once() -> None:
    assert {row.client for row in ROWS} == {
        "geth", "reth", "besu", "erigon", "nethermind-old", "nethermind", "anvil", "arbitrum", "provider",
    }  # fmt: skip
    assert [
        pair for pair, times in Counter((row.client, row.when) for row in ROWS).items() if times > 1
    ] == []


def test_only_anvils_refusals_are_said_to_be_executed() -> None:
    assert {row.client for row in ROWS if row.how == "executed"} == {"anvil"}
    assert {row.how for row in ROWS} == {"executed", "read"}


def test_each_answer_that_words_can_give_is_on_file() -> None:
    assert {row.answer for row in ROWS} == set(Answer) - {Answer.ACCEPTED}


@pytest.mark.parametrize(
    "words",
    [
        "execution reverted: invalid nonce",
        "execution reverted: nonce too low",
        "Execution reverted: ERC20: transfer amount exceeds balance",
        "execution reverted: insufficient funds",
        "execution reverted: already known",
    ],
)
def test_a_revert_may_quote_any_other_row(words: str) -> None:
    """B19."""
    assert classify(words) is Answer.WOULD_REVERT


@pytest.mark.parametrize(
    "words",
    [
        "unknown transaction",
        "<html><h1>502 Bad Gateway</h1></html>",
        "",
        "internal error",
        "method not found",
        "the nonce is not too low",
    ],
)
def test_words_nobody_has_seen_are_unknown(words: str) -> None:
    """B20 and B21."""
    assert classify(words) is Answer.UNKNOWN


def test_besus_gas_limit_is_not_taken_for_a_rate_limit_that_has_the_same_code() -> None:
    """G67."""
    same_code = {row.answer for row in ROWS if row.code == -32005}
    assert same_code == {Answer.FORBIDDEN, Answer.LOST}
    (besu,) = [row for row in ROWS if (row.client, row.when) == ("besu", "gas-above-block")]
    assert (besu.code, besu.answer) == (-32005, Answer.FORBIDDEN)


def first_match(words: str) -> Phrase | None:
    """The row that decides, found as `classify` says it does."""
    text = words.lower()
    return next((each for each in TABLE if re.search(rf"(?<![a-z0-9]){each.pattern}", text)), None)
