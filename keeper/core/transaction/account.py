"""What is known of all transactions of one account.

Only one process writes for an account, so this is the whole truth about its nonces that there is outside the
chain: which are owned, by what, and below which the chain has given its verdict.
"""

from dataclasses import dataclass, replace

from keeper.core.transaction.intent import Intent
from keeper.core.units import Address


@dataclass(frozen=True, slots=True)
class Rules:
    """How one account is run. Depths and patience in blocks; a receipt in the tip's own block has depth 1."""

    confirmations: int
    bump_after_blocks: int
    max_in_flight: int = 16


@dataclass(frozen=True, slots=True)
class ChainView:
    """The head, and the account's next nonce as the node sees it there."""

    number: int
    timestamp: int
    base_fee_wei: int
    nonce: int


@dataclass(frozen=True, slots=True)
class Account:
    """The one writer's whole state. `intents` is ordered by nonce.

    `floor` is one more than the highest nonce with a verdict, given at head `floored_at`: a node that says
    less lags. `by_price` is learnt from a node that refuses a raise of both caps (see `fees.raised_fees`).
    """

    rules: Rules
    intents: tuple[Intent, ...] = ()
    view: ChainView | None = None
    floor: int = 0
    floored_at: int = 0
    by_price: bool = False
    stopping: bool = False

    @property
    def vaults(self) -> frozenset[Address]:
        """Vaults with an intent in flight."""
        return frozenset(intent.plan.vault for intent in self.intents)

    def intent_at(self, nonce: int) -> Intent | None:
        """The intent that owns this nonce."""
        return next((intent for intent in self.intents if intent.nonce == nonce), None)

    def put(self, intent: Intent) -> "Account":
        """The account with this intent in the place of its nonce."""
        others = [each for each in self.intents if each.nonce != intent.nonce]
        return replace(self, intents=tuple(sorted([*others, intent], key=lambda each: each.nonce)))

    def without(self, nonce: int) -> "Account":
        """The account without the intent of this nonce."""
        return replace(self, intents=tuple(each for each in self.intents if each.nonce != nonce))


def recovered(rules: Rules, intents: tuple[Intent, ...]) -> Account:
    """An account as the journal left it: every attempt may have been sent, and none has been looked at."""
    ordered = sorted(intents, key=lambda intent: intent.nonce)
    return Account(rules, tuple(replace(intent.unsure(), recovered=True) for intent in ordered))
