"""One canonical chain with one account that matters, and the miners who take from every pool they see.

The chain knows no clients and no faults: nodes stand in front of it (tests/nodes/node.py), each with a view,
a pool and weaknesses of its own. What happens is decided by the test, which calls `mine`, `reorg` and
`foreign`; there is no clock but that of the blocks.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from keeper.core.head import Head
from keeper.core.transaction.unsigned import Unsigned
from keeper.core.units import GWEI, Address, BlockHash, TxHash
from tests.nodes.tx import Tx, cheaply_signed, decoded
from tests.nodes.vault import TRANSFER_GAS, Judge, Log, Reverts, by_deadline


def _nothing(_name: str, _tx: Tx) -> None:
    """Nobody looks."""


ACCOUNT = Address("0x00000000000000000000000000000000000000Aa")
BLOCK_S = 12
BLOCK_GAS = 30_000_000
FOREIGN_FEE_WEI = 10_000 * GWEI


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction in a block, and what became of it."""

    tx: Tx
    succeeded: bool
    gas_used: int
    price_wei: int
    logs: tuple[Log, ...]
    foreign: bool

    @property
    def cost_wei(self) -> int:
        return self.gas_used * self.price_wei + (self.tx.fields.value_wei if self.succeeded else 0)


@dataclass(frozen=True, slots=True)
class Block:
    """A block. `nonce` and `spent_wei` are the account's after it."""

    number: int
    hash: BlockHash
    parent_hash: BlockHash
    timestamp: int
    base_fee_wei: int
    mined: tuple[Mined, ...]
    nonce: int
    spent_wei: int


class Source(Protocol):
    """Where miners find transactions."""

    def offers(self, nonce: int, number: int) -> Iterator[Tx]:
        """What may be mined at this nonce in the block of this number."""
        ...

    def moved(self, returned: tuple[Tx, ...]) -> None:
        """There is a new block, and these transactions are no longer in any."""
        ...


