"""The daemon: one task group around the loop, and an orderly end.

The loop is the one task that may end by itself. A signal closes the source of heads; the loop then finishes
the cycle it is in, what was begun to be signed is finished, the journal is closed, and the exit is clean.
Intents still in flight are in the journal, and the next run looks after them.
"""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass

from keeper import __version__
from keeper.adapters.ethereum.heads import NodeHeads
from keeper.adapters.feeds.http import HttpFeed
from keeper.adapters.feeds.mqtt import MqttFeed
from keeper.adapters.journal.journal import SqlJournal
from keeper.adapters.journal.store import Owner, open_store
from keeper.adapters.wallet.dry import DryWallet
from keeper.adapters.wallet.wallet import LiveWallet
from keeper.adapters.web.server import Pages, WebServer
from keeper.app.parts import (
    FollowingReader,
    account_of,
    make_board,
    make_feed,
    make_heads,
    make_rpc,
    make_wallet,
    needs_key,
    refuse_wrong_chain,
    unlock_key,
)
from keeper.health import Health
from keeper.logs import Redaction
from keeper.observe import ChainTold, Metrics, Told
from keeper.pipeline import Pipeline
from keeper.policies import PolicyFolder
from keeper.ports import JournalError
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
                await daemon.pipeline.run()
                for task in tasks:
                    task.cancel()
        except* JournalError as errors:
            voice.chain.journal_failed(errors.exceptions[0])
            raise
    voice.chain.stopped()


@dataclass(frozen=True, slots=True)
class _Daemon:
    pipeline: Pipeline
    heads: NodeHeads
    wallet: LiveWallet | DryWallet
    feed: HttpFeed | MqttFeed | None


async def _assemble(
    settings: Settings, redaction: Redaction, voice: Voice, stack: AsyncExitStack, *, live: bool
) -> _Daemon:
    policies = PolicyFolder.open(settings.policies, voice.vaults, settings.vaults)
    signer = await unlock_key(settings, redaction)
    armed = needs_key(signer) if live else None
    account = account_of(settings, signer)
    rpc = await stack.enter_async_context(make_rpc(settings, voice.chain))
    await refuse_wrong_chain(settings, rpc)
    store = await stack.enter_async_context(
        await open_store(settings.journal, Owner(settings.chain_id, account))
    )
    wallet: LiveWallet | DryWallet = DryWallet()
    if armed is not None:
        wallet = await make_wallet(settings, armed, rpc, store, policies, voice.chain)
        stack.push_async_callback(wallet.close)
    board = make_board(voice.chain)
    heads = make_heads(settings, rpc, voice.chain)
    reader = FollowingReader(rpc, settings, account, policies, voice.vaults)
    journal = SqlJournal(store, settings.journal_mb * 2**20)
    pipeline = Pipeline(heads, reader, board, policies, wallet, journal, voice.vaults)
    voice.health.facts(
        version=__version__,
        live_mode=live,
        chain_id=settings.chain_id,
        account=account,
        node=str(settings.rpc_url),
    )
    voice.metrics.pending.set_function(lambda: len(wallet.pending()))
    pages = _pages(voice, wallet)
    await stack.enter_async_context(WebServer(pages, settings.metrics_port, settings.metrics_host))
    return _Daemon(pipeline, heads, wallet, make_feed(settings, board))


def _pages(voice: Voice, wallet: LiveWallet | DryWallet) -> Pages:
    def status() -> object:
        shown = voice.health.status()
        pending = wallet.pending()
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
        daemon.heads.close()
        if isinstance(daemon.wallet, LiveWallet):
            daemon.wallet.stop()
        for number in SIGNALS:
            loop.remove_signal_handler(number)

    for number in SIGNALS:
        loop.add_signal_handler(number, stop, number.name)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
