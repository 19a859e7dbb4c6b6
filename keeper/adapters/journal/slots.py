"""Slots as they are stored, and as the core knows them.

Only what cannot be learnt again is stored: what was signed. Where a slot stands is asked of the chain by
whoever reads it, because everything else may have happened meanwhile.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from keeper.adapters.journal.codec import FEES, OUTCOME, PLAN, TERMS
from keeper.adapters.journal.store import Store
from keeper.adapters.journal.tables import attempts, intents, outcomes, slots
from keeper.core.outcome import Cancelled, Filled, Mined, Reverted
from keeper.core.transaction.account import Recalled
from keeper.core.transaction.attempt import NO_PLAN, Attempt, Kind, Why
from keeper.core.transaction.budget import DAY_S, Spend
from keeper.core.transaction.slot import Slot
from keeper.core.transaction.states import State
from keeper.core.units import TxHash

OPEN = "open"
RELEASED = "released"
CLOSED = "closed"

CLOSED_RECALLED = 16
"""So many verdicts are looked at again at a start: more nonces are never in flight."""

PAID = (Mined, Reverted, Cancelled, Filled)
STATES = {OPEN: State.PENDING, CLOSED: State.CLOSED, RELEASED: State.CLOSED}

StoredSlot = Row[Any]


async def recalled(store: Store) -> Recalled:
    """Everything that an earlier run left. Raises JournalError."""
    signed = select(attempts.c.slot_id).where(attempts.c.slot_id == slots.c.id).exists()
    closed = select(slots).where(slots.c.state == CLOSED, signed).order_by(slots.c.id.desc())
    async with store.transaction() as connection:
        return Recalled(
            slots=tuple(await _slots(connection, select(slots).where(slots.c.state == OPEN))),
            closed=tuple(await _slots(connection, closed.limit(CLOSED_RECALLED))),
            spent=await _spent(connection),
        )


async def _slots(connection: AsyncConnection, query: Select[Any]) -> list[Slot]:
    """Lowest nonce first. Where nothing of ours was mined, the nonce is known to have passed us by."""
    found = await read_slots(connection, query)
    paid = select(outcomes.c.slot_id).where(
        outcomes.c.slot_id.in_([row.id for row, _ in found]), outcomes.c.paid_at.is_not(None)
    )
    mined = set((await connection.execute(paid)).scalars())
    slots_found = [
        replace(slot, passed_at=slot.opened if row.state == CLOSED and row.id not in mined else None)
        for row, slot in found
    ]
    return sorted(slots_found, key=lambda slot: slot.nonce)


async def read_slots(connection: AsyncConnection, query: Select[Any]) -> Sequence[tuple[StoredSlot, Slot]]:
    """The slots of a query with all their plans and attempts, in its order."""
    rows = (await connection.execute(query)).all()
    ids = [row.id for row in rows]
    plans = await _by_slot(
        connection, select(intents).where(intents.c.slot_id.in_(ids)).order_by(intents.c.position)
    )
    signed = await _by_slot(
        connection, select(attempts).where(attempts.c.slot_id.in_(ids)).order_by(attempts.c.position)
    )
    return [(row, _slot(row, plans[row.id], signed[row.id])) for row in rows]


async def _by_slot(connection: AsyncConnection, query: Select[Any]) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in await connection.execute(query):
        found[row.slot_id].append(row)
    return found


def _slot(row: StoredSlot, plans: Sequence[Row[Any]], signed: Sequence[Row[Any]]) -> Slot:
    return Slot(
        nonce=row.nonce,
        opened=row.opened,
        terms=TERMS.load(row.terms),
        state=STATES[row.state],
        plans=tuple(PLAN.load(each.plan) for each in plans),
        attempts=tuple(_attempt(each) for each in signed),
    )


def _attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        tx_hash=TxHash(row.tx_hash),
        raw=bytes(row.raw),
        kind=Kind(row.kind),
        fees=FEES.load(row.fees),
        gas_limit=row.gas_limit,
        why=Why(row.why),
        plan=NO_PLAN if row.intent is None else row.intent,
    )


async def _spent(connection: AsyncConnection) -> tuple[Spend, ...]:
    """What the last day cost, once for each nonce: all outcomes of a nonce tell of the same transaction.

    The day ends with the newest payment, so that no clock is asked; a verdict that was taken back has a newer
    one at the same nonce.
    """
    newest = select(func.max(outcomes.c.paid_at)).scalar_subquery()
    last = select(func.max(outcomes.c.id)).where(outcomes.c.paid_at.is_not(None)).group_by(outcomes.c.slot_id)
    query = (
        select(outcomes.c.body, slots.c.nonce)
        .join(slots, slots.c.id == outcomes.c.slot_id)
        .where(outcomes.c.paid_at > newest - DAY_S, outcomes.c.id.in_(last))
        .order_by(outcomes.c.paid_at)
    )
    ends = [(row.nonce, OUTCOME.load(row.body)) for row in await connection.execute(query)]
    return tuple(
        Spend(nonce, end.timestamp, end.gas_cost_wei, wasted=isinstance(end, Reverted))
        for nonce, end in ends
        if isinstance(end, PAID)
    )
