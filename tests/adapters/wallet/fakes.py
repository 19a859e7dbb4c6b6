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

from keeper.adapters.wallet.needs import Absent, Block, Fill, Log, Note, NotTaken, Receipt, Taken
from keeper.core.head import Head
from keeper.core.outcome import Outcome, Refused
from keeper.core.plan import Plan
from keeper.core.transaction.intent import Attempt, Intent
from keeper.core.transaction.unsigned import SignedBytes, Unsigned
from keeper.core.units import GWEI, Address, BlockHash, TxHash
from keeper.ports import JournalError, SignerError, UnreachableError
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


Fault = Callable[["FakeNode", Tx], Taken | NotTaken]


def lost_before(_node: "FakeNode", _tx: Tx) -> Taken | NotTaken:
    """The request never arrived."""
    raise UnreachableError("connection reset")


def lost_after(node: "FakeNode", tx: Tx) -> Taken | NotTaken:
    """The node heard it, and its answer was lost."""
    node.judge(tx)
    raise UnreachableError("502 from the proxy")


def killed_before(_node: "FakeNode", _tx: Tx) -> Taken | NotTaken:
    """The process dies with the bytes in hand."""
    raise Killed


def killed_after(node: "FakeNode", tx: Tx) -> Taken | NotTaken:
    """The process dies with the answer on the wire."""
    node.judge(tx)
    raise Killed


def says(words: str) -> Fault:
    """The node refuses in these words."""
    return lambda _node, _tx: NotTaken(words)


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

    def __post_init__(self) -> None:
        self._append(())

    # --- what the wallet asks ---

    async def nonce(self, _account: Address) -> int:
        self._answer()
        return self.chain_nonce() - self.lag

    async def balance_wei(self, _account: Address) -> int:
        self._answer()
        return self.balance

    async def send(self, raw: bytes) -> Taken | NotTaken:
        tx = decoded(raw)
        self.on_send(tx)
        self._answer()
        self.heard.append(tx)
        return self.faults.popleft()(self, tx) if self.faults else self.judge(tx)

    async def receipt(self, tx_hash: TxHash) -> Receipt | Absent:
        self._answer()
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
        if number >= len(self.blocks):
            return Absent()
        return Block(self.blocks[number].hash, self.blocks[number].timestamp)

    # --- what happens to it ---

    def judge(self, tx: Tx) -> Taken | NotTaken:
        """The client's own verdict on a transaction."""
        waiting = self.pool.get(tx.fields.nonce)
        if waiting is not None and waiting.tx_hash == tx.tx_hash:
            return NotTaken("already known")
        if tx.fields.nonce < self.chain_nonce():
            return NotTaken(f"nonce too low: next nonce {self.chain_nonce()}, tx nonce {tx.fields.nonce}")
        if tx.fields.gas_limit * tx.fields.max_fee_wei > self.balance:
            return NotTaken("insufficient funds for gas * price + value")
        if waiting is not None and not replaces(self.client, self.base_fee_wei, waiting.fields, tx.fields):
            return NotTaken("replacement transaction underpriced")
        self.pool[tx.fields.nonce] = tx
        return Taken(tx.tx_hash)

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

    def _append(self, txs: tuple[Tx, ...]) -> None:
        number = len(self.blocks)
        name = BlockHash(_hash(number, self.salt, txs))
        self.blocks.append(Mined(number, name, self.timestamp, self.base_fee_wei, txs))

    def _answer(self) -> None:
        if self.down:
            raise UnreachableError("the node is down")

    def _receipt(self, block: Mined, tx: Tx) -> Receipt:
        price = min(tx.fields.max_fee_wei, block.base_fee_wei + tx.fields.tip_wei)
        succeeded = block.timestamp <= tx.deadline
        logs: tuple[Log, ...] = ({"rebalanced": True},) if tx.fields.data and succeeded else ()
        return Receipt(tx.tx_hash, block.number, block.hash, succeeded, 21_000, price, logs)


class FakeContract:
    """A vault that takes any rebalance before its deadline."""

    def calldata(self, plan: Plan) -> bytes:
        return json.dumps({"intent": plan.intent, "deadline": plan.deadline}).encode()

    def fill(self, plan: Plan, logs: Sequence[Log]) -> Fill | Absent:
        return Fill(plan.amount_in, plan.expected_out) if logs else Absent()

    async def revert_reason(self, plan: Plan, account: Address, block_number: int) -> str:  # noqa: ARG002
        return f"Expired({plan.deadline})"


class FakeSigner:
    """Signs anything, unless told to fail."""

    def __init__(self) -> None:
        self.fails = False

    @property
    def address(self) -> Address:
        return ACCOUNT

    async def sign(self, unsigned: Unsigned) -> SignedBytes:
        if self.fails:
            raise SignerError("the key server does not answer")
        return signed(unsigned)


class MemoryLedger:
    """What is durable. `dies` names the call at which the process dies, before or after its commit."""

    def __init__(self) -> None:
        self.open: dict[int, Intent] = {}
        self.hashes: set[TxHash] = set()
        self.notes: list[Note] = []
        self.released: list[Refused] = []
        self.full = False
        self.dies: str = ""

    async def open_intents(self) -> Sequence[Intent]:
        return [self.open[nonce] for nonce in sorted(self.open)]

    async def begin(self, intent: Intent) -> None:
        self._commit("begin")
        taken = {each.plan.intent for each in self.open.values()}
        if intent.nonce in self.open or intent.plan.intent in taken:
            raise JournalError("already open")
        # What is read back after a restart knows nothing of what was only in memory.
        self.open[intent.nonce] = Intent(intent.plan, intent.nonce, intent.attempts)
        self.hashes.update(intent.hashes)
        self._committed("begin")

    async def add(self, nonce: int, attempt: Attempt) -> None:
        self._commit("add")
        intent = self.open[nonce]
        if attempt.tx_hash in self.hashes:
            raise JournalError("signed before")
        self.open[nonce] = replace(intent, attempts=(*intent.attempts, attempt))
        self.hashes.add(attempt.tx_hash)
        self._committed("add")

    async def release(self, nonce: int, refused: Refused) -> None:
        self._commit("release")
        del self.open[nonce]
        self.released.append(refused)

    async def note(self, notes: Sequence[Note]) -> None:
        self._commit("note")
        self.notes.extend(notes)

    def settle(self, outcome: Outcome) -> None:
        """What the loop does with a verdict."""
        if isinstance(outcome, Refused):
            return
        for nonce, intent in list(self.open.items()):
            if intent.plan.intent == outcome.intent:
                del self.open[nonce]

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
