"""One SQLite file, opened so that what is committed survives a power cut.

Any number of processes may have it open; which of them may write is the lease's matter (see `lease`). Readers
(`explain`, `status`) need none: in WAL mode they see the last commit.

SQLite's errors are told as what they mean for the operator: which file, and what to do.
"""

import asyncio
import os
import sqlite3
import tempfile
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

from keeper.adapters.journal.tables import SCHEMA_VERSION, identity, leases, metadata
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
    """An open journal file, made by `open_store`, `open_existing` or, for looking only, `open_reader`."""

    def __init__(self, path: Path, engine: AsyncEngine) -> None:
        self.path = path
        self._engine = engine

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the file."""
        await self._engine.dispose()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose work is durable when the block ends, all or none. Raises JournalError."""
        try:
            async with self._engine.begin() as connection:
                yield connection
        except (DBAPIError, sqlite3.Error, OverflowError) as error:
            raise explained(self.path, error) from error


def explained(path: Path, error: Exception) -> JournalError:
    """An error of the database as an error that an operator can act upon."""
    words = str(error.orig if isinstance(error, DBAPIError) else error)
    advice = next((text for key, text in ADVICE if key in words.lower()), "see the text of the error")
    return JournalError(f"journal {path}: {advice} ({words})")


async def open_store(path: Path, owner: Owner) -> Store:
    """Open for writing, made if there is none. Raises JournalError, also for another owner's journal."""
    await asyncio.to_thread(refuse_unwritable, path)
    store = Store(path, _engine(path, read_only=False))
    try:
        async with store.transaction() as connection:
            # Two that start at the same moment must not both make the tables.
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
            await connection.run_sync(metadata.create_all)
            await _claim(connection, path, owner)
    except BaseException:
        await store.close()
        raise
    return store


async def open_existing(path: Path) -> Store:
    """Open an operator's way in: for writing, but nothing is made or claimed. Raises JournalError."""
    return await _opened(path, read_only=False)


async def open_reader(path: Path) -> Store:
    """Open an existing journal without the means to change it. Raises JournalError."""
    return await _opened(path, read_only=True)


async def _opened(path: Path, *, read_only: bool) -> Store:
    if not await asyncio.to_thread(path.is_file):
        raise JournalError(f"journal {path}: there is none; has the keeper run with this setting?")
    store = Store(path, _engine(path, read_only=read_only))
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


async def _claim(connection: AsyncConnection, path: Path, owner: Owner) -> None:
    row = (await connection.execute(select(identity))).one_or_none()
    if row is None:
        await connection.execute(
            insert(identity).values(
                schema_version=SCHEMA_VERSION, chain_id=owner.chain_id, account=owner.account
            )
        )
        free = {"account": owner.account, "holder": "", "token": 0, "expires_at": 0}
        await connection.execute(insert(leases).values(free))
        return
    _check_version(path, row.schema_version)
    refuse_stranger(path, Owner(row.chain_id, Address(row.account)), owner)


def refuse_unwritable(path: Path) -> None:
    """Raise JournalError for a place where no journal can be written.

    The mode of a directory does not say whether it can be written, so a nameless file is tried in it.
    """
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise JournalError(
            f"journal {path}: its directory cannot be written ({error.strerror}): check that it exists, "
            "its owner and its mode"
        ) from error
    if path.is_dir():
        raise JournalError(f"journal {path}: it is a directory: name a file in KEEPER_JOURNAL")
    if path.exists() and not os.access(path, os.W_OK):
        raise JournalError(f"journal {path}: it cannot be written: check its owner and its mode")


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
