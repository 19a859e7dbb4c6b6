"""One writer at a time, and a token that grows: two stores on one file, and clocks that a test moves."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from keeper.adapters.journal.journal import SqlJournal
from keeper.adapters.journal.lease import MARGIN, Acquired, HeldByOther, Lease
from keeper.adapters.journal.ledger import SqlLedger
from keeper.adapters.journal.slots import recalled
from keeper.adapters.journal.store import Store
from keeper.core.memory import Memory
from keeper.core.outcome import Refused, Settlement
from keeper.core.reason import Reason
from keeper.core.transaction.attempt import Why
from keeper.ports import LeaseLostError
from tests.adapters.journal.build import OWNER, Note, attempt, cycle, opened_slot, store
from tests.core.build import VAULT
from tests.core.transaction.build import plan

TTL_S = 10_000.0


@dataclass
class Passing:
    """Time on two clocks: the holder's own, and the database's, on which a lease is that much older."""

    opened: Store
    now_s: float = 50.0

    def __call__(self) -> float:
        return self.now_s

    async def by(self, seconds: float) -> None:
        self.now_s += seconds
        await self.only_in_the_database_by(seconds)

    async def only_in_the_database_by(self, seconds: float) -> None:
        older = text("update leases set expires_at = expires_at - :ms")
        async with self.opened.transaction() as connection:
            await connection.execute(older, {"ms": round(seconds * 1000)})


def of(opened: Store, holder: str, clock: Callable[[], float]) -> Lease:
    return Lease(opened, OWNER.account, TTL_S, holder=holder, clock=clock)


async def test_31_a_second_replica_finds_who_holds_the_lease_and_until_when(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened, await store(tmp_path) as other:
        time = Passing(opened)
        assert await of(opened, "a", time).acquire() == Acquired(1)
        found = await of(other, "b", time).acquire()
    assert isinstance(found, HeldByOther)
    assert found.holder == "a"
    assert TTL_S - 60 < found.remaining_s <= TTL_S


async def test_31_takeover_is_possible_as_soon_as_the_lease_is_over_and_not_before(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened, await store(tmp_path) as other:
        time = Passing(opened)
        await of(opened, "a", time).acquire()
        successor = of(other, "b", time)
        await time.by(TTL_S - 60)
        assert isinstance(await successor.acquire(), HeldByOther)
        await time.by(60)
        assert await successor.acquire() == Acquired(2)


async def test_31_a_lease_that_is_let_go_of_can_be_taken_at_once(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        time = Passing(opened)
        first = of(opened, "a", time)
        await first.acquire()
        await first.release()
        assert not first.held
        assert await of(opened, "b", time).acquire() == Acquired(2)


async def test_a_renewed_lease_lasts_for_the_whole_time_again(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        time = Passing(opened)
        lease = of(opened, "a", time)
        await lease.acquire()
        for _ in range(5):
            await time.by(TTL_S / 2)
            await lease.renew()
        assert lease.held
        assert isinstance(await of(opened, "b", time).acquire(), HeldByOther)


async def test_a_lease_is_not_used_up_to_its_last_moment(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        time = Passing(opened)
        lease = of(opened, "a", time)
        await lease.acquire()
        time.now_s += TTL_S * (1 - MARGIN) - 1
        lease.check()
        time.now_s += 1
        with pytest.raises(LeaseLostError, match="nothing more is written, signed or sent"):
            lease.check()


async def test_the_lease_counts_from_before_it_was_asked_for(tmp_path: Path) -> None:
    moments = itertools.chain([100.0], itertools.repeat(950.0))
    async with await store(tmp_path) as opened:
        lease = Lease(opened, OWNER.account, 1_000, holder="a", clock=lambda: next(moments))
        await lease.acquire()
        assert not lease.held, "asked at 100, so its own until 900; the answer took until 950"


Act = Callable[[Lease], Awaitable[object]]

REFUSED = Refused(VAULT, Reason.DRY_RUN, "")
BEGUN = opened_slot(5, plan())
WRITES: dict[str, Act] = {
    "begin": lambda lease: SqlLedger(lease).begin(opened_slot(6, plan(1))),
    "begin to fill a gap": lambda lease: SqlLedger(lease).begin(opened_slot(6)),
    "add": lambda lease: SqlLedger(lease).add(BEGUN.signed(attempt(9, why=Why.RAISED), plan())),
    "release": lambda lease: SqlLedger(lease).release(5, REFUSED),
    "reopen": lambda lease: SqlLedger(lease).reopen(opened_slot(4)),
    "note": lambda lease: SqlLedger(lease).note([Note(5, 1, "waits")]),
    "obeyed": lambda lease: SqlLedger(lease).obeyed(1, "done"),
    "record": lambda lease: SqlJournal(lease).record(cycle()),
    "settle": lambda lease: SqlJournal(lease).settle(Settlement(5, ()), [Memory(VAULT)]),
    "settle a refusal": lambda lease: SqlJournal(lease).settle(Settlement(None, (REFUSED,)), []),
}


async def busy(lease: Lease) -> None:
    """A nonce that is open, and one with a verdict."""
    await SqlLedger(lease).begin(BEGUN)
    await SqlLedger(lease).begin(opened_slot(4))
    await SqlJournal(lease).settle(Settlement(4, ()), [])


async def dump(opened: Store) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    async with opened.transaction() as connection:
        for table in ("slots", "intents", "attempts", "notes", "orders", "outcomes", "memories", "cycles"):
            found = await connection.execute(text(f"select * from {table}"))  # noqa: S608 our own names
            rows += [(table, *row) for row in found.all()]
    return rows


@pytest.mark.parametrize("write", WRITES)
async def test_32_a_leader_that_overslept_its_lease_writes_nothing(tmp_path: Path, write: str) -> None:
    async with await store(tmp_path) as opened, await store(tmp_path) as other:
        time = Passing(opened)
        lease = of(opened, "a", time)
        await lease.acquire()
        await busy(lease)
        await time.by(TTL_S)
        assert await of(other, "b", time).acquire() == Acquired(2)
        before = await dump(opened)
        with pytest.raises(LeaseLostError):
            await WRITES[write](lease)
        assert await dump(opened) == before
        with pytest.raises(LeaseLostError):
            await lease.renew()


@pytest.mark.parametrize("write", WRITES)
async def test_32_the_database_refuses_it_even_when_its_own_clock_stood_still(
    tmp_path: Path, write: str
) -> None:
    """A frozen machine whose clocks are frozen too: only the token tells."""
    async with await store(tmp_path) as opened, await store(tmp_path) as other:
        time = Passing(opened)
        lease = of(opened, "a", time)
        await lease.acquire()
        await busy(lease)
        await time.only_in_the_database_by(TTL_S)
        await of(other, "b", time).acquire()
        lease.check()
        before = await dump(opened)
        with pytest.raises(LeaseLostError):
            await WRITES[write](lease)
        assert not lease.held
        assert await dump(opened) == before


@pytest.mark.parametrize("write", WRITES)
async def test_what_is_written_under_a_lease_is_written(tmp_path: Path, write: str) -> None:
    async with await store(tmp_path) as opened:
        time = Passing(opened)
        lease = of(opened, "a", time)
        await lease.acquire()
        await busy(lease)
        async with opened.transaction() as connection:
            await connection.execute(
                text('insert into orders (nonce, "order", asked_at) values (5, "cancel", 1)')
            )
        before = await dump(opened)
        await WRITES[write](lease)
        assert await dump(opened) != before


async def test_who_overslept_but_still_holds_the_lease_asks_and_goes_on(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        time = Passing(opened)
        lease = of(opened, "a", time)
        await lease.acquire()
        await time.by(TTL_S * (1 - MARGIN / 2))
        assert not lease.held
        await SqlLedger(lease).begin(BEGUN)
        assert lease.held


async def test_a_lost_lease_is_lost_for_good(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        time = Passing(opened)
        lease = of(opened, "a", time)
        await lease.acquire()
        await time.by(TTL_S)
        with pytest.raises(LeaseLostError):
            await lease.renew()
        with pytest.raises(LeaseLostError):
            await lease.acquire()
        await lease.release()
        assert await of(opened, "b", time).acquire() == Acquired(2)


async def test_letting_go_does_not_end_the_lease_of_a_successor(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        time = Passing(opened)
        first, second = of(opened, "a", time), of(opened, "b", time)
        await first.acquire()
        await time.by(TTL_S)
        await second.acquire()
        await first.release()
        await second.renew()


async def test_of_many_that_ask_at_once_one_gets_it(tmp_path: Path) -> None:
    stores = [await store(tmp_path) for _ in range(4)]
    time = Passing(stores[0])
    found = await asyncio.gather(*(of(each, str(n), time).acquire() for n, each in enumerate(stores)))
    assert [type(each) for each in found].count(Acquired) == 1
    for each in stores:
        await each.close()


@dataclass
class Model:
    """Who may write, told from the events alone."""

    opened: Store
    time: Passing
    holder: Lease | None = None
    token: int = 0
    until_s: float = 0.0
    now_s: float = 0.0
    frozen: bool = False
    over: set[str] = field(default_factory=set)
    begun: int = 0

    def may_write(self, lease: Lease) -> bool:
        current = self.holder is lease and self.token == lease.token and self.until_s > self.now_s
        return current and lease.holder not in self.over

    async def acquire(self, lease: Lease) -> None:
        if lease.holder in self.over:
            with pytest.raises(LeaseLostError):
                await lease.acquire()
        elif self.until_s > self.now_s:
            assert isinstance(await lease.acquire(), HeldByOther)
        else:
            assert await lease.acquire() == Acquired(self.token + 1)
            self.holder, self.token, self.until_s = lease, self.token + 1, self.now_s + TTL_S

    async def renew(self, lease: Lease) -> None:
        if self.may_write(lease):
            await lease.renew()
            self.until_s = self.now_s + TTL_S
        else:
            await self.lost(lease, lease.renew())

    async def begin(self, lease: Lease) -> None:
        writing = SqlLedger(lease).begin(opened_slot(self.begun))
        if self.may_write(lease):
            self.until_s = self.until_s if lease.held else self.now_s + TTL_S
            await writing
            self.begun += 1
        else:
            await self.lost(lease, writing)

    async def release(self, lease: Lease) -> None:
        if self.may_write(lease):
            self.until_s = 0.0
        self.over.add(lease.holder)
        await lease.release()

    async def lost(self, lease: Lease, writing: Awaitable[None]) -> None:
        with pytest.raises(LeaseLostError):
            await writing
        self.over.add(lease.holder)

    async def passes(self, seconds: int) -> None:
        self.now_s += seconds
        await self.time.by(seconds)

    async def freezes(self, seconds: int) -> None:
        """Everybody but the database stands still."""
        self.now_s += seconds
        self.frozen = True
        await self.time.only_in_the_database_by(seconds)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["acquire", "renew", "release", "begin", "restart"]), st.integers(0, 2)),
        st.tuples(st.sampled_from(["passes", "freezes"]), st.sampled_from([1, 3_000, 7_900, 10_000])),
    ),
    max_size=40,
)


async def play(directory: Path, steps: list[tuple[str, int]]) -> None:
    async with await store(directory) as opened:
        model = Model(opened, Passing(opened))
        leases = [of(opened, f"{n}", model.time) for n in range(3)]
        for number, (what, value) in enumerate(steps):
            if what in {"passes", "freezes"}:
                await getattr(model, what)(value)
            elif what == "restart":
                leases[value] = of(opened, f"{value} from step {number}", model.time)
            else:
                await getattr(model, what)(leases[value])
            assert model.frozen or sum(each.held for each in leases) <= 1, "two believe that they lead"
        assert len((await recalled(opened)).slots) == model.begun


@given(STEPS)
@settings(max_examples=60)
def test_never_two_may_write_and_the_token_grows_whatever_the_order(steps: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as directory:
        asyncio.run(play(Path(directory), steps))
