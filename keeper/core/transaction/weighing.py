"""One answer for several endpoints' answers to the same broadcast.

The bytes are in the world's pools as soon as one node has taken them, so the answers are not voted on. One
"taken" outweighs every refusal; one "perhaps" outweighs every clear no, because a nonce that is given back
while its transaction waits in a pool is used twice. Only when all say a clear no is it one, and then the
mildest is told: what still leaves something to do comes before "never".
"""

from collections.abc import Sequence

from keeper.core.transaction.words import Answer

TAKEN = (Answer.ACCEPTED, Answer.ALREADY_KNOWN)
"""Some node has the bytes."""

PERHAPS = (Answer.NONCE_TOO_LOW, Answer.UNKNOWN, Answer.LOST, Answer.NONCE_TOO_HIGH)
"""May or may not be taken. What is evidence of anything comes before silence."""

CLEAR_NO = (
    Answer.REPLACEMENT_UNDERPRICED,
    Answer.DELEGATED_LIMIT,
    Answer.POOL_FULL,
    Answer.UNDERPRICED,
    Answer.INSUFFICIENT_FUNDS,
    Answer.WOULD_REVERT,
    Answer.NODE_FEE_CAP,
    Answer.POOL_CONFLICT,
    Answer.FORBIDDEN,
)
"""Not taken, and no pool has the bytes from this broadcast."""

_ORDER = (*TAKEN, *PERHAPS, *CLEAR_NO)


def weighed(answers: Sequence[Answer]) -> Answer:
    """What all answers together are evidence of; `LOST` when nobody was asked."""
    return min(answers, key=_ORDER.index, default=Answer.LOST)
