"""The real keeper before real contracts, one head at a time: what a test does to the world is the incident.

Settings, policies, pool of nodes, wallet, keystore, journal, metrics: all as the daemon puts them together.
Only the waiting for heads is the test's.
"""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from eth_typing import HexStr

from keeper.adapters.ethereum.block import fetch_tip
from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.pool import Pool
from keeper.adapters.ethereum.rpc import Rpc
from keeper.adapters.feeds.board import Board
from keeper.adapters.journal.journal import SqlJournal
from keeper.adapters.journal.lease import Lease
from keeper.adapters.journal.store import Owner, Store, open_store
from keeper.adapters.signing.keystore import unlock
from keeper.app.daemon import Voice
from keeper.app.foretelling import Forecasts
from keeper.app.parts import FollowingReader, make_heads, make_wallet
from keeper.core.head import Head
from keeper.core.reason import Reason
from keeper.core.transaction.commands import Alert
from keeper.core.units import BlockHash
from keeper.demo.accounts import PASSWORD, Role
from keeper.demo.folder import RunFolder, write_settings
from keeper.demo.rpc import as_int
from keeper.observe import ForecastsTold
from keeper.pipeline import Pipeline
from keeper.policies import PolicyFolder
from keeper.ports import UnreachableError
from keeper.settings import Settings, load_settings
from tests.adapters.journal.build import writer
from tests.adapters.wallet.chain import BACKOFF
from tests.fixtures.world import World
from tests.incidents.lies import Lie

STEP_S = 300
UNREAD = Head(0, 0, BlockHash("0x"), BlockHash("0x"), 0, 0)


class Liar(Rpc):
    """The world's node under another name, whose answers somebody has changed."""

    def __init__(self, url: str, name: str, lie: Lie) -> None:
        super().__init__(Endpoint.parse(f"http://{name}"), 10.0)
        self._true, self._lie = Rpc(Endpoint.parse(url), 10.0), lie

    async def call(self, method: str, params: Sequence[object]) -> object:
        return await self._lie(self._true.call, method, params)

    async def close(self) -> None:
        await self._true.close()


def dead(name: str = "dead.example") -> Rpc:
    """A node that nobody can reach."""

    class Dead(Rpc):
        async def call(self, method: str, params: Sequence[object]) -> object:
            del params
            raise UnreachableError(f"{name}: {method}: connection refused")

    return Dead(Endpoint.parse(f"http://{name}"), 10.0)


@dataclass
class Scene:
    """A keeper of one vault. `start` it; then each `cycle` is one head's work."""

    world: World
    folder: RunFolder
    settings: dict[str, str]
    vault: str
    name: str = "strangle"
    rpcs: Sequence[Rpc] = ()
    agree: int = 1
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self) -> "Scene":
        write_settings(self.folder.settings, self.settings)
        self.loaded: Settings = load_settings(self.folder.settings)
        self.voice = Voice.of(self.loaded)
        rpcs = self.rpcs or [Rpc(Endpoint.parse(self.world.url), 10.0, self.voice.chain)]
        chain_id = self.loaded.chain_id
        self.pool = await self.stack.enter_async_context(
            Pool(rpcs, chain_id, self.agree, BACKOFF, self.voice.chain)
        )
        signer = await unlock(self.folder.keystore, PASSWORD)
        self.store: Store = await self.stack.enter_async_context(
            await open_store(self.loaded.journal, Owner(chain_id, signer.address))
        )
        self.lease: Lease = await writer(self.store)
        self.stack.push_async_callback(self.lease.release)
        policies = PolicyFolder.open(self.loaded.policies, self.voice.vaults, frozenset({self.name}))
        wallet = await make_wallet(
            self.loaded, signer, self.pool, None, self.lease, policies, self.voice.chain
        )
        self.stack.push_async_callback(wallet.close)
        self.board = Board(86_400, self.voice.chain)
        journal = SqlJournal(self.lease)
        self.pipeline = Pipeline(
            heads=make_heads(self.loaded, self.pool, self.voice.chain),
            reader=FollowingReader(
                self.pool,
                self.loaded,
                signer.address,
                policies,
                self.voice.vaults,
                Forecasts({}, ForecastsTold(self.voice.metrics, self.voice.vaults.name_of)),
            ),
            references=self.board,
            policies=policies,
            wallet=wallet,
            journal=journal,
            observer=self.voice.vaults,
            memories=dict(await journal.memories()),
        )
        self.wallet = wallet
        return self

    async def close(self) -> None:
        await self.stack.aclose()

    async def head(self) -> Head:
        return await fetch_tip(self.pool, self.loaded.chain_id)

    async def cycle(self) -> str:
        """One head's work, as the loop does it; the reason that the operator reads for the vault."""
        try:
            head = await self.head()
            decisions = await self.pipeline.cycle(head)
        except UnreachableError as error:
            self.voice.vaults.unreadable(UNREAD, error)
            return Reason.NODE_UNREACHABLE.value
        self._until_mined()
        return decisions[0].reason.value

    def _until_mined(self) -> None:
        """A node that mines at once still answers before the block is there."""
        if self.world.rpc.call("anvil_getAutomine") is True:
            for slot in self.wallet.account.slots:
                sent = HexStr(slot.newest.tx_hash)
                self.world.chain.web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.005)

    async def cycles(self, count: int) -> list[str]:
        """So many heads, a block apart."""
        reasons = []
        for _ in range(count):
            reasons.append(await self.cycle())
            self.world.rpc.call("evm_mine")
        return reasons

    # --- what can be seen ---

    def metric(self, name: str, **labels: str) -> float:
        """A metric's value; 0 where nothing was counted."""
        return self.voice.metrics.registry.get_sample_value(f"keeper_{name}", labels) or 0.0

    def of_vault(self, name: str, **labels: str) -> float:
        return self.metric(name, vault=self.name, **labels)

    def skipped(self, reason: str) -> float:
        """Plans refused for this reason."""
        return self.of_vault("hedge_skips_total", reason=reason)

    def reverted(self, reason: str) -> float:
        """Transactions that the vault refused in a block for this reason."""
        return self.of_vault("hedge_reverts_total", reason=reason)

    def alarms(self, alert: Alert) -> float:
        return self.metric("transaction_alarms_total", alert=alert.value)

    @property
    def sent(self) -> int:
        """Transactions of the keeper that are in blocks."""
        keeper = self.world.account(Role.KEEPER)
        return as_int(self.world.rpc.call("eth_getTransactionCount", keeper, "latest"))

    @property
    def broadcasts(self) -> float:
        return self.metric("transactions_total", state="broadcast")
