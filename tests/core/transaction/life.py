"""An account driven by hand, event by event."""

from keeper.core.outcome import Outcome
from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.transaction.account import Account, ChainView, Rules, recovered
from keeper.core.transaction.attempt import Attempt, Inclusion
from keeper.core.transaction.commands import Alarm, Alert, Broadcast, Command, Finish, Refuse, Sign, Waits
from keeper.core.transaction.machine import step
from keeper.core.transaction.messages import (
    Answered,
    Event,
    HeadArrived,
    Offered,
    ReceiptsRead,
    Reviewed,
    Signed,
)
from keeper.core.transaction.wish import Wanted, Wish
from keeper.core.transaction.words import Answer
from keeper.core.units import GWEI, WAD, Address, BlockHash, TxHash
from tests.core.transaction.build import PLAN

RULES = Rules(confirmations=3, bump_after_blocks=3)
RICH = 10**20
CANONICAL = BlockHash("0xcc")


NATIVE_USD = 3_000 * WAD


class Life:
    """What is asked to be signed is signed at once; everything else is for the test to say.

    A head is followed by a review in which everything is still wanted, unless the test wishes otherwise.
    """

    def __init__(self, account: Account | None = None, nonce: int = 7) -> None:
        self.account = account or Account(RULES)
        self.number = 100
        self.nonce = nonce
        self.pool_nonce = 0
        self.base_fee = 20 * GWEI
        self.timestamp = 1_000
        self.balance = RICH
        self.delegated = False
        self.final_number: int | None = None
        self.branch = 0
        self.signed = 0
        self.waits: list[Waits] = []

    def tell(self, event: Event) -> list[Command]:
        self.account, commands = step(self.account, event)
        told: list[Command] = []
        for command in commands:
            if isinstance(command, Waits):
                self.waits.append(command)
                continue
            told.append(command)
            if isinstance(command, Sign):
                told.extend(self.tell(Signed(command.nonce, self.sign(command), command.plan)))
        return told

    def sign(self, command: Sign) -> Attempt:
        self.signed += 1
        raw = str(self.signed).encode()
        tx_hash = TxHash(f"0x{self.signed}")
        return Attempt(tx_hash, raw, command.kind, command.fees, command.gas_limit, command.why)

    def view(self) -> ChainView:
        def name(number: int) -> BlockHash:
            return BlockHash(f"0x{number}/{self.branch}")

        return ChainView(
            number=self.number,
            hash=name(self.number),
            parent_hash=name(self.number - 1),
            timestamp=self.timestamp,
            base_fee_wei=self.base_fee,
            nonce=self.nonce,
            pool_nonce=max(self.pool_nonce, self.nonce),
            balance_wei=self.balance,
            delegated=self.delegated,
            final_number=self.final_number,
        )

    def arrive(self, blocks: int = 1) -> list[Command]:
        """A head, before anybody was asked what is still wanted."""
        self.number += blocks
        self.timestamp += 12 * blocks
        return self.tell(HeadArrived(self.view()))

    def review(self, wishes: dict[Address, Wish] | None = None) -> list[Command]:
        everything: dict[Address, Wish] = {vault: Wanted() for vault in self.account.vaults}
        return self.tell(Reviewed(everything if wishes is None else wishes, NATIVE_USD))

    def head(self, blocks: int = 1, wishes: dict[Address, Wish] | None = None) -> list[Command]:
        return [*self.arrive(blocks), *self.review(wishes)]

    def offer(self, offered: Plan = PLAN) -> list[Command]:
        return self.tell(Offered(offered, NATIVE_USD))

    def settle(self, *found: Inclusion, nonce: int = 7, blocks: int = 1) -> list[Command]:
        """A head, and what the look-up that it asks for finds."""
        self.arrive(blocks)
        return self.receipts(*found, nonce=nonce)

    def answer(self, answer: Answer, number: int | None = None, nonce: int = 7) -> list[Command]:
        tx_hash = TxHash(f"0x{self.signed if number is None else number}")
        return self.tell(Answered(nonce, tx_hash, answer, answer.value))

    def receipts(self, *found: Inclusion, nonce: int = 7) -> list[Command]:
        return self.tell(ReceiptsRead(nonce, found))

    @property
    def attempt(self) -> Attempt:
        return self.account.slots[0].newest


def sent(offered: Plan = PLAN) -> Life:
    """A life with one intent at nonce 7, taken by the node."""
    life = Life()
    life.head()
    life.offer(offered)
    life.answer(Answer.ACCEPTED)
    return life


def inclusion(number: int, *, tx: int = 1, succeeded: bool = True, canonical: bool = True) -> Inclusion:
    return Inclusion(
        tx_hash=TxHash(f"0x{tx}"),
        block_number=number,
        block_hash=CANONICAL if canonical else BlockHash("0xdd"),
        canonical_hash=CANONICAL,
        timestamp=1_012,
        succeeded=succeeded,
        gas_used=50_000,
        price_wei=21 * GWEI,
        spent=3,
        got=4,
        error="" if succeeded else "StateMoved()",
    )


def finished(commands: list[Command]) -> tuple[Outcome, ...]:
    """The outcomes of the one verdict among these commands."""
    (finish,) = [each for each in commands if isinstance(each, Finish)]
    return finish.outcomes


def alarms(commands: list[Command]) -> list[Alert]:
    return [each.alert for each in commands if isinstance(each, Alarm)]


def refused(commands: list[Command]) -> Reason:
    """The reason of the one refusal among these commands."""
    (refusal,) = [each for each in commands if isinstance(each, Refuse)]
    return refusal.refused.reason


def broadcasts(commands: list[Command]) -> list[bytes]:
    return [each.raw for each in commands if isinstance(each, Broadcast)]


def signs(commands: list[Command]) -> list[Sign]:
    return [each for each in commands if isinstance(each, Sign)]


def only(commands: list[Command]) -> Command:
    (command,) = commands
    return command


def restarted(life: Life) -> Life:
    again = Life(
        recovered(RULES, life.account.slots, life.account.closed, life.account.spent), nonce=life.nonce
    )
    again.number, again.timestamp, again.signed = life.number, life.timestamp, life.signed
    return again
