"""A past for a vault whose keeper has not watched its price for long.

Models need weeks of bars, and a new keeper has none. Prices of the same pair from elsewhere are as good a
past: only their returns count. They are folded into bars as the feed's own answers are, and put before those
that the journal has; what was lived through is never replaced.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from keeper.adapters.journal.foretold import prime as primed
from keeper.adapters.journal.foretold import recalled_bars
from keeper.adapters.journal.store import Owner, open_store
from keeper.app.daemon import Voice
from keeper.app.parts import account_of, unlock_key
from keeper.core.forecast import Bar, Forecast, History, Outlook, Tick, folded, outlook, restored, unbroken
from keeper.core.forecast.history import LONGEST_GAP_S
from keeper.core.units import Address
from keeper.logs import Redaction
from keeper.policies import PolicyFolder
from keeper.settings import Settings
from keeper.simulation.tape import TapeError, closes


@dataclass(frozen=True, slots=True)
class Primed:
    """So many bars were `added`, and `outlook` is what models now say.

    The history goes on without a hole if the feed's next answer is before `goes_on_until`, in Unix seconds.
    """

    vault: Address
    added: int
    outlook: Outlook
    goes_on_until: int

    @property
    def speak(self) -> tuple[str, ...]:
        """The models that have something to say."""
        return tuple(each.model for each in self.outlook.forecasts if isinstance(each, Forecast))


async def prime(settings: Settings, redaction: Redaction, name: str, tape: Path) -> Primed:
    """Put a tape's bars before those of a vault. A keeper that runs has them from its next start.

    Raises TapeError, OSError for a tape that cannot be read, and the named errors of settings, policies and
    journal.
    """
    policies = PolicyFolder.open(settings.policies, Voice.of(settings).vaults, frozenset({name}))
    (vault,) = policies.current()
    owner = Owner(settings.chain_id, account_of(settings, await unlock_key(settings, redaction)))
    ticks = await asyncio.to_thread(_ticks, tape)
    async with await open_store(settings.journal, owner) as store:
        known = unbroken((await recalled_bars(store)).get(vault, ()))
        added = await primed(store, vault, leading_to(known, ticks, tape.name))
        bars = restored((await recalled_bars(store))[vault]).bars
    return Primed(vault, added, outlook(bars), bars[-1].ends + LONGEST_GAP_S)


def leading_to(known: Sequence[Bar], ticks: Sequence[Tick], name: str) -> tuple[Bar, ...]:
    """The bars of some ticks, up to the first that is known. Raises TapeError when they do not lead to it.

    A tape of another pair does not: its prices are no past of the first that is known.
    """
    if known:
        first = Tick(known[0].ends, known[0].price)
        ticks = [*(tick for tick in ticks if tick.at < first.at), first]
    history = History()
    for tick in ticks:
        after = folded(history, tick)
        history = after if isinstance(after, History) else history
    if not history.bars or (known and history.bars[-1].ends != known[0].ends):
        raise TapeError(f"{name}: its prices make no bar before those that the journal knows of this vault")
    return history.bars


def _ticks(tape: Path) -> list[Tick]:
    times, prices = closes(tape)
    return [Tick(int(at), price) for at, price in zip(times.tolist(), prices.tolist(), strict=True)]
