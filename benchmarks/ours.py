"""The keeper itself: its own pipeline, lens reader, journal, wallet, key and observer, timed from outside.

Nothing is left out or replaced, but for the policies, which are values and not a thousand files. The timed
classes measure and call what they are made of.
"""

import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from benchmarks.market import BenchChain, BenchmarkError, policies_of
from benchmarks.stopwatch import Stopwatch
from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.guard import Guard
from keeper.adapters.ethereum.heads import NodeHeads
from keeper.adapters.ethereum.lens import Subject
from keeper.adapters.ethereum.pool import Pool
from keeper.adapters.ethereum.reader import ChainReader
from keeper.adapters.ethereum.retry import Backoff
from keeper.adapters.ethereum.rpc import Rpc, RpcRefusedError
from keeper.adapters.journal.journal import SqlJournal
from keeper.adapters.journal.lease import Lease, lease_on
from keeper.adapters.journal.ledger import SqlLedger
from keeper.adapters.journal.store import Owner, open_store
from keeper.adapters.signing.gate import GatedSigner
from keeper.adapters.signing.keystore import unlock
from keeper.adapters.wallet.needs import Reply, Standing
from keeper.adapters.wallet.node import AgreedNode
from keeper.adapters.wallet.wallet import LiveWallet, Parts, open_wallet
from keeper.app.parts import VaultContract, gate_of
from keeper.core.head import Head
from keeper.core.market import Reference
from keeper.core.plan import Plan
from keeper.core.policy import Policy
from keeper.core.transaction.account import Rules
from keeper.core.transaction.attempt import Route
from keeper.core.transaction.slot import Slot
from keeper.core.transaction.unsigned import SignedBytes, Unsigned
from keeper.core.units import Address, TxHash
from keeper.demo.accounts import PASSWORD, Role, write_keystore
from keeper.health import Health
from keeper.observe import ChainTold, Metrics, Told
from keeper.pipeline import Pipeline
from keeper.ports import Evidence
from keeper.settings import Settings, Url

RULES = Rules(confirmations=1, bump_after_blocks=3)
TIMEOUT_S = 60.0
LEASE_S = 3_600.0


class TimedRpc(Rpc):
    """Remembers when the first question since `forget` was asked and when the last was answered."""

    first, last = 0.0, 0.0

    def forget(self) -> None:
        """Begin anew."""
        self.first = self.last = 0.0

    async def call(self, method: str, params: Sequence[object]) -> object:
        """Ask once."""
        self.first = self.first or time.perf_counter()
        try:
            return await super().call(method, params)
        finally:
            self.last = time.perf_counter()


class TimedReader(ChainReader):
    """Tells asking from decoding."""

    def __init__(self, rpc: TimedRpc, subject: Subject, watch: Stopwatch, told: Told) -> None:
        super().__init__(rpc, subject)
        self._rpc, self._watch, self._told = rpc, watch, told

    async def read(self, head: Head, references: Sequence[Reference]) -> Evidence:
        """Everything about all vaults."""
        self._rpc.forget()
        began = time.perf_counter()
        evidence = await super().read(head, references)
        asked = self._rpc.last - self._rpc.first
        self._watch.seconds["read"] += asked
        self._watch.seconds["decode"] += time.perf_counter() - began - asked
        self._told.read(evidence.snapshot)
        return evidence


class TimedSigner(GatedSigner):
    """The key behind its gate."""

    watch: Stopwatch

    async def sign(self, unsigned: Unsigned) -> SignedBytes:
        """Sign."""
        with self.watch.stage("sign"):
            return await super().sign(unsigned)


class TimedLedger(SqlLedger):
    """The wallet's half of the journal."""

    watch: Stopwatch

    async def begin(self, slot: Slot) -> None:
        """Make a slot durable."""
        with self.watch.stage("journal"):
            await super().begin(slot)


class TimedNode(AgreedNode):
    """The wallet's node."""

    watch: Stopwatch

    async def standing(self, account: Address, height: int) -> Standing:
        """Nonce, balance and code."""
        with self.watch.stage("account"):
            return await super().standing(account, height)

    async def send(self, raw: bytes, tx_hash: TxHash, route: Route) -> Sequence[Reply]:
        """Hand over."""
        with self.watch.stage("send"):
            answer = await super().send(raw, tx_hash, route)
        self.watch.accept()
        return answer


