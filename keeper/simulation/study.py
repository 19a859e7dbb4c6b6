"""Several policies on the same markets, spread over the machine's cores.

A study is a list of jobs, each one policy on one vault in one market, and each job is a value: it is sent to
another process and gives the same there. The market is drawn where it is needed, from the seed, which is
faster than sending it. Its last one is kept, because a process gets the jobs of a market one after another.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from keeper.core.hedging import Tier
from keeper.core.policy import Policy
from keeper.core.position import VaultRules
from keeper.core.reason import Reason
from keeper.core.units import GWEI, WAD
from keeper.simulation.backtest import Setup, Track, backtest
from keeper.simulation.book import DAY_S, Structure
from keeper.simulation.derived import CALM_FEE_GWEI
from keeper.simulation.frictions import Frictions, World, world_of
from keeper.simulation.models import Model, model_market
from keeper.simulation.path import MarketPath
from keeper.simulation.paths import Start, simulate
from keeper.simulation.scores import Score, score
from keeper.simulation.solving import Bands
from keeper.simulation.tape import read_tape

TAPE: Final = "tape"
MARKETS: Final = (TAPE, *(model.value for model in Model))

_RULES: Final = VaultRules(
    band_wad=0,
    target_delta_wad=0,
    cooldown_s=300,
    max_slippage_bps=100,
    margin_bps=1_500,
    max_price_age_s=100_000,
    max_volatility_age_s=100_000,
    max_deadline_s=7_200,
    max_trade_wad=10**9 * WAD,
    price_error_bps=50,
    min_trade_bps=100,
    turnover_cap_pips=10**9,
    loss_cap_pips=10**9,
    emergency_gap_wad=10**9 * WAD,
    emergency_trade_wad=0,
)
_BAND_SHARE: Final = 0.002
"""Gap that a vault's contract takes for hedged, as a share of its notional."""


@dataclass(frozen=True, slots=True)
class Course:
    """Where prices come from: a kind of market, or a tape; without a file, one of our own with a crash.

    `calm_fee_wei` is what a unit of gas costs as long as the market is calm.
    """

    market: str
    start: Start
    days: float
    step_s: int
    tape: Path | None = None
    calm_fee_wei: float = CALM_FEE_GWEI * GWEI


@dataclass(frozen=True, slots=True)
class Study:
    """What is compared, on what. Each policy keeps a vault of its own in each market; seeds make markets."""

    policies: tuple[Policy, ...]
    setup: Setup
    course: Course
    frictions: Frictions
    seeds: tuple[int, ...]
    bands: Bands = Bands.CLOSED_FORM


@dataclass(frozen=True, slots=True)
class Compared:
    """A policy's figures over all markets, and its track in each, in the order of the seeds."""

    policy: Policy
    score: Score
    tracks: tuple[Track, ...]

    @property
    def track(self) -> Track:
        """In the first market."""
        return self.tracks[0]

    @property
    def reasons(self) -> Counter[Reason]:
        """Looks of all markets by what was decided."""
        return sum((Counter(each.reasons) for each in self.tracks), Counter[Reason]())

    @property
    def tiers(self) -> Counter[Tier]:
        """Looks of all markets by what found the band."""
        return sum((Counter(each.tiers) for each in self.tracks), Counter[Tier]())


def compare(study: Study, advance: Callable[[], None], processes: int | None = None) -> tuple[Compared, ...]:
    """Run all jobs; `advance` is called as each ends. Raises TapeError, ModelError and OSError.

    The first market is drawn before any process is started, so that what is wrong with it is told at once.
    """
    return tuple(
        Compared(policy, score(tracks), tracks)
        for policy, tracks in zip(study.policies, tracks_of(study, advance, processes), strict=True)
    )


def tracks_of(
    study: Study, advance: Callable[[], None], processes: int | None = None
) -> tuple[tuple[Track, ...], ...]:
    """What happened by policy and seed; as `compare`."""
    market_of(study.course, study.seeds[0])
    found: dict[tuple[int, int], Track] = {}
    jobs = [(index, seed) for seed in study.seeds for index in range(len(study.policies))]
    for job, track in _tracks(study, jobs, processes or os.cpu_count() or 1):
        found[job] = track
        advance()
    return tuple(tuple(found[index, seed] for seed in study.seeds) for index in range(len(study.policies)))


def _tracks(
    study: Study, jobs: Sequence[tuple[int, int]], processes: int
) -> Iterator[tuple[tuple[int, int], Track]]:
    if processes == 1 or len(jobs) == 1:
        yield from ((job, run(study, *job)) for job in jobs)
        return
    with ProcessPoolExecutor(min(processes, len(jobs))) as pool:
        waiting = {pool.submit(run, study, *job): job for job in jobs}
        try:
            for done in as_completed(waiting):
                yield waiting[done], done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def run(study: Study, index: int, seed: int) -> Track:
    """One job."""
    policy = looking(study.policies[index], study.course.step_s)
    return backtest(policy, study.setup, world(study, seed), bands=study.bands)


def world(study: Study, seed: int) -> World:
    """The market of a seed with its mishaps."""
    return world_of(market_of(study.course, seed), study.frictions, seed)


@lru_cache(maxsize=2)
def market_of(course: Course, seed: int) -> MarketPath:
    """The prices of a seed. Raises TapeError, ModelError, and OSError for a tape that cannot be read."""
    market, dearer = _prices(course, seed), course.calm_fee_wei / (CALM_FEE_GWEI * GWEI)
    if dearer == 1.0:
        return market
    fees = np.maximum(np.rint(market.base_fee_wei * dearer), 1.0).astype(np.int64)
    return replace(market, base_fee_wei=fees)


def _prices(course: Course, seed: int) -> MarketPath:
    steps = int(course.days * DAY_S) // course.step_s + 1
    if course.market != TAPE:
        return model_market(Model(course.market), course.start, steps, course.step_s, seed)
    if course.tape is None:
        return simulate(course.start, steps, course.step_s, seed)
    return read_tape(course.tape, course.start, course.step_s, seed, max_steps=steps)


def setup_of(structure: Structure, units: float) -> Setup:
    """A vault whose contract insists on what the demo's does, but with budgets that never bind."""
    rules = replace(
        _RULES,
        band_wad=round(_BAND_SHARE * units * WAD),
        target_delta_wad=round(structure.target * units * WAD),
    )
    return Setup(structure, units, rules)


def looking(policy: Policy, step_s: int) -> Policy:
    """A policy that knows how seldom it looks here: a backtest has a look in each step, not in each block."""
    hedging = replace(policy.hedging, look_interval_s=max(policy.hedging.look_interval_s, step_s))
    return replace(policy, hedging=hedging)
