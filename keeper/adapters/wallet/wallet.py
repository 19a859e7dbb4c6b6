"""The one writer of an account: an interpreter of the transaction machine's commands.

All rules are in `core.transaction`; here is only the order of side effects. One lock makes events one at a
time, so that nonces are handed out in the order in which plans are offered. What is begun is finished even if
the caller is cancelled by a newer head: a signature that nobody waits for would leave its nonce in doubt.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TypeVar

from keeper.adapters.wallet.carrying import Carrier
from keeper.adapters.wallet.needs import Contract, Ledger, Node, Note, Signer
from keeper.core.head import Head
from keeper.core.outcome import Outcome, Refused
from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.transaction.account import Account, ChainView, Rules, recovered
from keeper.core.transaction.machine import step
from keeper.core.transaction.messages import (
    Answered,
    Broadcast,
    Command,
    Event,
    Finish,
    HeadArrived,
    LookUp,
    Offered,
    Refuse,
    Release,
    Sign,
    Step,
    Stopping,
)
from keeper.core.units import Address
from keeper.ports import Accepted, JournalError, UnreachableError

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

    Make one with `open_wallet`: the journal's open intents must be known before a nonce is handed out.
    """

    def __init__(self, parts: Parts, chain_id: int, account: Account, listener: Listener = nobody) -> None:
        self._node = parts.node
        self._ledger = parts.ledger
        self._address = parts.signer.address
        self._carrier = Carrier(parts.node, parts.signer, parts.ledger, parts.contract, chain_id)
        self._account = account
        self._listener = listener
        self._head: Head | None = None
        self._finished: list[Outcome] = []
        self._notes: dict[str, Note] = {}
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[object]] = set()

    @property
    def account(self) -> Account:
        """All that is known of the account's transactions now, for whoever shows it."""
        return self._account

    def pending(self) -> frozenset[Address]:
        """Vaults with an intent in flight, or with a verdict that nobody has been told yet."""
        return self._account.vaults | {outcome.vault for outcome in self._finished}

    async def offer(self, plan: Plan, head: Head) -> Accepted | Refused:
        """Sign, journal and broadcast a plan, or say why not. The same intent offered twice is one intent."""
        return await self._to_the_end(self._offer(plan, head))

    async def advance(self, head: Head) -> Sequence[Outcome]:
        """Look after all that is in flight; each verdict is returned once.

        An unreachable node is no error here: nothing is known, so nothing changes until the next head.
        """
        await self._to_the_end(self._advance(head))
        finished, self._finished = self._finished, []
        return tuple(finished)

    def stop(self) -> None:
        """Take no new plans. `advance` goes on for those in flight."""
        self._account, _ = step(self._account, Stopping())

    async def close(self) -> None:
        """Wait until everything that was begun is finished. Nothing in flight is given up."""
        self.stop()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _to_the_end(self, work: Coroutine[object, object, T]) -> T:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _offer(self, plan: Plan, head: Head) -> Accepted | Refused:
        async with self._lock:
            if any(intent.plan.intent == plan.intent for intent in self._account.intents):
                return Accepted(plan.intent)
            try:
                if self._head is None or self._head.hash != head.hash:
                    await self._arrive(head)
                balance_wei = await self._node.balance_wei(self._address)
            except UnreachableError as error:
                return Refused(plan.vault, Reason.NODE_UNREACHABLE, str(error))
            if any(outcome.vault == plan.vault for outcome in self._finished):
                detail = "the verdict on the vault's last intent has not been recorded yet"
                return Refused(plan.vault, Reason.PENDING, detail)
            refused = await self._drive(Offered(plan, balance_wei))
            return refused or Accepted(plan.intent)

    async def _advance(self, head: Head) -> None:
        async with self._lock:
            if not self._account.intents:
                return
            await self._keep_notes()
            try:
                await self._arrive(head)
            except UnreachableError:
                return

    async def _arrive(self, head: Head) -> None:
        nonce = await self._node.nonce(self._address)
        self._head = head
        await self._drive(HeadArrived(ChainView(head.number, head.timestamp, head.base_fee_wei, nonce)))

    async def _drive(self, event: Event) -> Refused | None:
        """Feed the machine until it has nothing more to ask for."""
        refused: Refused | None = None
        events = deque([event])
        while events:
            commands = self._step(events.popleft())
            for command in commands:
                match command:
                    case Refuse() | Release():
                        refused = command.refused
                    case Finish():
                        self._finished.append(command.outcome)
                    case _:
                        pass
                events.extend(await self._carry_out(command))
        return refused

    def _step(self, event: Event) -> Step:
        self._account, commands = step(self._account, event)
        self._listener(event, commands)
        return commands

    async def _carry_out(self, command: Command) -> Sequence[Event]:
        match command:
            case Sign():
                return await self._sign(command)
            case Broadcast():
                return (await self._broadcast(command),)
            case LookUp():
                return await self._carrier.look_up(command, self._account)
            case Release():
                await self._ledger.release(command.nonce, command.refused)
                return ()
            case Refuse() | Finish():
                return ()

    async def _sign(self, command: Sign) -> Sequence[Event]:
        try:
            return (await self._carrier.sign(command, self._account),)
        except JournalError as error:
            # The machine must forget the nonce before the caller hears that nothing was journalled.
            self._step(self._carrier.failed(command, Reason.JOURNAL_FAILED, str(error)))
            raise

    async def _broadcast(self, command: Broadcast) -> Answered:
        answered = await self._carrier.broadcast(command)
        self._notes[command.tx_hash] = Note(command.tx_hash, answered.answer, answered.words)
        return answered

    async def _keep_notes(self) -> None:
        if self._notes:
            await self._ledger.note(tuple(self._notes.values()))
            self._notes.clear()


async def open_wallet(parts: Parts, chain_id: int, rules: Rules, listener: Listener = nobody) -> LiveWallet:
    """A wallet that knows what an earlier run left open. Raises JournalError."""
    intents = await parts.ledger.open_intents()
    return LiveWallet(parts, chain_id, recovered(rules, tuple(intents)), listener)
