"""A journal derived again: the proof that its decisions are a function of what it says was known.

Each recorded cycle is decoded from the words that the node gave and decided by the policies, memories and
forecasts and tables of its time. The result must be the recorded text, to the last digit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from keeper.adapters.ethereum.words import MalformedWordsError, decode
from keeper.adapters.journal.codec import DECISION
from keeper.adapters.journal.history import NEWEST, History, StoredCycle
from keeper.adapters.journal.store import open_reader
from keeper.app.solving import Progress, SolvedAgain, Strange
from keeper.core.decision import decide_all
from keeper.core.hedging import Solved
from keeper.core.units import Address
from keeper.ports import JournalError

MOST_DIFFERENCES = 1000
"""More are counted, but not kept."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that did not come out the same. Both texts as the journal writes them."""

    block: int
    vault: Address
    recorded: str
    derived: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay found: `equal` of `decisions` came out the same.

    So many `tables` were solved again; the `strange` ones came out otherwise.
    """

    cycles: int
    decisions: int
    equal: int
    differences: tuple[Difference, ...]
    tables: int
    strange: tuple[Strange, ...]

    @property
    def same(self) -> bool:
        """Whether nothing came out otherwise than it was recorded."""
        return self.equal == self.decisions and not self.strange


def _unseen(tables: int) -> Callable[[], None]:
    del tables
    return lambda: None


async def replay(
    journal: Path,
    first_block: int = 0,
    last_block: int = NEWEST,
    progress: Progress = _unseen,
) -> Replayed:
    """Derive the decisions of a journal again. Raises JournalError."""
    cycles = decisions = 0
    found: list[Difference] = []
    different = 0
    async with await open_reader(journal) as store:
        history = History(store)
        origins = await history.origins(first_block, last_block)
        with SolvedAgain(origins, progress(len(origins))) as tables:
            async for cycle in history.cycles(first_block, last_block):
                cycles += 1
                decisions += len(cycle.decisions)
                differences = _compare(cycle, await tables.of(cycle.tables))
                different += len(differences)
                found += differences[: MOST_DIFFERENCES - len(found)]
    same = decisions - different
    return Replayed(cycles, decisions, same, tuple(found), tables.count, tuple(tables.strange))


def _compare(cycle: StoredCycle, tables: Mapping[Address, Solved]) -> list[Difference]:
    derived = _derive(cycle, tables)
    return [
        Difference(cycle.head.number, vault, recorded, derived.get(vault, ""))
        for vault, recorded in cycle.decisions.items()
        if derived.get(vault, "") != recorded and derived.get(vault, "") != _as_written_now(recorded)
    ]


def _as_written_now(recorded: str) -> str:
    """A decision's text with the fields that it has by now: an older release wrote those that it knew."""
    try:
        return DECISION.dump(DECISION.load(recorded))
    except JournalError:
        return recorded


def _derive(cycle: StoredCycle, tables: Mapping[Address, Solved]) -> dict[Address, str]:
    """The decisions as texts, by vault. Vaults in quarantine were not decided, and are not now."""
    try:
        read = decode(cycle.head, cycle.words, cycle.references)
    except MalformedWordsError:
        return {}
    snapshot = replace(read, outlooks=cycle.outlooks)
    kept = {vault: policy for vault, policy in cycle.policies.items() if vault in cycle.decisions}
    derived = decide_all(snapshot, kept, cycle.memories, tables)
    return {decision.vault: DECISION.dump(decision) for decision in derived.decisions}
