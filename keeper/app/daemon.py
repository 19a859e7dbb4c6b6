"""The daemon: one task group around the loop, and an orderly end.

The loop is the one task that may end by itself. A signal closes the source of heads; the loop then finishes
the cycle it is in, what was begun to be signed is finished, the journal is closed, and the exit is clean.
Intents still in flight are in the journal, and the next run looks after them. While another keeper of the
account leads, this one stands by: it answers probes, and opens no wallet.
"""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field

from keeper import __version__
from keeper.adapters.ethereum.heads import NodeHeads
from keeper.adapters.ethereum.pool import Pool
from keeper.adapters.feeds.board import Board
from keeper.adapters.feeds.http import HttpFeed
from keeper.adapters.feeds.mqtt import MqttFeed
from keeper.adapters.journal.foretold import recalled_bars
from keeper.adapters.journal.journal import SqlJournal
from keeper.adapters.journal.lease import Lease
from keeper.adapters.journal.store import Owner, open_store
from keeper.adapters.signing.keystore import KeystoreSigner
from keeper.adapters.solver.solver import Solver
from keeper.adapters.wallet.dry import DryWallet
from keeper.adapters.wallet.wallet import LiveWallet
from keeper.adapters.web.server import Pages, WebServer
from keeper.app.foretelling import Forecasts
from keeper.app.leading import keep, lease_of, stand_by
from keeper.app.parts import (
    FollowingReader,
    account_of,
    make_board,
    make_feed,
    make_heads,
    make_pool,
    make_wallet,
    needs_key,
    refuse_wrong_chain,
    relaying,
    unlock_key,
)
from keeper.core.units import Address
from keeper.health import Health
from keeper.logs import Redaction
from keeper.observe import ChainTold, ForecastsTold, Metrics, TablesTold, Told
from keeper.pipeline import Pipeline
from keeper.policies import PolicyFolder
from keeper.ports import GivenTables, JournalError, LeaseLostError
from keeper.settings import Settings

BEAT_S = 1.0
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class Voice:
    """Where everything is told: one set of metrics, one health, two kinds of events."""

    metrics: Metrics
    health: Health
    vaults: Told
    chain: ChainTold

    @classmethod
    def of(cls, settings: Settings) -> "Voice":
        """A new one."""
        metrics, health = Metrics(), Health(settings.ready_seconds)
        return cls(metrics, health, Told(metrics, health), ChainTold(metrics))


async def run_daemon(settings: Settings, redaction: Redaction, *, live: bool) -> None:
    """Keep the vaults until a signal comes. Raises the named errors of settings, policies and adapters."""
    voice = Voice.of(settings)
    async with AsyncExitStack() as stack:
        daemon = await _assemble(settings, redaction, voice, stack, live=live)
        stack.enter_context(_stopping_on_signals(daemon, voice))
        voice.chain.started(__version__, settings.shown(), live=live)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(_beat(voice), name="heartbeat")]
                if daemon.feed is not None:
                    tasks.append(group.create_task(daemon.feed.run(), name="reference feed"))
                await daemon.stand_by(group)
                if daemon.leads():
                    tasks.append(group.create_task(keep(daemon.lease), name="lease"))
                    if isinstance(daemon.tables, Solver):
                        tasks.append(group.create_task(daemon.tables.run(), name="tables"))
                    forecasts = await daemon.recall()
                    tasks.append(group.create_task(forecasts.run(), name="forecasts"))
                    await (await daemon.open(stack, forecasts)).run()
                for task in tasks:
                    task.cancel()
        except* LeaseLostError as errors:
            voice.chain.lease_lost(errors.exceptions[0])
            raise
        except* JournalError as errors:
            voice.chain.journal_failed(errors.exceptions[0])
            raise
    voice.chain.stopped()


