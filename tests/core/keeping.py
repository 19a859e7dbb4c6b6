"""A vault kept through looks and hedges: the daemon's loop without a daemon."""

from dataclasses import dataclass, field, replace

from keeper.core.case import Case
from keeper.core.decision import Decision, decide
from keeper.core.exposure import situations
from keeper.core.market import Reading
from keeper.core.memory import Memory, settle
from keeper.core.outcome import Mined, Reverted
from keeper.core.plan import Plan
from keeper.core.policy import Policy
from keeper.core.position import Leg, PoolState, VaultState
from keeper.core.pricing.liquidity import swap_exact_in
from keeper.core.quote import Side
from keeper.core.units import WAD, TxHash
from tests.core.build import CALL, HEAD, VAULT, pool, snapshot, vault

HASH = TxHash("0x" + "ab" * 32)


@dataclass
class Keeping:
    """Pool and oracle are at the market's price at each look, unless a test says otherwise."""

    policy: Policy
    state: VaultState = field(default_factory=vault)
    legs: tuple[Leg, ...] = CALL
    now: int = HEAD.timestamp
    memory: Memory = field(default_factory=lambda: Memory(VAULT))
    looks: list[tuple[Case, Decision]] = field(default_factory=list)

    def goes_to(self, price: float, liquidity: int = 10**19) -> None:
        """The market moves, and pool and oracle with it."""
        self.shows(price, pool(price, liquidity=liquidity))

    def shows(self, price: float, state: PoolState) -> None:
        """An oracle and a pool, each with its own price."""
        answer = Reading(round(price * 10**8) * 10**10, self.now, self.state.price.round_id + 1)
        self.state = replace(self.state, price=answer, pool=state)

    def look(self) -> Decision:
        """Decide, and remember what the look leaves."""
        self.state = replace(
            self.state,
            price=replace(self.state.price, updated_at=self.now),
            volatility=replace(self.state.volatility, updated_at=self.now),
        )
        seen = replace(snapshot(self.state, self.legs), head=replace(HEAD, timestamp=self.now))
        case = Case(self.policy, situations(seen)[0], self.memory)
        made = decide(case.policy, case.situation, case.memory)
        self.looks.append((case, made))
        self.memory = replace(self.memory, carried=made.carried)
        return made

    def fills(self, plan: Plan) -> None:
        """The plan is mined in this block, and the pool is where it leaves it."""
        here, selling = self.state.pool, plan.side is Side.SELL_BASE
        fill = swap_exact_in(
            here.sqrt_price_x96,
            here.liquidity,
            here.fee_pips,
            plan.amount_in,
            zero_for_one=here.base_is_token0 == selling,
        )
        base, quote = (-fill.amount_in, fill.amount_out) if selling else (fill.amount_out, -fill.amount_in)
        self.state = replace(
            self.state,
            base_wei=self.state.base_wei + base,
            quote_units=self.state.quote_units + quote,
            sequence=self.state.sequence + 1,
            last_rebalance_at=self.now,
            pool=replace(here, sqrt_price_x96=fill.sqrt_price_x96),
        )
        mined = Mined(
            VAULT, plan.intent, HASH, 1, self.now, 200_000, 10**15, fill.amount_in, fill.amount_out,
            plan.moved_from, plan.moved_by, plan.moved_since, plan.left_at,
        )  # fmt: skip
        self.memory = settle(self.memory, mined)

    def reverts(self, plan: Plan) -> None:
        """The plan is mined and refused."""
        refused = Reverted(VAULT, plan.intent, HASH, 1, self.now, 200_000, 10**15, "No()")
        self.memory = settle(self.memory, refused)

    def step(self, seconds: int = 12) -> Decision:
        """Look, carry out what is wanted, and let time pass."""
        made = self.look()
        if isinstance(made.action, Plan):
            self.fills(made.action)
        self.now += seconds
        return made


def inventory(base: float) -> int:
    """An amount of base in its smallest unit."""
    return round(base * WAD)
