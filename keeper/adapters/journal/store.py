"""One SQLite file, opened so that what is committed survives a power cut, by one writer at a time.

Two daemons on one journal would hand out the same nonces, so a writer holds a lock on a file beside it for as
long as it lives; the kernel lets go of it when the process dies, however it dies. Readers (`explain`,
`status`) need no lock: in WAL mode they see the last commit.

SQLite's errors are told as what they mean for the operator: which file, and what to do.
"""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from sqlalchemy import event, insert, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from keeper.adapters.journal.tables import SCHEMA_VERSION, identity, metadata
from keeper.core.units import Address
from keeper.ports import JournalError

BUSY_TIMEOUT_S = 5.0
ADVICE = (
    ("readonly", "it cannot be written: check the owner and mode of the file and its directory"),
    ("unable to open", "it cannot be opened: check that its directory exists and is writable"),
    ("full", "the disk is full: free space, then restart; nothing was broadcast"),
    ("locked", "another program holds a lock on it: close it, or copy the file to look at it"),
    ("malformed", "it is corrupted: stop, keep the file, and restore a backup or recover it with sqlite3"),
    ("not a database", "it is not a journal: point the setting at another path"),
    ("disk i/o error", "the disk fails: check the system log; nothing was broadcast"),
    ("no such table", "it is not a journal of this keeper: point the setting at another path"),
    (
        "unique constraint",
        "it already holds this intent or nonce as open: restart, to settle it first",
    ),
)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose journal it is."""

    chain_id: int
    account: Address


class Store:
    """An open journal file. Use `open_store` for writing and `open_reader` for looking."""

    def __init__(self, path: Path, engine: AsyncEngine, lock: int | None) -> None:
        self.path = path
        self._engine = engine
        self._lock = lock

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the file and let go of the lock."""
        await self._engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose work is durable when the block ends, all or none. Raises JournalError."""
        try:
            async with self._engine.begin() as connection:
                yield connection
        except (DBAPIError, sqlite3.Error) as error:
            raise explained(self.path, error) from error


def explained(path: Path, error: Exception) -> JournalError:
    """An error of the database as an error that an operator can act upon."""
    words = str(error.orig if isinstance(error, DBAPIError) else error)
    advice = next((text for key, text in ADVICE if key in words.lower()), "see the text of the error")
    return JournalError(f"journal {path}: {advice} ({words})")


async def open_store(path: Path, owner: Owner) -> Store:
    """Open for writing, made if there is none. Raises JournalError, also for another owner's journal."""
    lock = await asyncio.to_thread(_lock, path)
    store = Store(path, _engine(path, read_only=False), lock)
    try:
        async with store.transaction() as connection:
            await connection.run_sync(metadata.create_all)
            await _claim(connection, path, owner)
    except BaseException:
        await store.close()
        raise
    return store


async def open_reader(path: Path) -> Store:
    """Open an existing journal without a lock and without the means to change it. Raises JournalError."""
    if not await asyncio.to_thread(path.is_file):
        raise JournalError(f"journal {path}: there is none; has the keeper run with this setting?")
    store = Store(path, _engine(path, read_only=True), None)
    try:
        async with store.transaction() as connection:
            version = (await connection.execute(select(identity.c.schema_version))).scalar_one_or_none()
            _check_version(path, version)
    except BaseException:
        await store.close()
        raise
    return store


async def owner_of(store: Store) -> Owner:
    """Whose journal it is."""
    async with store.transaction() as connection:
        row = (await connection.execute(select(identity.c.chain_id, identity.c.account))).one()
    return Owner(row.chain_id, Address(row.account))


def _engine(path: Path, *, read_only: bool) -> AsyncEngine:
    query = {"mode": "ro", "uri": "true"} if read_only else {"uri": "true"}
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=f"file:{path}", query=query),
        poolclass=AsyncAdaptedQueuePool,
        pool_size=1,
        max_overflow=0,
        connect_args={"timeout": BUSY_TIMEOUT_S},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 the driver's own type
        cursor = connection.cursor()
        if not read_only:
            cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return engine


def _lock(path: Path) -> int:
    beside = path.with_name(path.name + ".lock")
    try:
        lock = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise JournalError(
            f"journal {path}: its directory cannot be written ({error.strerror}): check that it exists, "
            "its owner and its mode"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise JournalError(
            f"journal {path}: another keeper is writing to it, and two would sign the same nonces: "
            "stop the other, or give this one an account and a journal of its own"
        ) from error
    return lock


async def _claim(connection: AsyncConnection, path: Path, owner: Owner) -> None:
    row = (await connection.execute(select(identity))).one_or_none()
    if row is None:
        await connection.execute(
            insert(identity).values(
                schema_version=SCHEMA_VERSION, chain_id=owner.chain_id, account=owner.account
            )
        )
        return
    _check_version(path, row.schema_version)
    refuse_stranger(path, Owner(row.chain_id, Address(row.account)), owner)


def refuse_stranger(path: Path, found: Owner, owner: Owner) -> None:
    """Raise JournalError if the journal of `found` is not the one of `owner`."""
    if found.chain_id != owner.chain_id:
        raise JournalError(
            f"journal {path}: belongs to chain {found.chain_id}, and the settings say {owner.chain_id}: "
            "point KEEPER_JOURNAL at the journal of this chain, or at a new file"
        )
    if found.account.lower() != owner.account.lower():
        raise JournalError(
            f"journal {path}: belongs to account {found.account}, and this keeper is {owner.account}: "
            "point KEEPER_JOURNAL at the journal of this account, or at a new file"
        )


def _check_version(path: Path, version: int | None) -> None:
    if version != SCHEMA_VERSION:
        raise JournalError(
            f"journal {path}: has schema {version}, this keeper knows {SCHEMA_VERSION}: "
            "run the release that wrote it, or a newer one"
        )