@dataclass
class ScriptedChain:
    """See the module. A test may change any of the plain fields at any time."""

    account: Address = ACCOUNT
    chain_id: int = 1
    base_fee_wei: int = 20 * GWEI
    funds_wei: int = 10**20
    """All that the account was ever given; its balance is this less what it spent."""
    delegated: bool = False
    judge: Judge = by_deadline
    block_gas: int = BLOCK_GAS
    safe_depth: int = 32
    final_depth: int = 64
    first_nonce: int = 0
    first_timestamp: int = 1_000
    blocks: list[Block] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    heard: list[tuple[str, Tx]] = field(default_factory=list)
    """Every broadcast that was tried, with the node it was meant for, arrived or not."""
    on_broadcast: Callable[[str, Tx], None] = _nothing
    """Called before anything comes of a broadcast, to look at what was durable at that moment."""
    foreign_hashes: set[TxHash] = field(default_factory=set)
    _salt: int = 0

    def __post_init__(self) -> None:
        genesis = _name(0, self._salt, ())
        first = Block(0, genesis, genesis, self.first_timestamp, self.base_fee_wei, (), self.first_nonce, 0)
        self.blocks.append(first)

    @property
    def tip(self) -> Block:
        """The newest block."""
        return self.blocks[-1]

    def head(self) -> Head:
        """The newest block, as the loop is told of it."""
        tip = self.tip
        return Head(self.chain_id, tip.number, tip.hash, tip.parent_hash, tip.timestamp, tip.base_fee_wei)

    def mined(self) -> list[tuple[Block, Mined]]:
        """All that is in blocks, in order."""
        return [(block, each) for block in self.blocks for each in block.mined]

    def note(self, name: str, tx: Tx) -> None:
        """A broadcast to the node of this name is tried."""
        self.heard.append((name, tx))
        self.on_broadcast(name, tx)

    def hashes_heard(self) -> set[TxHash]:
        """Every hash that anybody tried to broadcast."""
        return {tx.tx_hash for _, tx in self.heard}

    def mine(
        self,
        *,
        empty: bool = False,
        only: TxHash | None = None,
        base_fee_wei: int | None = None,
        later_s: int = 0,
    ) -> Head:
        """One block, `later_s` later than it should be.

        It holds the best paying transaction of any pool at each nonce, or none, or `only` one that was heard
        of before, though a replacement has pushed it out of all pools: a miner may have kept it.
        """
        if base_fee_wei is not None:
            self.base_fee_wei = base_fee_wei
        self._append([] if empty else [self._known(only)] if only else self._best(), later_s)
        for source in self.sources:
            source.moved(())
        return self.head()

    def mine_many(self, number: int, *, empty: bool = False) -> Head:
        """Several blocks."""
        for _ in range(number):
            self.mine(empty=empty)
        return self.head()

    def reorg(self, depth: int, *, forget: bool = False, empty: bool = True, later_s: int = 0) -> Head:
        """Other blocks of the same numbers. What was in the old ones returns to the pools, unless forgotten.

        A foreign transaction always returns: its sender takes as much care of it as we do of ours.
        """
        self._salt += 1
        old = [each for block in self.blocks[-depth:] for each in block.mined]
        del self.blocks[-depth:]
        returned = tuple(each.tx for each in old if each.foreign or not forget)
        for source in self.sources:
            source.moved(returned)
        self.mine(empty=empty, later_s=later_s)
        return self.mine_many(depth - 1, empty=empty) if depth > 1 else self.head()

    def foreign(self, nonce: int | None = None) -> Tx:
        """Somebody else uses the key and pays well: the transaction is in every pool that nodes share."""
        at = self.tip.nonce if nonce is None else nonce
        fee = FOREIGN_FEE_WEI
        different = len(self.foreign_hashes)
        fields = Unsigned(self.chain_id, at, self.account, b"", different, TRANSFER_GAS, fee, fee)
        tx = decoded(cheaply_signed(fields).raw)
        self.foreign_hashes.add(tx.tx_hash)
        for source in self.sources:
            source.moved((tx,))
        return tx

    def _best(self) -> list[Tx]:
        picked: list[Tx] = []
        gas = self.block_gas
        funds = self.funds_wei - self.tip.spent_wei
        number = len(self.blocks)
        while True:
            nonce = self.tip.nonce + len(picked)
            offers = (tx for source in self.sources for tx in source.offers(nonce, number))
            good = [
                tx
                for tx in offers
                if tx.fields.max_fee_wei >= self.base_fee_wei
                and tx.fields.gas_limit <= gas
                and tx.worst_cost_wei <= funds
                and tx.fields.chain_id == self.chain_id
            ]
            if not good:
                return picked
            best = max(good, key=lambda tx: (tx.tip_at(self.base_fee_wei), tx.tx_hash))
            picked.append(best)
            gas -= best.fields.gas_limit
            funds -= best.worst_cost_wei

    def _known(self, wanted: TxHash) -> Tx:
        tx = next(tx for _, tx in self.heard if tx.tx_hash == wanted)
        if tx.nonce != self.tip.nonce:
            raise ValueError(f"nonce {tx.nonce} cannot be mined now: {self.tip.nonce} is next")
        return tx

    def _append(self, txs: list[Tx], later_s: int) -> None:
        parent = self.tip
        timestamp = parent.timestamp + BLOCK_S + later_s
        mined = tuple(self._ran(tx, timestamp) for tx in txs)
        number = parent.number + 1
        self.blocks.append(
            Block(
                number=number,
                hash=_name(number, self._salt, tuple(tx.tx_hash for tx in txs)),
                parent_hash=parent.hash,
                timestamp=timestamp,
                base_fee_wei=self.base_fee_wei,
                mined=mined,
                nonce=parent.nonce + len(mined),
                spent_wei=parent.spent_wei + sum(each.cost_wei for each in mined),
            )
        )

    def _ran(self, tx: Tx, timestamp: int) -> Mined:
        price = self.base_fee_wei + tx.tip_at(self.base_fee_wei)
        if tx.tx_hash in self.foreign_hashes:
            return Mined(tx, succeeded=True, gas_used=TRANSFER_GAS, price_wei=price, logs=(), foreign=True)
        verdict = self.judge(tx.fields.data, timestamp)
        enough = verdict.gas <= tx.fields.gas_limit
        succeeded = enough and not isinstance(verdict, Reverts)
        return Mined(
            tx=tx,
            succeeded=succeeded,
            gas_used=verdict.gas if enough else tx.fields.gas_limit,
            price_wei=price,
            logs=verdict.logs if succeeded and not isinstance(verdict, Reverts) else (),
            foreign=False,
        )


def _name(number: int, salt: int, hashes: tuple[TxHash, ...]) -> BlockHash:
    return BlockHash("0x" + hashlib.sha256(repr((number, salt, hashes)).encode()).hexdigest())
