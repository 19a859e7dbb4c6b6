"""One writer per account (transactions.md §6 A and C), with the real journal between two processes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text

from keeper.adapters.journal.journal import SqlJournal
from keeper.adapters.journal.lease import Acquired, HeldByOther, Lease
from keeper.adapters.journal.ledger import SqlLedger
from keeper.adapters.journal.slots import recalled
from keeper.adapters.journal.store import Owner, Store, open_store
from keeper.adapters.wallet.wallet import LiveWallet, Parts, open_wallet
from keeper.app.leading import LeasedNode, LeasedSigner
from keeper.core.outcome import Mined, Outcome
from keeper.core.transaction.slot import Slot
from keeper.core.transaction.wish import Wanted
from keeper.core.units import Address
from keeper.ports import Accepted, JournalError, LeaseLostError
from tests.adapters.journal.test_lease import TTL_S, Passing
from tests.adapters.wallet import fakes
from tests.adapters.wallet.scene import FAR, NATIVE_USD, PLAN, RULES
from tests.core.transaction.build import plan

OWNER = Owner(fakes.CHAIN_ID, Address(fakes.ACCOUNT))


class Frozen(SqlLedger):
    """Nothing runs for a while after a commit."""

    def __init__(self, lease: Lease, time: Passing) -> None:
        super().__init__(lease)
        self._time = time
        self.seconds = 0.0

    async def begin(self, slot: Slot) -> None:
        await super().begin(slot)
        await self._time.by(self.seconds)


@dataclass
class Replica:
    """A keeper's process, as far as it writes."""

    opened: Store
    lease: Lease
    ledger: Frozen
    node: fakes.FakeNode
    outcomes: list[Outcome] = field(default_factory=list)
    wallet: LiveWallet | None = None

    async def lead(self) -> LiveWallet:
        assert isinstance(await self.lease.acquire(), Acquired)
        parts = Parts(
            LeasedNode(self.node, self.lease),
            LeasedSigner(fakes.FakeSigner(), self.lease),
            self.ledger,
            fakes.FakeContract(),
        )
        self.wallet = await open_wallet(parts, fakes.CHAIN_ID, RULES)
        return self.wallet

    async def cycle(self) -> None:
        assert self.wallet is not None
        head = self.node.head()
        for each in await self.wallet.advance(head):
            await SqlJournal(self.lease).settle(each, [])
            self.outcomes.extend(each.outcomes)
        wishes = {vault: Wanted() for vault in self.wallet.in_flight(head)}
        await self.wallet.review(head, wishes, NATIVE_USD)


@dataclass
class Pair:
    node: fakes.FakeNode
    time: Passing
    leader: Replica
    other: Replica


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    node = fakes.FakeNode()
    stores = [await open_store(tmp_path / "journal.db", OWNER) for _ in range(2)]
    time = Passing(stores[0])
    replicas = []
    for name, opened in zip("ab", stores, strict=True):
        lease = Lease(opened, OWNER.account, TTL_S, holder=name, clock=time)
        replicas.append(Replica(opened, lease, Frozen(lease, time), node))
    yield Pair(node, time, *replicas)
    for each in stores:
        await each.close()


async def hashes(pair: Pair) -> list[str]:
    return [each for slot in (await recalled(pair.leader.opened)).slots for each in slot.hashes]


async def test_31_when_the_leader_dies_the_successor_settles_what_is_open_without_a_duplicate(
    pair: Pair,
) -> None:
    wallet = await pair.leader.lead()
    await pair.leader.cycle()
    assert await wallet.offer(PLAN, pair.node.head(), NATIVE_USD) == Accepted(PLAN.intent)
    assert isinstance(await pair.other.lease.acquire(), HeldByOther)
    await pair.time.by(TTL_S)
    successor = await pair.other.lead()
    await pair.other.cycle()
    assert await successor.offer(PLAN, pair.node.head(), NATIVE_USD) == Accepted(PLAN.intent)
    for _ in range(3):
        pair.node.mine()
        await pair.other.cycle()
    assert [tx.fields.nonce for _, tx in pair.node.mined()] == [0]
    assert [type(each) for each in pair.other.outcomes] == [Mined]
    assert (await recalled(pair.other.opened)).slots == ()


async def test_32_a_leader_frozen_with_a_signed_transaction_in_hand_does_not_broadcast_it(pair: Pair) -> None:
    wallet = await pair.leader.lead()
    await pair.leader.cycle()
    pair.leader.ledger.seconds = TTL_S
    await wallet.offer(PLAN, pair.node.head(), NATIVE_USD)
    assert pair.node.heard == []
    (signed,) = await hashes(pair)
    await pair.other.lead()
    await pair.other.cycle()
    assert [tx.tx_hash for tx in pair.node.heard] == [signed], "its successor knows the bytes, and sends them"
    with pytest.raises(LeaseLostError):
        await pair.leader.cycle()
    assert len(pair.node.heard) == 1


async def test_32_a_leader_that_overslept_signs_nothing_for_a_new_plan(pair: Pair) -> None:
    wallet = await pair.leader.lead()
    await pair.leader.cycle()
    await pair.time.by(TTL_S)
    await pair.other.lead()
    with pytest.raises(LeaseLostError):
        await wallet.offer(PLAN, pair.node.head(), NATIVE_USD)
    assert pair.node.heard == []
    assert await hashes(pair) == []
    assert wallet.account.slots == ()


async def test_33_the_same_intent_handed_in_twice_is_one_transaction(pair: Pair) -> None:
    wallet = await pair.leader.lead()
    await pair.leader.cycle()
    answers = [await wallet.offer(PLAN, pair.node.head(), NATIVE_USD) for _ in range(2)]
    assert answers == [Accepted(PLAN.intent)] * 2
    assert len(pair.node.heard) == 1


async def test_34_the_same_intent_prepared_twice_at_once_takes_one_nonce(pair: Pair) -> None:
    wallet = await pair.leader.lead()
    await pair.leader.cycle()
    head = pair.node.head()
    answers = await asyncio.gather(*(wallet.offer(PLAN, head, NATIVE_USD) for _ in range(3)))
    assert answers == [Accepted(PLAN.intent)] * 3
    assert [tx.fields.nonce for tx in pair.node.heard] == [0]


async def test_10_a_full_disk_before_the_broadcast_means_that_nothing_is_broadcast(pair: Pair) -> None:
    wallet = await pair.leader.lead()
    await pair.leader.cycle()
    async with pair.leader.opened.transaction() as connection:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        await connection.execute(text(f"PRAGMA max_page_count = {pages}"))

    async def offer_all() -> None:
        for number in range(50):
            await wallet.offer(plan(number, deadline=FAR), pair.node.head(), NATIVE_USD)

    with pytest.raises(JournalError, match="the disk is full: free space, then restart; nothing was"):
        await offer_all()
    assert len(pair.node.heard) < 50
    assert [tx.tx_hash for tx in pair.node.heard] == await hashes(pair), "what was sent was stored before"
