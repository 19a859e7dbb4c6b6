"""What it saves to mend all sensitivities together, and how near the advice is to the least cost there is.

Random books beyond a limit of gamma or vega, random options with spreads, a perpetual and the base; the
shipped decision advises on each. Beside it stand desks that mend one sensitivity after the other, each by the
instrument that does it for least. All are measured from what no trades can be below: the optimum without
lots, by another solver.

    python -m benchmarks.combination [--json] [--books N] [--seed N]
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from benchmarks.desks import Task, books, in_the_best_order, least, one_at_a_time
from benchmarks.machine import computer
from keeper.core.advice import Advice
from keeper.core.decision import decide
from keeper.core.memory import Memory

MILLI = 1e3


@dataclass(frozen=True, slots=True)
class Row:
    """One way to mend a book: in how many books it ends, and how much above the bound, as a share."""

    name: str
    ended: int
    median: float
    p90: float
    worst: float


@dataclass(frozen=True, slots=True)
class Found:
    """All of it. `advised` of `books` were beyond a limit and got advice; `unadvised` counts why others not.

    `decide_ms` is the median CPU time of a decision that advises, and the worst.
    """

    books: int
    advised: int
    unadvised: dict[str, int]
    decide_ms: tuple[float, float]
    rows: tuple[Row, ...]


def measured(count: int, seed: int) -> Found:
    """Ask the keeper, the desks and the other solver about each book."""
    ways: dict[str, list[float]] = {"advice": [], "one at a time": [], "one at a time, best order": []}
    why: dict[str, int] = {}
    times, advised = [], 0
    for book in books(count, seed):
        began = time.process_time()
        advice = decide(book.policy, book.situation, Memory(book.policy.vault)).advice
        spent = time.process_time() - began
        if not isinstance(advice, Advice):
            why[advice.why.value] = why.get(advice.why.value, 0) + 1
            continue
        times.append(spent * MILLI)
        advised += 1
        task = Task.of(book, advice)
        optimum = least(task)
        if not math.isfinite(optimum) or optimum <= 0.0:
            continue
        for name, cost in zip(
            ways, (advice.cost_usd, one_at_a_time(task), in_the_best_order(task)), strict=True
        ):
            ways[name].append(cost / optimum - 1.0)
    rows = tuple(_row(name, shares) for name, shares in ways.items())
    return Found(count, advised, why, (float(np.median(times)), max(times)), rows)


def _row(name: str, shares: Sequence[float]) -> Row:
    ended = np.array([each for each in shares if math.isfinite(each)])
    return Row(name, len(ended), *(float(np.quantile(ended, share)) for share in (0.5, 0.9, 1.0)))


def table(found: Found) -> str:
    """For people."""
    lines = [
        "| way | ends in | median above the bound | nine in ten below | worst |",
        "|---|---:|---:|---:|---:|",
    ]
    for row in found.rows:
        numbers = " | ".join(f"{share:.2%}" for share in (row.median, row.p90, row.worst))
        lines.append(f"| {row.name} | {row.ended} | {numbers} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.combination", description=__doc__.split("\n", maxsplit=1)[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--books", type=int, default=300)
    parser.add_argument("--seed", type=int, default=6)
    options = parser.parse_args(arguments)
    found = measured(options.books, options.seed)
    if options.json:
        report = {"benchmark": "combination", "machine": computer("numpy", "scipy", "clarabel")}
        print(json.dumps({**report, "seed": options.seed, **asdict(found)}))
        return 0
    print(f"{found.books} books, seed {options.seed}; {found.advised} advised on; others: {found.unadvised}")
    median, most = found.decide_ms
    print(f"a decision that advises: {median:.1f} ms of CPU at the median, {most:.0f} at most\n")
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
