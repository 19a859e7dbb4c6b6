"""The past of each vault's price, and what models make of it, beside the loop.

The loop reads all prices anyway, so the history costs no question more: each answer is folded into the bars
of its vault as it is read, if the vault could be traded at it. When a bar ends the models are asked again in
a thread, where a fit may take its tens of milliseconds; until they have answered, what they said before
stands. What stood when a cycle was decided is part of its evidence, so that nobody has to fit anything to
derive the decision again.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from keeper.core.fitness import believed
from keeper.core.forecast import Bar, History, Outlook, Tick, Unfolded, folded, outlook, restored
from keeper.core.forecast.history import MOST_AT_ONCE
from keeper.core.policy import Policy
from keeper.core.position import VaultState
from keeper.core.units import WAD, Address
from keeper.ports import Evidence

Told = Callable[[Address, Outlook], None]


class Forecasts:
    """One chain's histories; `stored` are the bars that the journal has, and `told` hears of each outlook."""

    def __init__(self, stored: Mapping[Address, Sequence[Bar]], told: Told) -> None:
        self._histories = {vault: restored(bars) for vault, bars in stored.items()}
        self._told = told
        self._outlooks: Mapping[Address, Outlook] = {}
        self._ended = asyncio.Event()
        self._ended.set()

    def seen(self, evidence: Evidence, policies: Mapping[Address, Policy]) -> Evidence:
        """The evidence with what models say, and the bars that ended with it. Never waits."""
        asking = {vault: policy for vault, policy in policies.items() if not policy.forecast.unused}
        head, references = evidence.snapshot.head, evidence.snapshot.references
        ended: dict[Address, Sequence[Bar]] = {}
        for vault in evidence.snapshot.vaults:
            if vault.address in asking and believed(asking[vault.address], vault, head, references):
                bars = self._hear(vault)
                if bars:
                    ended[vault.address] = bars
        if ended:
            self._ended.set()
        known = {vault: each for vault, each in self._outlooks.items() if vault in asking}
        return replace(evidence, snapshot=replace(evidence.snapshot, outlooks=known), bars=ended)

    async def run(self) -> None:
        """Ask the models again whenever a bar has ended. Ends when it is cancelled."""
        while True:
            await self._ended.wait()
            self._ended.clear()
            await self.refresh()

    async def refresh(self) -> None:
        """Ask the models now."""
        asked = {vault: history.bars for vault, history in self._histories.items() if history.bars}
        found = await asyncio.to_thread(lambda: {vault: outlook(bars) for vault, bars in asked.items()})
        for vault, each in found.items():
            if self._outlooks.get(vault) != each:
                self._told(vault, each)
        self._outlooks = found

    def _hear(self, vault: VaultState) -> tuple[Bar, ...]:
        """The bars that end with the vault's price."""
        before = self._histories.get(vault.address, History())
        after = folded(before, Tick(vault.price.updated_at, vault.price.answer_wad / WAD))
        if isinstance(after, Unfolded):
            return ()
        self._histories[vault.address] = after
        newest = before.bars[-1].ends if before.bars else 0
        return tuple(bar for bar in after.bars[-MOST_AT_ONCE:] if bar.ends > newest)
