"""What the keeper remembers of a vault between cycles.

Outcomes change it, and what was measured: never an intention, because an intention may come to nothing. What
the chain itself remembers (the time of the last rebalance, the sequence) is read from the chain and not kept
twice.
"""

from dataclasses import dataclass, replace

from keeper.core.outcome import Cancelled, Mined, Reverted, VaultOutcome
from keeper.core.reason import Reason
from keeper.core.units import Address

MAX_BACKOFF_DOUBLINGS = 6

PRIOR_REVERTS, PRIOR_SUCCESSES = 1, 100
"""What is believed of a vault without a record: plans are simulated before they are sent, so few fail."""


@dataclass(frozen=True, slots=True)
class Slices:
    """A need that is traded in `count` pieces of at most `size`, in base, signed; of 0: none is.

    They began when the vault's sequence was `since`.
    """

    count: int = 0
    since: int = 0
    size: float = 0.0


NO_SLICES = Slices()


@dataclass(frozen=True, slots=True)
class Carried:
    """What one look leaves to the next.

    `breached` are the limits that stand breached: passed, and not restored since. `recovered` is by what
    fraction the pool has come back since the last own hedge.
    """

    breached: tuple[Reason, ...] = ()
    slices: Slices = NO_SLICES
    recovered: float = 0.0


NOTHING = Carried()


@dataclass(frozen=True, slots=True)
class Memory:
    """`failures` counts reverts in a row; `failed_at` is the chain time of the last one.

    `rebalanced_at` is that of the last hedge that was ours: what the chain shows beyond it was not. `reverts`
    counts all there ever were. `moved_from` to `left_at` are the footprint of the last own hedge, or of some
    in a row (see `core.impact`); the last two are 0 where they were not written down.
    """

    vault: Address
    failures: int = 0
    failed_at: int = 0
    rebalances: int = 0
    gas_spent_wei: int = 0
    rebalanced_at: int = 0
    carried: Carried = NOTHING
    reverts: int = 0
    moved_from: float = 0.0
    moved_by: float = 0.0
    moved_since: int = 0
    left_at: float = 0.0

    @property
    def moved_first_at(self) -> int:
        """When the own hedges in a row began, as far as that was written down."""
        return self.moved_since or self.rebalanced_at

    @property
    def expected_reverts(self) -> float:
        """How many attempts are expected to revert before one succeeds.

        The mean of p / (1 - p) where p, the chance of a revert, has the Beta law that is left of the prior
        after what was seen.
        """
        return (PRIOR_REVERTS + self.reverts) / (PRIOR_SUCCESSES + self.rebalances)

    def blocked_until(self, cooldown_s: int) -> int:
        """When a vault may try again: the pause doubles with each revert in a row."""
        if self.failures == 0:
            return 0
        return self.failed_at + cooldown_s * (1 << min(self.failures, MAX_BACKOFF_DOUBLINGS))


def settle(memory: Memory, outcome: VaultOutcome) -> Memory:
    """Fold one outcome into memory. An outcome that never reached a block leaves it as it was."""
    match outcome:
        case Mined():
            return replace(
                memory,
                failures=0,
                rebalances=memory.rebalances + 1,
                rebalanced_at=outcome.timestamp,
                gas_spent_wei=memory.gas_spent_wei + outcome.gas_cost_wei,
                moved_from=outcome.moved_from,
                moved_by=outcome.moved_by,
                moved_since=outcome.moved_since,
                left_at=outcome.left_at,
                carried=replace(memory.carried, recovered=0.0),
            )
        case Reverted():
            return replace(
                memory,
                failures=memory.failures + 1,
                reverts=memory.reverts + 1,
                failed_at=outcome.timestamp,
                gas_spent_wei=memory.gas_spent_wei + outcome.gas_cost_wei,
            )
        case Cancelled():
            return replace(memory, gas_spent_wei=memory.gas_spent_wei + outcome.gas_cost_wei)
        case _:
            return memory