@dataclass(slots=True)
class _Daemon:
    """The pieces; the wallet is dry until this keeper leads."""

    settings: Settings
    voice: Voice
    policies: PolicyFolder
    account: Address
    armed: KeystoreSigner | None
    pool: Pool
    lease: Lease
    heads: NodeHeads
    board: Board
    feed: HttpFeed | MqttFeed | None
    tables: Solver | GivenTables
    wallet: LiveWallet | DryWallet = field(default_factory=DryWallet)
    standing_by: asyncio.Task[None] | None = None

    async def stand_by(self, group: asyncio.TaskGroup) -> None:
        """Return when this keeper leads, or is to stop."""
        waiting = stand_by(self.lease, self.voice.chain, self.voice.health)
        self.standing_by = group.create_task(waiting, name="standby")
        await asyncio.wait({self.standing_by})

    def leads(self) -> bool:
        """Whether the lease was had before the daemon was told to stop."""
        return self.standing_by is not None and not self.standing_by.cancelled()

    async def recall(self) -> Forecasts:
        """The past of each vault's price, as the last one that led has left it. Raises JournalError."""
        told = ForecastsTold(self.voice.metrics, self.voice.vaults.name_of)
        return Forecasts(await recalled_bars(self.lease.store), told)

    async def open(self, stack: AsyncExitStack, forecasts: Forecasts) -> Pipeline:
        """The loop, with a wallet that knows what was left open. Raises JournalError."""
        settings, voice = self.settings, self.voice
        if self.armed is not None:
            relay = await stack.enter_async_context(relaying(settings, voice.chain))
            self.wallet = await make_wallet(
                settings, self.armed, self.pool, relay, self.lease, self.policies, voice.chain
            )
            stack.push_async_callback(self.wallet.close)
        reader = FollowingReader(self.pool, settings, self.account, self.policies, voice.vaults, forecasts)
        journal = SqlJournal(self.lease, settings.journal_mb * 2**20)
        return Pipeline(
            self.heads,
            reader,
            self.board,
            self.policies,
            self.wallet,
            journal,
            voice.vaults,
            tables=self.tables,
        )

    def stop(self) -> None:
        """Finish the cycle, take no new plan, wait for no lease."""
        self.heads.close()
        if isinstance(self.wallet, LiveWallet):
            self.wallet.stop()
        if self.standing_by is not None:
            self.standing_by.cancel()


async def _assemble(
    settings: Settings, redaction: Redaction, voice: Voice, stack: AsyncExitStack, *, live: bool
) -> _Daemon:
    policies = PolicyFolder.open(settings.policies, voice.vaults, settings.vaults)
    signer = await unlock_key(settings, redaction)
    armed = needs_key(signer) if live else None
    account = account_of(settings, signer)
    pool = await stack.enter_async_context(make_pool(settings, voice.chain))
    await refuse_wrong_chain(settings, pool)
    store = await stack.enter_async_context(
        await open_store(settings.journal, Owner(settings.chain_id, account))
    )
    lease = await stack.enter_async_context(lease_of(store, settings.lease_seconds))
    board = make_board(voice.chain)
    heads, feed = make_heads(settings, pool, voice.chain), make_feed(settings, board)
    told = TablesTold(voice.metrics, voice.vaults.name_of)
    tables = Solver(told) if settings.tables == "on" else GivenTables()
    daemon = _Daemon(settings, voice, policies, account, armed, pool, lease, heads, board, feed, tables)
    voice.health.facts(
        version=__version__,
        live_mode=live,
        chain_id=settings.chain_id,
        account=account,
        node=settings.shown()["rpc_url"],
    )
    voice.metrics.pending.set_function(lambda: len(daemon.wallet.pending()))
    pages = _pages(daemon)
    await stack.enter_async_context(WebServer(pages, settings.metrics_port, settings.metrics_host))
    return daemon


def _pages(daemon: _Daemon) -> Pages:
    voice = daemon.voice

    def status() -> object:
        shown = voice.health.status()
        pending = daemon.wallet.pending()
        vaults = {
            name: {**vault, "pending": vault["address"] in pending}
            for name, vault in voice.health.vaults().items()
        }
        return {**shown, "vaults": vaults}

    return Pages(
        registry=voice.metrics.registry,
        live=voice.health.live,
        ready=voice.health.ready,
        status=status,
    )


async def _beat(voice: Voice) -> None:
    loop = asyncio.get_running_loop()
    while True:
        expected = loop.time() + BEAT_S
        await asyncio.sleep(BEAT_S)
        voice.health.beat()
        voice.chain.lagged(max(loop.time() - expected, 0.0))


@contextmanager
def _stopping_on_signals(daemon: _Daemon, voice: Voice) -> Iterator[None]:
    """The first signal stops in order; the handlers then go, so that a second one stops at once."""
    loop = asyncio.get_running_loop()

    def stop(name: str) -> None:
        voice.chain.stopping(name)
        voice.health.stopping()
        daemon.stop()
        for number in SIGNALS:
            loop.remove_signal_handler(number)

    for number in SIGNALS:
        loop.add_signal_handler(number, stop, number.name)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
