"""What each risk tolerance would cost and leave, and which one an operator's budget asks for.

A risk tolerance is one over a risk aversion, and nobody knows his own. Everybody knows what he can bear: so
much deviation of the net value in a week, so much in the worst weeks, or a delta that is off by so much. So
one vault is kept at several tolerances on the same markets by the keeper's own decisions, which gives the
frontier of cost against risk; and the largest tolerance within the budget is looked for on it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import takewhile
from typing import Final

import numpy as np

from keeper.core.exposure import Situation
from keeper.core.hedging import Costs
from keeper.core.hedging.calibration import AtTheMoney, Calibrated, Uncalibrated
from keeper.core.policy import Policy
from keeper.core.quote import trade_costs
from keeper.core.units import YEAR_SECONDS
from keeper.simulation.backtest import Track, opening
from keeper.simulation.book import DAY_S
from keeper.simulation.scores import TAIL, cumulated, cvar, result
from keeper.simulation.study import Study, looking, tracks_of, world

BANDS: Final = (0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5)
"""Where the frontier is looked at, as widths at the money in shares of the notional."""

ATTEMPTS: Final = 3
"""How often a tolerance that was read off the frontier may turn out to be beyond the budget."""

MOST_POINTS: Final = len(BANDS) + 1 + ATTEMPTS

_DIGITS: Final = 3
"""Of a tolerance: more would claim a precision that no budget has."""


class TuningError(Exception):
    """There is no frontier to look at. The text says why."""


class Measure(StrEnum):
    """What a budget is held against."""

    DEVIATION = "nav-std"
    TAIL = "cvar"
    BAND = "band"


class Period(StrEnum):
    """What costs and risks are told for."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"

    @property
    def seconds(self) -> int:
        """A month has thirty days."""
        return {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 30, Period.YEAR: 365}[self] * DAY_S


