"""Years of a hostile chain in a minute: whatever happens, the promises hold.

Everything that the reference calls a fault can happen to one wallet here, in any order: offers, newer
plans, kills at any commit or broadcast, restarts, dropped pools, reorganisations as deep as they come,
lagging nodes, words of every client, lost answers, jumps of the clock, spikes of the fee, somebody else with
the key, a full disk, and a second keeper that takes over while the first one sleeps.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

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
from keeper.core.outcome import Cancelled, Filled, Mined, NonceTaken, Refused, Reverted, Settlement
from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.transaction.account import Rules
from keeper.core.transaction.budget import HOUR_S, Budget, Ceiling, since
from keeper.core.transaction.messages import Order, Ordered
from keeper.core.transaction.ordering import STRANGER
from keeper.core.transaction.slot import gas_limit
from keeper.core.transaction.wish import Instead, Unwanted, Wanted, Wish
from keeper.core.units import GWEI, WAD, Address
from keeper.ports import Accepted, JournalError
from tests.adapters.wallet import fakes
from tests.core.transaction.build import PLAN, VAULTS, plan
from tests.core.transaction.pools import CLIENTS

CEILING = PLAN.max_fee_wei
HOURLY = 3 * gas_limit(PLAN) * CEILING
RULES = Rules(
    confirmations=3,
    bump_after_blocks=2,
    max_in_flight=3,
    budget=Budget(Ceiling(gas_limit(PLAN) * CEILING), Ceiling(HOURLY), Ceiling()),
)
STEPS, EXAMPLES, LEAST_STEPS = 50, 260, 10_000
REFUSALS = (
    "transaction underpriced",
    "replacement transaction underpriced",
    "insufficient funds for gas * price + value: balance 0, tx cost 1",
    "nonce too low: next nonce 7, tx nonce 6",
    "nonce too high",
    "tx fee (2.00 ether) exceeds the configured cap (1.00 ether)",
    "execution reverted: invalid nonce",
    "in-flight transaction limit reached for delegated accounts",
    "<html>Bad gateway</html>",
    "already known",
)
FAULTS = (fakes.lost_before, fakes.lost_after, fakes.killed_before, fakes.killed_after)
DEATHS = ("before begin", "after begin", "before add", "after add", "before release", "before reopen")
WISHES = st.sampled_from(["wanted", "wanted", "unwanted", "instead", "unasked"])
taken_steps: Counter[str] = Counter()


class HostileChain(RuleBasedStateMachine):
    """The world of one wallet. `restart` throws away everything but the ledger and the node.

    No reorganisation is deeper than the confirmations, and the vaults take any rebalance: what is promised
    rests on the engine alone.
    """

    deepest = RULES.confirmations - 1

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.ledger = fakes.MemoryLedger()
        self.told: dict[int, Settlement] = {}
        self.sleeping: LiveWallet | None = None
        self.order = 0

    @initialize(client=st.sampled_from(CLIENTS))
    def start(self, client: str) -> None:
        self.node = fakes.FakeNode(client=client, guarded=self.deepest >= RULES.confirmations)
        self.node.on_send = self.heard
        self.signer = fakes.FakeSigner()
        self.signer.on_sign = self.signing
        self.wallet = self.fresh_wallet()

    def teardown(self) -> None:
        if hasattr(self, "wallet"):
            self.come_to_rest()
        self.runner.close()

    # --- the process ---

    def fresh_wallet(self) -> LiveWallet:
        """A process that takes the lease over: what an older one still writes or sends is refused."""
        self.ledger.token += 1
        fence = fakes.Fence(self.ledger, self.ledger.token)
        parts = Parts(fence.node(self.node), self.signer, fence, fakes.FakeContract())
        self.fence = fence
        return self.runner.run(open_wallet(parts, fakes.CHAIN_ID, RULES))

    def advance(self, head: Head, wished: str = "wanted") -> None:
        taken_steps["heads"] += 1
        try:
            for settlement in self.runner.run(self.wallet.advance(head)):
                self.ledger.settle(settlement)
                self.remember(settlement)
            self.runner.run(self.wallet.review(head, self.wishes(head, wished), 3_000 * WAD))
        except fakes.Killed:
            self.wallet = self.fresh_wallet()
        except JournalError:
            assert self.ledger.full

    def wishes(self, head: Head, wished: str) -> Mapping[Address, Wish]:
        if wished == "unasked":
            return {}
        kinds: dict[str, Wish] = {"wanted": Wanted(), "unwanted": Unwanted(Reason.INSIDE_BAND)}
        return {
            vault: kinds.get(wished) or Instead(self.newer(each, head))
            for vault, each in self.wallet.in_flight(head).items()
        }

    def newer(self, old: Plan, head: Head) -> Plan:
        number = VAULTS.index(old.vault)
        fresh = plan(number, state=self.generation(number), deadline=head.timestamp + 120)
        return replace(fresh, amount_in=old.amount_in + 1)

    def remember(self, settlement: Settlement) -> None:
        assert settlement.nonce is not None
        self.told[settlement.nonce] = settlement

    def heard(self, tx: fakes.Tx) -> None:
        """Every byte that leaves the host is held against the promises."""
        assert tx.tx_hash in self.ledger.hashes, "broadcast before it was journalled"
        # Against a transaction not made here a person's no-op has no policy, and a ceiling of its own.
        stranger = self.ledger.open[tx.fields.nonce].terms == STRANGER
        assert tx.fields.tip_wei <= tx.fields.max_fee_wei <= (STRANGER.max_fee_wei if stranger else CEILING)
        assert tx.fields.gas_limit <= gas_limit(PLAN)
        assert tx.fields.to == fakes.ACCOUNT or tx.fields.data
        view = self.wallet.account.view
        assert view is not None
        assert tx.deadline > view.timestamp, "an expired original was sent again"
        # What a deep reorganisation brings back was within the ceiling once, and is out already.
        fresh = [slot for nonce, slot in self.ledger.open.items() if nonce not in self.told]
        worst = sum(slot.worst_wei for slot in fresh)
        paid = since(self.wallet.account.spent, view.timestamp - HOUR_S)
        assert worst + paid <= HOURLY, "more could be spent in an hour than is allowed"

    def signing(self, deadline: int) -> None:
        view = self.wallet.account.view
        assert view is not None
        assert deadline > view.timestamp, "signed after its deadline"

    # --- what can happen ---

    @rule(
        vaults=st.sets(st.integers(0, 3), min_size=1),
        patience_s=st.sampled_from([30, 120, 10_000]),
        urgent=st.booleans(),
    )
    def offer(self, vaults: set[int], patience_s: int, *, urgent: bool) -> None:
        head = self.node.head()
        for vault in sorted(vaults):
            made = plan(vault, state=self.generation(vault), deadline=head.timestamp + patience_s)
            try:
                self.look(head)
                answer = self.runner.run(self.wallet.offer(replace(made, urgent=urgent), head, 3_000 * WAD))
            except fakes.Killed:
                self.wallet = self.fresh_wallet()
            except JournalError:
                assert self.ledger.full
            else:
                assert isinstance(answer, Refused) or answer == Accepted(made.intent)

    def look(self, head: Head) -> None:
        for settlement in self.runner.run(self.wallet.advance(head)):
            self.ledger.settle(settlement)
            self.remember(settlement)

    def generation(self, vault: int) -> int:
        """The vault's state: it is left by a mined rebalance, as on chain."""
        return sum(tx.fields.to == VAULTS[vault] and self.acted(block, tx) for block, tx in self.node.mined())

    def acted(self, block: fakes.Mined, tx: fakes.Tx) -> bool:
        on_time = bool(tx.fields.data) and block.timestamp <= tx.deadline
        return on_time and self.node.first_of_its_state(block, tx)

    @rule(blocks=st.integers(1, 4), wished=WISHES)
    def mine(self, blocks: int, wished: str) -> None:
        for _ in range(blocks):
            self.advance(self.node.mine(), wished)

    @rule(blocks=st.integers(1, 4), wished=WISHES)
    def pass_us_over(self, blocks: int, wished: str) -> None:
        for _ in range(blocks):
            self.advance(self.node.mine(empty=True), wished)

    @rule(share=st.floats(0, 1), forget=st.booleans(), empty=st.booleans(), wished=WISHES)
    def reorganise(self, share: float, *, forget: bool, empty: bool, wished: str) -> None:
        depth = max(1, round(share * self.deepest))
        if len(self.node.blocks) > depth:
            self.advance(self.node.reorg(depth, forget=forget, empty=empty), wished)

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

    @rule()
    def a_second_keeper_takes_over_while_the_first_sleeps(self) -> None:
        self.sleeping, self.wallet = self.wallet, self.fresh_wallet()

    @rule(wished=WISHES)
    def the_first_keeper_wakes_up(self, wished: str) -> None:
        """With its old picture of the world, and maybe bytes in hand; it can neither write nor send."""
        if self.sleeping is None:
            return
        awake, self.wallet = self.wallet, self.sleeping
        sent = len(self.node.heard)
        head = self.node.head()
        try:
            self.runner.run(self.wallet.advance(head))
            self.runner.run(self.wallet.review(head, self.wishes(head, wished), 3_000 * WAD))
            self.runner.run(self.wallet.offer(plan(3, state=99, deadline=2**40), head, 3_000 * WAD))
        except JournalError:
            pass
        finally:
            self.wallet, self.sleeping = awake, None
        assert len(self.node.heard) == sent, "sent without the lease"

    @rule(seconds=st.sampled_from([20, 200, 4_000]))
    def let_time_pass(self, seconds: int) -> None:
        self.node.timestamp += seconds

    @rule(nonce=st.integers(0, 12), order=st.sampled_from(list(Order)))
    def a_person_gives_an_order(self, nonce: int, order: Order) -> None:
        self.order += 1
        self.ledger.waiting.append(Ordered(self.order, nonce, order))

    @rule(what=st.sampled_from(["head", "pool", "key", "disk", "line", "signer", "poor", "lag", "delegated"]))
    def trouble(self, what: str) -> None:
        """One thing goes wrong, and is repaired after a block or two."""
        troubles: dict[str, Callable[[], object]] = {
            "head": self.node.mine,
            "pool": self.node.pool.clear,
            "key": self.node.foreign,
            "disk": partial(setattr, self.ledger, "full", 1),
            "line": partial(setattr, self.node, "down", 1),
            "signer": partial(setattr, self.signer, "fails", 1),
            "poor": partial(setattr, self.node, "balance", 10**15),
            "lag": partial(setattr, self.node, "lag", min(self.node.chain_nonce(), 1)),
            "delegated": partial(setattr, self.node, "delegated", 1),
        }
        troubles[what]()
        self.offer({0, 1}, 120, urgent=False)
        self.advance(self.node.mine())
        self.repair()

    def repair(self) -> None:
        self.node.down = self.ledger.full = self.signer.fails = self.node.delegated = False
        self.node.balance, self.node.lag = 10**20, 0

    # --- what must never be ---

    @invariant()
    def one_mined_rebalance_of_an_intent(self) -> None:
        taken_steps["all"] += 1
        if hasattr(self, "node"):
            acted = Counter(tx.intent for block, tx in self.node.mined() if self.acted(block, tx))
            assert all(count == 1 for count in acted.values()), acted

    @invariant()
    def open_nonces_are_used_once(self) -> None:
        if hasattr(self, "wallet"):
            nonces = [slot.nonce for slot in self.wallet.account.slots]
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
        assert self.wallet.account.slots == ()
        assert self.ledger.open == {}
        assert {order.number for order in self.ledger.waiting} == set(self.ledger.answers)
        ahead = [nonce for nonce in self.node.pool if nonce >= self.node.chain_nonce()]
        assert ahead == [], "a transaction waits behind a gap"
        self.every_nonce_is_accounted_for()

    def every_nonce_is_accounted_for(self) -> None:
        """What is mined and what was last told of a nonce are the same, hash by hash."""
        for _, tx in self.node.mined():
            told = self.told.get(tx.fields.nonce)
            if tx.foreign:
                assert told is None or all(isinstance(each, NonceTaken) for each in told.outcomes)
                continue
            assert told is not None, f"nonce {tx.fields.nonce} was mined and nobody was told"
            named = {
                each.tx_hash
                for each in told.outcomes
                if isinstance(each, Mined | Reverted | Cancelled | Filled)
            }
            assert named == {tx.tx_hash}


class DeepReorganisations(HostileChain):
    """The chain takes back what was final, and the vaults' own state check is the last fence."""

    deepest = 6


@pytest.mark.slow
@pytest.mark.parametrize("world", [HostileChain, DeepReorganisations])
def test_73_the_promises_hold_for_ten_thousand_steps_on_a_hostile_chain(world: type[HostileChain]) -> None:
    taken_steps.clear()
    run_state_machine_as_test(
        world,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
    assert taken_steps["all"] >= LEAST_STEPS
