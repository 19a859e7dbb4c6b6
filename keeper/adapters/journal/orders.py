"""What an operator asks of the keeper that leads, through the journal that both have open.

An order that nobody has answered can be withdrawn, so that it is not carried out in an hour, to everybody's
surprise, by a keeper that is started then.
"""

from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from keeper.adapters.journal.lease import HeldByOther, holder_of, now_ms
from keeper.adapters.journal.store import Store
from keeper.adapters.journal.tables import orders
from keeper.core.transaction.messages import Order


@dataclass(frozen=True, slots=True)
class Replied:
    """What the keeper made of an order, in its words."""

    words: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No keeper has looked at it."""


@dataclass(frozen=True, slots=True)
class Nobody:
    """No keeper leads."""


class Orders:
    """The operator's side of the table of orders. All methods raise JournalError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def leader(self) -> HeldByOther | Nobody:
        """Who would read an order now."""
        async with self._store.transaction() as connection:
            return await holder_of(connection) or Nobody()

    async def place(self, nonce: int, order: Order) -> int:
        """Ask. Returns the order's number."""
        row = insert(orders).values(nonce=nonce, order=order.value, asked_at=now_ms())
        async with self._store.transaction() as connection:
            return int((await connection.execute(row.returning(orders.c.number))).scalar_one())

    async def answer(self, number: int) -> Replied | Unanswered:
        """What was answered."""
        query = select(orders.c.detail).where(orders.c.number == number, orders.c.answered_at.is_not(None))
        async with self._store.transaction() as connection:
            words = (await connection.execute(query)).scalar_one_or_none()
        return Unanswered() if words is None else Replied(words)

    async def withdraw(self, number: int) -> Replied | Unanswered:
        """Take an order back, unless it was answered in the last moment."""
        taking = delete(orders).where(orders.c.number == number, orders.c.answered_at.is_(None))
        async with self._store.transaction() as connection:
            await connection.execute(taking)
        return await self.answer(number)
