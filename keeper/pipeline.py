"""The loop, on one screen.

    head -> outcomes of earlier plans -> snapshot -> decisions -> record -> simulation -> offer

One read serves all vaults, so the loop is per chain. It sees ports and never an adapter. What a node does not
answer ends the cycle, not the loop: every vault holds until the next head. What the journal does not take
ends the process: a keeper that cannot remember must not act. A decision that fails unexpectedly quarantines
its vault and leaves the others alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from keeper.core.decision import Decision, decide_all
from keeper.core.head import Head
from keeper.core.memory import Memory, settle
from keeper.core.outcome import Outcome, Refused
from keeper.core.plan import Plan
from keeper.core.policy import Policy
from keeper.core.reason import Reason
from keeper.core.snapshot import Snapshot
from keeper.core.units import Address
from keeper.core.verdict import Hold
from keeper.ports import (
    Accepted,
    Cycle,
    Heads,
    Journal,
    Observer,
    Policies,
    Reader,
    References,
    UnansweredError,
    UnreachableError,
    Wallet,
    WouldRevert,
)

Action = TypeVar("Action", Plan, Hold)


@dataclass(slots=True)
class Pipeline:
    """One chain's loop.

    `memories` is the fold of all outcomes; `quarantined` vaults are no longer decided.
    """

    heads: Heads
    reader: Reader
    references: References
    policies: Policies
    wallet: Wallet
    journal: Journal
    observer: Observer
    memories: dict[Address, Memory] = field(default_factory=dict)
    quarantined: set[Address] = field(default_factory=set)

    async def run(self) -> None:
        """Keep the vaults until the heads end. Raises JournalError."""
        self.memories = dict(await self.journal.memories())
        async for head in self.heads.latest():
            try:
                await self.cycle(head)
            except UnreachableError as error:
                self.observer.unreadable(head, error)

    async def cycle(self, head: Head) -> tuple[Decision, ...]:
        """Do one head's work. Raises UnreachableError and JournalError."""
        for outcome in await self.wallet.advance(head):
            await self._settle(outcome)
        with self.observer.stage("read"):
            evidence = await self.reader.read(head, self.references.latest())
        policies, pending = self.policies.current(), self.wallet.pending()
        with self.observer.stage("decide"):
            decisions = self._decide(evidence.snapshot, policies, pending)
        with self.observer.stage("record"):
            await self.journal.record(Cycle(evidence, policies, dict(self.memories), pending, decisions))
        plans = self._tell(decisions, Plan)
        for plan in sorted(plans, key=lambda plan: not plan.urgent):
            await self._offer(plan, head)
        # No transaction waits until a thousand vaults that hold are told of.
        self._tell(decisions, Hold)
        self.observer.cycled(head)
        return decisions

    def _tell(self, decisions: tuple[Decision, ...], kind: type[Action]) -> list[Action]:
        """Tell the decisions of one kind, and return what they ask for."""
        actions = []
        for decision in decisions:
            if isinstance(decision.action, kind):
                self.observer.decided(decision)
                actions.append(decision.action)
        return actions

    def _decide(
        self, snapshot: Snapshot, policies: Mapping[Address, Policy], pending: frozenset[Address]
    ) -> tuple[Decision, ...]:
        kept = {vault: policy for vault, policy in policies.items() if vault not in self.quarantined}
        decided = decide_all(snapshot, kept, self.memories, pending)
        for failure in decided.failures:
            self.quarantined.add(failure.vault)
            self.observer.quarantined(failure.vault, failure.error)
        return decided.decisions

    async def _offer(self, plan: Plan, head: Head) -> None:
        answer = await self._answer(plan, head)
        self.observer.offered(plan, answer)
        if isinstance(answer, Refused):
            await self._settle(answer)

    async def _answer(self, plan: Plan, head: Head) -> Accepted | Refused:
        try:
            with self.observer.stage("simulate"):
                simulated = await self.reader.simulate(plan, head)
        except UnansweredError as error:
            # What a node will not run for one vault must not keep the others from their hedges.
            return Refused(plan.vault, Reason.NODE_REFUSED, str(error))
        if isinstance(simulated, WouldRevert):
            return Refused(plan.vault, Reason.SIMULATION_REVERTED, simulated.error)
        with self.observer.stage("offer"):
            return await self.wallet.offer(plan, head)

    async def _settle(self, outcome: Outcome) -> None:
        memory = settle(self.memories.get(outcome.vault, Memory(outcome.vault)), outcome)
        await self.journal.settle(outcome, memory)
        self.memories[outcome.vault] = memory
        self.observer.settled(outcome)
