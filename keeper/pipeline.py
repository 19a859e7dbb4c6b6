"""The loop, on one screen.

    head -> outcomes of earlier plans -> snapshot -> decisions -> record -> simulation -> offer -> review

The review closes the circle: what is in flight was decided on an older block, and is sent again, raised,
superseded or taken back only as the decision at this one wishes. One read serves all vaults, so the loop is
per chain. It sees ports and never an adapter. What a node does not answer ends the cycle, not the loop: every
vault holds until the next head. What the journal does not take ends the process: a keeper that cannot
remember must not act. A decision that fails unexpectedly quarantines its vault and leaves the others alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from keeper.core.decision import Decision, decide_all
from keeper.core.head import Head
from keeper.core.memory import Memory, settle
from keeper.core.outcome import Filled, Refused, Settlement
from keeper.core.plan import Plan
from keeper.core.policy import Policy
from keeper.core.reason import Reason
from keeper.core.snapshot import Snapshot
from keeper.core.transaction.wish import Instead, Unwanted, Wish, wish
from keeper.core.units import Address
from keeper.core.verdict import Hold
from keeper.ports import (
    Accepted,
    Cycle,
    Heads,
    Journal,
    Mismatched,
    Observer,
    Policies,
    Reader,
    References,
    UnansweredError,
    UnreachableError,
    Wallet,
    WouldRevert,
)
from keeper.watch import Watch

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
    watch: Watch = field(default_factory=Watch)

    async def run(self) -> None:
        """Keep the vaults until the heads end. Raises JournalError."""
        self.memories = dict(await self.journal.memories())
        async for head in self.heads.latest():
            try:
                await self.cycle(head)
            except UnreachableError as error:
                self.observer.unreadable(head, error)
                # Nobody could be asked what is still wanted, so only what is past its deadline is taken back.
                await self.wallet.review(head, {}, 0)

    async def cycle(self, head: Head) -> tuple[Decision, ...]:
        """Do one head's work. Raises UnreachableError and JournalError."""
        for settlement in await self.wallet.advance(head):
            await self._settle(settlement)
        with self.observer.stage("read"):
            evidence = await self.reader.read(head, self.references.latest())
        self.watch.look(evidence.snapshot, self.memories, self.wallet, self.observer)
        policies, pending = self.policies.current(), self.wallet.pending()
        with self.observer.stage("decide"):
            decisions = self._decide(evidence.snapshot, policies)
        with self.observer.stage("record"):
            await self.journal.record(Cycle(evidence, policies, dict(self.memories), pending, decisions))
        native_usd_wad = max(evidence.snapshot.native_price.answer_wad, 0)
        plans = [plan for plan in self._tell(decisions, Plan) if plan.vault not in pending]
        for plan in sorted(plans, key=lambda plan: not plan.urgent):
            await self._offer(plan, head, native_usd_wad)
        with self.observer.stage("review"):
            wishes = await self._wishes({each.vault: each for each in decisions}, head)
            await self.wallet.review(head, wishes, native_usd_wad)
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

    def _decide(self, snapshot: Snapshot, policies: Mapping[Address, Policy]) -> tuple[Decision, ...]:
        kept = {vault: policy for vault, policy in policies.items() if vault not in self.quarantined}
        decided = decide_all(snapshot, kept, self.memories)
        for failure in decided.failures:
            self.quarantined.add(failure.vault)
            self.observer.quarantined(failure.vault, failure.error)
        return decided.decisions

    async def _offer(self, plan: Plan, head: Head, native_usd_wad: int) -> None:
        answer = await self._answer(plan, head, native_usd_wad)
        self.observer.offered(plan, answer)
        if isinstance(answer, Refused):
            await self._settle(Settlement(None, (answer,)))

    async def _answer(self, plan: Plan, head: Head, native_usd_wad: int) -> Accepted | Refused:
        try:
            with self.observer.stage("simulate"):
                simulated = await self.reader.simulate(plan, head)
        except UnansweredError as error:
            # What a node will not run for one vault must not keep the others from their hedges.
            return Refused(plan.vault, Reason.NODE_REFUSED, str(error))
        if isinstance(simulated, WouldRevert):
            return Refused(plan.vault, simulated.reason, simulated.error)
        if isinstance(simulated, Mismatched):
            return Refused(plan.vault, Reason.DEPLOYMENT_MISMATCH, simulated.detail)
        with self.observer.stage("offer"):
            return await self.wallet.offer(plan, head, native_usd_wad)

    async def _wishes(self, decisions: Mapping[Address, Decision], head: Head) -> Mapping[Address, Wish]:
        """What is still wanted of what was in flight before this head, each run once more on its state."""
        found: dict[Address, Wish] = {}
        for vault, plan in self.wallet.in_flight(head).items():
            if vault in decisions:
                wished = wish(plan, decisions[vault])
                try:
                    found[vault] = await self._runs(wished, plan, head)
                except UnansweredError:
                    continue
                self.observer.reviewed(plan, found[vault])
        return found

    async def _runs(self, wished: Wish, plan: Plan, head: Head) -> Wish:
        """The wish, unless what it wants would revert now."""
        if isinstance(wished, Unwanted):
            return wished
        simulated = await self.reader.simulate(wished.plan if isinstance(wished, Instead) else plan, head)
        if isinstance(simulated, Mismatched):
            return Unwanted(Reason.DEPLOYMENT_MISMATCH)
        return Unwanted(simulated.reason) if isinstance(simulated, WouldRevert) else wished

    async def _settle(self, settlement: Settlement) -> None:
        kept: dict[Address, Memory] = {}
        for outcome in settlement.outcomes:
            if not isinstance(outcome, Filled):
                before = kept.get(outcome.vault) or self.memories.get(outcome.vault, Memory(outcome.vault))
                kept[outcome.vault] = settle(before, outcome)
        await self.journal.settle(settlement, tuple(kept.values()))
        self.memories.update(kept)
        for outcome in settlement.outcomes:
            self.observer.settled(outcome)
