"""The watchtower: a hedge that is in no journal was sent by somebody who should not be able to.

A stolen key is used within the contract's bounds, and so looks like a keeper at work; elsewhere such a theft
was found after days. Here each vault says at every head when it was hedged last, and the wallet knows which
hedges were its own. What remains is a ripcord that somebody pulled, another keeper, or a thief: all of them
are told at once, because a guardian can stop the last only while it goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from keeper.core.memory import Memory
from keeper.core.position import VaultState
from keeper.core.snapshot import Snapshot
from keeper.core.transaction.whose import Whose
from keeper.core.units import Address
from keeper.ports import Observer, Wallet


@dataclass(slots=True)
class Watch:
    """`seen` is when each vault had been hedged last, at the last look."""

    seen: dict[Address, int] = field(default_factory=dict)

    def look(
        self, snapshot: Snapshot, memories: Mapping[Address, Memory], wallet: Wallet, observer: Observer
    ) -> None:
        """Tell of every new hedge that was not ours. What is in doubt is looked at again at the next head."""
        for vault in snapshot.vaults:
            if vault.readable:
                self._look(vault, memories.get(vault.address, Memory(vault.address)), wallet, observer)

    def _look(self, vault: VaultState, memory: Memory, wallet: Wallet, observer: Observer) -> None:
        at = vault.last_rebalance_at
        # At the first look only a memory can tell that something happened meanwhile.
        if at == self.seen.get(vault.address, memory.rebalanced_at or at):
            self.seen[vault.address] = at
            return
        who = Whose.OURS if at in {0, memory.rebalanced_at} else wallet.whose(vault.address, at)
        if who is Whose.UNKNOWN:
            return
        self.seen[vault.address] = at
        if who is Whose.THEIRS:
            observer.foreign_hedge(vault.address, at)
