"""The least trade that brings what a vault may lose back inside its limits, if a trade of the base can.

A trade of x base changes the outcome of each scenario by x times the change of the spot there, and nothing
else: a straight line. So no leg is priced anew for it, and each measure is convex in x: the worst of straight
lines, the mean of the worst of them, the size of what is held. What is convex is below a level on an
interval; the trade looked for is the nearest end of what all intervals have in common, on the way from here
to the closed gap, because the vault's contract lets no trade go elsewhere or farther.

A measure that no trade on that way brings inside its limit is not a reason to do nothing about the others,
but it may not get worse by it.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from keeper.core.exposure import Situation
from keeper.core.foresight import stress_factor
from keeper.core.market import in_quote
from keeper.core.policy import Policy
from keeper.core.pricing.black_scholes import Floats
from keeper.core.reason import Reason
from keeper.core.risk.liquidation import FALLS, RISES, cover_at
from keeper.core.risk.repricing import Books, books_of
from keeper.core.risk.stress import SCENARIOS, moved_to, stress
from keeper.core.risk.tails import CONFIDENCE, FREEDOM, cells, expected_shortfall, tail_moves, tail_profits

STEPS = 32
"""Trades that are looked at on the way, and again between the last that is too small and the next."""

Measure = Callable[[Floats], Floats]
"""What trades, in base, leave of a risk."""


class _Excess(NamedTuple):
    """By how much each of some trades leaves a risk above its limit, and above where that is restored.

    Zero or less is within.
    """

    limit: Floats
    restored: Floats


class _Held(NamedTuple):
    """A risk that the policy limits. It is asked once for some trades: that is what it costs."""

    reason: Reason
    excess: Callable[[Floats], _Excess]


class _Asked(NamedTuple):
    """What a trade must do: leave the risk at `level` or below, of its limit or of where that is `restored`.

    `cures` what is wrong now.
    """

    restored: bool
    level: float
    cures: bool


def restoring_trade(policy: Policy, situation: Situation, passed: Collection[Reason]) -> float:
    """Signed trade in base after which every risk that a trade can restore is within its limit; 0 if none.

    A limit that is `passed` is restored to the policy's share of it, or as near to that as a trade comes.
    """
    held = [*_held(policy, situation)]
    trades = _looked_at(held, -situation.exposure.gap)
    found = [each.excess(trades) for each in held]
    asked = [_asked(each.reason in passed, excess) for each, excess in zip(held, found, strict=True)]
    if not any(each.cures for each in asked):
        return 0.0
    first = _first(asked, found)
    finer = np.linspace(trades[max(first - 1, 0)], trades[first], STEPS + 1)
    return float(finer[_first(asked, [each.excess(finer) for each in held])]) if first else 0.0


def kept_within(policy: Policy, situation: Situation, least: float, most: float) -> float:
    """The longest trade in base from `least` to `most` that takes no risk beyond a limit it is within."""
    held = [*_held(policy, situation)]
    if not held:
        return most
    trades = np.linspace(least, most, STEPS + 1)
    found = [each.excess(trades).limit for each in held]
    fits = np.logical_and.reduce([each <= max(each[0], 0.0) for each in found])
    return most if fits.all() else float(trades[max(int(fits.argmin()) - 1, 0)])


def _looked_at(held: Sequence[_Held], way: float) -> Floats:
    """Trades on the way, closer together where a measure is least: there what fits may be a narrow place."""
    share = np.linspace(0.0, 1.0, STEPS + 1)
    least = [int(each.excess(share * way).limit.argmin()) for each in held]
    closer = [np.linspace(share[max(at - 1, 0)], share[min(at + 1, STEPS)], STEPS + 1) for at in least]
    return np.unique(np.concatenate([share, *closer])) * way


def _first(asked: Sequence[_Asked], found: Sequence[_Excess]) -> int:
    """The first trade that does all that is asked; 0 if none does, as something is wrong without a trade."""
    pairs = zip(asked, found, strict=True)
    fits = [(excess.restored if each.restored else excess.limit) <= each.level for each, excess in pairs]
    return int(np.logical_and.reduce(fits).argmax())


def _asked(passed: bool, excess: _Excess) -> _Asked:  # noqa: FBT001
    if not passed:
        return _Asked(restored=False, level=0.0, cures=False)
    if excess.restored.min() <= 0.0:
        return _Asked(restored=True, level=0.0, cures=True)
    if excess.limit[0] <= 0.0:
        # It stands, and is kept: to go after the least that can be had would cost a trade at each move of it.
        return _Asked(restored=True, level=float(excess.restored[0]), cures=False)
    if excess.limit.min() <= 0.0:
        return _Asked(restored=False, level=float(excess.limit.min()), cures=True)
    return _Asked(restored=True, level=float(excess.restored[0]), cures=False)


def _held(policy: Policy, situation: Situation) -> Iterator[_Held]:
    limits, books = policy.limits, books_of([situation], [stress_factor(policy, situation)])
    restored_to = in_quote(limits.restore_wad)
    if limits.stress_loss_usd_wad:
        limit = in_quote(limits.stress_loss_usd_wad)
        yield _ceiling(Reason.STRESS_LIMIT, _stress_loss(books), limit, restored_to)
    if limits.expected_shortfall_usd_wad:
        limit = in_quote(limits.expected_shortfall_usd_wad)
        yield _ceiling(Reason.SHORTFALL_LIMIT, _shortfall(books), limit, restored_to)
    if limits.leverage_wad:
        limit = in_quote(limits.leverage_wad)
        yield _ceiling(Reason.LEVERAGE_LIMIT, _leverage(situation), limit, restored_to)
    if limits.liquidation_distance_wad:
        distance = in_quote(limits.liquidation_distance_wad)
        floor = in_quote(limits.collateral_ratio_wad)
        near, far = _uncovered(books, floor, distance), _uncovered(books, floor, distance / restored_to)
        yield _Held(Reason.LIQUIDATION_LIMIT, lambda trade: _Excess(near(trade), far(trade)))


def _ceiling(reason: Reason, measure: Measure, limit: float, restored_to: float) -> _Held:
    def excess(trade: Floats) -> _Excess:
        found = measure(trade)
        return _Excess(found - limit, found - limit * restored_to)

    return _Held(reason, excess)


def _stress_loss(books: Books) -> Measure:
    profit, change = stress(books).profit[0], _spot_changes(books)

    return lambda trade: np.max(-profit - trade[:, None] * change, axis=1)


def _spot_changes(books: Books) -> Floats:
    """What a base gains in each scenario, of which a fraction counts."""
    moves, fractions = (
        np.array(each) for each in zip(*((s.move, s.fraction) for s in SCENARIOS), strict=True)
    )
    change: Floats = books.spot[0] * (moved_to(books, moves)[0] - 1.0) * fractions
    return change


def _shortfall(books: Books) -> Measure:
    weight, profit = cells(FREEDOM, CONFIDENCE).weight, tail_profits(books)[0]
    change = books.spot[0] * (tail_moves(books)[0] - 1.0)
    return lambda trade: expected_shortfall(profit + trade[:, None] * change, weight, CONFIDENCE)


def _leverage(situation: Situation) -> Measure:
    exposure = situation.exposure
    of_legs = exposure.gross_delta_usd / exposure.spot - exposure.inventory
    # Without net value any delta is too much, whatever is traded.
    worth = max(0.0, exposure.nav_usd)

    def leverage(trade: Floats) -> Floats:
        with np.errstate(all="ignore"):
            return (of_legs + np.abs(exposure.inventory + trade)) * exposure.spot / worth

    return leverage


def _uncovered(books: Books, floor: float, distance: float) -> Measure:
    """What is missing, in quote, where cover is least within a distance of the spot."""
    low, high = 1.0 - min(distance, 1.0), 1.0 + distance
    move = np.array([low, *(rung for rung in FALLS + RISES if low < rung < high), high])
    cover = cover_at(books, np.array([floor]), move[None, :])[0]
    change = books.spot[0] * (move - 1.0)
    return lambda trade: np.max(-cover - trade[:, None] * change, axis=1)
