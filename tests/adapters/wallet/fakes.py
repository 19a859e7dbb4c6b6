"""A scripted node with the pool rules of each client, and a signer, a ledger and a contract to go with it.

Anvil takes any replacement and forgets nothing, so a green suite on it proves nothing about bumps, lost
answers or dropped transactions. This node keeps blocks and a pool for one account, refuses in the words of
the client that it plays, and fails when told.
"""

import hashlib
import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace

from keeper.adapters.wallet.needs import (
    Absent,
    Block,
    Fill,
    Log,
    Note,
    Receipt,
    Reply,
    Standing,
)
from keeper.core.head import Head
from keeper.core.outcome import Cancelled, Filled, Refused, Reverted, Settlement
from keeper.core.outcome import Mined as MinedOutcome
from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.transaction.account import Recalled
from keeper.core.transaction.attempt import Route
from keeper.core.transaction.attempt import Standing as AttemptStanding
from keeper.core.transaction.budget import Spend
from keeper.core.transaction.messages import Ordered
from keeper.core.transaction.slot import Slot
from keeper.core.transaction.unsigned import SignedBytes, Unsigned
from keeper.core.transaction.words import Answer, classify
from keeper.core.units import GWEI, Address, BlockHash, TxHash
from keeper.ports import JournalError, SignerError, UnreachableError, WouldRevert
from tests.core.transaction.pools import replaces

ACCOUNT = Address("0x00000000000000000000000000000000000000Aa")
CHAIN_ID = 1
BLOCK_S = 12


class Killed(BaseException):
    """The process dies here. Not an Exception, so that nothing on the way can swallow it."""


@dataclass(frozen=True)
class Tx:
    """A transaction as the node sees it."""

    tx_hash: TxHash
    fields: Unsigned
    foreign: bool = False

    @property
    def deadline(self) -> int:
        return int(json.loads(self.fields.data)["deadline"]) if self.fields.data else 2**62

    @property
    def intent(self) -> str:
        return str(json.loads(self.fields.data)["intent"]) if self.fields.data else ""


@dataclass(frozen=True)
class Mined:
    """A block."""

    number: int
    hash: BlockHash
    timestamp: int
    base_fee_wei: int
    txs: tuple[Tx, ...] = ()


def _hash(*parts: object) -> str:
    return "0x" + hashlib.sha256(repr(parts).encode()).hexdigest()


def signed(unsigned: Unsigned) -> SignedBytes:
    """Deterministic bytes that the fake node can read."""
    fields = asdict(unsigned) | {"data": unsigned.data.decode()}
    raw = json.dumps(fields, sort_keys=True).encode()
    return SignedBytes(raw, TxHash(_hash(raw)))


def decoded(raw: bytes) -> Tx:
    fields = json.loads(raw)
    fields["data"] = fields["data"].encode()
    return Tx(TxHash(_hash(raw)), Unsigned(**fields))


ENDPOINT = "node.example"


def taken() -> Reply:
    return Reply(ENDPOINT, Answer.ACCEPTED)


def not_taken(words: str) -> Reply:
    return Reply(ENDPOINT, classify(words), words)


Fault = Callable[["FakeNode", Tx], Reply]


def lost_before(_node: "FakeNode", _tx: Tx) -> Reply:
    """The request never arrived."""
    return Reply(ENDPOINT, Answer.LOST, "connection reset")


def lost_after(node: "FakeNode", tx: Tx) -> Reply:
    """The node heard it, and its answer was lost."""
    node.judge(tx)
    return Reply(ENDPOINT, Answer.LOST, "502 from the proxy")


def killed_before(_node: "FakeNode", _tx: Tx) -> Reply:
    """The process dies with the bytes in hand."""
    raise Killed


def killed_after(node: "FakeNode", tx: Tx) -> Reply:
    """The process dies with the answer on the wire."""
    node.judge(tx)
    raise Killed


def says(words: str) -> Fault:
    """The node refuses in these words."""
    return lambda _node, _tx: not_taken(words)


