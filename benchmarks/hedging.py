"""How much the keeper's hedging costs above the least that it can cost, beside the rules of the field.

Vaults are drawn at random (`benchmarks.scenarios`), the optimum of each is found on a lattice and every rule
is charged on the same lattice (`benchmarks.lattice`). The figure is the gap: a rule's certainty-equivalent
cost above the book's worth, relative to the optimum's, less one.

    python -m benchmarks.hedging [--json] [--seed N] [--singles N] [--books N] [--out DIR]
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from benchmarks.lattice import Floats, Rule, World, cost_of, optimum
from benchmarks.machine import computer
from benchmarks.rules import baselines
from benchmarks.scenarios import Scenario, books, singles
from keeper.core.hedging import Inputs, Legs, Region, Table, Unsolved, no_trade_region, solve
from keeper.core.inventory import cut
from keeper.core.pricing.black_scholes import greeks

CLOSED_FORM = "keeper, closed form"
TABLE = "keeper, with a table"

ASIDE = 1.013
"""The table is solved for this multiple of the spot: the two lattices shall not share their prices."""


@dataclass(frozen=True, slots=True)
class Result:
    """One vault: its market, the least cost of hedging it in quote, and what each rule pays more, as a share.

    `gas`, `aversion` and `optimum` are per unit of the largest leg.
    """

    book: str
    legs: int
    volatility: float
    days: float
    moneyness: float
    basis_points: float
    gas: float
    aversion: float
    optimum: float
    gaps: dict[str, float]
    seconds: float


def measure(scenario: Scenario) -> Result:
    """The optimum of a vault, and every rule's distance from it."""
    began, world = time.perf_counter(), scenario.world
    least = optimum(world)
    gaps = {name: cost_of(world, rule) / least - 1.0 for name, rule in _rules(world).items()}
    return Result(
        book=scenario.name,
        legs=len(world.legs.size),
        volatility=world.volatility,
        days=float(world.legs.years.max()) * 365,
        moneyness=float(np.mean(world.legs.strike)) / world.spot,
        basis_points=float(world.costs.proportional) * 1e4,
        gas=float(world.costs.fixed) / world.unit,
        aversion=world.aversion * world.unit,
        optimum=least / world.unit,
        gaps=gaps,
        seconds=time.perf_counter() - began,
    )


def _rules(world: World) -> dict[str, Rule]:
    return {**baselines(world), CLOSED_FORM: closed_form(world), TABLE: by_table(world)}


def closed_form(world: World) -> Rule:
    """The keeper's own, asked as the keeper asks it: about the legs that are open, for all spots at once."""
    return _shipped(world, ())


def by_table(world: World) -> Rule:
    """The same with a table, solved once at the start and a little beside the spot."""
    inputs = Inputs(world.volatility, world.costs, world.aversion, world.look)
    return _shipped(world, [solve(world.legs, ASIDE * world.spot, inputs)])


def _shipped(world: World, tables: Sequence[Table | Unsolved]) -> Rule:
    """The bands of `keeper.core.decision.decide`, as tests/benchmarks/test_hedging.py holds, for all spots.

    They end where the contract would take a trade for one beyond the target; no other limit binds here.
    """

    def rule(spots: Floats, time: float) -> Region:
        legs = world.open_legs(time)
        stated = Legs(legs.strike, legs.years - time, legs.is_call, legs.size)
        region = no_trade_region(
            stated, spots, world.volatility, 0.0, world.costs, world.aversion, world.look, tables=tables
        )
        each = greeks(spots[:, np.newaxis], stated.strike, stated.years, world.volatility, stated.is_call)
        return cut(region, -(each.delta * stated.size).sum(axis=1), np.inf, np.inf, 0.0)

    return rule


Summary = dict[str, dict[str, float]]
"""Median, 90th percentile and worst gap by rule, as shares."""


def summary(results: Sequence[Result]) -> Summary:
    """What each rule loses over some vaults."""
    gaps = {name: [each.gaps[name] for each in results] for name in results[0].gaps}
    return {
        name: {
            "median": float(np.median(found)),
            "p90": float(np.percentile(found, 90)),
            "worst": float(np.max(found)),
        }
        for name, found in gaps.items()
    }


def table(parts: dict[str, Summary]) -> str:
    """The summaries for people, in percent: a row for each rule."""
    kinds = [(part, kind) for part in parts for kind in ("median", "p90", "worst")]
    lines = [
        "| rule | " + " | ".join(f"{part}: {kind}" for part, kind in kinds) + " |",
        "|---|" + "---:|" * len(kinds),
    ]
    names = next(iter(parts.values()))
    for name in names:
        cells = (f"{100 * parts[part][name][kind]:.2f}" for part, kind in kinds)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def together(results: Sequence[Result]) -> str:
    """The keeper's own over all vaults, single options and books alike, in percent."""
    whole = summary(results)
    return "\n".join(
        f"{name}, all {len(results)}: "
        + ", ".join(f"{kind} {100 * share:.2f}" for kind, share in whole[name].items())
        for name in (CLOSED_FORM, TABLE)
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hedging", description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--seed", type=int, default=5, help="of the draw")
    parser.add_argument("--singles", type=_count, default=24, help="vaults with one option; at least one")
    parser.add_argument("--books", type=int, default=1, help="vaults with each kind of book")
    parser.add_argument("--out", type=Path, help="folder into which the JSON is written, too")
    options = parser.parse_args(arguments)
    drawn = [*singles(options.seed, options.singles)], [*books(options.seed, options.books)]
    # The lattice is memory and no linear algebra: one process for each core, one thread in each.
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        results = [*pool.map(measure, chain(*drawn))]
    halves = {"single options": results[: len(drawn[0])], "books": results[len(drawn[0]) :]}
    parts = {name: summary(half) for name, half in halves.items() if half}
    report = {
        "benchmark": "hedging",
        "machine": computer("numpy", "scipy"),
        "seed": options.seed,
        "summary": parts,
        "results": [asdict(result) for result in results],
    }
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "hedging.json").write_text(json.dumps(report, indent=2) + "\n")
    counts = " and ".join(f"{len(half)} {name}" for name, half in halves.items() if half)
    heading = f"seed {options.seed}: {counts}; gaps in percent of the least cost"
    print(json.dumps(report) if options.json else f"{heading}\n\n{table(parts)}\n\n{together(results)}")
    return 0


def _count(text: str) -> int:
    if (count := int(text)) < 1:
        raise ValueError(text)
    return count


if __name__ == "__main__":
    sys.exit(main())
