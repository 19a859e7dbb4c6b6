"""What a node's answer to a broadcast changes.

Little: an answer is one node's opinion of one set of bytes. It can release a nonce only if these were the
only bytes ever signed for it, this is the first word about them, and the word is a clear no. Everything
else is settled by receipts and the nonce.
"""

from dataclasses import replace

from keeper.core.outcome import Refused
from keeper.core.reason import Reason
from keeper.core.transaction.account import Account
from keeper.core.transaction.intent import Attempt, Intent, Kind, Standing
from keeper.core.transaction.messages import Answered, Release, Step
from keeper.core.transaction.waiting import bump, cancel
from keeper.core.transaction.words import Answer

TAKEN = frozenset({Answer.ACCEPTED, Answer.ALREADY_KNOWN})
NOT_TAKEN = {
    Answer.REPLACEMENT_UNDERPRICED: Reason.NODE_REFUSED,
    Answer.UNDERPRICED: Reason.NODE_REFUSED,
    Answer.INSUFFICIENT_FUNDS: Reason.WALLET_EMPTY,
    Answer.FORBIDDEN: Reason.NODE_REFUSED,
}
"""Clear refusals, and the reason that an offer is refused for."""


def answered(account: Account, event: Answered) -> tuple[Account, Step]:
    """Note how an attempt stands, and react where waiting would not help."""
    intent = account.intent_at(event.nonce)
    attempt = intent.attempt(event.tx_hash) if intent else None
    if intent is None or attempt is None:
        return account, ()
    if event.answer in TAKEN:
        return account.put(intent.with_standing(event.tx_hash, Standing.ACCEPTED)), ()
    if event.answer in NOT_TAKEN:
        return _not_taken(account, intent, attempt, event)
    if attempt.standing is Standing.ACCEPTED:
        return account, ()
    return account.put(intent.with_standing(event.tx_hash, Standing.UNKNOWN)), ()


def _not_taken(account: Account, intent: Intent, attempt: Attempt, event: Answered) -> tuple[Account, Step]:
    if _is_first_word(account, intent, attempt):
        refused = Refused(intent.plan.vault, NOT_TAKEN[event.answer], event.words or event.answer.value)
        return account.without(intent.nonce), (Release(intent.nonce, refused),)
    if attempt.standing is Standing.ACCEPTED:
        return account, ()
    intent = intent.with_standing(attempt.tx_hash, Standing.REFUSED)
    account = account.put(intent)
    if attempt.tx_hash == intent.newest.tx_hash:
        return _react(account, intent, event.answer)
    return account, ()


def _is_first_word(account: Account, intent: Intent, attempt: Attempt) -> bool:
    """Whether nothing of this intent can be in any pool, and no higher nonce would be left behind a gap."""
    return (
        len(intent.attempts) == 1
        and attempt.standing is Standing.SIGNED
        and intent.nonce == account.intents[-1].nonce
    )


def _react(account: Account, intent: Intent, answer: Answer) -> tuple[Account, Step]:
    view = account.view
    if view is None:
        return account, ()
    if answer is Answer.REPLACEMENT_UNDERPRICED and not account.by_price and len(intent.attempts) > 1:
        # A raise of both caps satisfies every rule but Besu's: this node goes by the price really paid.
        account = replace(account, by_price=True)
        return account, bump(account, view, intent)
    hopeless = all(each.standing is Standing.REFUSED for each in intent.attempts)
    if answer is Answer.FORBIDDEN and hopeless and intent.newest.kind is Kind.REBALANCE:
        return account, cancel(account, view, intent)
    return account, ()
