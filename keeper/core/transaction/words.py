"""What a node meant by the words with which it refused a transaction.

Codes are useless alone: -32005 is a rate limit at one provider and "gas limit exceeds block" at Besu, and
gateways wrap everything in -32603. So the words decide, client by client, old releases beside new ones. The
order matters: a revert may quote any other row ("execution reverted: invalid nonce"), and "replacement
transaction underpriced" holds "transaction underpriced". A phrase must begin a word, so that "unknown
transaction" is not taken for Besu's "Known transaction".

Each client of each row has its refusal on file (tests/fixtures/refusals), with the place that it was read or
recorded from.
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
    """The node has not seen the predecessor. It may yet take it: Arbitrum's sequencer holds it a while."""

    REPLACEMENT_UNDERPRICED = "replacement-underpriced"
    """Another transaction waits at this nonce, and this one does not offer enough more."""

    UNDERPRICED = "underpriced"
    """Below the floor of the pool, or outbid in a full one. Not taken at this fee."""

    POOL_FULL = "pool-full"
    """No room, for anybody or for this account, whatever the fee. Not taken now."""

    INSUFFICIENT_FUNDS = "insufficient-funds"
    """The account cannot pay. Not taken now."""

    NODE_FEE_CAP = "node-fee-cap"
    """Dearer than the operator of this node allows anybody. Others may take it; this node will not."""

    DELEGATED_LIMIT = "delegated-limit"
    """The account is delegated (EIP-7702) and has one in flight. Not taken before that one is mined."""

    POOL_CONFLICT = "pool-conflict"
    """The account has a transaction of another kind (blobs) in the pool. Not taken while it waits there."""

    WOULD_REVERT = "would-revert"
    """The node ran the call and it reverted. Not taken now."""

    FORBIDDEN = "forbidden"
    """These bytes will never be taken by this node."""

    UNKNOWN = "unknown"
    """Words nobody has seen. May or may not be taken."""

    LOST = "lost"
    """No answer, or that of a gateway, or of a node that serves nobody now. May or may not be taken."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A regular expression on lower-case text, and which clients say it."""

    answer: Answer
    pattern: str
    clients: tuple[str, ...]


