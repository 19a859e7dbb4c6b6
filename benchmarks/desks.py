"""Random books beyond their limits, with what a desk can trade, and how desks without a program mend them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from itertools import permutations
from typing import Final

import numpy as np
from scipy.optimize import linprog

from benchmarks.market import policies_of
from keeper.core.advice import Advice
from keeper.core.advice.offers import offers
from keeper.core.exposure import Situation, situations
from keeper.core.head import Head
from keeper.core.hedging.band import Floats
from keeper.core.hedging.instruments import Instrument
from keeper.core.listing import Kind, Listing, Prices, Room, Terms
from keeper.core.market import Reading
from keeper.core.policy import Policy
from keeper.core.position import PoolState, VaultRules, VaultState
from keeper.core.snapshot import Legs, Snapshot
from keeper.core.units import WAD, Address, BlockHash

SPOT: Final = 3_000
NOW: Final = 1_700_000_000
DAY_S: Final = 86_400
VAULT: Final = Address("0x00000000000000000000000000000000000000A1")

ROUNDS: Final = 12
"""How often a desk that mends one sensitivity after the other begins again before it gives up."""

USUAL: Final = (2, 1, 3, 0)
"""Vega, gamma, theta, then delta: what the fewest instruments change comes first."""


@dataclass(frozen=True, slots=True)
class Book:
    """A vault beyond a limit of gamma or vega, and a policy that lists what can be traded."""

    policy: Policy
    situation: Situation


def books(count: int, seed: int) -> Iterator[Book]:
    """Drawn at random, the same for a seed."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        situation = _situation(rng)
        exposure = situation.exposure
        shares = rng.uniform(0.3, 1.6, 3)
        gamma, vega, theta = (
            max(round(abs(each) * share), 1) * WAD
            for each, share in zip(
                (exposure.gamma_usd, exposure.vega_usd, exposure.theta_usd), shares, strict=True
            )
        )
        policy = policies_of((VAULT,))[VAULT]
        limits = replace(policy.limits, gamma_usd_wad=gamma, vega_usd_wad=vega, theta_usd_wad=theta)
        hedging = replace(policy.hedging, risk_tolerance_usd=1e4)
        yield Book(replace(policy, limits=limits, hedging=hedging, instruments=_listed(rng)), situation)


def _situation(rng: np.random.Generator) -> Situation:
    legs = int(rng.integers(2, 9))
    sizes = rng.uniform(-600.0, 200.0, legs)
    snapshot = Snapshot(
        head=Head(1, 1, BlockHash("0x01"), BlockHash("0x00"), NOW, 10**9),
        vaults=(_vault(int(rng.integers(50, 91)), int(rng.integers(200, 1_500))),),
        legs=Legs(
            vault=np.zeros(legs, dtype=np.int64),
            is_call=rng.integers(0, 2, legs) == 1,
            strike=np.rint(SPOT * np.exp(rng.normal(0.0, 0.12, legs)) / 50.0) * 50.0,
            expiry=NOW + rng.integers(5, 61, legs) * DAY_S,
            size=np.rint(sizes),
        ),
        native_price=Reading(SPOT * WAD, NOW, 1),
        keeper_balance_wei=WAD,
    )
    return situations(snapshot)[0]