@dataclass
class FakeNode:
    """One account's view of a chain. `client` names the pool's rules (see `pools`)."""

    client: str = "geth"
    base_fee_wei: int = 20 * GWEI
    timestamp: int = 1_000
    balance: int = 10**20
    down: bool = False
    faults: deque[Fault] = field(default_factory=deque)
    pool: dict[int, Tx] = field(default_factory=dict)
    blocks: list[Mined] = field(default_factory=list)
    heard: list[Tx] = field(default_factory=list)
    on_send: Callable[[Tx], None] = lambda _tx: None
    salt: int = 0
    lag: int = 0
    hidden_receipts: bool = False
    receipts_fail: bool = False
    guarded: bool = False
    blocks_lag: bool = False
    standing_fails: bool = False
    delegated: bool = False
    final_number: int | None = None
    routes: list[Route] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._append(())

    # --- what the wallet asks ---

    async def standing(self, _account: Address, _height: int) -> Standing:
        self._answer()
        if self.standing_fails:
            raise UnreachableError("header not found")
        nonce = self.chain_nonce() - self.lag
        pooled = nonce
        while pooled in self.pool:
            pooled += 1
        return Standing(nonce, pooled, self.balance, self.delegated, self.final_number)

    async def send(self, raw: bytes, tx_hash: TxHash, route: Route) -> Sequence[Reply]:
        tx = decoded(raw)
        assert tx.tx_hash == tx_hash
        self.on_send(tx)
        self.routes.append(route)
        if self.down:
            return [Reply(ENDPOINT, Answer.LOST, "the node is down")]
        self.heard.append(tx)
        return [self.faults.popleft()(self, tx) if self.faults else self.judge(tx)]

    async def receipt(self, tx_hash: TxHash, height: int) -> Receipt | Absent:
        self._answer()
        del height
        if self.receipts_fail:
            raise UnreachableError("header not found")
        if self.hidden_receipts:
            return Absent()
        for block in self.blocks:
            for tx in block.txs:
                if tx.tx_hash == tx_hash:
                    return self._receipt(block, tx)
        return Absent()

    async def block(self, number: int) -> Block | Absent:
        self._answer()
        if number >= len(self.blocks) or self.blocks_lag:
            return Absent()
        return Block(self.blocks[number].hash, self.blocks[number].timestamp)

    # --- what happens to it ---

    def judge(self, tx: Tx) -> Reply:
        """The client's own verdict on a transaction."""
        waiting = self.pool.get(tx.fields.nonce)
        if waiting is not None and waiting.tx_hash == tx.tx_hash:
            return not_taken("already known")
        if tx.fields.nonce < self.chain_nonce():
            return not_taken(f"nonce too low: next nonce {self.chain_nonce()}, tx nonce {tx.fields.nonce}")
        if tx.fields.gas_limit * tx.fields.max_fee_wei > self.balance:
            return not_taken("insufficient funds for gas * price + value")
        if waiting is not None and not replaces(self.client, self.base_fee_wei, waiting.fields, tx.fields):
            return not_taken("replacement transaction underpriced")
        self.pool[tx.fields.nonce] = tx
        return taken()

    def mine(self, *, empty: bool = False) -> Head:
        """A block with all that can be paid for, in the order of nonces."""
        self.timestamp += BLOCK_S
        txs: list[Tx] = []
        nonce = self.chain_nonce()
        while not empty and nonce in self.pool and self.pool[nonce].fields.max_fee_wei >= self.base_fee_wei:
            txs.append(self.pool.pop(nonce))
            nonce += 1
        self._append(tuple(txs))
        self.pool = {each: tx for each, tx in self.pool.items() if each >= nonce}
        return self.head()

    def foreign(self) -> None:
        """Somebody else uses the key, and pays well."""
        fields = Unsigned(CHAIN_ID, self.chain_nonce(), ACCOUNT, b"", 0, 21_000, 10**15, 10**12)
        self.pool[fields.nonce] = Tx(TxHash(_hash(fields, len(self.blocks))), fields, foreign=True)

    def reorg(self, depth: int, *, forget: bool, empty: bool = True, later_s: int = 0) -> Head:
        """Other blocks of the same number. What was in the old ones returns to the pool, unless forgotten.

        A foreign transaction always returns: its sender takes as much care of it as we do of ours.
        """
        self.salt += 1
        old = self.blocks[-depth:]
        del self.blocks[-depth:]
        for tx in (tx for block in old for tx in block.txs):
            if tx.foreign or (not forget and tx.fields.nonce not in self.pool):
                self.pool[tx.fields.nonce] = tx
        self.timestamp = self.blocks[-1].timestamp + later_s
        for _ in range(depth):
            self.mine(empty=empty)
        return self.head()

    def head(self) -> Head:
        block = self.blocks[-1]
        parent = self.blocks[-2].hash if len(self.blocks) > 1 else block.hash
        return Head(CHAIN_ID, block.number, block.hash, parent, block.timestamp, self.base_fee_wei)

    def chain_nonce(self) -> int:
        return sum(len(block.txs) for block in self.blocks)

    def mined(self) -> list[tuple[Mined, Tx]]:
        return [(block, tx) for block in self.blocks for tx in block.txs]

    def first_of_its_state(self, block: Mined, tx: Tx) -> bool:
        """Whether the vault was in the state that the rebalance is for: in any other it refuses."""
        if not self.guarded:
            return True
        before = [each for each in self.blocks if each.number <= block.number]
        twins = [
            each
            for mined in before
            for each in mined.txs
            if each.intent == tx.intent and mined.timestamp <= each.deadline
        ]
        return not twins or twins[0].tx_hash == tx.tx_hash

    def _append(self, txs: tuple[Tx, ...]) -> None:
        number = len(self.blocks)
        name = BlockHash(_hash(number, self.salt, txs))
        self.blocks.append(Mined(number, name, self.timestamp, self.base_fee_wei, txs))

    def _answer(self) -> None:
        if self.down:
            raise UnreachableError("the node is down")

    def _receipt(self, block: Mined, tx: Tx) -> Receipt:
        price = min(tx.fields.max_fee_wei, block.base_fee_wei + tx.fields.tip_wei)
        succeeded = block.timestamp <= tx.deadline and self.first_of_its_state(block, tx)
        logs: tuple[Log, ...] = ({"rebalanced": True},) if tx.fields.data and succeeded else ()
        return Receipt(tx.tx_hash, block.number, block.hash, succeeded, 21_000, price, logs)


