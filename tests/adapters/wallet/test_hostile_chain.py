"""Any order of crashes, lost answers, drops, reorganisations, fee spikes and refusals: the promises hold.

One mined rebalance of an intent at most; no nonce gap at rest; nothing above a ceiling; every hash that was
ever broadcast is in the ledger before. Checked against the pool rules of each client.
"""

import asyncio
from collections import Counter
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from keeper.adapters.wallet.wallet import LiveWallet, Parts, open_wallet
from keeper.core.head import Head
from keeper.core.outcome import Expired, Mined, NonceTaken, Outcome, Refused, Reverted
from keeper.core.transaction.account import Rules
from keeper.core.transaction.intent import gas_limit
from keeper.core.units import GWEI
from keeper.ports import Accepted, JournalError
from tests.adapters.wallet import fakes
from tests.core.transaction.build import PLAN, VAULTS, plan
from tests.core.transaction.pools import CLIENTS

T = TypeVar("T")
CEILING = PLAN.max_fee_wei
RULES = Rules(confirmations=3, bump_after_blocks=2)
REFUSALS = (
    "transaction underpriced",
    "insufficient funds for gas * price + value: balance 0",
    "replacement transaction underpriced",
    "nonce too low: next nonce 7, tx nonce 6",
    "nonce too high",
    "tx fee (2.00 ether) exceeds the configured cap (1.00 ether)",
    "execution reverted: invalid nonce",
    "<html>Bad gateway</html>",
    "already known",
)
FAULTS = (fakes.lost_before, fakes.lost_after, fakes.killed_before, fakes.killed_after)
DEATHS = ("before begin", "after begin", "before add", "after add", "before release")


