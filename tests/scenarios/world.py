"""A keeper's process on a scripted chain: the real pool, wallet and journal before nodes of several clients.

A cycle here does what `keeper.pipeline` does: advance, settle in the journal, offer, review with wishes.
Every broadcast is held against the journal's file at the moment it leaves. What a test does to the world
between two cycles is the scenario.
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from keeper.adapters.ethereum.block import fetch_tip
from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.pool import Pool
from keeper.adapters.ethereum.rpc import Rpc, RpcRefusedError
from keeper.adapters.journal.journal import SqlJournal
from keeper.adapters.journal.lease import Lease
from keeper.adapters.journal.ledger import SqlLedger
from keeper.adapters.journal.orders import Orders, Replied
from keeper.adapters.journal.store import Owner, Store
from keeper.adapters.wallet.node import AgreedNode
from keeper.adapters.wallet.wallet import LiveWallet, Parts, open_wallet
from keeper.core.head import Head
from keeper.core.memory import Memory
from keeper.core.outcome import Filled, Outcome, Refused
from keeper.core.plan import Plan
from keeper.core.transaction.account import Rules
from keeper.core.transaction.commands import Alarm, Alert, Sign, Step, Wait, Waits
from keeper.core.transaction.messages import Event, Order
from keeper.core.transaction.slot import Slot
from keeper.core.transaction.wish import Wanted, Wish
from keeper.core.units import WAD, Address, TxHash
from keeper.ports import Accepted
from tests.adapters.ethereum.crowd import BACKOFF, Clock
from tests.adapters.journal.build import store, writer
from tests.adapters.wallet.fakes import FakeContract
from tests.core.transaction.build import plan
from tests.nodes.chain import ACCOUNT, BLOCK_S, ScriptedChain
from tests.nodes.node import ScriptedNode
from tests.nodes.relay import PrivateRelay
from tests.nodes.tx import CheapSigner
from tests.nodes.vault import told

RULES = Rules(confirmations=2, bump_after_blocks=3)
FAR = 2**40
PLAN = plan(deadline=FAR)
NATIVE_USD = 3_000 * WAD
REST_BLOCKS = 4


class Wired(Rpc):
    """The client of one scripted node, without the wire."""

    def __init__(self, node: ScriptedNode) -> None:
        super().__init__(Endpoint.parse(f"http://{node.host}"), 1.0)
        self._node = node

    async def call(self, method: str, params: Sequence[object]) -> object:
        return await self._node.call(method, params)


class Vaults(FakeContract):
    """Calldata that the scripted vault can judge; it differs with the amount."""

    def calldata(self, plan: Plan) -> bytes:
        return told(plan.intent, plan.deadline) + b" " * (plan.amount_in % 7)


@dataclass
class World:
    """One account's keeper. `start` again for a restart: only the file, the nodes and the chain remember."""

    directory: Path
    chain: ScriptedChain
    nodes: list[ScriptedNode]
    needed: int
    rules: Rules = RULES
    finality: str = ""
    relay: PrivateRelay | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    waits: list[Waits] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.signer = CheapSigner(ACCOUNT)
        self.clock = Clock()
        self.store: Store
        self.lease: Lease
        self.chain.on_broadcast = lambda _name, tx: self._left(tx.tx_hash)
        self._running = False

    async def start(self) -> "World":
        if self._running:
            await self.close()
        self._running = True
        self.store = await store(self.directory, Owner(self.chain.chain_id, ACCOUNT))
        self.lease = await writer(self.store)
        rpcs = [Wired(node) for node in self.nodes]
        self.pool = Pool(
            rpcs, self.chain.chain_id, self.needed, BACKOFF, clock=self.clock, sleep=self.clock.sleep
        )
        self.node = AgreedNode(
            self.pool,
            self.needed,
            RpcRefusedError,
            finality=self.finality,
            relay=self.relay,
            sleep=self.clock.sleep,
        )
        self.journal, self.ledger = SqlJournal(self.lease), SqlLedger(self.lease)
        parts = Parts(self.node, self.signer, self.ledger, Vaults())
        self.wallet: LiveWallet = await open_wallet(parts, self.chain.chain_id, self.rules, self._hear)
        return self

    async def close(self) -> None:
        """The process ends, in whatever state it is."""
        self._running = False
        await self.node.close()
        await self.pool.close()
        await self.lease.release()
        await self.store.close()

    # --- the loop ---

    async def head(self) -> Head:
        return await fetch_tip(self.pool, self.chain.chain_id)

    async def arrive(self) -> Head:
        """The first half of a cycle: what became of what is in flight, settled."""
        self.clock.now_s += BLOCK_S
        head = await self.head()
        for settlement in await self.wallet.advance(head):
            vaults = {each.vault for each in settlement.outcomes if not isinstance(each, Filled)}
            await self.journal.settle(settlement, [Memory(vault) for vault in sorted(vaults)])
            self.outcomes.extend(settlement.outcomes)
        return head

    async def cycle(
        self, *offered: Plan, wishes: Mapping[Address, Wish] | None = None
    ) -> list[Accepted | Refused]:
        """One head's work; everything in flight is still wanted unless the test wishes otherwise."""
        head = await self.arrive()
        answers = [await self.wallet.offer(each, head, NATIVE_USD) for each in offered]
        everything = {vault: Wanted() for vault in self.wallet.in_flight(head)}
        await self.wallet.review(head, everything if wishes is None else wishes, NATIVE_USD)
        return answers

    async def blocks(self, count: int, *, empty: bool = False) -> None:
        for _ in range(count):
            self.chain.mine(empty=empty)
            await self.cycle()

    # --- what can be seen ---

    @property
    def slots(self) -> tuple[Slot, ...]:
        return self.wallet.account.slots

    @property
    def nonces(self) -> list[int]:
        """Nonces in flight."""
        return [slot.nonce for slot in self.slots]

    @property
    def heard(self) -> list[TxHash]:
        """Hashes in the order in which somebody tried to broadcast them, once for each node."""
        return [tx.tx_hash for _, tx in self.chain.heard]

    def heard_by(self, name: str) -> list[TxHash]:
        return [tx.tx_hash for who, tx in self.chain.heard if who == name]

    def alerts(self) -> list[Alert]:
        return [each.alert for each in self.alarms]

    def waiting(self) -> list[Wait]:
        return [each.wait for each in self.waits]

    def mined(self) -> list[TxHash]:
        """Ours, in the order of the chain."""
        return [each.tx.tx_hash for _, each in self.chain.mined() if not each.foreign]

    def named(self) -> list[TxHash]:
        """Hashes that verdicts were given on."""
        return [each.tx_hash for each in self.outcomes if hasattr(each, "tx_hash")]

    def notes(self) -> list[str]:
        """The journalled life of all nonces, in words."""
        return [
            f"{endpoint} {detail}".strip() for endpoint, detail in self._select("endpoint, detail", "notes")
        ]

    async def order(self, nonce: int, order: Order) -> int:
        """An operator's order, as `keeper tx` places it."""
        return await Orders(self.store).place(nonce, order)

    async def reply(self, number: int) -> str:
        """What the operator was answered."""
        answer = await Orders(self.store).answer(number)
        assert isinstance(answer, Replied)
        return answer.words

    # --- what must be true in the end ---

    async def at_rest(self) -> None:
        """Nothing is open, no nonce left out, no intent carried out twice; and a restart changes nothing."""
        await self.blocks(REST_BLOCKS)
        assert self.nonces == []
        assert len(self.named()) == len(set(self.named()))
        assert set(self.named()) == set(self.mined())
        carried_out = Counter(
            each.tx.fields.data.strip()
            for _, each in self.chain.mined()
            if each.succeeded and each.tx.fields.data
        )
        assert set(carried_out.values()) <= {1}
        ahead = {nonce for node in self.nodes for nonce in node.pool.waiting}
        assert ahead == set(), "something waits behind a gap"
        before = (list(self.outcomes), list(self.chain.heard), len(self.signer.signed))
        await self.start()
        await self.blocks(REST_BLOCKS)
        assert (self.outcomes, self.chain.heard, len(self.signer.signed)) == before

    def _hear(self, _event: Event, commands: Step) -> None:
        for command in commands:
            match command:
                case Alarm():
                    self.alarms.append(command)
                case Waits():
                    self.waits.append(command)
                case Sign():
                    self.signs.append(command)
                case _:
                    pass

    def _left(self, tx_hash: TxHash) -> None:
        assert (tx_hash,) in self._select("tx_hash", "attempts"), "broadcast before it was journalled"

    def _select(self, columns: str, table: str) -> list[tuple[str, ...]]:
        with sqlite3.connect(self.store.path) as file:
            return file.execute(f"select {columns} from {table}").fetchall()  # noqa: S608 both are ours