class FakeContract:
    """A vault that takes any rebalance before its deadline."""

    def calldata(self, plan: Plan) -> bytes:
        return json.dumps({"intent": plan.intent, "deadline": plan.deadline}).encode()

    def fill(self, plan: Plan, logs: Sequence[Log]) -> Fill | Absent:
        return Fill(plan.amount_in, plan.expected_out) if logs else Absent()

    async def revert_reason(self, plan: Plan, account: Address, block_number: int) -> WouldRevert:  # noqa: ARG002
        return WouldRevert(f"Expired({plan.deadline})", Reason.EXPIRED)


class FakeSigner:
    """Signs anything, unless told to fail."""

    def __init__(self) -> None:
        self.fails = False
        self.on_sign: Callable[[int], None] = lambda _deadline: None

    @property
    def address(self) -> Address:
        return ACCOUNT

    async def sign(self, unsigned: Unsigned) -> SignedBytes:
        if self.fails:
            raise SignerError("the key server does not answer")
        if unsigned.data:
            self.on_sign(int(json.loads(unsigned.data)["deadline"]))
        return signed(unsigned)


class MemoryLedger:
    """What is durable. `dies` names the call at which the process dies, before or after its commit."""

    def __init__(self) -> None:
        self.open: dict[int, Slot] = {}
        self.closed: dict[int, Slot] = {}
        self.spent: list[Spend] = []
        self.hashes: set[TxHash] = set()
        self.notes: list[Note] = []
        self.released: list[Refused] = []
        self.waiting: list[Ordered] = []
        self.answers: dict[int, str] = {}
        self.full = False
        self.token = 0
        self.dies: str = ""

    async def recall(self) -> Recalled:
        newest = sorted(self.closed)[-16:]
        return Recalled(
            tuple(self.open[nonce] for nonce in sorted(self.open)),
            tuple(self.closed[nonce] for nonce in newest),
            tuple(self.spent),
        )

    async def begin(self, slot: Slot) -> None:
        self._commit("begin")
        if slot.nonce in self.open:
            raise JournalError("already open")
        self.open[slot.nonce] = self._stored(slot)
        self.hashes.update(slot.hashes)
        self._committed("begin")

    async def add(self, slot: Slot) -> None:
        self._commit("add")
        if slot.newest.tx_hash in self.hashes:
            raise JournalError("signed before")
        known = self.open[slot.nonce]
        assert slot.attempts[:-1] == tuple(
            replace(stored, standing=attempt.standing)
            for stored, attempt in zip(known.attempts, slot.attempts, strict=False)
        )
        self.open[slot.nonce] = self._stored(slot)
        self.hashes.add(slot.newest.tx_hash)
        self._committed("add")

    async def release(self, nonce: int, refused: Refused) -> None:
        self._commit("release")
        del self.open[nonce]
        self.released.append(refused)

    async def reopen(self, slot: Slot) -> None:
        self._commit("reopen")
        self.open[slot.nonce] = replace(self.closed.pop(slot.nonce), passed_at=None)
        self._committed("reopen")

    async def note(self, notes: Sequence[Note]) -> None:
        self._commit("note")
        self.notes.extend(notes)

    async def orders(self) -> Sequence[Ordered]:
        return [order for order in self.waiting if order.number not in self.answers]

    async def obeyed(self, number: int, detail: str) -> None:
        self.answers[number] = detail

    def settle(self, settlement: Settlement) -> None:
        """What the loop does with a verdict."""
        nonce = settlement.nonce
        if nonce is None:
            return
        paid = {
            (each.timestamp, each.gas_cost_wei)
            for each in settlement.outcomes
            if isinstance(each, MinedOutcome | Reverted | Cancelled | Filled)
        }
        self.spent = [each for each in self.spent if each.nonce != nonce]
        self.spent += [Spend(nonce, *each) for each in paid]
        slot = self.open.pop(nonce)
        self.closed[nonce] = replace(slot, passed_at=None if paid else slot.opened)

    @staticmethod
    def _stored(slot: Slot) -> Slot:
        """What is read back after a restart knows nothing of what was only in memory."""
        attempts = tuple(replace(each, standing=AttemptStanding.SIGNED) for each in slot.attempts)
        return Slot(slot.nonce, slot.opened, slot.terms, plans=slot.plans, attempts=attempts)

    def _commit(self, call: str) -> None:
        if self.full:
            raise JournalError("the disk is full")
        if self.dies == f"before {call}":
            self.dies = ""
            raise Killed

    def _committed(self, call: str) -> None:
        if self.dies == f"after {call}":
            self.dies = ""
            raise Killed


