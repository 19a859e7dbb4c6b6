"""The past of each vault's price, and what models make of it, beside the loop.

The loop reads all prices anyway, so the history costs no question more: each answer is folded into the bars
of its vault as it is read, if the vault could be traded at it. When a bar ends the models are asked again
beside the loop, where a fit may take its tenths of a second; until they have answered, what they said before
stands. What stood when a cycle was decided is part of its evidence, so that nobody has to fit anything to
derive the decision again.

A thousand vaults have a few feeds. Those that have heard the same share one history, as one object: it is
folded once, kept once, and models are asked of it once. Each history is asked of by itself, so that nobody
waits for the fits of all, and only of what is new. A model that raises of one keeps no other from an outlook:
what was said of that one before stands until it is too old, and models are asked again with its next bar.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from keeper.app.aside import AsideError, aside
from keeper.core.fitness import believed
from keeper.core.forecast import Bar, History, Outlook, Tick, Unfolded, folded, outlook, restored
from keeper.core.forecast.history import MOST_AT_ONCE
from keeper.core.policy import Policy
from keeper.core.position import VaultState
from keeper.core.units import WAD, Address
from keeper.ports import Evidence

Asked = Callable[[Sequence[Bar]], Outlook]

_UNHEARD = History()


class Listener(Protocol):
    """Who is told how it goes."""

    def foretold(self, vault: Address, outlook: Outlook) -> None:
        """Models say something else of a vault."""

    def failed(self, vaults: Sequence[Address], error: AsideError) -> None:
        """They raised, of the history of these."""


class Forecasts:
    """One chain's histories; `stored` are the bars that the journal has."""

    def __init__(
        self, stored: Mapping[Address, Sequence[Bar]], told: Listener, models: Asked = outlook
    ) -> None:
        shared: dict[tuple[Bar, ...], History] = {}
        self._histories: dict[Address, History] = {}
        for vault, bars in stored.items():
            history = restored(bars)
            self._histories[vault] = shared.setdefault(history.bars, history)
        self._told, self._models = told, models
        self._outlooks: dict[Address, Outlook] = {}
        self._spoken_of: dict[Address, tuple[Bar, ...]] = {}
        self._ended = asyncio.Event()
        self._ended.set()

    def seen(self, evidence: Evidence, policies: Mapping[Address, Policy]) -> Evidence:
        """The evidence with what models say, and the bars that ended with it. Never waits."""
        asking = {vault: policy for vault, policy in policies.items() if not policy.forecast.unused}
        head, references = evidence.snapshot.head, evidence.snapshot.references
        shared = _Shared()
        ended: dict[Address, Sequence[Bar]] = {}
        for vault in evidence.snapshot.vaults:
            if vault.address in asking and believed(asking[vault.address], vault, head, references):
                bars = self._hear(vault, shared)
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
        """Ask the models now of every history that they have not spoken of."""
        asked: dict[int, tuple[tuple[Bar, ...], list[Address]]] = {}
        for vault, history in self._histories.items():
            if history.bars and self._spoken_of.get(vault) is not history.bars:
                asked.setdefault(id(history.bars), (history.bars, []))[1].append(vault)
        for bars, vaults in asked.values():
            try:
                said = await aside(partial(self._models, bars))
            except AsideError as error:
                self._told.failed(vaults, error)
            else:
                self._say(vaults, said)
            self._spoken_of.update(dict.fromkeys(vaults, bars))

    def _say(self, vaults: Sequence[Address], said: Outlook) -> None:
        for vault in vaults:
            if self._outlooks.get(vault) != said:
                self._told.foretold(vault, said)
            self._outlooks[vault] = said

    def _hear(self, vault: VaultState, shared: "_Shared") -> tuple[Bar, ...]:
        """The bars that end with the vault's price."""
        before = self._histories.get(vault.address, _UNHEARD)
        after = shared.folded(before, Tick(vault.price.updated_at, vault.price.answer_wad / WAD))
        if isinstance(after, Unfolded):
            return ()
        self._histories[vault.address] = after
        newest = before.bars[-1].ends if before.bars else 0
        return tuple(bar for bar in after.bars[-MOST_AT_ONCE:] if bar.ends > newest)


class _Shared:
    """Histories with one more answer at one head: what is one history stays one."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, Tick], tuple[History, History | Unfolded]] = {}

    def folded(self, history: History, tick: Tick) -> History | Unfolded:
        """The same for the same object; it is kept, so that no other can be taken for it."""
        key = id(history), tick
        if key not in self._found:
            self._found[key] = history, folded(history, tick)
        return self._found[key][1]
