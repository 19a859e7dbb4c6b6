"""Whether a keeper could write its journal, found out without writing it.

Opening a journal for writing makes the file, claims it for an account and takes the writer's lock, none of
which someone who only asks may do: the answer must not change what a running keeper finds, or what the next
one starts with.
"""

import asyncio
import os
import tempfile
from pathlib import Path

from keeper.adapters.journal.store import Owner, open_reader, owner_of, refuse_stranger
from keeper.ports import JournalError


async def look(path: Path, owner: Owner) -> str:
    """What a keeper of this owner would find at `path`. Raises JournalError for what would stop it."""
    await asyncio.to_thread(_refuse_unwritable, path)
    if not await asyncio.to_thread(path.exists):
        return f"{path} will be made"
    if await asyncio.to_thread(path.is_dir):
        raise JournalError(f"journal {path}: it is a directory: name a file in KEEPER_JOURNAL")
    async with await open_reader(path) as store:
        refuse_stranger(path, await owner_of(store), owner)
    return f"{path} is this account's"


def _refuse_unwritable(path: Path) -> None:
    """The mode of a directory does not say whether it can be written, so a nameless file is tried in it."""
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise JournalError(
            f"journal {path}: its directory cannot be written ({error.strerror}): check that it exists, "
            "its owner and its mode"
        ) from error
    if path.exists() and not os.access(path, os.W_OK):
        raise JournalError(f"journal {path}: it cannot be written: check its owner and its mode")
