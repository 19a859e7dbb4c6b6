"""A node's pool of one account: what it takes, in its client's order of checks and its client's words.

The order is the clients' own, roughly: what is wrong with the bytes themselves, then with the nonce, then
with the money, then with what already waits. The first thing that is wrong is what is said.
"""

from dataclasses import dataclass, field

from keeper.core.units import TxHash
from tests.nodes.clients import Client, Limits
from tests.nodes.refusals import Refusal
from tests.nodes.tx import Tx

PLAIN_GAS = 21_000


@dataclass(frozen=True, slots=True)
class Seen:
    """What the node knows of the account and the next block when it judges."""

    chain_id: int
    nonce: int
    balance_wei: int
    base_fee_wei: int
    block_gas: int
    delegated: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """It waits in the pool."""


@dataclass
class Pool:
    """What waits, by nonce. `reserved`: the account has blobs in the other pool."""

    client: Client
    limits: Limits = field(default_factory=Limits)
    reserved: bool = False
    waiting: dict[int, Tx] = field(default_factory=dict)

    def judge(self, tx: Tx, seen: Seen) -> Taken | Refusal:
        """Take the transaction, or refuse it as the client does."""
        for situation, is_so in self._checks(tx, seen):
            if is_so and self.client.says(situation):
                return self.client.refusal(situation)
        self.waiting[tx.nonce] = tx
        return Taken()

    def keep(self, tx: Tx) -> None:
        """Take it without asking, in place of what waits at its nonce."""
        self.waiting[tx.nonce] = tx

    def settle(self, nonce: int) -> None:
        """Forget what is mined."""
        for each in [each for each in self.waiting if each < nonce]:
            del self.waiting[each]

    def drop(self, tx_hash: TxHash) -> None:
        """Forget a transaction without a word."""
        self.waiting = {nonce: tx for nonce, tx in self.waiting.items() if tx.tx_hash != tx_hash}

    def next_nonce(self, nonce: int) -> int:
        """The first nonce from this one on that nothing waits at."""
        while nonce in self.waiting:
            nonce += 1
        return nonce

    def _checks(self, tx: Tx, seen: Seen) -> list[tuple[str, bool]]:
        """Situations as they are on file, each with whether it is so."""
        old = self.waiting.get(tx.nonce)
        fields = tx.fields
        others = [each for each in self.waiting.values() if each.nonce != tx.nonce]
        gap = tx.nonce - self.next_nonce(seen.nonce)
        promised = sum(each.worst_cost_wei for each in others) if self.client.sums_costs else 0
        sequenced = old is not None and self.client.sequences
        replaces = old is None or self.client.replaces(seen.base_fee_wei, old.fields, fields)
        return [
            ("same-bytes", old is not None and old.tx_hash == tx.tx_hash),
            ("wrong-chain", fields.chain_id != seen.chain_id),
            ("fee-cap", fields.gas_limit * fields.max_fee_wei > self.limits.fee_cap_wei),
            ("tip-above-fee", fields.tip_wei > fields.max_fee_wei),
            ("gas-too-low", fields.gas_limit < PLAIN_GAS),
            ("gas-above-block", fields.gas_limit > seen.block_gas),
            ("pool-conflict", self.reserved),
            ("below-floor", fields.tip_wei < self.limits.min_tip_wei),
            ("below-base-fee", self.client.needs_base_fee and fields.max_fee_wei < seen.base_fee_wei),
            ("nonce-used", tx.nonce < seen.nonce or sequenced),
            ("delegated-gap", seen.delegated and tx.nonce > seen.nonce and not others),
            ("delegated", seen.delegated and bool(others)),
            ("nonce-ahead", gap > self.client.max_gap),
            ("funds", tx.worst_cost_wei + promised > seen.balance_wei),
            ("replacement-cheap", not replaces),
            ("account-full", old is None and len(self.waiting) >= self.limits.account_slots),
        ]
