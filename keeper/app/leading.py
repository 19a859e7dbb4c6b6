"""One of several keepers of an account leads; the others stand by until its lease is over.

An orchestrator that starts a second keeper, by mistake or on purpose, must not double anybody's hedge. So
only the holder of the journal's lease opens a wallet and writes; whoever stands by looks now and then, a bit
by chance so that two of them do not look at the same moment. The lease is asked before each signature and
each broadcast too: what was prepared before a long pause is not sent after it.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from keeper.adapters.journal.lease import HeldByOther, Lease, lease_on
from keeper.adapters.journal.store import Store
from keeper.adapters.wallet.needs import Absent, Block, Node, Receipt, Reply, Signer, Standing
from keeper.core.transaction.attempt import Route
from keeper.core.transaction.unsigned import SignedBytes, Unsigned
from keeper.core.transaction.words import Answer
from keeper.core.units import Address, TxHash
from keeper.health import Health
from keeper.observe import ChainTold
from keeper.ports import JournalError, LeaseLostError

RENEWALS = 3
"""How often a lease is renewed, or looked at, in its own time."""

JITTER = 0.1
"""The most that chance adds to a wait, as a share of it."""

Sleep = Callable[[float], Awaitable[object]]


@asynccontextmanager
async def lease_of(store: Store, ttl_s: float) -> AsyncIterator[Lease]:
    """The lease on a journal, not taken yet. Let go of at the end: whoever stands by need not wait."""
    lease = await lease_on(store, ttl_s)
    try:
        yield lease
    finally:
        with suppress(JournalError):  # then it runs out by itself
            await lease.release()


async def stand_by(
    lease: Lease,
    told: ChainTold,
    health: Health,
    sleep: Sleep = asyncio.sleep,
    chance: Callable[[], float] = random.random,
) -> None:
    """Return when the lease is ours. Raises JournalError."""
    found = await lease.acquire()
    holder = ""
    while isinstance(found, HeldByOther):
        if found.holder != holder:
            holder = found.holder
            told.standing_by(holder, found.remaining_s)
        health.standing_by(holder)
        wait_s = min(found.remaining_s, lease.ttl_s / RENEWALS)
        await sleep(wait_s * (1 + JITTER * chance()))
        found = await lease.acquire()
    health.leading()
    told.leading(lease.holder, found.token)


async def keep(lease: Lease, sleep: Sleep = asyncio.sleep) -> None:
    """Renew the lease for as long as we are let. Raises LeaseLostError, and JournalError."""
    while True:
        await sleep(lease.ttl_s / RENEWALS)
        await lease.renew()


@asynccontextmanager
async def taken(store: Store, ttl_s: float) -> AsyncIterator[Lease]:
    """The lease, taken at once and kept until the end. Raises LeaseHeldError when another has it."""
    async with lease_of(store, ttl_s) as lease:
        found = await lease.acquire()
        if isinstance(found, HeldByOther):
            raise LeaseHeldError(found)
        renewing = asyncio.create_task(keep(lease))
        try:
            yield lease
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)


class LeaseHeldError(LeaseLostError):
    """Another keeper is the writer of this account, and nobody wants to wait."""

    def __init__(self, found: HeldByOther) -> None:
        super().__init__(
            f"another keeper ({found.holder}) is the writer of this account, for {found.remaining_s:.0f} s "
            "unless it renews its lease: let it do the work, or stop it first"
        )


class LeasedNode:
    """The nodes, as a holder of the lease may use them: whoever does not hold it sends nothing."""

    def __init__(self, node: Node, lease: Lease) -> None:
        self._node, self._lease = node, lease

    async def standing(self, account: Address, height: int) -> Standing:
        """As the node says."""
        return await self._node.standing(account, height)

    async def send(self, raw: bytes, tx_hash: TxHash, route: Route) -> Sequence[Reply]:
        """Send, or answer that it is not known what became of it: our successor has the same bytes."""
        try:
            self._lease.check()
        except LeaseLostError:
            return (Reply(self._lease.holder, Answer.LOST, "not sent: the lease is lost"),)
        return await self._node.send(raw, tx_hash, route)

    async def receipt(self, tx_hash: TxHash, height: int) -> Receipt | Absent:
        """As the node says."""
        return await self._node.receipt(tx_hash, height)

    async def block(self, number: int) -> Block | Absent:
        """As the node says."""
        return await self._node.block(number)


class LeasedSigner:
    """A key that is used under the lease only."""

    def __init__(self, signer: Signer, lease: Lease) -> None:
        self._signer, self._lease = signer, lease

    @property
    def address(self) -> Address:
        """The account that it signs for."""
        return self._signer.address

    async def sign(self, unsigned: Unsigned) -> SignedBytes:
        """Sign. Raises LeaseLostError, and SignerError."""
        self._lease.check()
        return await self._signer.sign(unsigned)
