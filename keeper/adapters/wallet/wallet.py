"""The one writer of an account: an interpreter of the transaction machine's commands.

All rules are in `core.transaction`; here is only the order of side effects. One lock makes events one at a
time, so that nonces are handed out in the order in which plans are offered. What is begun is finished even if
the caller is cancelled by a newer head: a signature that nobody waits for would leave its nonce in doubt.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from keeper.adapters.wallet.carrying import Carrier, failed
from keeper.adapters.wallet.diary import Diary
from keeper.adapters.wallet.needs import Contract, Ledger, Node, Signer
from keeper.core.head import Head
from keeper.core.outcome import Refused, Settlement
from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.transaction.account import Account, ChainView, Rules, recovered
from keeper.core.transaction.commands import (
    Broadcast,
    Command,
    Finish,
    LookUp,
    Obey,
    Refuse,
    Release,
    Reopen,
    Sign,
    Step,
)
from keeper.core.transaction.machine import step
from keeper.core.transaction.messages import Answered, Event, HeadArrived, Offered, Reviewed, Stopping
from keeper.core.transaction.states import State
from keeper.core.transaction.weighing import weighed
from keeper.core.transaction.whose import Whose, whose
from keeper.core.transaction.wish import Wish
from keeper.core.units import Address
from keeper.ports import Accepted, JournalError, LeaseLostError, UnreachableError

T = TypeVar("T")
Listener = Callable[[Event, Step], None]


def nobody(event: Event, commands: Step) -> None:
    """Listen to nothing."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a wallet is made of."""

    node: Node
    signer: Signer
    ledger: Ledger
    contract: Contract


