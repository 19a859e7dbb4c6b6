"""What a vault has, to the last unit, as options are paid for and hedges arrive.

Balances are integers as on chain, a plan's trade is filled by the pool's own arithmetic at the price of its
arrival, and what became of it changes the keeper's memory by the same function as in the daemon. The guard's
budgets of turnover and loss are not kept here: they are taken to be wide.
"""

from dataclasses import dataclass, field
from typing import Final

from keeper.core.memory import Memory, settle
from keeper.core.outcome import Cancelled, Mined, Reverted
from keeper.core.plan import Plan
from keeper.core.position import PoolState
from keeper.core.pricing.liquidity import Q96, swap_exact_in
from keeper.core.quote import Side
from keeper.core.reason import Reason
from keeper.core.transaction.attempt import NO_OP_GAS
from keeper.core.units import WAD, Address, TxHash
from keeper.simulation.book import GENESIS, QUOTE_DECIMALS
from keeper.simulation.frictions import World

BASE_DECIMALS: Final = 18


@dataclass(frozen=True, slots=True)
class Trade:
    """One transaction and what it did. `base` is signed, costs are in usd; a failed one costs its gas."""

    step: int
    base: float
    fees_usd: float
    gas_usd: float
    failed: bool


@dataclass(frozen=True, slots=True)
class _Sent:
    plan: Plan
    step: int


@dataclass(slots=True)
class Ledger:
    """One vault. `owed_units` is what it could not pay at an expiry: it counts against its value."""

    vault: Address
    quote_units: int
    base_wei: int
    memory: Memory
    owed_units: int = 0
    last_rebalance_at: int = 0
    sequence: int = 0
    sent: _Sent | None = None
    trades: list[Trade] = field(default_factory=list)

    @property
    def owed_usd(self) -> float:
        """What is owed beyond what the vault has."""
        return self.owed_units / 10**QUOTE_DECIMALS

    def pay(self, units: int) -> None:
        """Book what options cost or bring."""
        self.quote_units += units - self.owed_units
        self.owed_units = max(-self.quote_units, 0)
        self.quote_units = max(self.quote_units, 0)

    def send(self, plan: Plan, step: int) -> None:
        """A plan is on its way, unless another one is."""
        if self.sent is None:
            self.sent = _Sent(plan, step)

    def arrives(self, world: World) -> int:
        """The step before whose look what is on its way has arrived; never, without anything."""
        return self.sent.step + world.delay if self.sent is not None else len(world.market)

    def receive(self, world: World, before: int) -> None:
        """Let what is on its way arrive, if it has by the look at this step."""
        if self.sent is None or self.arrives(world) > before:
            return
        plan, step, self.sent = self.sent.plan, self.sent.step, None
        outcome = self._outcome(plan, step, world)
        self.memory = settle(self.memory, outcome)
        price = float(world.arrival_price[step])
        gas_usd = outcome.gas_cost_wei / WAD * price
        if not isinstance(outcome, Mined):
            self.trades.append(Trade(step, 0.0, 0.0, gas_usd, failed=True))
            return
        self.sequence += 1
        self.last_rebalance_at = outcome.timestamp
        selling = plan.side is Side.SELL_BASE
        base_wei, quote_units = (-outcome.spent, outcome.got) if selling else (outcome.got, -outcome.spent)
        self.base_wei += base_wei
        self.quote_units += quote_units
        base = base_wei / 10**BASE_DECIMALS
        lost = -(base * price + quote_units / 10**QUOTE_DECIMALS)
        self.trades.append(Trade(step, base, lost, gas_usd, failed=False))

    def _outcome(self, plan: Plan, step: int, world: World) -> Mined | Reverted | Cancelled:
        now = GENESIS + step * world.market.step_s + world.frictions.latency_s
        fee_wei = int(world.arrival_fee_wei[step]) + plan.priority_fee_wei
        tx_hash = TxHash(f"0x{step:064x}")
        if now > plan.deadline or fee_wei > plan.max_fee_wei:
            cost_wei = min(fee_wei, plan.max_fee_wei) * NO_OP_GAS
            return Cancelled(self.vault, plan.intent, tx_hash, step, now, cost_wei, Reason.EXPIRED)
        gas_cost_wei, selling = plan.gas_units * fee_wei, plan.side is Side.SELL_BASE
        pool = pool_at(float(world.arrival_price[step]), float(world.reserve_usd[step]), world)
        fill = swap_exact_in(
            pool.sqrt_price_x96,
            pool.liquidity,
            pool.fee_pips,
            plan.amount_in,
            zero_for_one=selling,
        )
        held = self.base_wei if selling else self.quote_units
        if bool(world.fails[step]) or fill.amount_out < plan.min_out or fill.amount_in > held:
            error = "by chance, or for a price or a balance that has changed since"
            return Reverted(self.vault, plan.intent, tx_hash, step, now, plan.gas_units, gas_cost_wei, error)
        return Mined(
            self.vault,
            plan.intent,
            tx_hash,
            step,
            now,
            plan.gas_units,
            gas_cost_wei,
            fill.amount_in,
            fill.amount_out,
            plan.moved_from,
            plan.moved_by,
            plan.moved_since,
            plan.left_at,
        )


def pool_at(price: float, reserve_usd: float, world: World) -> PoolState:
    """The hedge venue when its price is the market's; base is its token 0."""
    root = (price * 10.0 ** (QUOTE_DECIMALS - BASE_DECIMALS)) ** 0.5
    reserve_wei = reserve_usd / price * 10.0**BASE_DECIMALS
    return PoolState(int(root * Q96), int(reserve_wei * root), world.frictions.pool_fee_pips, True)  # noqa: FBT003
