"""A journal derived again: the proof that its decisions are a function of what it says was known.

Each recorded cycle is decoded from the words that the node gave and decided by the policies, memories and
forecasts of its time. The result must be the recorded text, to the last digit.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from keeper.adapters.ethereum.words import MalformedWordsError, decode
from keeper.adapters.journal.codec import DECISION
from keeper.adapters.journal.history import NEWEST, History, StoredCycle
from keeper.adapters.journal.store import open_reader
from keeper.core.decision import decide_all
from keeper.core.units import Address

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
    """What a replay found: `equal` of `decisions` came out the same."""

    cycles: int
    decisions: int
    equal: int
    differences: tuple[Difference, ...]


async def replay(journal: Path, first_block: int = 0, last_block: int = NEWEST) -> Replayed:
    """Derive the decisions of a journal again. Raises JournalError."""
    cycles = decisions = 0
    found: list[Difference] = []
    different = 0
    async with await open_reader(journal) as store:
        async for cycle in History(store).cycles(first_block, last_block):
            cycles += 1
            decisions += len(cycle.decisions)
            differences = _compare(cycle)
            different += len(differences)
            found += differences[: MOST_DIFFERENCES - len(found)]
    return Replayed(cycles, decisions, decisions - different, tuple(found))


def _compare(cycle: StoredCycle) -> list[Difference]:
    derived = _derive(cycle)
    return [
        Difference(cycle.head.number, vault, recorded, derived.get(vault, ""))
        for vault, recorded in cycle.decisions.items()
        if derived.get(vault, "") != recorded
    ]


def _derive(cycle: StoredCycle) -> dict[Address, str]:
    """The decisions as texts, by vault. Vaults in quarantine were not decided, and are not now."""
    try:
        read = decode(cycle.head, cycle.words, cycle.references)
    except MalformedWordsError:
        return {}
    snapshot = replace(read, outlooks=cycle.outlooks)
    kept = {vault: policy for vault, policy in cycle.policies.items() if vault in cycle.decisions}
    derived = decide_all(snapshot, kept, cycle.memories)
    return {decision.vault: DECISION.dump(decision) for decision in derived.decisions}
