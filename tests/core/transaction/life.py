"""An account driven by hand, event by event."""

from keeper.core.plan import Plan
from keeper.core.transaction.account import Account, ChainView, Rules, recovered
from keeper.core.transaction.intent import Attempt, Inclusion
from keeper.core.transaction.machine import step
from keeper.core.transaction.messages import (
    Answered,
    Broadcast,
    Command,
    Event,
    HeadArrived,
    Offered,
    ReceiptsRead,
    Sign,
    Signed,
)
from keeper.core.transaction.words import Answer
from keeper.core.units import GWEI, BlockHash, TxHash
from tests.core.transaction.build import PLAN

RULES = Rules(confirmations=3, bump_after_blocks=3)
RICH = 10**20
CANONICAL = BlockHash("0xcc")


class Life:
    """What is asked to be signed is signed at once; everything else is for the test to say."""

    def __init__(self, account: Account | None = None, nonce: int = 7) -> None:
        self.account = account or Account(RULES)
        self.number = 100
        self.nonce = nonce
        self.base_fee = 20 * GWEI
        self.timestamp = 1_000
        self.signed = 0

    def tell(self, event: Event) -> list[Command]:
        self.account, commands = step(self.account, event)
        told: list[Command] = []
        for command in commands:
            told.append(command)
            if isinstance(command, Sign):
                told.extend(self.tell(Signed(command.nonce, self.sign(command))))
        return told

    def sign(self, command: Sign) -> Attempt:
        self.signed += 1
        return Attempt(TxHash(f"0x{self.signed}"), str(self.signed).encode(), command.kind, command.fees)

    def head(self, blocks: int = 1) -> list[Command]:
        self.number += blocks
        self.timestamp += 12 * blocks
        view = ChainView(self.number, self.timestamp, self.base_fee, self.nonce)
        return self.tell(HeadArrived(view))

    def offer(self, offered: Plan = PLAN, balance: int = RICH) -> list[Command]:
        return self.tell(Offered(offered, balance))

    def answer(self, answer: Answer, number: int | None = None, nonce: int = 7) -> list[Command]:
        tx_hash = TxHash(f"0x{self.signed if number is None else number}")
        return self.tell(Answered(nonce, tx_hash, answer, answer.value))

    def receipts(self, *found: Inclusion, nonce: int = 7) -> list[Command]:
        return self.tell(ReceiptsRead(nonce, found))

    @property
    def attempt(self) -> Attempt:
        return self.account.intents[0].newest


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


def broadcasts(commands: list[Command]) -> list[bytes]:
    return [each.raw for each in commands if isinstance(each, Broadcast)]


def signs(commands: list[Command]) -> list[Sign]:
    return [each for each in commands if isinstance(each, Sign)]


def only(commands: list[Command]) -> Command:
    (command,) = commands
    return command


def restarted(life: Life) -> Life:
    again = Life(recovered(RULES, life.account.intents), nonce=life.nonce)
    again.number, again.timestamp, again.signed = life.number, life.timestamp, life.signed
    return again