class TimedObserver(Told):
    """The daemon's own observer, which also times the stages that no timed class does."""

    watch: Stopwatch

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage."""
        with super().stage(name):
            if name in {"decide", "record", "simulate"}:
                with self.watch.stage(name):
                    yield
            else:
                yield


class FixedPolicies:
    """The port `Policies`."""

    def __init__(self, policies: Mapping[Address, Policy]) -> None:
        self._policies = policies

    def current(self) -> Mapping[Address, Policy]:
        """Always the same."""
        return self._policies


class NoReferences:
    """The port `References`: the policies ask for none."""

    def latest(self) -> Sequence[Reference]:
        """Nothing."""
        return ()


class Ours:
    """The keeper, one head at a time."""

    name = "keeper"

    def __init__(self, pipeline: Pipeline, wallet: LiveWallet, watch: Stopwatch) -> None:
        self._pipeline, self._wallet, self.watch = pipeline, wallet, watch

    async def act(self, head: Head) -> None:
        """One cycle of the loop."""
        self.watch.start()
        decisions = await self._pipeline.cycle(head)
        self.watch.stop()
        planned = [each.vault for each in decisions if isinstance(each.action, Plan)]
        if len(planned) != 1 or self._wallet.pending() != set(planned):
            reasons = dict(Counter(each.reason.value for each in decisions))
            raise BenchmarkError(f"one hedge was needed at block {head.number}, the keeper decided {reasons}")

    async def settle(self, head: Head) -> None:
        """A cycle that sees the receipt, and needs no hedge."""
        before = self._rebalances
        await self._pipeline.cycle(head)
        if self._rebalances != before + 1 or self._wallet.pending():
            raise BenchmarkError("the keeper's hedge was not mined")

    @property
    def _rebalances(self) -> int:
        return sum(memory.rebalances for memory in self._pipeline.memories.values())


@asynccontextmanager
async def ours(chain: BenchChain, heads: NodeHeads, folder: Path) -> AsyncIterator[Ours]:
    """The keeper as the daemon assembles it, with its journal in a folder."""
    watch = Stopwatch()
    policies = FixedPolicies(policies_of(chain.vaults))
    settings = _settings(chain, folder)
    keystore, _ = write_keystore(folder / "key", Role.KEEPER)
    signer = await unlock(keystore, PASSWORD)
    metrics = Metrics()
    observer = TimedObserver(metrics, Health(settings.ready_seconds))
    for policy in policies.current().values():
        observer.policy_in_force(policy, {})
    told = ChainTold(metrics)
    owner = Owner(settings.chain_id, signer.address)
    async with (
        TimedRpc(Endpoint.parse(chain.node.url), TIMEOUT_S, told) as rpc,
        await open_store(settings.journal, owner) as store,
    ):
        gated = TimedSigner(signer, lambda: gate_of(settings, signer.address, policies.current()))
        lease = await lease_on(store, LEASE_S)
        await lease.acquire()
        wallet = await _wallet(settings, gated, rpc, lease, told, watch)
        subject = Subject(settings.lens, chain.vaults, signer.address, settings.native_feed)
        observer.watch = watch
        pipeline = Pipeline(
            heads=heads,
            reader=TimedReader(rpc, subject, watch, observer),
            references=NoReferences(),
            policies=policies,
            wallet=wallet,
            journal=SqlJournal(lease),
            observer=observer,
        )
        yield Ours(pipeline, wallet, watch)
        await wallet.close()


def _settings(chain: BenchChain, folder: Path) -> Settings:
    return Settings(
        rpc_url=(Url(chain.node.url),),
        chain_id=chain.book.chain_id,
        lens=Address(chain.book.lens),
        native_feed=Address(chain.book.price_feed),
        journal=folder / "keeper.sqlite",
    )


def _pool(rpc: TimedRpc, settings: Settings) -> Pool:
    return Pool([rpc], settings.chain_id, 1, Backoff(0.5, 15.0, lambda: 0.5))


async def _wallet(
    settings: Settings, signer: TimedSigner, rpc: TimedRpc, lease: Lease, told: ChainTold, watch: Stopwatch
) -> LiveWallet:
    node, ledger = TimedNode(_pool(rpc, settings), 1, RpcRefusedError), TimedLedger(lease)
    node.watch = ledger.watch = signer.watch = watch
    parts = Parts(node, signer, ledger, VaultContract(Guard(rpc, signer.address)))
    return await open_wallet(parts, settings.chain_id, RULES, told.transaction)
