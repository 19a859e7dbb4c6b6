"""A lie has the right shape and the wrong content; what cannot be lied about is passed on."""

import random

import pytest

from keeper.adapters.wallet.answers import receipt_of
from keeper.adapters.wallet.needs import Receipt
from keeper.core.transaction.words import Answer as Meaning
from keeper.core.transaction.words import classify
from keeper.core.units import TxHash
from keeper.demo.chaos.lies import WORDS_OF_REFUSED, WORDS_OF_TAKEN, lie, wrong_words
from keeper.demo.chaos.questions import Answer, Question
from keeper.demo.rpc import Json

TIP: dict[str, Json] = {"number": "0x64", "hash": "0x" + "aa" * 32}
HASH = TxHash("0x" + "cd" * 32)


def told(method: str, result: Json, *params: Json, seed: int = 1) -> Json:
    answer = lie(Question(1, method, params), {"result": result}, TIP, random.Random(seed))  # noqa: S311 a seed
    return answer.get("result")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("method", "truth"),
    [
        ("eth_getBalance", "0x64"),
        ("eth_getTransactionCount", "0x5"),
        ("eth_getCode", "0x"),
        ("eth_sendRawTransaction", HASH),
        ("eth_getBlockByNumber", {"number": "0x64", "hash": "0x" + "aa" * 32}),
        ("eth_getTransactionReceipt", {"status": "0x1", "logs": []}),
        ("eth_call", "0x" + f"{32:064x}{3_000 * 10**18:064x}{0:064x}"),
    ],
)
def test_a_lie_is_never_the_truth(method: str, truth: Json, seed: int) -> None:
    assert told(method, truth, HASH, seed=seed) != truth


def test_a_lens_answer_lies_about_one_amount_and_keeps_its_length() -> None:
    words = [32, 96, 3_000 * 10**18, 0, 5]
    answer = str(told("eth_call", "0x" + "".join(f"{word:064x}" for word in words)))[2:]
    assert [int(answer[at : at + 64], 16) for at in range(0, len(answer), 64)] == [
        32, 96, 3_300 * 10**18, 0, 5,
    ]  # fmt: skip


def test_an_invented_receipt_is_one_that_the_wallet_would_read() -> None:
    invented = receipt_of(told("eth_getTransactionReceipt", None, HASH))
    assert isinstance(invented, Receipt)
    assert (invented.tx_hash, invented.succeeded, invented.block_number) == (HASH, True, 100)


def test_a_refusal_and_an_unknown_method_are_passed_on() -> None:
    refused: Answer = {"error": {"code": 3, "message": "execution reverted"}}
    chance = random.Random(1)  # noqa: S311 a seed
    assert lie(Question(1, "eth_call", ()), refused, TIP, chance) is refused
    chain_id: Answer = {"result": "0x7a69"}
    assert lie(Question(1, "eth_chainId", ()), chain_id, TIP, chance) is chain_id


def words_of(answer: Answer) -> str:
    error = answer["error"]
    assert isinstance(error, dict)
    return str(error["message"])


def test_what_is_said_of_a_transaction_is_what_clients_say() -> None:
    assert {classify(words) for words in WORDS_OF_TAKEN} == {Meaning.ALREADY_KNOWN, Meaning.NONCE_TOO_LOW}
    assert {classify(words) for words in WORDS_OF_REFUSED} == {
        Meaning.REPLACEMENT_UNDERPRICED,
        Meaning.INSUFFICIENT_FUNDS,
        Meaning.UNDERPRICED,
    }


def test_a_transaction_that_was_taken_is_called_refused_by_liars_only() -> None:
    chances = [random.Random(seed) for seed in range(40)]  # noqa: S311 seeds
    assert {words_of(wrong_words(chance, taken=True)) for chance in chances} == set(WORDS_OF_TAKEN)
    both = {*WORDS_OF_TAKEN, *WORDS_OF_REFUSED}
    assert {words_of(wrong_words(chance, taken=False)) for chance in chances} == both
    sent = Question(1, "eth_sendRawTransaction", ("0x02",))
    lies = [lie(sent, {"result": HASH}, TIP, chance) for chance in chances]
    assert {words_of(answer) for answer in lies if "error" in answer} == set(WORDS_OF_REFUSED)
    assert any("result" in answer for answer in lies)