TABLE = (
    Phrase(Answer.WOULD_REVERT, r"execution reverted", ("anvil", "arbitrum", "besu")),
    Phrase(Answer.ALREADY_KNOWN, r"already known", ("geth", "reth", "erigon", "nethermind")),
    Phrase(Answer.ALREADY_KNOWN, r"known transaction", ("besu",)),
    Phrase(Answer.ALREADY_KNOWN, r"existing txn with same hash", ("erigon",)),
    Phrase(Answer.ALREADY_KNOWN, r"alreadyknown", ("nethermind-old",)),
    Phrase(Answer.ALREADY_KNOWN, r"transaction already imported", ("anvil",)),
    Phrase(
        Answer.NONCE_TOO_LOW,
        r"nonce (is )?too low",
        ("geth", "reth", "besu", "erigon", "nethermind", "anvil", "arbitrum", "provider"),
    ),
    Phrase(Answer.NONCE_TOO_LOW, r"oldnonce", ("nethermind-old",)),
    Phrase(Answer.DELEGATED_LIMIT, r"in-flight transaction limit reached", ("geth", "reth")),
    Phrase(Answer.DELEGATED_LIMIT, r"gapped-nonce tx from delegated accounts", ("geth", "reth")),
    Phrase(Answer.DELEGATED_LIMIT, r"notcurrentnoncefordelegation", ("nethermind-old",)),
    Phrase(Answer.DELEGATED_LIMIT, r"delegatorhaspendingtx", ("nethermind-old",)),
    Phrase(Answer.DELEGATED_LIMIT, r"delegation nonce gap", ("nethermind",)),
    Phrase(Answer.DELEGATED_LIMIT, r"delegation authority has pending transaction", ("nethermind",)),
    Phrase(Answer.DELEGATED_LIMIT, r"authority already reserved", ("geth", "reth", "erigon")),
    Phrase(Answer.NONCE_TOO_HIGH, r"nonce too high", ("geth", "reth", "besu", "nethermind", "arbitrum")),
    Phrase(Answer.NONCE_TOO_HIGH, r"transaction nonce is too distant", ("besu",)),
    Phrase(Answer.NONCE_TOO_HIGH, r"noncegap", ("nethermind-old",)),
    Phrase(Answer.NONCE_TOO_HIGH, r"nonce ?too ?far ?in ?future", ("nethermind", "nethermind-old")),
    Phrase(
        Answer.REPLACEMENT_UNDERPRICED,
        r"replacement transaction underpriced",
        ("geth", "reth", "besu", "erigon", "nethermind", "anvil"),
    ),
    Phrase(Answer.REPLACEMENT_UNDERPRICED, r"could not replace existing tx", ("erigon",)),
    Phrase(Answer.REPLACEMENT_UNDERPRICED, r"replacementnotallowed", ("nethermind-old",)),
    # Said of other bytes at a nonce that the pool has from this sender, so these are not taken.
    Phrase(Answer.REPLACEMENT_UNDERPRICED, r"ownnoncealreadyused", ("nethermind-old",)),
    Phrase(Answer.NODE_FEE_CAP, r"tx fee \(.*\) exceeds the configured cap", ("geth", "reth", "erigon")),
    Phrase(Answer.NODE_FEE_CAP, r"transaction fee cap exceeded", ("besu",)),
    Phrase(Answer.POOL_FULL, r"txpool is full", ("geth", "reth")),
    Phrase(Answer.POOL_FULL, r"account limit exceeded", ("geth",)),
    Phrase(Answer.POOL_FULL, r"future transaction tries to replace pending", ("geth",)),
    Phrase(Answer.POOL_FULL, r"(pending|basefee|queued) sub-pool is full", ("erigon",)),
    Phrase(Answer.POOL_FULL, r"spammer", ("erigon",)),
    Phrase(Answer.UNDERPRICED, r"transaction underpriced", ("geth", "reth", "nethermind")),
    Phrase(Answer.UNDERPRICED, r"transaction gas price below minimum", ("geth",)),
    Phrase(Answer.UNDERPRICED, r"transaction priority fee below minimum", ("reth",)),
    Phrase(Answer.UNDERPRICED, r"gas price below configured minimum gas price", ("besu",)),
    Phrase(Answer.UNDERPRICED, r"gas price below current base fee", ("besu",)),
    Phrase(Answer.UNDERPRICED, r"underpriced", ("erigon",)),
    Phrase(Answer.UNDERPRICED, r"fee too low", ("erigon",)),
    Phrase(Answer.UNDERPRICED, r"feetoolow", ("nethermind-old",)),
    Phrase(Answer.UNDERPRICED, r"max fee per gas less than block base fee", ("anvil", "arbitrum")),
    Phrase(
        Answer.INSUFFICIENT_FUNDS,
        r"insufficient ?funds",
        ("geth", "reth", "erigon", "nethermind", "nethermind-old", "anvil", "arbitrum"),
    ),
    Phrase(Answer.INSUFFICIENT_FUNDS, r"upfront cost exceeds account balance", ("besu",)),
    Phrase(Answer.POOL_CONFLICT, r"address already reserved", ("geth", "reth")),
    Phrase(Answer.POOL_CONFLICT, r"can't replace blob-txn with a non-blob-txn", ("erigon",)),
    Phrase(Answer.POOL_CONFLICT, r"pendingtxsof(conflicting|other)type", ("nethermind-old",)),
    Phrase(Answer.POOL_CONFLICT, r"pending transaction type conflict", ("nethermind",)),
    Phrase(
        Answer.FORBIDDEN,
        r"intrinsic ?gas",
        ("geth", "reth", "besu", "erigon", "nethermind", "anvil", "arbitrum"),
    ),
    Phrase(Answer.FORBIDDEN, r"insufficient gas for floor data gas cost", ("geth",)),
    Phrase(Answer.FORBIDDEN, r"exceeds block gas limit", ("geth", "reth", "besu")),
    Phrase(Answer.FORBIDDEN, r"exceeds max transaction gas limit", ("reth",)),
    Phrase(Answer.FORBIDDEN, r"transaction gas limit (too high|cap exceeded)", ("geth", "besu")),
    Phrase(
        Answer.FORBIDDEN,
        r"(tx)?gas ?limit ?(cap ?)?(is too high|reached|exceeded)",
        ("erigon", "nethermind", "nethermind-old"),
    ),
    Phrase(Answer.FORBIDDEN, r"oversized data", ("geth", "reth", "erigon", "arbitrum")),
    Phrase(Answer.FORBIDDEN, r"transaction too large", ("nethermind",)),
    Phrase(Answer.FORBIDDEN, r"(invalid|failed to recover) sender", ("geth", "reth", "erigon", "nethermind")),
    Phrase(Answer.FORBIDDEN, r"(invalid|wrong) ?chain ?id", ("besu", "erigon", "reth", "anvil")),
    Phrase(Answer.FORBIDDEN, r"invalidtxchainid", ("nethermind",)),
    Phrase(
        Answer.FORBIDDEN,
        r"max priority fee per gas (higher than|exceeds) max fee",
        ("geth", "reth", "besu", "anvil"),
    ),
    Phrase(Answer.FORBIDDEN, r"transaction type not supported", ("geth", "reth", "arbitrum")),
    Phrase(Answer.FORBIDDEN, r"failed to decode (signed )?transaction", ("reth", "anvil")),
    Phrase(Answer.FORBIDDEN, r"sender not an eoa", ("nethermind",)),
    Phrase(Answer.FORBIDDEN, r"sender account not authorized", ("besu",)),
    Phrase(Answer.FORBIDDEN, r"publishing transactions not supported by this endpoint", ("arbitrum",)),
    Phrase(Answer.LOST, r"sequencer (temporarily not available|internal error)", ("arbitrum",)),
    Phrase(Answer.LOST, r"please retry transaction", ("arbitrum",)),
    Phrase(Answer.LOST, r"failed to publish transaction to any of the forwarding targets", ("arbitrum",)),
    Phrase(Answer.LOST, r"context deadline exceeded", ("arbitrum",)),
    Phrase(Answer.LOST, r"currently not accepting transactions", ("arbitrum",)),
    Phrase(Answer.LOST, r"(node is syncing|initial sync is still in progress)", ("nethermind", "besu")),
    Phrase(Answer.LOST, r"transaction pool not enabled", ("besu",)),
    Phrase(Answer.LOST, r"(request timed out|timeout expired)", ("geth", "besu")),
    Phrase(Answer.LOST, r"too many requests", ("provider",)),
    Phrase(Answer.LOST, r"(request rate limited|over rate limit|rate limit exceeded)", ("provider",)),
    Phrase(Answer.LOST, r"request limit reached", ("provider",)),
    Phrase(Answer.LOST, r"credits limited to", ("provider",)),
    Phrase(
        Answer.LOST,
        r"(monthly capacity limit exceeded|exceeded its compute units|exceeded the rps limit)",
        ("provider",),
    ),
)

_COMPILED = tuple((re.compile(rf"(?<![a-z0-9]){phrase.pattern}"), phrase.answer) for phrase in TABLE)


def classify(words: str) -> Answer:
    """What a refusal in these words means; `UNKNOWN` when no row knows them."""
    text = words.lower()
    return next((answer for pattern, answer in _COMPILED if pattern.search(text)), Answer.UNKNOWN)