def _vault(volatility_points: int, base: int) -> VaultState:
    root = int(math.sqrt(SPOT * 10**6 / 10**18) * 2**96)
    return VaultState(
        address=VAULT, readable=True, sealed=True, paused=False, keeper_authorised=True,
        quote_units=10**7 * 10**6, base_wei=base * WAD, quote_decimals=6, base_decimals=18, shares=WAD,
        sequence=1, state_hash=bytes(32), last_rebalance_at=0,
        rules=VaultRules(WAD, 0, 60, 150, 1_000, 4_000, 4_000, 3_600, 10**4 * WAD, 0, 1, 10**9, 10**9, 0, 0),
        price=Reading(SPOT * WAD, NOW, 1), volatility=Reading(volatility_points * WAD // 100, NOW, 1),
        pool=PoolState(root, 10**19, 500, base_is_token0=True), keeper_until=NOW + DAY_S,
        turnover_used_wad=0, loss_used_wad=0,
    )  # fmt: skip


def _listed(rng: np.random.Generator) -> tuple[Listing, ...]:
    """Two to five options, a perpetual and the base."""
    options = tuple(
        Listing(
            f"option-{place}",
            "desk",
            Kind.CALL if rng.integers(0, 2) else Kind.PUT,
            _room(float(rng.choice([500.0, 2_000.0])), float(rng.choice([0.1, 1.0]))),
            Prices(half_spread_wad=int(rng.integers(10, 81)) * WAD // 1_000, fee_wad=3 * WAD // 10_000),
            Terms(
                moneyness_wad=int(rng.integers(80, 121)) * WAD // 100,
                tenor_s=int(rng.integers(7, 91)) * DAY_S,
            ),
        )
        for place in range(int(rng.integers(2, 6)))
    )
    perp = Prices(half_spread_wad=2 * WAD // 10_000, fee_wad=5 * WAD // 10_000)
    base = Prices(half_spread_wad=WAD // 10_000, fee_wad=5 * WAD // 10_000)
    return (
        *options,
        Listing("perp", "perps", Kind.LINEAR, _room(2_000.0, 0.1), perp),
        Listing("base", "pool", Kind.SPOT, _room(2_000.0, 0.01), base),
    )


def _room(most: float, lot: float) -> Room:
    return Room(round(most) * WAD, round(most) * WAD, round(lot * 100) * WAD // 100)


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What an advice was found for: where sensitivities are, where they may be, and what can be traded."""

    before: Floats
    low: Floats
    high: Floats
    instruments: tuple[Instrument, ...]

    @classmethod
    def of(cls, book: Book, advice: Advice) -> "Task":
        """The same task."""
        found, _ = offers(book.policy.instruments, book.situation)
        before, low, high = (np.array(astuple(each)) for each in (advice.before, advice.low, advice.high))
        return cls(before, low, high, tuple(each.instrument for each in found))

    def cost(self, trades: Floats) -> float:
        """What trades cost."""
        costs = (
            max(trade, 0.0) * each.cost + max(-trade, 0.0) * each.cost_sold
            for trade, each in zip(trades.tolist(), self.instruments, strict=True)
        )
        return float(sum(costs))

    def after(self, trades: Floats) -> Floats:
        """Where trades lead."""
        moved: Floats = trades @ np.array([each.effect for each in self.instruments])
        return self.before + moved


def least(task: Task) -> float:
    """What no trades can be below, in lots or not: the optimum without lots, by another solver (HiGHS)."""
    effects = np.array([each.effect for each in task.instruments]).T
    scale = np.maximum(np.maximum(np.abs(task.high), np.abs(task.before)), 1.0)
    rows = np.hstack([effects, -effects]) / scale[:, np.newaxis]
    bought, sold = ([getattr(each, name) for each in task.instruments] for name in ("cost", "cost_sold"))
    most = [*(each.most for each in task.instruments), *(-each.least for each in task.instruments)]
    answer = linprog(
        [*bought, *sold],
        A_ub=np.vstack([rows, -rows]),
        b_ub=np.concatenate([(task.high - task.before) / scale, (task.before - task.low) / scale]),
        bounds=[(0.0, each) for each in most],
    )
    return float(answer.fun or 0.0) if answer.success else math.inf


def one_at_a_time(task: Task, order: Sequence[int] = USUAL) -> float:
    """Each sensitivity by the instrument that mends it for least, and again; infinite if that never ends."""
    trades = np.zeros(len(task.instruments))
    for _ in range(ROUNDS):
        after = task.after(trades)
        beyond = np.maximum(after - task.high, 0.0) - np.maximum(task.low - after, 0.0)
        wrong = [each for each in order if beyond[each] != 0.0]
        if not wrong:
            return task.cost(trades)
        ways = [*_ways(task, trades, wrong[0], float(beyond[wrong[0]]))]
        if not ways:
            return math.inf
        trades = min(ways, key=task.cost)
    return math.inf


def in_the_best_order(task: Task) -> float:
    """The same in whichever of all orders is cheapest, which a desk could only know afterwards."""
    return min(one_at_a_time(task, order) for order in permutations(range(4)))


def _ways(task: Task, trades: Floats, which: int, beyond: float) -> Iterator[Floats]:
    for place, each in enumerate(task.instruments):
        if each.effect[which] == 0.0:
            continue
        lots = -beyond / each.effect[which] / each.lot
        moved = trades.copy()
        moved[place] += math.copysign(math.ceil(abs(lots) - 1e-9), lots) * each.lot
        if each.least <= moved[place] <= each.most:
            yield moved
