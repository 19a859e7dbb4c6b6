"""Transactions of the world's own accounts, batched per block.

The node signs for them. Nonces are counted here, because a block's transactions leave together, and the
count is taken from the chain again whenever one did not get in. They bid the block's base fee and a wei or
two to keep order among themselves, so that a keeper's transaction, which must bid more to be safe, is always
executed before them: what it simulated on the last block is what it meets.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from keeper.demo.rpc import Call, Json, Rpc, RpcError, as_int


class Rank(IntEnum):
    """Order within a block: wei bid above the base fee."""

    TRADE = 0
    BOOK = 1
    ORACLE = 2


@dataclass(slots=True)
class Sender:
    """Collects transactions, then sends them in one round trip."""

    rpc: Rpc
    nonces: dict[str, int] = field(default_factory=dict)
    queued: list[tuple[Rank, dict[str, Json]]] = field(default_factory=list)

    def load(self, accounts: Sequence[str]) -> None:
        """Take the accounts' nonces from the chain."""
        self.queued.clear()
        counts = self.rpc.batch([("eth_getTransactionCount", [account, "latest"]) for account in accounts])
        self.nonces = dict(zip(accounts, map(as_int, counts), strict=True))

    def queue(self, account: str, to: str, data: str, gas: int, rank: Rank) -> None:
        """Add a transaction to the coming block's."""
        nonce = self.nonces[account]
        self.nonces[account] += 1
        self.queued.append(
            (rank, {"from": account, "to": to, "data": data, "gas": hex(gas), "nonce": hex(nonce)})
        )

    def flush(self, base_fee_wei: int) -> tuple[list[str], list[str]]:
        """Send what was queued. Returns the hashes, and the refusals' texts."""
        calls: list[Call] = []
        for rank, transaction in self.queued:
            bid = hex(base_fee_wei + rank)
            fees = {"maxFeePerGas": bid, "maxPriorityFeePerGas": hex(rank)}
            calls.append(("eth_sendTransaction", [{**transaction, **fees}]))
        self.queued.clear()
        outcomes = self.rpc.outcomes(calls)
        hashes = [str(outcome) for outcome in outcomes if not isinstance(outcome, RpcError)]
        return hashes, [str(outcome) for outcome in outcomes if isinstance(outcome, RpcError)]
