"""The right to write for an account: held by one process at a time, for a while, with a number that grows.

An orchestrator starts two, a paused machine wakes up: somebody else may be the writer by now, and cannot be
asked. So there are two fences. Every write carries the holder's token, and the database refuses it in the
same statement when the lease is another's, or over; the time is the database's own, because no two hosts
agree on one. And before anything is signed or sent, this process asks its own clock whether the lease that it
last renewed can still be its own: a clock that goes on while the process is stopped. A process that overslept
asks the database before it goes on.

Lost is final: whoever lost a lease ends, and a new process stands by.
"""

import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from keeper.adapters.journal.store import Store, owner_of
from keeper.adapters.journal.tables import leases
from keeper.ports import JournalError, LeaseLostError

MARGIN = 0.2
"""Share of the lease that is left unused at its end: what was allowed just before must be over by then."""


class now_ms(FunctionElement[int]):  # noqa: N801 it is read as a function of SQL
    """The database's clock, in milliseconds since 1970."""

    type = BigInteger()
    inherit_cache = True


@compiles(now_ms, "sqlite")
def _sqlite(*_: Any, **__: Any) -> str:  # noqa: ANN401 the compiler's own types
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


@compiles(now_ms, "postgresql")
def _postgresql(*_: Any, **__: Any) -> str:  # noqa: ANN401 the compiler's own types
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


@dataclass(frozen=True, slots=True)
class Acquired:
    """The lease is ours. Its number is greater than that of every holder before."""

    token: int


@dataclass(frozen=True, slots=True)
class HeldByOther:
    """Somebody else may write, for so long unless they renew it."""

    holder: str
    remaining_s: float


def clock_s() -> float:
    """Seconds that go on while the process is stopped and, where the system tells them, while it sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def this_process() -> str:
    """A name that no other process has, and that tells a person where to look."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


class Lease:
    """One process's hold on the account of a journal. Make one with `lease_on`."""

    def __init__(
        self,
        store: Store,
        account: str,
        ttl_s: float,
        *,
        holder: str | None = None,
        clock: Callable[[], float] = clock_s,
    ) -> None:
        self.store = store
        self.holder = holder or this_process()
        self.ttl_s = ttl_s
        self.token = 0
        self._account = account
        self._clock = clock
        self._until_s: float | None = None
        self._over = False

    @property
    def held(self) -> bool:
        """Whether this process may write, as far as its own clock can tell."""
        return not self._over and self._until_s is not None and self._clock() < self._until_s

    async def acquire(self) -> Acquired | HeldByOther:
        """Take the lease if nobody holds it. Whoever finds it held writes nothing. Raises JournalError."""
        if self._over:
            raise self.lost()
        async with self.store.transaction() as connection:
            found = await holder_of(connection)
        if found is not None:
            return found
        asked_s = self._clock()
        taking = (
            update(leases)
            .where(leases.c.account == self._account, leases.c.expires_at <= now_ms())
            .values(holder=self.holder, token=leases.c.token + 1, expires_at=now_ms() + self._ttl_ms)
            .returning(leases.c.token)
        )
        async with self.store.transaction() as connection:
            token = (await connection.execute(taking)).scalar_one_or_none()
        if token is None:
            return await self.acquire()
        self.token = token
        self._extend(asked_s)
        return Acquired(token)

    async def renew(self) -> None:
        """Hold it for the whole time again. Raises LeaseLostError, and JournalError."""
        if self._over:
            raise self.lost()
        asked_s = self._clock()
        longer = update(leases).where(self.fence()).values(expires_at=now_ms() + self._ttl_ms)
        async with self.store.transaction() as connection:
            if (await connection.execute(longer)).rowcount == 0:
                raise self.lost()
        self._extend(asked_s)

    async def release(self) -> None:
        """Let go, so that whoever stands by need not wait. Nothing happens if it is not ours any more."""
        over, self._over = self._over, True
        if not over:
            async with self.store.transaction() as connection:
                await connection.execute(update(leases).where(self.fence()).values(expires_at=0))

    def check(self) -> None:
        """Raise LeaseLostError unless this process may sign and send now. Asks nobody."""
        if not self.held:
            raise self._unsure()

    def fence(self) -> ColumnElement[bool]:
        """What the database asks of a write: that the lease is still this process's."""
        return and_(
            leases.c.account == self._account,
            leases.c.token == self.token,
            leases.c.expires_at > now_ms(),
        )

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction whose statements carry the fence themselves. Raises JournalError."""
        if not self.held:
            await self.renew()
        async with self.store.transaction() as connection:
            yield connection

    @asynccontextmanager
    async def fenced(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that begins with the fence; the lease cannot change hands before it ends."""
        async with self.writing() as connection:
            touched = await connection.execute(update(leases).where(self.fence()).values(token=self.token))
            if touched.rowcount == 0:
                raise self.lost()
            yield connection

    async def refused(self, connection: AsyncConnection, otherwise: str) -> JournalError:
        """Why a fenced statement did nothing: the lease is gone, or else what it looked for is not there."""
        mine = await connection.execute(select(leases.c.token).where(self.fence()))
        return self.lost() if mine.one_or_none() is None else JournalError(otherwise)

    def lost(self) -> LeaseLostError:
        """The error, after which there is no way back."""
        self._over = True
        return self._unsure()

    def _unsure(self) -> LeaseLostError:
        return LeaseLostError(
            f"journal {self.store.path}: the lease on {self._account} may be another keeper's by now: "
            "nothing more is written, signed or sent; start again to stand by"
        )

    @property
    def _ttl_ms(self) -> int:
        return round(self.ttl_s * 1000)

    def _extend(self, asked_s: float) -> None:
        self._until_s = asked_s + self.ttl_s * (1 - MARGIN)


async def holder_of(connection: AsyncConnection) -> HeldByOther | None:
    """Who may write to this journal now, if anybody: it is one account's, so it has one lease."""
    remaining = (leases.c.expires_at - now_ms()).label("remaining")
    query = select(leases.c.holder, remaining).where(leases.c.expires_at > now_ms())
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else HeldByOther(row.holder, row.remaining / 1000)


async def lease_on(store: Store, ttl_s: float) -> Lease:
    """The lease on a journal's account, not taken yet. Raises JournalError."""
    return Lease(store, (await owner_of(store)).account, ttl_s)
