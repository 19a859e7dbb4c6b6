"""Slots and what was signed for them: what must be on disk before a byte leaves the host.

Each method is one commit. What is signed is inserted by statements that carry the fence of the lease in
themselves: a process that was paused past its lease cannot begin a nonce that is another's by now.
"""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import ColumnElement, Select, and_, func, insert, literal, null, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from keeper.adapters.journal.codec import FEES, PLAN, TERMS
from keeper.adapters.journal.lease import Lease, now_ms
from keeper.adapters.journal.slots import CLOSED, OPEN, RELEASED, recalled
from keeper.adapters.journal.tables import attempts, intents, leases, notes, orders, slots
from keeper.core.outcome import Refused
from keeper.core.transaction.account import Recalled
from keeper.core.transaction.attempt import NO_PLAN, Attempt
from keeper.core.transaction.messages import Order, Ordered
from keeper.core.transaction.slot import Slot
from keeper.ports import JournalError


class Note(Protocol):
    """Something in the life of a nonce."""

    @property
    def nonce(self) -> int:
        """Whose life."""
        ...

    @property
    def block_number(self) -> int:
        """When."""
        ...

    @property
    def what(self) -> str:
        """One word."""
        ...

    @property
    def detail(self) -> str:
        """For people."""
        ...

    @property
    def tx_hash(self) -> str:
        """Of which transaction; empty where there is none."""
        ...

    @property
    def endpoint(self) -> str:
        """Who said it; empty where nobody did."""
        ...


class SqlLedger:
    """Raises JournalError, and LeaseLostError when this process is not the account's writer any more."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    async def recall(self) -> Recalled:
        """Everything that an earlier run left."""
        return await recalled(self._lease.store)

    async def begin(self, slot: Slot) -> None:
        """A new slot with its first attempt, and the plan it is for."""
        fresh = _if_free(self._lease.fence(), slot)
        row = insert(slots).from_select(["nonce", "opened", "terms", "state"], fresh)
        async with self._lease.writing() as connection:
            slot_id = (await connection.execute(row.returning(slots.c.id))).scalar_one_or_none()
            if slot_id is None:
                already = f"the journal already holds the intent of nonce {slot.nonce} as open: restart"
                raise await self._lease.refused(connection, already)
            await self._sign(connection, slot)

    async def add(self, slot: Slot) -> None:
        """An open slot's newest attempt, and its newest plan if that is new."""
        async with self._lease.writing() as connection:
            await self._sign(connection, slot)

    async def release(self, nonce: int, refused: Refused) -> None:  # noqa: ARG002 the notes tell why
        """The open slot at this nonce came to nothing, and its nonce may be used again."""
        async with self._lease.fenced() as connection:
            await close_slot(connection, nonce, RELEASED)

    async def reopen(self, slot: Slot) -> None:
        """The chain took back the verdict on this slot."""
        last = select(func.max(slots.c.id)).where(slots.c.nonce == slot.nonce, slots.c.state == CLOSED)
        opening = update(slots).where(slots.c.id == last.scalar_subquery()).values(state=OPEN)
        async with self._lease.fenced() as connection:
            if (await connection.execute(opening)).rowcount == 0:
                raise JournalError(f"the journal has no verdict on nonce {slot.nonce} to take back")

    async def note(self, told: Sequence[Note]) -> None:
        """Keep what happened."""
        rows = [
            {
                "nonce": each.nonce,
                "block_number": each.block_number,
                "what": each.what,
                "detail": each.detail,
                "tx_hash": each.tx_hash,
                "endpoint": each.endpoint,
            }
            for each in told
        ]
        async with self._lease.fenced() as connection:
            await connection.execute(insert(notes), rows)

    async def orders(self) -> Sequence[Ordered]:
        """What an operator asked for, and has not been answered."""
        query = select(orders).where(orders.c.answered_at.is_(None)).order_by(orders.c.number)
        async with self._lease.store.transaction() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(Ordered(row.number, row.nonce, Order(row.order)) for row in rows)

    async def obeyed(self, number: int, detail: str) -> None:
        """Answer an operator's order."""
        answer = update(orders).where(orders.c.number == number)
        async with self._lease.fenced() as connection:
            await connection.execute(answer.values(detail=detail, answered_at=now_ms()))

    async def _sign(self, connection: AsyncConnection, slot: Slot) -> None:
        """The slot's newest attempt, in its place after those that are stored, and its plan if new."""
        attempt, position = slot.newest, len(slot.attempts) - 1
        row = insert(attempts).from_select(
            [column.name for column in attempts.c],
            _if_next(self._lease.fence(), slot.nonce, position, attempt),
        )
        slot_id = (await connection.execute(row.returning(attempts.c.slot_id))).scalar_one_or_none()
        if slot_id is None:
            missing = f"the journal has no open slot at nonce {slot.nonce} that attempt {position} belongs to"
            raise await self._lease.refused(connection, missing)
        if attempt.plan not in {NO_PLAN, *(each.plan for each in slot.attempts[:-1])}:
            plan = slot.plans[attempt.plan]
            place = {"slot_id": slot_id, "position": attempt.plan}
            said = {"key": plan.intent, "vault": plan.vault, "plan": PLAN.dump(plan)}
            await connection.execute(insert(intents).values(**place, **said))


def _if_free(fence: ColumnElement[bool], slot: Slot) -> Select[tuple[int, int, str, str]]:
    """A slot's row, under the lease, and while its intent is open at no other nonce."""
    row = (
        select(
            literal(slot.nonce, slots.c.nonce.type),
            literal(slot.opened, slots.c.opened.type),
            literal(TERMS.dump(slot.terms), slots.c.terms.type),
            literal(OPEN, slots.c.state.type),
        )
        .where(fence)
        .with_for_update(of=leases)
    )
    if not slot.plans:
        return row
    same = select(intents.c.key).join(slots, slots.c.id == intents.c.slot_id)
    taken = same.where(intents.c.key == slot.plans[-1].intent, slots.c.state == OPEN)
    return row.where(~taken.correlate(None).exists())


def _if_next(
    fence: ColumnElement[bool], nonce: int, position: int, attempt: Attempt
) -> Select[tuple[object, ...]]:
    """An attempt's row, under the lease, while the open slot at its nonce has just those before it."""
    before = select(func.count()).select_from(attempts).where(attempts.c.slot_id == slots.c.id)
    return (
        select(
            slots.c.id,
            literal(position, attempts.c.position.type),
            null() if attempt.plan == NO_PLAN else literal(attempt.plan, attempts.c.intent.type),
            literal(attempt.tx_hash, attempts.c.tx_hash.type),
            literal(attempt.kind.value, attempts.c.kind.type),
            literal(attempt.why.value, attempts.c.why.type),
            literal(FEES.dump(attempt.fees), attempts.c.fees.type),
            literal(attempt.gas_limit, attempts.c.gas_limit.type),
            literal(attempt.raw, attempts.c.raw.type),
        )
        .select_from(slots.join(leases, true()))
        .where(and_(fence, slots.c.nonce == nonce, slots.c.state == OPEN))
        .where(before.correlate(slots).scalar_subquery() == position)
        .with_for_update(of=leases)
    )


async def close_slot(connection: AsyncConnection, nonce: int, state: str) -> int:
    """End the open slot at a nonce. Raises JournalError if there is none."""
    closing = update(slots).where(slots.c.nonce == nonce, slots.c.state == OPEN).values(state=state)
    slot_id: int | None = (await connection.execute(closing.returning(slots.c.id))).scalar_one_or_none()
    if slot_id is None:
        raise JournalError(f"the journal has no open slot at nonce {nonce}")
    return slot_id