@dataclass(frozen=True, slots=True)
class Point:
    """One tolerance, and what it comes to in a period, in usd.

    `band` at the money, as a share of the notional. `deviation_usd` is of the vault's result, `tail_usd` the
    mean loss in the worst twentieth of periods.
    """

    tolerance_usd: float
    band: float
    cost_usd: float
    deviation_usd: float
    tail_usd: float
    trades: float


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that is borne: usd in a period, or a share of the notional for a band."""

    measure: Measure
    most: float

    def risk(self, point: Point) -> float:
        """What of a point is held against it."""
        risks = {
            Measure.DEVIATION: point.deviation_usd,
            Measure.TAIL: point.tail_usd,
            Measure.BAND: point.band,
        }
        return risks[self.measure]


@dataclass(frozen=True, slots=True)
class Frontier:
    """The policy as it is, and points by their tolerance, which is never the same twice.

    `periods`: how many were simulated at each point, all markets together.
    """

    now: Point
    points: tuple[Point, ...]
    period: Period
    periods: float
    nav_usd: float

    @property
    def has_tail(self) -> bool:
        """Whether there is a worst twentieth of periods at all."""
        return self.periods >= 1 / TAIL


@dataclass(frozen=True, slots=True)
class Met:
    """The largest tolerance within a budget, on a frontier that has it among its points."""

    frontier: Frontier
    budget: Budget
    point: Point


@dataclass(frozen=True, slots=True)
class OutOfReach:
    """No tolerance that was tried is within the budget; `least` comes nearest."""

    frontier: Frontier
    budget: Budget
    least: Point


@dataclass(frozen=True, slots=True)
class Unasked:
    """A frontier that nobody held a budget against."""

    frontier: Frontier


Ending = Met | OutOfReach | Unasked


class Tuning:
    """One vault, whose policy is to be tuned, in the markets of a study of that one policy."""

    def __init__(
        self,
        study: Study,
        period: Period,
        advance: Callable[[], None],
        vault: Sequence[Situation] = (),
        processes: int | None = None,
    ) -> None:
        """`vault`: the one as it stands on chain; without one it is the study's at its first look."""
        (policy,) = study.policies
        self._study, self._period, self._advance, self._processes = study, period, advance, processes
        self._policy = looking(policy, study.course.step_s)
        (start,) = vault or (opening(self._policy, study.setup, world(study, study.seeds[0])),)
        self._nav_usd = start.exposure.nav_usd
        self._band = at_the_money(self._policy, start)

    def survey(self) -> Frontier:
        """The frontier around the policy. Raises TuningError."""
        now = self._policy.hedging.risk_tolerance_usd
        others = {self._tolerance(band) for band in BANDS} - {now}
        points = self._measured(sorted({now, *others}))
        here = next(each for each in points if each.tolerance_usd == now)
        study = self._study
        periods = len(study.seeds) * study.course.days * DAY_S / self._period.seconds
        return Frontier(here, points, self._period, periods, self._nav_usd)

    def choose(self, frontier: Frontier, budget: Budget) -> Met | OutOfReach:
        """The largest tolerance within a budget. Raises TuningError.

        What was read off the frontier is tried; if it turns out to be beyond the budget, half of the way.
        """
        if budget.measure is Measure.BAND:
            return self._met(frontier, budget, self._tried(frontier, self._tolerance(budget.most)))
        if budget.measure is Measure.TAIL and not frontier.has_tail:
            raise TuningError(
                f"the worst twentieth of {frontier.periods:.1f} {self._period.value}s is none: simulate more "
                "(--paths, --days), or ask for a shorter period"
            )
        within = _within(frontier.points, budget)
        if not within:
            return OutOfReach(frontier, budget, min(frontier.points, key=budget.risk))
        best, tolerance = within[-1], _read_off(frontier.points, within[-1], budget)
        for _ in range(ATTEMPTS):
            if tolerance <= best.tolerance_usd:
                break
            tried = self._tried(frontier, tolerance)
            if budget.risk(tried) <= budget.most:
                return self._met(frontier, budget, tried)
            tolerance = _rounded(math.sqrt(best.tolerance_usd * tolerance))
        return self._met(frontier, budget, best)

    def _tried(self, frontier: Frontier, tolerance_usd: float) -> Point:
        known = [each for each in frontier.points if each.tolerance_usd == tolerance_usd]
        return (known or self._measured([tolerance_usd]))[0]

    def _met(self, frontier: Frontier, budget: Budget, point: Point) -> Met:
        points = sorted({*frontier.points, point}, key=lambda each: each.tolerance_usd)
        return Met(replace(frontier, points=tuple(points)), budget, point)

    def _tolerance(self, band: float) -> float:
        match self._band.aversion(band * self._study.setup.units):
            case Calibrated(aversion):
                return _rounded(1.0 / aversion)
            case Uncalibrated() as why:
                raise TuningError(f"no risk tolerance has a band of {band:g}: {why.value}")

    def _measured(self, tolerances: Sequence[float]) -> tuple[Point, ...]:
        policies = tuple(
            replace(self._policy, hedging=replace(self._policy.hedging, risk_tolerance_usd=each))
            for each in tolerances
        )
        tracks = tracks_of(replace(self._study, policies=policies), self._advance, self._processes)
        return tuple(map(self._point, tolerances, tracks))

    def _point(self, tolerance_usd: float, tracks: Sequence[Track]) -> Point:
        looks = self._period.seconds // self._study.course.step_s
        courses = [result(track) for track in tracks]
        periods = sum(len(course) - 1 for course in courses) / looks
        steps = np.concatenate([np.diff(course) for course in courses])
        long = min(looks, min(map(len, courses)) - 1)
        windows = np.concatenate([course[long:] - course[:-long] for course in courses])
        return Point(
            tolerance_usd=tolerance_usd,
            band=self._band.width(1.0 / tolerance_usd) / self._study.setup.units,
            cost_usd=sum(float(cumulated(track, gas_only=False)[-1]) for track in tracks) / periods,
            # Results of two looks have nothing to do with one another, so that their variances add up: a
            # period's own deviation would need hundreds of periods.
            deviation_usd=float(np.std(steps)) * math.sqrt(looks),
            tail_usd=cvar(-windows) * math.sqrt(looks / long),
            trades=sum(not trade.failed for track in tracks for trade in track.trades) / periods,
        )


def at_the_money(policy: Policy, situation: Situation) -> AtTheMoney:
    """The band of a vault as it stands, by the policy's looks and what trades cost it now."""

    def costs_at(base: float) -> Costs:
        exposure = replace(situation.exposure, gap=base)
        return trade_costs(policy, replace(situation, exposure=exposure))

    look = policy.hedging.look_interval_s / YEAR_SECONDS
    return AtTheMoney(situation.legs, situation.exposure.volatility, costs_at, look)


def _read_off(points: Sequence[Point], last: Point, budget: Budget) -> float:
    """Where the frontier passes a budget beyond the last point within it, on logarithmic scales."""
    after = next((point for point in points if point.tolerance_usd > last.tolerance_usd), last)
    risk, beyond = budget.risk(last), budget.risk(after)
    if after is last or risk <= 0:
        return last.tolerance_usd
    share = math.log(budget.most / risk) / math.log(beyond / risk)
    ends = math.log(last.tolerance_usd), math.log(after.tolerance_usd)
    return _rounded(math.exp(ends[0] + share * (ends[1] - ends[0])))


def _within(points: Sequence[Point], budget: Budget) -> list[Point]:
    """Points from the one of least risk up to the first one beyond a budget.

    Left of the least, more hedges cost more than the risk that they remove.
    """
    risks = [budget.risk(point) for point in points]
    upwards = points[risks.index(min(risks)) :]
    return [*takewhile(lambda point: budget.risk(point) <= budget.most, upwards)]


def _rounded(tolerance: float) -> float:
    """A tolerance in whole dollars of few digits, never above it unless it is below one."""
    scale = 10 ** max(math.floor(math.log10(max(tolerance, 1.0))) - _DIGITS + 1, 0)
    return float(max(math.floor(tolerance / scale + 1e-9) * scale, 1))