class HostileChain(RuleBasedStateMachine):
    """The world of one wallet. `restart` throws away everything but the ledger and the node."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.ledger = fakes.MemoryLedger()
        self.signer = fakes.FakeSigner()
        self.outcomes: list[Outcome] = []

    @initialize(client=st.sampled_from(CLIENTS))
    def start(self, client: str) -> None:
        self.node = fakes.FakeNode(client=client)
        self.node.on_send = self.heard
        self.wallet = self.fresh_wallet()

    def teardown(self) -> None:
        if hasattr(self, "wallet"):
            self.come_to_rest()
        self.runner.close()

    # --- the process ---

    def fresh_wallet(self) -> LiveWallet:
        parts = Parts(self.node, self.signer, self.ledger, fakes.FakeContract())
        return self.runner.run(open_wallet(parts, fakes.CHAIN_ID, RULES))

    def advance(self, head: Head) -> None:
        try:
            outcomes = self.runner.run(self.wallet.advance(head))
        except fakes.Killed:
            self.wallet = self.fresh_wallet()
            return
        except JournalError:
            assert self.ledger.full
            return
        for outcome in outcomes:
            self.ledger.settle(outcome)
            self.outcomes.append(outcome)

    def heard(self, tx: fakes.Tx) -> None:
        """Every byte that leaves the host is held against the promises."""
        assert tx.tx_hash in self.ledger.hashes, "broadcast before it was journalled"
        assert tx.fields.tip_wei <= tx.fields.max_fee_wei <= CEILING
        assert tx.fields.gas_limit <= gas_limit(PLAN)
        assert tx.fields.to == fakes.ACCOUNT or tx.fields.data
        view = self.wallet.account.view
        assert view is not None
        assert tx.deadline > view.timestamp, "an expired original was sent again"

    # --- what can happen ---

    @rule(vaults=st.sets(st.integers(0, 3), min_size=1), patience_s=st.sampled_from([30, 120, 10_000]))
    def offer(self, vaults: set[int], patience_s: int) -> None:
        head = self.node.head()
        for vault in sorted(vaults):
            offered = plan(vault, state=self.generation(vault), deadline=head.timestamp + patience_s)
            try:
                answer = self.runner.run(self.wallet.offer(offered, head))
            except fakes.Killed:
                self.wallet = self.fresh_wallet()
            except JournalError:
                assert self.ledger.full
            else:
                assert isinstance(answer, Accepted | Refused)

    def generation(self, vault: int) -> int:
        """The vault's state: it is left by a mined rebalance, as on chain."""
        return sum(tx.fields.to == VAULTS[vault] and self.acted(block, tx) for block, tx in self.node.mined())

    @staticmethod
    def acted(block: fakes.Mined, tx: fakes.Tx) -> bool:
        return bool(tx.fields.data) and block.timestamp <= tx.deadline

    @rule(blocks=st.integers(1, 4))
    def mine(self, blocks: int) -> None:
        for _ in range(blocks):
            self.advance(self.node.mine())

    @rule(blocks=st.integers(1, 4))
    def pass_us_over(self, blocks: int) -> None:
        for _ in range(blocks):
            self.advance(self.node.mine(empty=True))

    @rule(depth=st.integers(1, RULES.confirmations - 1), forget=st.booleans(), empty=st.booleans())
    def reorganise(self, depth: int, *, forget: bool, empty: bool) -> None:
        if len(self.node.blocks) > depth:
            self.advance(self.node.reorg(depth, forget=forget, empty=empty))

    @rule(fault=st.sampled_from(FAULTS) | st.sampled_from(REFUSALS).map(fakes.says))
    def fail_the_next_send(self, fault: fakes.Fault) -> None:
        self.node.faults.append(fault)

    @rule(gwei=st.sampled_from([1, 20, 30, 60, 95, 150]))
    def move_the_base_fee(self, gwei: int) -> None:
        self.node.base_fee_wei = gwei * GWEI

    @rule(death=st.sampled_from(DEATHS))
    def die_at_the_ledger(self, death: str) -> None:
        self.ledger.dies = death

    @rule()
    def kill_and_restart(self) -> None:
        self.wallet = self.fresh_wallet()

    @rule(seconds=st.sampled_from([20, 200]))
    def let_time_pass(self, seconds: int) -> None:
        self.node.timestamp += seconds

    @rule(what=st.sampled_from(["head", "pool", "key", "disk", "line", "signer", "poor"]))
    def trouble(self, what: str) -> None:
        """One thing goes wrong, and is repaired after a block or two."""
        match what:
            case "head":
                self.node.mine()
            case "pool":
                self.node.pool.clear()
            case "key":
                self.node.foreign()
            case "disk":
                self.ledger.full = True
            case "line":
                self.node.down = True
            case "signer":
                self.signer.fails = True
            case _:
                self.node.balance = 10**15
        self.offer({0, 1}, 120)
        self.advance(self.node.mine())
        self.repair()

    def repair(self) -> None:
        self.node.down = self.ledger.full = self.signer.fails = False
        self.node.balance = 10**20

    # --- what must never be ---

    @invariant()
    def one_mined_rebalance_of_an_intent(self) -> None:
        if hasattr(self, "node"):
            acted = Counter(tx.intent for block, tx in self.node.mined() if self.acted(block, tx))
            assert all(count == 1 for count in acted.values()), acted

    @invariant()
    def open_nonces_are_used_once(self) -> None:
        if hasattr(self, "wallet"):
            nonces = [intent.nonce for intent in self.wallet.account.intents]
            assert len(nonces) == len(set(nonces))

    def come_to_rest(self) -> None:
        """When the world is kind again, everything in flight ends within a few blocks, and no gap is left."""
        self.node.faults.clear()
        self.ledger.dies = ""
        self.repair()
        self.node.base_fee_wei = 20 * GWEI
        self.node.timestamp += 20_000
        for _ in range(30):
            self.advance(self.node.mine())
        assert self.wallet.account.intents == ()
        assert self.ledger.open == {}
        ahead = [nonce for nonce in self.node.pool if nonce >= self.node.chain_nonce()]
        assert ahead == [], "a transaction waits behind a gap"
        self.every_nonce_is_accounted_for()

    def every_nonce_is_accounted_for(self) -> None:
        """What is mined and what was reported are the same, hash by hash and nonce by nonce."""
        ours = Counter(tx.tx_hash for _, tx in self.node.mined() if not tx.foreign)
        told = Counter(each.tx_hash for each in self.outcomes if isinstance(each, Mined | Reverted | Expired))
        assert ours == told
        foreign = {tx.fields.nonce for _, tx in self.node.mined() if tx.foreign}
        taken = {each.nonce for each in self.outcomes if isinstance(each, NonceTaken)}
        assert taken <= foreign


@pytest.mark.parametrize("steps", [40])
def test_the_promises_hold_on_a_hostile_chain(steps: int) -> None:
    run_state_machine_as_test(
        HostileChain,
        settings=settings(
            max_examples=150,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
