"""Intents and attempts: what must be on disk before a byte leaves the host."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from keeper.adapters.journal.codec import PLAN
from keeper.adapters.journal.store import Store
from keeper.adapters.journal.tables import attempts, intents
from keeper.core.outcome import Refused
from keeper.core.transaction.fees import Fees
from keeper.core.transaction.intent import Attempt, Intent, Kind
from keeper.core.units import TxHash
from keeper.ports import JournalError

OPEN = "open"
RELEASED = "released"


class Note(Protocol):
    """What a node answered to one attempt."""

    @property
    def tx_hash(self) -> TxHash:
        """The attempt's."""
        ...

    @property
    def answer(self) -> str:
        """The class of the answer."""
        ...

    @property
    def words(self) -> str:
        """The node's own."""
        ...


class SqlLedger:
    """Every method is one commit, and raises JournalError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def open_intents(self) -> Sequence[Intent]:
        """Intents without a verdict, in the order of their nonces, each with all its attempts."""
        query = (
            select(intents.c.plan, intents.c.nonce, attempts)
            .join(attempts, attempts.c.intent_id == intents.c.id)
            .where(intents.c.state == OPEN)
            .order_by(intents.c.nonce, attempts.c.position)
        )
        async with self._store.transaction() as connection:
            rows = (await connection.execute(query)).all()
        found: dict[int, Intent] = {}
        for row in rows:
            known = found.get(row.nonce)
            before = known.attempts if known else ()
            found[row.nonce] = Intent(PLAN.load(row.plan), row.nonce, (*before, _attempt(row)))
        return tuple(found.values())

    async def begin(self, intent: Intent) -> None:
        """A new intent with its attempts. Refused while its key or its nonce is open."""
        async with self._store.transaction() as connection:
            row = insert(intents).values(
                key=intent.plan.intent,
                vault=intent.plan.vault,
                nonce=intent.nonce,
                state=OPEN,
                plan=PLAN.dump(intent.plan),
            )
            intent_id = (await connection.execute(row.returning(intents.c.id))).scalar_one()
            for position, attempt in enumerate(intent.attempts):
                await _insert_attempt(connection, intent_id, position, attempt)

    async def add(self, nonce: int, attempt: Attempt) -> None:
        """One more attempt of the open intent at this nonce."""
        async with self._store.transaction() as connection:
            intent_id = await _open_intent(connection, nonce)
            position = (
                await connection.execute(
                    select(func.count()).select_from(attempts).where(attempts.c.intent_id == intent_id)
                )
            ).scalar_one()
            await _insert_attempt(connection, intent_id, position, attempt)

    async def release(self, nonce: int, refused: Refused) -> None:
        """Close the open intent at this nonce as come to nothing, keeping the reason with its attempts."""
        async with self._store.transaction() as connection:
            intent_id = await _open_intent(connection, nonce)
            await connection.execute(update(intents).where(intents.c.id == intent_id).values(state=RELEASED))
            await connection.execute(
                update(attempts)
                .where(attempts.c.intent_id == intent_id)
                .values(answer=refused.reason.value, words=refused.detail)
            )

    async def note(self, notes: Sequence[Note]) -> None:
        """Keep the last answer to each attempt."""
        async with self._store.transaction() as connection:
            for note in notes:
                await connection.execute(
                    update(attempts)
                    .where(attempts.c.tx_hash == note.tx_hash)
                    .values(answer=note.answer, words=note.words)
                )


async def _open_intent(connection: AsyncConnection, nonce: int) -> int:
    query = select(intents.c.id).where(intents.c.nonce == nonce, intents.c.state == OPEN)
    intent_id: int | None = (await connection.execute(query)).scalar_one_or_none()
    if intent_id is None:
        raise JournalError(f"the journal has no open intent at nonce {nonce}")
    return intent_id


async def _insert_attempt(
    connection: AsyncConnection, intent_id: int, position: int, attempt: Attempt
) -> None:
    await connection.execute(
        insert(attempts).values(
            tx_hash=attempt.tx_hash,
            intent_id=intent_id,
            position=position,
            kind=attempt.kind.value,
            max_fee_wei=attempt.fees.max_fee_wei,
            tip_wei=attempt.fees.tip_wei,
            raw=attempt.raw,
        )
    )


def _attempt(row: Row[tuple[object, ...]]) -> Attempt:
    return Attempt(
        tx_hash=TxHash(row.tx_hash),
        raw=bytes(row.raw),
        kind=Kind(row.kind),
        fees=Fees(row.max_fee_wei, row.tip_wei),
    )