class LiveWallet:
    """Implements `ports.Wallet`. `listener` hears every event and what was done about it.

    Make one with `open_wallet`: the journal's open slots must be known before a nonce is handed out.
    """

    def __init__(self, parts: Parts, chain_id: int, account: Account, listener: Listener = nobody) -> None:
        self._node = parts.node
        self._ledger = parts.ledger
        self._address = parts.signer.address
        self._carrier = Carrier(parts.node, parts.signer, parts.ledger, parts.contract, chain_id)
        self._account = account
        self._listener = listener
        self._diary = Diary()
        self._finished: list[Settlement] = []
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[object]] = set()

    @property
    def account(self) -> Account:
        """All that is known of the account's transactions now, for whoever shows it."""
        return self._account

    def in_flight(self, head: Head) -> Mapping[Address, Plan]:
        """What is wanted at each nonce that is free at `head`, where something was signed before it."""
        waiting = [
            slot
            for slot in self._account.slots
            if slot.state is State.PENDING and slot.signed_at != head.number and self._is_current(head)
        ]
        # The first to be mined speaks for a vault that a reorganisation has left with two.
        wanted = [slot.wanted for slot in reversed(waiting)]
        return {plan.vault: plan for plan in wanted if plan is not None}

    def pending(self) -> frozenset[Address]:
        """Vaults with an intent in flight, or with a verdict that nobody has been told yet."""
        told = (getattr(outcome, "vault", None) for each in self._finished for outcome in each.outcomes)
        return self._account.vaults | {vault for vault in told if vault is not None}

    def whose(self, vault: Address, at: int) -> Whose:
        """Who hedged a vault in the block of this time, as far as is known."""
        return whose(self._account, vault, at)

    async def advance(self, head: Head) -> Sequence[Settlement]:
        """Learn what became of all that is in flight; each verdict is returned once. Nothing is sent.

        An unreachable node is no error here: nothing is known, so nothing changes until the next head.
        """
        await self._to_the_end(self._advance(head))
        finished, self._finished = self._finished, []
        return tuple(finished)

    async def offer(self, plan: Plan, head: Head, native_usd_wad: int) -> Accepted | Refused:
        """Sign, journal and broadcast a plan, or say why not. The same intent offered twice is one intent."""
        return await self._to_the_end(self._offer(plan, head, native_usd_wad))

    async def review(self, head: Head, wishes: Mapping[Address, Wish], native_usd_wad: int) -> None:
        """Send again, raise, supersede or take back what is in flight, as the decision at `head` wishes."""
        await self._to_the_end(self._review(head, wishes, native_usd_wad))

    def stop(self) -> None:
        """Take no new plans. `advance` goes on for those in flight."""
        self._account, _ = step(self._account, Stopping())

    async def close(self) -> None:
        """Wait until everything that was begun is finished. Nothing in flight is given up."""
        self.stop()
        if self._tasks:
            await asyncio.wait(self._tasks)
        async with self._lock:
            with suppress(JournalError):  # what the process ends of, or words that nobody will miss
                await self._keep_notes()

    async def _to_the_end(self, work: Coroutine[object, object, T]) -> T:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _advance(self, head: Head) -> None:
        async with self._lock:
            await self._keep_notes()
            try:
                standing = await self._node.standing(self._address, head.number)
            except UnreachableError:
                return
            view = ChainView(
                number=head.number,
                hash=head.hash,
                parent_hash=head.parent_hash,
                timestamp=head.timestamp,
                base_fee_wei=head.base_fee_wei,
                nonce=standing.nonce,
                pool_nonce=standing.pool_nonce,
                balance_wei=standing.balance_wei,
                delegated=standing.delegated,
                final_number=standing.final_number,
            )
            await self._drive(HeadArrived(view))

    async def _offer(self, plan: Plan, head: Head, native_usd_wad: int) -> Accepted | Refused:
        async with self._lock:
            if any(plan.intent == each.intent for slot in self._account.slots for each in slot.plans):
                return Accepted(plan.intent)
            if not self._is_current(head):
                return Refused(
                    plan.vault, Reason.NODE_UNREACHABLE, "the nonce could not be read at this head"
                )
            if plan.vault in self.pending() - self._account.vaults:
                detail = "the verdict on the vault's last intent has not been recorded yet"
                return Refused(plan.vault, Reason.PENDING, detail)
            refused = await self._drive(Offered(plan, native_usd_wad))
            return refused or Accepted(plan.intent)

    async def _review(self, head: Head, wishes: Mapping[Address, Wish], native_usd_wad: int) -> None:
        async with self._lock:
            if not self._is_current(head):
                return
            await self._drive(Reviewed(wishes, native_usd_wad))
            for order in await self._ledger.orders():
                await self._drive(order)

    def _is_current(self, head: Head) -> bool:
        """Whether the account was read at this very head."""
        view = self._account.view
        return view is not None and view.hash == head.hash

    async def _drive(self, event: Event) -> Refused | None:
        """Feed the machine until it has nothing more to ask for."""
        refused: Refused | None = None
        events = deque([event])
        while events:
            for command in self._step(events.popleft()):
                if isinstance(command, Refuse | Release):
                    refused = command.refused
                events.extend(await self._carry_out(command))
        return refused

    def _step(self, event: Event) -> Step:
        before = self._account
        self._account, commands = step(before, event)
        self._diary.stepped(before, self._account, event, commands)
        self._listener(event, commands)
        return commands

    async def _carry_out(self, command: Command) -> Sequence[Event]:
        match command:
            case Sign():
                return await self._sign(command)
            case Broadcast():
                return (await self._broadcast(command),)
            case LookUp():
                return await self._carrier.look_up(command, self._account, self._height())
            case Finish():
                self._finished.append(Settlement(command.nonce, command.outcomes))
            case _:
                await self._write(command)
        return ()

    async def _write(self, command: Command) -> None:
        match command:
            case Release():
                await self._ledger.release(command.nonce, command.refused)
            case Reopen():
                await self._ledger.reopen(command.slot)
            case Obey():
                await self._ledger.obeyed(command.number, command.detail)
            case _:
                pass

    async def _sign(self, command: Sign) -> Sequence[Event]:
        try:
            return (await self._carrier.sign(command, self._account),)
        except JournalError as error:
            # The machine must forget the nonce before the caller hears that nothing was journalled.
            lost = isinstance(error, LeaseLostError)
            self._step(failed(command, Reason.LEASE_LOST if lost else Reason.JOURNAL_FAILED, str(error)))
            raise

    async def _broadcast(self, command: Broadcast) -> Answered:
        replies = await self._carrier.broadcast(command)
        self._diary.replied(self._height(), command, replies)
        answer = weighed([reply.answer for reply in replies])
        words = next((reply.words for reply in replies if reply.answer is answer), "")
        others = tuple((reply.answer, reply.words) for reply in replies if reply.answer is not answer)
        return Answered(command.nonce, command.tx_hash, answer, words, others)

    def _height(self) -> int:
        return self._account.view.number if self._account.view else 0

    async def _keep_notes(self) -> None:
        notes = self._diary.take()
        if notes:
            await self._ledger.note(notes)


async def open_wallet(parts: Parts, chain_id: int, rules: Rules, listener: Listener = nobody) -> LiveWallet:
    """A wallet that knows what an earlier run left open. Raises JournalError."""
    left = await parts.ledger.recall()
    account = recovered(rules, left.slots, left.closed, left.spent)
    return LiveWallet(parts, chain_id, account, listener)
