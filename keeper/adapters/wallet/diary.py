"""The life of each nonce in words, as it happens: what `keeper tx show` tells later.

Notes wait in memory and are journalled with the next head, so that telling never delays a broadcast; what a
promise rests on (signed bytes, verdicts) is durable long before. A slot that waits for the same reason at
every head says so once.
"""

from collections.abc import Sequence

from keeper.adapters.wallet.needs import Note, Reply
from keeper.core.transaction.account import Account
from keeper.core.transaction.commands import Alarm, Broadcast, Command, Finish, Release, Reopen, Step, Waits
from keeper.core.transaction.messages import Event, ReceiptsRead, Signed, SignFailed


class Diary:
    """Notes that are not journalled yet."""

    def __init__(self) -> None:
        self._notes: list[Note] = []
        self._last: dict[tuple[int, str], str] = {}

    def take(self) -> tuple[Note, ...]:
        """The notes, which are then forgotten here."""
        notes, self._notes = tuple(self._notes), []
        return notes

    def stepped(self, before: Account, after: Account, event: Event, commands: Step) -> None:
        """Note a step of the machine."""
        block = after.view.number if after.view else 0
        self._heard(block, event)
        if isinstance(event, ReceiptsRead):
            self._moved(block, before, after, event.nonce)
        for command in commands:
            self._done(block, command)

    def replied(self, block_number: int, command: Broadcast, replies: Sequence[Reply]) -> None:
        """Note what each endpoint said to a broadcast."""
        for reply in replies:
            told = f"{command.route}: {reply.answer}" + (f" ({reply.words})" if reply.words else "")
            self._once(
                Note(command.nonce, block_number, "answer", told, command.tx_hash, reply.endpoint),
                f"{command.tx_hash}{reply.endpoint}",
            )

    def _heard(self, block: int, event: Event) -> None:
        if isinstance(event, Signed):
            fees = event.attempt.fees
            offer = f"{fees.max_fee_wei} wei per gas, tip {fees.tip_wei}"
            detail = f"{event.attempt.kind}, {event.attempt.why}: {offer}"
            self._add(Note(event.nonce, block, "signed", detail, event.attempt.tx_hash))
        elif isinstance(event, SignFailed):
            detail = f"{event.why}: {event.refused.reason}: {event.refused.detail}"
            self._add(Note(event.nonce, block, "not-signed", detail))

    def _moved(self, block: int, before: Account, after: Account, nonce: int) -> None:
        was, now = before.slot_at(nonce), after.slot_at(nonce)
        if was is None or now is None or (was.state is now.state and was.included == now.included):
            return
        where = f" in block {now.included.block_number}" if now.included else ""
        tx_hash = now.included.tx_hash if now.included else ""
        self._add(Note(nonce, block, now.state.value, f"was {was.state}{where}", tx_hash))

    def _done(self, block: int, command: Command) -> None:
        match command:
            case Waits():
                detail = f"{command.wait}" + (f": {command.detail}" if command.detail else "")
                self._once(Note(command.nonce, block, "waits", detail), "waits")
            case Alarm():
                self._add(Note(command.nonce, block, command.alert.value, command.detail))
            case Release():
                self._add(Note(command.nonce, block, "released", command.refused.detail))
            case Reopen():
                self._add(Note(command.slot.nonce, block, "reopened", f"is {command.slot.state} again"))
            case Finish():
                ends = ", ".join(type(each).__name__.lower() for each in command.outcomes) or "displaced"
                self._add(Note(command.nonce, block, "final", ends))
                self._forget(command.nonce)
            case _:
                pass

    def _once(self, note: Note, key: str) -> None:
        if self._last.get((note.nonce, key)) != note.detail:
            self._last[note.nonce, key] = note.detail
            self._notes.append(note)

    def _add(self, note: Note) -> None:
        self._notes.append(note)

    def _forget(self, nonce: int) -> None:
        self._last = {key: value for key, value in self._last.items() if key[0] != nonce}
