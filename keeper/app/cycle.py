"""One cycle, or only a look: what `once` and `explain` ask of the chain.

They run the same loop body and the same `decide` as the daemon. A look takes no lock and writes nothing, so
it may be had beside a running daemon.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from keeper.adapters.ethereum.block import fetch_chain_id, fetch_tip
from keeper.adapters.ethereum.client import Client
from keeper.adapters.ethereum.pool import Pool
from keeper.adapters.ethereum.rpc import RpcRefusedError
from keeper.adapters.ethereum.subscription import WrongChainError
from keeper.adapters.feeds.board import Board
from keeper.adapters.journal.foretold import recalled_bars
from keeper.adapters.journal.journal import SqlJournal, remembered
from keeper.adapters.journal.slots import recalled
from keeper.adapters.journal.solutions import known
from keeper.adapters.journal.store import Owner, open_reader, open_store
from keeper.adapters.signing.keystore import KeystoreSigner
from keeper.adapters.wallet.dry import DryWallet
from keeper.app.daemon import Voice
from keeper.app.foretelling import Forecasts
from keeper.app.leading import taken
from keeper.app.parts import (
    FollowingReader,
    account_of,
    make_board,
    make_feed,
    make_heads,
    make_pool,
    make_wallet,
    needs_key,
    relaying,
    unlock_key,
)
from keeper.app.solving import Progress, SolvedAgain, Strange
from keeper.core.decision import Decision
from keeper.core.exposure import Situation, situations
from keeper.core.head import Head
from keeper.core.hedging import Origin, Solved
from keeper.core.memory import Memory
from keeper.core.outcome import Refused, Settlement
from keeper.core.plan import Plan
from keeper.core.policy import Policy
from keeper.core.snapshot import Snapshot
from keeper.core.units import Address
from keeper.logs import Redaction
from keeper.observe import ForecastsTold, Told
from keeper.pipeline import Pipeline
from keeper.policies import PolicyFolder
from keeper.ports import Accepted, Cycle, GivenTables, Journal, UnreachableError, Wallet
from keeper.settings import Settings

HEAR_REFERENCES_S = 3.0
LISTEN_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found and done at one head.

    `policies` are those of the vaults that were looked at; `in_flight` are vaults that something signed
    earlier may still trade.
    """

    head: Head
    policies: Mapping[Address, Policy]
    situations: tuple[Situation, ...]
    decisions: tuple[Decision, ...]
    answers: Mapping[Address, Accepted | Refused]
    snapshot: Snapshot
    in_flight: frozenset[Address]
    tables: Mapping[Address, Solved]
    strange: tuple[Strange, ...]


class _Listener(Told):
    """Tells as the daemon does, and remembers for the one who asked."""

    def __init__(self, voice: Voice) -> None:
        super().__init__(voice.metrics, voice.health)
        self.snapshots: list[Snapshot] = []
        self.answers: dict[Address, Accepted | Refused] = {}

    def read(self, snapshot: Snapshot) -> None:
        """What was read."""
        self.snapshots.append(snapshot)
        super().read(snapshot)

    def offered(self, plan: Plan, answer: Accepted | Refused) -> None:
        """What became of a plan."""
        self.answers[plan.vault] = answer
        super().offered(plan, answer)


class _Unwritten:
    """A journal that is only read: a look leaves no trace."""

    def __init__(self, memories: Mapping[Address, Memory]) -> None:
        self._memories = memories

    async def memories(self) -> Mapping[Address, Memory]:
        """As they were read."""
        return self._memories

    async def record(self, cycle: Cycle) -> None:
        """Nothing."""

    async def settle(self, settlement: Settlement, memories: Sequence[Memory]) -> None:
        """Nothing."""


