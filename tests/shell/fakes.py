"""Fakes of the ports: small, in memory, and honest about what they were asked."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from keeper.core.decision import Decision
from keeper.core.head import Head
from keeper.core.market import Reference
from keeper.core.memory import Memory
from keeper.core.outcome import Filled, Outcome, Refused, Settlement
from keeper.core.plan import Plan
from keeper.core.policy import Policy
from keeper.core.snapshot import Snapshot
from keeper.core.transaction.whose import Whose
from keeper.core.transaction.wish import Wish
from keeper.core.units import Address
from keeper.ports import (
    Accepted,
    Cycle,
    Evidence,
    JournalError,
    Mismatched,
    Simulated,
    UnansweredError,
    UnreachableError,
    WouldRevert,
)


@dataclass
class FakeHeads:
    heads: Sequence[Head]

    async def latest(self) -> AsyncIterator[Head]:
        for head in self.heads:
            yield head


@dataclass
class FakeReader:
    """Answers with one snapshot at whatever head is asked; numbers in `down` are not answered."""

    snapshot: Snapshot
    simulation: Simulated | WouldRevert | Mismatched = field(default_factory=lambda: Simulated(1, 1))
    down: frozenset[int] = frozenset()
    simulated: list[Plan] = field(default_factory=list)
    unanswered: frozenset[Address] = frozenset()

    async def read(self, head: Head, references: Sequence[Reference]) -> Evidence:
        if head.number in self.down:
            raise UnreachableError("node.example does not answer")
        return Evidence(replace(self.snapshot, head=head, references=tuple(references)), b"words")

    async def simulate(self, plan: Plan, head: Head) -> Simulated | WouldRevert | Mismatched:
        del head
        self.simulated.append(plan)
        if plan.vault in self.unanswered:
            raise UnansweredError("node.example: could not simulate: stack limit reached 1024")
        return self.simulation


@dataclass
class FakeReferences:
    heard: tuple[Reference, ...] = ()

    def latest(self) -> Sequence[Reference]:
        return self.heard


@dataclass
class FakePolicies:
    by_vault: Mapping[Address, Policy]

    def current(self) -> Mapping[Address, Policy]:
        return self.by_vault


@dataclass
class FakeWallet:
    """Takes every plan, or refuses every plan; hands out prepared outcomes at given heads."""

    refusal: Refused | None = None
    outcomes: dict[int, tuple[Outcome, ...]] = field(default_factory=dict)
    offered: list[Plan] = field(default_factory=list)
    busy: set[Address] = field(default_factory=set)
    waiting: dict[Address, tuple[int, Plan]] = field(default_factory=dict)
    senders: dict[tuple[Address, int], Whose] = field(default_factory=dict)
    reviews: list[tuple[int, Mapping[Address, Wish], int]] = field(default_factory=list)

    def pending(self) -> frozenset[Address]:
        return frozenset(self.busy)

    def in_flight(self, head: Head) -> Mapping[Address, Plan]:
        return {vault: plan for vault, (since, plan) in self.waiting.items() if since < head.number}

    def whose(self, vault: Address, at: int) -> Whose:
        return self.senders.get((vault, at), Whose.THEIRS)

    async def offer(self, plan: Plan, head: Head, native_usd_wad: int) -> Accepted | Refused:
        del native_usd_wad
        self.offered.append(plan)
        if self.refusal is not None:
            return self.refusal
        self.busy.add(plan.vault)
        self.waiting[plan.vault] = (head.number, plan)
        return Accepted(plan.intent)

    async def advance(self, head: Head) -> Sequence[Settlement]:
        ended = self.outcomes.get(head.number, ())
        for outcome in ended:
            if not isinstance(outcome, Filled):
                self.busy.discard(outcome.vault)
                self.waiting.pop(outcome.vault, None)
        return (Settlement(7, ended),) if ended else ()

    async def review(self, head: Head, wishes: Mapping[Address, Wish], native_usd_wad: int) -> None:
        self.reviews.append((head.number, dict(wishes), native_usd_wad))


@dataclass
class FakeJournal:
    remembered: dict[Address, Memory] = field(default_factory=dict)
    cycles: list[Cycle] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    full: bool = False

    async def memories(self) -> Mapping[Address, Memory]:
        return self.remembered

    async def record(self, cycle: Cycle) -> None:
        if self.full:
            raise JournalError("no space left on the device of journal.db")
        self.cycles.append(cycle)

    async def settle(self, settlement: Settlement, memories: Sequence[Memory]) -> None:
        self.outcomes.extend(settlement.outcomes)
        self.remembered.update({memory.vault: memory for memory in memories})


@dataclass
class FakeObserver:
    told: list[tuple[str, object]] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.told.append(("stage", name))
        yield

    def decided(self, decision: Decision) -> None:
        self.told.append(("decided", decision.reason))

    def offered(self, plan: Plan, answer: Accepted | Refused) -> None:
        self.told.append(("offered", (plan.vault, type(answer).__name__)))

    def reviewed(self, plan: Plan, wished: Wish) -> None:
        self.told.append(("reviewed", (plan.vault, wished)))

    def settled(self, outcome: Outcome) -> None:
        self.told.append(("settled", type(outcome).__name__))

    def foreign_hedge(self, vault: Address, at: int) -> None:
        self.told.append(("foreign_hedge", (vault, at)))

    def unreadable(self, head: Head, error: UnreachableError) -> None:
        self.told.append(("unreadable", (head.number, str(error))))

    def quarantined(self, vault: Address, error: Exception) -> None:
        self.told.append(("quarantined", (vault, type(error).__name__)))

    def cycled(self, head: Head) -> None:
        self.told.append(("cycled", head.number))

    def of(self, kind: str) -> list[object]:
        return [what for name, what in self.told if name == kind]