class Fence:
    """A ledger, and the way to a node, for the holder of one token, until another has a newer one."""

    def __init__(self, ledger: MemoryLedger, token: int) -> None:
        self._ledger = ledger
        self._token = token

    @property
    def held(self) -> bool:
        return self._token == self._ledger.token

    def node(self, node: FakeNode) -> "FencedNode":
        return FencedNode(node, self)

    async def recall(self) -> Recalled:
        return await self._ledger.recall()

    async def begin(self, slot: Slot) -> None:
        await self._checked().begin(slot)

    async def add(self, slot: Slot) -> None:
        await self._checked().add(slot)

    async def release(self, nonce: int, refused: Refused) -> None:
        await self._checked().release(nonce, refused)

    async def reopen(self, slot: Slot) -> None:
        await self._checked().reopen(slot)

    async def note(self, notes: Sequence[Note]) -> None:
        await self._checked().note(notes)

    async def orders(self) -> Sequence[Ordered]:
        return await self._checked().orders()

    async def obeyed(self, number: int, detail: str) -> None:
        await self._checked().obeyed(number, detail)

    def _checked(self) -> MemoryLedger:
        if not self.held:
            raise JournalError("the lease is another's")
        return self._ledger


class FencedNode:
    """A node to which nothing is sent once the lease is lost."""

    def __init__(self, node: FakeNode, fence: Fence) -> None:
        self._node = node
        self._fence = fence

    async def standing(self, account: Address, height: int) -> Standing:
        return await self._node.standing(account, height)

    async def send(self, raw: bytes, tx_hash: TxHash, route: Route) -> Sequence[Reply]:
        if not self._fence.held:
            return [Reply(ENDPOINT, Answer.LOST, "the lease is another's")]
        return await self._node.send(raw, tx_hash, route)

    async def receipt(self, tx_hash: TxHash, height: int) -> Receipt | Absent:
        return await self._node.receipt(tx_hash, height)

    async def block(self, number: int) -> Block | Absent:
        return await self._node.block(number)