async def one_cycle(
    settings: Settings, redaction: Redaction, names: frozenset[str], progress: Progress, *, live: bool
) -> Looked:
    """One cycle of all vaults, or of those named; dry, it leaves no trace.

    What the daemon solved last for the vaults named is solved again; without names, nothing is.
    Raises the named errors of settings, policies and adapters; UnreachableError when the node is down.
    """
    voice = Voice.of(settings)
    listener = _Listener(voice)
    policies = PolicyFolder.open(settings.policies, listener, names or settings.vaults)
    async with AsyncExitStack() as stack:
        signer = await unlock_key(settings, redaction)
        account = account_of(settings, signer)
        rpc = await stack.enter_async_context(make_pool(settings, voice.chain))
        head = await tip(rpc, settings.chain_id)
        memories, in_flight, origins = await _known(settings)
        kept = policies.current().keys() if names and settings.tables == "on" else frozenset()
        tables, strange = await _solved(
            {vault: each for vault, each in origins.items() if vault in kept}, progress
        )
        forecasts = await _forecasts(settings, voice)
        journal: Journal = _Unwritten(memories)
        wallet: Wallet = DryWallet(in_flight)
        if live:
            journal, wallet = await _armed(settings, needs_key(signer), rpc, policies, voice, stack)
        pipeline = Pipeline(
            heads=make_heads(settings, rpc, voice.chain),
            reader=FollowingReader(rpc, settings, account, policies, listener, forecasts),
            references=await stack.enter_async_context(_heard(settings, voice)),
            policies=policies,
            wallet=wallet,
            journal=journal,
            observer=listener,
            memories=dict(await journal.memories()),
            tables=GivenTables(tables),
        )
        decisions = await pipeline.cycle(head)
    snapshot = listener.snapshots[-1]
    return Looked(
        head,
        policies.current(),
        situations(snapshot),
        decisions,
        listener.answers,
        snapshot,
        in_flight,
        tables,
        strange,
    )


async def _solved(
    origins: Mapping[Address, Origin], progress: Progress
) -> tuple[Mapping[Address, Solved], tuple[Strange, ...]]:
    with SolvedAgain(origins.values(), progress(len(origins))) as found:
        return await found.of(origins), tuple(found.strange)


async def tip(rpc: Client, chain_id: int) -> Head:
    """The newest block of the right chain. Raises UnreachableError or WrongChainError."""
    try:
        actual = await fetch_chain_id(rpc)
        if actual != chain_id:
            raise WrongChainError(rpc.endpoint, chain_id, actual)
        return await fetch_tip(rpc, chain_id)
    except RpcRefusedError as refused:
        raise UnreachableError(f"{rpc.endpoint}: {refused}") from refused


async def _armed(
    settings: Settings,
    signer: KeystoreSigner,
    pool: Pool,
    policies: PolicyFolder,
    voice: Voice,
    stack: AsyncExitStack,
) -> tuple[Journal, Wallet]:
    store = await stack.enter_async_context(
        await open_store(settings.journal, Owner(settings.chain_id, signer.address))
    )
    lease = await stack.enter_async_context(taken(store, settings.lease_seconds))
    relay = await stack.enter_async_context(relaying(settings, voice.chain))
    wallet = await make_wallet(settings, signer, pool, relay, lease, policies, voice.chain)
    stack.push_async_callback(wallet.close)
    return SqlJournal(lease, settings.journal_mb * 2**20), wallet


async def _known(
    settings: Settings,
) -> tuple[Mapping[Address, Memory], frozenset[Address], Mapping[Address, Origin]]:
    """What the journal remembers: memories, vaults with an intent in flight, and what tables came from.

    A daemon may be at work.
    """
    if not await asyncio.to_thread(settings.journal.is_file):
        return {}, frozenset(), {}
    async with await open_reader(settings.journal) as store:
        left = await recalled(store)
        in_flight = frozenset(vault for slot in left.slots for vault in slot.vaults)
        return await remembered(store), in_flight, await known(store)


async def _forecasts(settings: Settings, voice: Voice) -> Forecasts:
    """What models say of the bars in the journal."""
    told = ForecastsTold(voice.metrics, voice.vaults.name_of)
    if not await asyncio.to_thread(settings.journal.is_file):
        return Forecasts({}, told)
    async with await open_reader(settings.journal) as store:
        forecasts = Forecasts(await recalled_bars(store), told)
    await forecasts.refresh()
    return forecasts


@asynccontextmanager
async def _heard(settings: Settings, voice: Voice) -> AsyncIterator[Board]:
    """The references, given a moment to say something."""
    board = make_board(voice.chain)
    feed = make_feed(settings, board)
    if feed is None:
        yield board
        return
    task = asyncio.create_task(feed.run())
    with suppress(TimeoutError):
        async with asyncio.timeout(HEAR_REFERENCES_S):
            while not board.latest():  # noqa: ASYNC110 a look of three seconds
                await asyncio.sleep(LISTEN_EVERY_S)
    try:
        yield board
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
