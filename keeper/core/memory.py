"""What the keeper remembers of a vault between cycles.

Only an outcome changes memory: never an intention, because an intention may come to nothing. What the chain
itself remembers (the time of the last rebalance, the sequence) is read from the chain and not kept twice.
"""

from dataclasses import dataclass, replace

from keeper.core.outcome import Cancelled, Mined, Reverted, VaultOutcome
from keeper.core.units import Address

MAX_BACKOFF_DOUBLINGS = 6


@dataclass(frozen=True, slots=True)
class Memory:
    """`failures` counts reverts in a row; `failed_at` is the chain time of the last one.

    `rebalanced_at` is that of the last hedge that was ours: what the chain shows beyond it was not.
    """

    vault: Address
    failures: int = 0
    failed_at: int = 0
    rebalances: int = 0
    gas_spent_wei: int = 0
    rebalanced_at: int = 0

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
            )
        case Reverted():
            return replace(
                memory,
                failures=memory.failures + 1,
                failed_at=outcome.timestamp,
                gas_spent_wei=memory.gas_spent_wei + outcome.gas_cost_wei,
            )
        case Cancelled():
            return replace(memory, gas_spent_wei=memory.gas_spent_wei + outcome.gas_cost_wei)
        case _:
            return memory
