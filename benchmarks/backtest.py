"""How fast a backtest is: a year of five-minute looks of ten vaults with eight legs each, on all cores.

The second half of the table shows that time grows as the work does: a multiple of the vaults, a multiple of
the year, and the time of one look of one vault in each.

    python -m benchmarks.backtest [--json] [--days N] [--vaults N] [--processes N] [--out DIR]
"""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.machine import computer
from keeper.core.units import Address
from keeper.policies import read_policy
from keeper.simulation.book import DAY_S, STRUCTURES
from keeper.simulation.frictions import Frictions
from keeper.simulation.models import Model
from keeper.simulation.paths import Start
from keeper.simulation.study import Course, Study, compare

POLICY = Path(__file__).parents[1] / "config" / "policies" / "strangle.yaml"
BOOK = "ladder"
UNITS = 1000.0
STEP_S = 300
YEAR_DAYS = 365.0
MICRO = 1e6


@dataclass(frozen=True, slots=True)
class Timing:
    """One run. `cpu_s` is of all processes, and what `look_us`, the time of one look of one vault, is of.

    On a busy machine the wall clock says how busy it is.
    """

    vaults: int
    days: float
    legs: int
    looks: int
    trades: int
    processes: int
    seconds: float
    cpu_s: float
    look_us: float


def measure(vaults: int, days: float, processes: int) -> Timing:
    """Time a study of so many vaults: one market, and a policy of its own for each."""
    policy = read_policy(POLICY)
    policies = tuple(
        replace(policy, name=f"vault-{index}", vault=Address(f"0x{index + 1:040x}"))
        for index in range(vaults)
    )
    course = Course(Model.GBM.value, Start(3000.0, 0.7), days, STEP_S)
    study = Study(policies, BOOK, UNITS, course, Frictions(), (1,))
    began, used_s = time.perf_counter(), _cpu_s()
    compared = compare(study, lambda: None, processes)
    seconds, cpu_s = time.perf_counter() - began, _cpu_s() - used_s
    looks = vaults * (int(days * DAY_S) // STEP_S + 1)
    return Timing(
        vaults=vaults,
        days=days,
        legs=len(STRUCTURES[BOOK].legs),
        looks=looks,
        trades=round(sum(each.score.trades for each in compared)),
        processes=min(processes, vaults),
        seconds=seconds,
        cpu_s=cpu_s,
        look_us=cpu_s / looks * MICRO,
    )


def _cpu_s() -> float:
    """CPU of this process and of those it has waited for."""
    spent = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in spent)


def table(timings: Sequence[Timing]) -> str:
    """The runs for people."""
    lines = [
        "| vaults | legs | days | looks | trades | processes | seconds | CPU s | CPU us a look |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {each.vaults} | {each.legs} | {each.days:g} | {each.looks:,} | {each.trades:,} "
        f"| {each.processes} | {each.seconds:.1f} | {each.cpu_s:.1f} | {each.look_us:.0f} |"
        for each in timings
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Time the whole, and parts of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backtest", description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--days", type=float, default=YEAR_DAYS, help="of the longest run")
    parser.add_argument("--vaults", type=int, default=10, help="of the largest run")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, help="folder into which the JSON is written, too")
    options = parser.parse_args(arguments)
    half = max(options.vaults // 2, 1)
    timings = [
        measure(vaults, days, options.processes)
        for vaults, days in (
            (options.vaults, options.days),
            (options.vaults, options.days / 4),
            (half, options.days / 4),
        )
    ]
    report = {
        "benchmark": "backtest",
        "machine": computer("numpy", "scipy"),
        "runs": [asdict(timing) for timing in timings],
    }
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "backtest.json").write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report) if options.json else table(timings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
