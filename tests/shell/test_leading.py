"""Standing by, leading and letting go, with a sleep that a test drives."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from keeper.adapters.journal.lease import Acquired, Lease
from keeper.adapters.journal.store import Store
from keeper.adapters.wallet.needs import Reply
from keeper.app.leading import LeasedNode, LeasedSigner, LeaseHeldError, keep, lease_of, stand_by, taken
from keeper.core.transaction.attempt import Route
from keeper.core.transaction.unsigned import Unsigned
from keeper.core.transaction.words import Answer
from keeper.core.units import Address, TxHash
from keeper.health import Health
from keeper.observe import ChainTold, Metrics
from keeper.ports import LeaseLostError
from tests.adapters.journal.build import OWNER, store
from tests.adapters.journal.test_lease import TTL_S, Passing
from tests.adapters.wallet.fakes import FakeNode, FakeSigner

TX = TxHash("0x" + "ab" * 32)
VAULT = Address("0x" + "11" * 20)
UNSIGNED = Unsigned(
    chain_id=1, nonce=0, to=VAULT, data=b"", value_wei=0, gas_limit=21_000, max_fee_wei=2, tip_wei=1
)


class EnoughError(Exception):
    """The test has seen what it wanted."""


@dataclass
class Sleeping:
    """A sleep that lets time pass at once, and ends the test after so many."""

    time: Passing
    most: int = 100
    slept: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        if len(self.slept) == self.most:
            raise EnoughError
        self.slept.append(seconds)
        await self.time.by(seconds)


def told() -> tuple[ChainTold, Metrics, Health]:
    metrics = Metrics()
    return ChainTold(metrics), metrics, Health(60.0, lambda: 0.0)


def held(metrics: Metrics) -> float | None:
    return metrics.registry.get_sample_value("keeper_lease_held")


def never() -> float:
    return 0.0


async def leader(opened: Store, time: Passing) -> Lease:
    lease = Lease(opened, OWNER.account, TTL_S, holder="a", clock=time)
    assert await lease.acquire() == Acquired(1)
    return lease


async def test_the_first_keeper_leads_at_once(tmp_path: Path) -> None:
    chain, metrics, health = told()
    async with await store(tmp_path) as opened:
        sleeping = Sleeping(Passing(opened))
        await stand_by(Lease(opened, OWNER.account, TTL_S), chain, health, sleeping, never)
    assert sleeping.slept == []
    assert held(metrics) == 1
    assert not health.status()["standby"]


async def test_31_a_second_replica_stays_passive_until_the_leaders_lease_is_over(tmp_path: Path) -> None:
    chain, metrics, health = told()
    async with await store(tmp_path) as opened, await store(tmp_path) as other:
        time = Passing(opened)
        await leader(opened, time)
        sleeping = Sleeping(time)
        lease = Lease(other, OWNER.account, TTL_S, holder="b", clock=time)
        await stand_by(lease, chain, health, sleeping, never)
    assert lease.token == 2
    assert sum(sleeping.slept) == pytest.approx(TTL_S, rel=0.01), "as soon as it is over, and not before"
    assert max(sleeping.slept) <= TTL_S / 3
    assert held(metrics) == 1


async def test_31_who_stands_by_is_alive_and_not_ready_and_says_who_leads(tmp_path: Path) -> None:
    chain, metrics, health = told()
    async with await store(tmp_path) as opened:
        time = Passing(opened)
        first = await leader(opened, time)
        second = Lease(opened, OWNER.account, TTL_S, holder="b", clock=time)

        async def renewed(seconds: float) -> None:
            await Sleeping(time)(seconds)
            await first.renew()
            if time.now_s > 5 * TTL_S:
                raise EnoughError

        with pytest.raises(EnoughError):
            await stand_by(second, chain, health, renewed, never)
    assert health.live().ok
    assert health.ready().why == ("standby: a leads",)
    assert health.status()["standby"]
    assert held(metrics) == 0
    assert second.token == 0


async def test_two_that_stand_by_do_not_look_at_the_same_moment(tmp_path: Path) -> None:
    chain, _, health = told()
    async with await store(tmp_path) as opened:
        time = Passing(opened)
        await leader(opened, time)
        waits = []
        for chance in (0.0, 1.0):
            sleeping = Sleeping(time, most=1)
            lease = Lease(opened, OWNER.account, TTL_S, clock=time)
            with pytest.raises(EnoughError):
                await stand_by(lease, chain, health, sleeping, lambda chance=chance: chance)  # type: ignore[misc]
            waits += sleeping.slept
    assert waits[1] == pytest.approx(1.1 * waits[0], rel=0.01)


async def test_a_leader_keeps_its_lease_for_as_long_as_it_renews_it(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        time = Passing(opened)
        lease = await leader(opened, time)
        with pytest.raises(EnoughError):
            await keep(lease, Sleeping(time))
        assert lease.held
        assert time.now_s > 30 * TTL_S


async def test_32_a_leader_that_slept_too_long_ends(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        time = Passing(opened)
        lease = await leader(opened, time)
        with pytest.raises(LeaseLostError):
            await keep(lease, lambda _: time.by(TTL_S))


async def test_who_will_not_wait_is_told_who_leads(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        await leader(opened, Passing(opened))
        with pytest.raises(LeaseHeldError, match=r"another keeper \(a\) is the writer of this account"):
            async with taken(opened, TTL_S):
                pass


async def test_a_lease_is_let_go_of_however_the_work_ends(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:

        async def fail() -> None:
            async with taken(opened, TTL_S):
                raise EnoughError

        for _ in range(2):
            with pytest.raises(EnoughError):
                await fail()
        async with taken(opened, TTL_S) as lease:
            assert lease.token == 3


async def test_nothing_is_let_go_of_that_was_never_taken(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        first = await leader(opened, Passing(opened))
        async with lease_of(opened, TTL_S):
            pass
        await first.renew()


async def test_32_who_wakes_after_its_lease_with_signed_bytes_in_hand_does_not_send_them(
    tmp_path: Path,
) -> None:
    node = FakeNode()
    async with await store(tmp_path) as opened:
        time = Passing(opened)
        lease = await leader(opened, time)
        leased = LeasedNode(node, lease)
        time.now_s += TTL_S
        (reply,) = await leased.send(b"signed", TX, Route.PUBLIC)
    assert reply == Reply("a", Answer.LOST, "not sent: the lease is lost")
    assert node.heard == []


async def test_32_who_wakes_after_its_lease_signs_nothing(tmp_path: Path) -> None:
    async with await store(tmp_path) as opened:
        time = Passing(opened)
        signer = LeasedSigner(FakeSigner(), await leader(opened, time))
        assert signer.address == FakeSigner().address
        time.now_s += TTL_S
        with pytest.raises(LeaseLostError):
            await signer.sign(UNSIGNED)
