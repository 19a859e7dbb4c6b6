"""What a node meant by the words with which it refused a transaction.

Codes are useless alone: -32005 is a rate limit at one provider and "gas limit exceeds block" at Besu, and
gateways wrap everything in -32603. So the words decide, client by client, old releases beside new ones. The
order matters: a revert may quote any other row ("execution reverted: invalid nonce"), and "replacement
transaction underpriced" holds "transaction underpriced". A phrase must begin a word, so that "unknown
transaction" is not taken for Besu's "Known transaction".

Read in the sources of geth, reth, besu, erigon and nethermind, and executed against anvil.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    """What a node said to a transaction handed to it. Each member says what it is evidence of."""

    ACCEPTED = "accepted"
    """The node took it."""

    ALREADY_KNOWN = "already-known"
    """The node had it: as good as taken."""

    NONCE_TOO_LOW = "nonce-too-low"
    """A transaction with this nonce is mined; it may be ours. Receipts decide, never this answer."""

    NONCE_TOO_HIGH = "nonce-too-high"
    """The node has not seen the predecessor, or holds no more of this account. Later."""

    REPLACEMENT_UNDERPRICED = "replacement-underpriced"
    """Another transaction waits at this nonce, and this one does not offer enough more."""

    UNDERPRICED = "underpriced"
    """Below the floor of the pool, or of a full pool. Not taken now."""

    INSUFFICIENT_FUNDS = "insufficient-funds"
    """The account cannot pay. Not taken now."""

    FORBIDDEN = "forbidden"
    """These bytes will never be taken by this node."""

    UNKNOWN = "unknown"
    """Words nobody has seen. May or may not be taken."""

    LOST = "lost"
    """No answer, or a proxy's. May or may not be taken."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A regular expression on lower-case text, and which clients say it."""

    answer: Answer
    pattern: str
    clients: tuple[str, ...]


TABLE = (
    Phrase(Answer.FORBIDDEN, r"execution reverted", ("geth", "l2")),
    Phrase(Answer.ALREADY_KNOWN, r"already known", ("geth", "reth", "erigon", "nethermind")),
    Phrase(Answer.ALREADY_KNOWN, r"known transaction", ("besu",)),
    Phrase(Answer.ALREADY_KNOWN, r"existing txn with same hash", ("erigon",)),
    Phrase(Answer.ALREADY_KNOWN, r"alreadyknown", ("nethermind-old",)),
    Phrase(Answer.ALREADY_KNOWN, r"transaction already imported", ("anvil",)),
    # Nethermind says it of a nonce that this very sender has already filled in its pool.
    Phrase(Answer.ALREADY_KNOWN, r"ownnoncealreadyused", ("nethermind-old",)),
    Phrase(Answer.NONCE_TOO_LOW, r"nonce too low", ("geth", "reth", "besu", "erigon", "nethermind", "anvil")),
    Phrase(Answer.NONCE_TOO_LOW, r"oldnonce", ("nethermind-old",)),
    Phrase(Answer.NONCE_TOO_HIGH, r"nonce too high", ("geth", "reth", "besu", "nethermind")),
    Phrase(Answer.NONCE_TOO_HIGH, r"transaction nonce is too distant", ("besu",)),
    Phrase(Answer.NONCE_TOO_HIGH, r"noncegap", ("nethermind-old",)),
    Phrase(Answer.NONCE_TOO_HIGH, r"nonce too far in future", ("nethermind",)),
    Phrase(Answer.NONCE_TOO_HIGH, r"in-flight transaction limit reached", ("geth", "reth")),
    Phrase(Answer.NONCE_TOO_HIGH, r"gapped-nonce tx from delegated accounts", ("geth", "reth")),
    Phrase(Answer.NONCE_TOO_HIGH, r"delegatorhaspendingtx", ("nethermind",)),
    Phrase(Answer.NONCE_TOO_HIGH, r"notcurrentnoncefordelegation", ("nethermind",)),
    Phrase(Answer.NONCE_TOO_HIGH, r"eip-7702 transaction with authority already reserved", ("erigon",)),
    Phrase(
        Answer.REPLACEMENT_UNDERPRICED,
        r"replacement transaction underpriced",
        ("geth", "reth", "besu", "nethermind", "anvil"),
    ),
    Phrase(Answer.REPLACEMENT_UNDERPRICED, r"could not replace existing tx", ("erigon",)),
    Phrase(Answer.REPLACEMENT_UNDERPRICED, r"replacementnotallowed", ("nethermind-old",)),
    Phrase(Answer.FORBIDDEN, r"tx fee \(.*\) exceeds the configured cap", ("geth", "reth", "erigon")),
    Phrase(Answer.FORBIDDEN, r"transaction fee cap exceeded", ("besu",)),
    Phrase(Answer.UNDERPRICED, r"transaction underpriced", ("geth", "reth", "nethermind")),
    Phrase(Answer.UNDERPRICED, r"transaction gas price below minimum", ("geth",)),
    Phrase(Answer.UNDERPRICED, r"transaction priority fee below minimum", ("reth",)),
    Phrase(Answer.UNDERPRICED, r"txpool is full", ("reth", "geth")),
    Phrase(Answer.UNDERPRICED, r"gas price below configured minimum gas price", ("besu",)),
    Phrase(Answer.UNDERPRICED, r"gas price below current base fee", ("besu",)),
    Phrase(Answer.UNDERPRICED, r"underpriced", ("erigon",)),
    Phrase(Answer.UNDERPRICED, r"fee too low", ("erigon",)),
    Phrase(Answer.UNDERPRICED, r"(pending|basefee|queued) sub-pool is full", ("erigon",)),
    Phrase(Answer.UNDERPRICED, r"feetoolow", ("nethermind-old",)),
    Phrase(Answer.UNDERPRICED, r"max fee per gas less than block base fee", ("anvil", "geth")),
    Phrase(
        Answer.INSUFFICIENT_FUNDS, r"insufficient ?funds", ("geth", "reth", "erigon", "nethermind", "anvil")
    ),
    Phrase(Answer.INSUFFICIENT_FUNDS, r"upfront cost exceeds account balance", ("besu",)),
    Phrase(Answer.FORBIDDEN, r"address already reserved", ("geth", "reth")),
    Phrase(Answer.FORBIDDEN, r"can't replace blob-txn with a non-blob-txn", ("erigon",)),
    Phrase(Answer.FORBIDDEN, r"pendingtxsofconflictingtype", ("nethermind",)),
    Phrase(Answer.FORBIDDEN, r"intrinsic ?gas", ("geth", "reth", "besu", "erigon", "anvil")),
    Phrase(Answer.FORBIDDEN, r"exceeds block gas limit", ("geth", "reth", "besu")),
    Phrase(Answer.FORBIDDEN, r"exceeds max transaction gas limit", ("reth",)),
    Phrase(Answer.FORBIDDEN, r"gas limit is too high", ("erigon",)),
    Phrase(Answer.FORBIDDEN, r"gas ?limit ?(reached|exceeded)", ("nethermind",)),
    Phrase(Answer.FORBIDDEN, r"oversized data", ("geth", "reth")),
    Phrase(Answer.FORBIDDEN, r"invalid sender", ("geth", "reth")),
)

_COMPILED = tuple((re.compile(rf"(?<![a-z0-9]){phrase.pattern}"), phrase.answer) for phrase in TABLE)


def classify(words: str) -> Answer:
    """What a refusal in these words means; `UNKNOWN` when no row knows them."""
    text = words.lower()
    return next((answer for pattern, answer in _COMPILED if pattern.search(text)), Answer.UNKNOWN)
