"""The account's transactions, as the journal tells them, and an operator's hand on one of them.

Looking needs no lease and no node, so it can be had while everything else is down. An order is a row in the
journal: the keeper that leads reads it at its next block, under the same ceilings as its own decisions.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from keeper.adapters.journal.history import History, StoredNote, StoredSlot
from keeper.adapters.journal.lease import HeldByOther
from keeper.adapters.journal.orders import Nobody, Orders, Replied, Unanswered
from keeper.adapters.journal.store import open_existing, open_reader
from keeper.core.transaction.messages import Order
from keeper.core.units import Address

ASK_EVERY_S = 0.25
PATIENCE_S = 60.0
"""Longer than a block of any chain that the keeper works on."""

Sleep = Callable[[float], Awaitable[object]]


class NoSuchNonceError(Exception):
    """The journal has nothing about a nonce."""


class NoKeeperError(Exception):
    """No keeper took an order; it was withdrawn."""


@dataclass(frozen=True, slots=True)
class Life:
    """A nonce from its first signature on. `slots` are several when nothing of the first was ever taken.

    `newest_block` is the last that the keeper recorded, `names` those of the vaults in its policies then.
    """

    nonce: int
    slots: Sequence[StoredSlot]
    notes: Sequence[StoredNote]
    newest_block: int
    names: Mapping[Address, str]


async def lives(journal: Path, limit: int) -> Sequence[Life]:
    """The newest nonces, each with all that is known of it. Raises JournalError."""
    async with await open_reader(journal) as store:
        history = History(store)
        nonces = dict.fromkeys(each.slot.nonce for each in await history.slots(limit))
        return [await _life(history, nonce) for nonce in nonces]


async def life(journal: Path, nonce: int) -> Life:
    """One nonce. Raises NoSuchNonceError, and JournalError."""
    async with await open_reader(journal) as store:
        found = await _life(History(store), nonce)
    if not found.slots and not found.notes:
        raise NoSuchNonceError(f"the journal {journal} has nothing about nonce {nonce}: see `keeper tx list`")
    return found


async def _life(history: History, nonce: int) -> Life:
    return Life(
        nonce,
        await history.slots_at(nonce),
        await history.notes(nonce),
        await history.newest_block(),
        await history.names(),
    )


async def order(
    journal: Path,
    nonce: int,
    wanted: Order,
    patience_s: float = PATIENCE_S,
    sleep: Sleep = asyncio.sleep,
) -> str:
    """Ask the keeper that leads, and return its answer. Raises NoKeeperError, and JournalError."""
    async with await open_existing(journal) as store:
        orders = Orders(store)
        leader = await orders.leader()
        if isinstance(leader, Nobody):
            raise NoKeeperError("no keeper leads, so nothing was ordered: start one with `keeper run --live`")
        number = await orders.place(nonce, wanted)
        try:
            answer = await _answered(orders, number, patience_s, sleep)
        finally:
            late = await orders.withdraw(number)
        return _words(answer if isinstance(answer, Replied) else late, leader, patience_s)


async def _answered(orders: Orders, number: int, patience_s: float, sleep: Sleep) -> Replied | Unanswered:
    waited_s = 0.0
    answer = await orders.answer(number)
    while isinstance(answer, Unanswered) and waited_s < patience_s:
        await sleep(ASK_EVERY_S)
        waited_s += ASK_EVERY_S
        answer = await orders.answer(number)
    return answer


def _words(answer: Replied | Unanswered, leader: HeldByOther, patience_s: float) -> str:
    if isinstance(answer, Unanswered):
        raise NoKeeperError(
            f"the keeper that leads ({leader.holder}) did not take the order within {patience_s:.0f} s, and "
            "it was withdrawn: orders are read once a block, by a keeper that runs with --live"
        )
    return answer.words
