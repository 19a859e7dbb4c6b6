"""The words of every client, in the spelling that their sources have (transactions.md §3)."""

import re

import pytest

from keeper.core.transaction.words import TABLE, Answer, Phrase, classify

SAID = {
    Answer.ALREADY_KNOWN: [
        "already known",
        "Known transaction",
        "existing txn with same hash",
        "AlreadyKnown",
        "OwnNonceAlreadyUsed",
        "transaction already imported (-32003)",
    ],
    Answer.NONCE_TOO_LOW: [
        "nonce too low: next nonce 12, tx nonce 11",
        "Nonce too low (-32001)",
        "nonce too low",
        "OldNonce, Current nonce: 12, nonce of rejected tx: 11",
        "failed with code -32603: nonce too low",
    ],
    Answer.NONCE_TOO_HIGH: [
        "nonce too high",
        "nonce too high: tx nonce 12, gapped nonce 10",
        "Transaction nonce is too distant from current sender nonce",
        "NonceGap, Future nonce. Expected nonce: 3",
        "nonce too far in future",
        "in-flight transaction limit reached for delegated accounts",
        "gapped-nonce tx from delegated accounts",
        "EIP-7702 transaction with authority already reserved",
        "DelegatorHasPendingTx",
        "NotCurrentNonceForDelegation",
    ],
    Answer.REPLACEMENT_UNDERPRICED: [
        "replacement transaction underpriced",
        "replacement transaction underpriced: new tx gas fee cap 10 <= 9 queued",
        "Replacement transaction underpriced",
        "INTERNAL_ERROR: could not replace existing tx",
        "ReplacementNotAllowed",
    ],
    Answer.UNDERPRICED: [
        "transaction underpriced",
        "transaction gas price below minimum: gas tip cap 0, minimum needed 1",
        "transaction priority fee below minimum required priority fee 1000000",
        "txpool is full",
        "Gas price below configured minimum gas price",
        "Gas price below current base fee",
        "underpriced",
        "fee too low",
        "baseFee sub-pool is full",
        "FeeTooLow, MaxFeePerGas too low. MaxFeePerGas: 1, BaseFee: 7",
        "FeeTooLowToCompete",
        "max fee per gas less than block base fee",
    ],
    Answer.INSUFFICIENT_FUNDS: [
        "insufficient funds for gas * price + value: balance 0, tx cost 9, overshot 9",
        "insufficient funds for gas * price + value: have 0 want 9",
        "Upfront cost exceeds account balance",
        "insufficient funds",
        "InsufficientFunds, Account balance: 0, cumulative cost: 9",
        "Insufficient funds for gas * price + value",
    ],
    Answer.FORBIDDEN: [
        "tx fee (2.10 ether) exceeds the configured cap (1.00 ether)",
        "tx fee (2100000000000000000 wei) exceeds the configured cap (1000000000000000000 wei)",
        "Transaction fee cap exceeded",
        "address already reserved",
        "can't replace blob-txn with a non-blob-txn",
        "PendingTxsOfConflictingType",
        "intrinsic gas too low: gas 1, minimum needed 21000",
        "exceeds block gas limit",
        "exceeds max transaction gas limit",
        "Intrinsic gas exceeds gas limit",
        "Transaction gas limit exceeds block gas limit",
        "IntrinsicGas",
        "gas limit is too high",
        "GasLimitExceeded, Gas limit: 30000000",
        "gas limit reached",
        "intrinsic gas too high -- tx.gas_limit > env.cfg.tx_gas_limit_cap",
        "oversized data: transaction size 200000, limit 131072",
        "invalid sender",
    ],
}


@pytest.mark.parametrize(
    ("answer", "words"), [(a, words) for a, all_words in SAID.items() for words in all_words]
)
def test_a_clients_words_are_understood(answer: Answer, words: str) -> None:
    assert classify(words) is answer


@pytest.mark.parametrize(
    "words",
    [
        "execution reverted: invalid nonce",
        "execution reverted: nonce too low",
        "execution reverted: ERC20: transfer amount exceeds balance",
        "execution reverted: insufficient funds",
        "execution reverted: already known",
    ],
)
def test_a_revert_may_quote_any_other_row(words: str) -> None:
    assert classify(words) is Answer.FORBIDDEN


@pytest.mark.parametrize(
    "words",
    [
        "unknown transaction",
        "<html><h1>502 Bad Gateway</h1></html>",
        "",
        "internal error",
        "method not found",
    ],
)
def test_words_nobody_has_seen_are_unknown(words: str) -> None:
    assert classify(words) is Answer.UNKNOWN


@pytest.mark.parametrize("phrase", TABLE, ids=lambda phrase: phrase.pattern)
def test_no_row_is_hidden_by_an_earlier_one(phrase: Phrase) -> None:
    said = [words for words in SAID.get(phrase.answer, []) if re.search(phrase.pattern, words.lower())]
    assert said or phrase.pattern == "execution reverted"
