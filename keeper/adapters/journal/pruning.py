"""The record of cycles kept within a size: the oldest go when there are too many.

A thousand vaults write a gigabyte every few hours, and a full disk ends the keeper. What was signed, and what
became of it, is never pruned: that is the account's history, and grows only with what was done. What was told
of a nonce on its way goes when its end is known.
"""

from sqlalchemy import Select, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from keeper.adapters.journal.foretold import followed
from keeper.adapters.journal.slots import OPEN
from keeper.adapters.journal.tables import (
    cycles,
    decisions,
    documents,
    notes,
    outcomes,
    outlooks,
    slots,
    solutions,
)

CYCLES_AT_ONCE = 16
REFUSALS_AT_ONCE = 256
NOTES_AT_ONCE = 256
"""So few that a head does not wait for it, and yet more than one head writes."""


async def prune(connection: AsyncConnection, max_bytes: int) -> None:
    """Delete the oldest cycles, refusals and notes if more than `max_bytes` are in use.

    The newest cycle stays, and what was noted of a nonce that is open.
    """
    if await _bytes_in_use(connection) <= max_bytes:
        return
    oldest = select(cycles.c.id, cycles.c.policies, cycles.c.memories).order_by(cycles.c.id)
    newest = select(cycles.c.id).order_by(cycles.c.id.desc()).limit(1).scalar_subquery()
    rows = (await connection.execute(oldest.where(cycles.c.id < newest).limit(CYCLES_AT_ONCE))).all()
    ids = [row.id for row in rows]
    await connection.execute(delete(decisions).where(decisions.c.cycle_id.in_(ids)))
    await connection.execute(delete(cycles).where(cycles.c.id.in_(ids)))
    await connection.execute(delete(solutions).where(solutions.c.id.in_(_followed())))
    await connection.execute(delete(outlooks).where(outlooks.c.cycle_id.in_(followed())))
    names = {name for row in rows for name in (row.policies, row.memories)}
    await connection.execute(delete(documents).where(documents.c.sha256.in_(names), ~_is_used().exists()))
    refused = select(outcomes.c.id).where(outcomes.c.kind == "refused").order_by(outcomes.c.id)
    await connection.execute(delete(outcomes).where(outcomes.c.id.in_(refused.limit(REFUSALS_AT_ONCE))))
    in_flight = select(slots.c.nonce).where(slots.c.state == OPEN)
    told = select(notes.c.id).where(notes.c.nonce.not_in(in_flight)).order_by(notes.c.id)
    await connection.execute(delete(notes).where(notes.c.id.in_(told.limit(NOTES_AT_ONCE))))


def _followed() -> Select[tuple[int]]:
    """Solutions that no cycle rests on: another of the same vault came before the oldest cycle, or at it."""
    newer, first = solutions.alias(), select(func.min(cycles.c.id)).scalar_subquery()
    follows = (newer.c.vault == solutions.c.vault) & (newer.c.id > solutions.c.id)
    return select(solutions.c.id).join(newer, follows).where(newer.c.cycle_id <= first)


def _is_used() -> Select[tuple[int]]:
    """The cycles that still name a document."""
    return select(cycles.c.id).where(
        or_(cycles.c.policies == documents.c.sha256, cycles.c.memories == documents.c.sha256)
    )


async def _bytes_in_use(connection: AsyncConnection) -> int:
    """What the file holds; deleted rows leave pages that the next rows take."""
    query = (
        "select (page_count - freelist_count) * page_size "
        "from pragma_page_count, pragma_freelist_count, pragma_page_size"
    )
    return int((await connection.exec_driver_sql(query)).scalar_one())
