"""The real loop and its decision over a world, for scenarios in which a decision changes its mind.

Only what a vault is read as is made up; each plan is simulated by the real guard, by asking the nodes.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from keeper.adapters.ethereum.guard import Guard
from keeper.core.decision import Decision
from keeper.core.head import Head
from keeper.core.market import Reading, Reference
from keeper.core.outcome import Outcome, Refused
from keeper.core.plan import Plan
from keeper.core.policy import CostCeilings
from keeper.core.snapshot import Snapshot
from keeper.core.transaction.wish import Wish
from keeper.core.units import WAD, Address
from keeper.pipeline import Pipeline
from keeper.ports import Accepted, Evidence, Simulated, UnreachableError, WouldRevert
from tests.core.build import CALL, NOW, POLICY, SPOT, VAULT, columns, situation, vault
from tests.nodes.chain import ACCOUNT, BLOCK_S
from tests.nodes.lies import always
from tests.nodes.vault import Reverts, Succeeds, by_deadline
from tests.scenarios.world import World
from tests.shell.fakes import FakeHeads, FakePolicies, FakeReferences

HEDGE = -situation().exposure.book_delta
TWO_AMOUNTS = "0x" + (7).to_bytes(32, "big").hex() + (9).to_bytes(32, "big").hex()


def judge(data: bytes, timestamp: int) -> Succeeds | Reverts:
    """The scripted vault reads only what the world signs; of a simulation its nodes tell what they like."""
    return by_deadline(data, timestamp) if data[:1] in {b"", b"{"} else Succeeds()


class Told:
    """What the loop told, as far as a scenario asks for it."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        self.outcomes = outcomes
        self.wishes: list[Wish] = []
        self.answers: list[Accepted | Refused] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        del name
        yield

    def decided(self, decision: Decision) -> None: ...

    def offered(self, plan: Plan, answer: Accepted | Refused) -> None:
        del plan
        self.answers.append(answer)

    def reviewed(self, plan: Plan, wished: Wish) -> None:
        del plan
        self.wishes.append(wished)

    def settled(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def foreign_hedge(self, vault: Address, at: int) -> None:
        raise AssertionError((vault, at))

    def unreadable(self, head: Head, error: UnreachableError) -> None: ...

    def quarantined(self, vault: Address, error: Exception) -> None:
        raise AssertionError(vault) from error

    def cycled(self, head: Head) -> None: ...


class Reader:
    """One vault whose inventory is off by `gap`; simulations are asked of the nodes."""

    def __init__(self, world: World, gap: float) -> None:
        self.gap = gap
        self.guard = Guard(world.pool, ACCOUNT)

    async def read(self, head: Head, references: Sequence[Reference]) -> Evidence:
        state = vault(base_wei=round((HEDGE + self.gap) * WAD))
        price = Reading(SPOT * WAD, NOW, 1)
        seen = Snapshot(head, (state,), columns(CALL), price, 10 * WAD, tuple(references))
        return Evidence(seen, b"words")

    async def simulate(self, plan: Plan, head: Head) -> Simulated | WouldRevert:
        return await self.guard.simulate(plan, head)


class Loop:
    """See the module. What is `told` is the world's too."""

    def __init__(self, world: World, gap: float = 90.0) -> None:
        self.world = world
        self.reader = Reader(world, gap)
        self.policies = FakePolicies({VAULT: POLICY})
        self.told = Told(world.outcomes)
        world.chain.judge = judge
        for node in world.nodes:
            node.lies["eth_call"] = always(TWO_AMOUNTS)
        self.pipeline = Pipeline(
            FakeHeads([]),
            self.reader,
            FakeReferences(),
            self.policies,
            world.wallet,
            world.journal,
            self.told,
        )

    def costs(self, costs: CostCeilings) -> None:
        """Somebody edits the policy."""
        self.policies.by_vault = {VAULT: replace(POLICY, costs=costs)}

    async def cycle(self) -> None:
        self.world.clock.now_s += BLOCK_S
        await self.pipeline.cycle(await self.world.head())

    async def blocks(self, count: int, *, empty: bool = False) -> None:
        for _ in range(count):
            self.world.chain.mine(empty=empty)
            await self.cycle()
