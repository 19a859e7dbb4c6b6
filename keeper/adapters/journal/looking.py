"""Whether a keeper could write its journal, found out without writing it.

Opening a journal for writing makes the file and claims it for an account, neither of which someone who only
asks may do: the answer must not change what a running keeper finds, or what the next
one starts with.
"""

import asyncio
from pathlib import Path

from keeper.adapters.journal.store import Owner, open_reader, owner_of, refuse_stranger, refuse_unwritable


async def look(path: Path, owner: Owner) -> str:
    """What a keeper of this owner would find at `path`. Raises JournalError for what would stop it."""
    await asyncio.to_thread(refuse_unwritable, path)
    if not await asyncio.to_thread(path.exists):
        return f"{path} will be made"
    async with await open_reader(path) as store:
        refuse_stranger(path, await owner_of(store), owner)
    return f"{path} is this account's"
