"""Whether the volatility that the keeper forecasts is the one that comes: out of sample, model by model.

Each opinion after each bar is of the mean variance of the next day and knows the bars so far; the fits are
those that a daemon would have made. It is held against the variance that came, by QLIKE, which is least for
the true variance however noisy the measurement (Patton 2011, J. Econometrics 160:246), and by the root of the
mean squared error in volatility points. `behind` is the QLIKE less that of the blend, with a standard error
that knows of overlapping days (Newey & West 1987). `last day` and `mean so far` need no model.

    python -m benchmarks.forecasts [--json] [--tapes DIR] [--days N] [--seed N] [--processes N] [--out DIR]
"""

import argparse
import csv
import gzip
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.machine import computer
from benchmarks.opinions import BLEND, World, bars_of, course, scored
from keeper.simulation.book import DAY_S, GENESIS
from keeper.simulation.models import Model, model_market
from keeper.simulation.paths import Start
from keeper.simulation.tape import closes

DATA = Path(__file__).parents[2] / "shared" / "data"
FIVE_MINUTES: Final = "spot_5m_binance_ETHUSDT_2022-05_2024-07.csv.gz"
HOURLY: Final = "spot_1h_binance_ETHUSDT_2018_2024-07.csv.gz"
QUOTED: Final = "dvol_ETH_hourly_2024-03_2024-10.csv.gz"
ROUNDS: Final = "chainlink_ETH_USD_rounds_2023-04_2024-01.csv.gz"
TAPES: Final = {
    "ETH 2022-2024, five minutes": FIVE_MINUTES,
    "ETH 2018-2024, hourly": HOURLY,
    "BTC 2018-2024, hourly": "spot_1h_binance_BTCUSDT_2018_2024-07.csv.gz",
}
CRASHES: Final = ("2020-03", "2021-05", "2022-06", "2022-11")
STEP_S: Final = 900


def made(model: Model, days: int, seed: int) -> dict[str, World]:
    """A market from a seed."""
    market = model_market(model, Start(3_000.0, 0.7), days * DAY_S // STEP_S + 1, STEP_S, seed)
    times = (GENESIS + np.arange(len(market)) * STEP_S).tolist()
    return {f"{model.value}, made": scored(course(bars_of(times, market.price.tolist())))}


def taped(name: str, file: Path) -> dict[str, World]:
    """A recorded market; of the long one also the months of the crashes."""
    times, prices = closes(file)
    found = course(bars_of(times.tolist(), prices.tolist()))
    worlds = {name: scored(found)}
    if file.name == HOURLY:
        month = np.array([f"{datetime.fromtimestamp(int(end), UTC):%Y-%m}" for end in found.ends])
        worlds |= {f"{name}: {crash}": scored(found, month == crash) for crash in CRASHES}
    return worlds


def quoted(tapes: Path) -> dict[str, World]:
    """What Deribit's index of implied volatility knew beside."""
    times, prices = closes(tapes / FIVE_MINUTES)
    implied = {int(row["ts"]): float(row["dvol"]) / 100 for row in _rows(tapes / QUOTED)}
    return {
        "ETH 2024, with Deribit's index": scored(
            course(bars_of(times.tolist(), prices.tolist()), implied=implied)
        )
    }


def answered(tapes: Path) -> dict[str, World]:
    """What is heard of an oracle, judged by an exchange's prices."""
    rounds = [(int(row["updated_at"]), int(row["answer_raw"]) / 1e8) for row in _rows(tapes / ROUNDS)]
    times, prices = closes(tapes / FIVE_MINUTES)
    truth = bars_of(times.tolist(), prices.tolist())
    heard = bars_of(*zip(*sorted(rounds), strict=True))
    return {"ETH 2023, heard from Chainlink": scored(course(heard, truth))}


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with gzip.open(file, "rt", newline="") as lines:
        yield from csv.DictReader(lines)


def jobs(tapes: Path, days: int, seed: int) -> list[Callable[[], dict[str, World]]]:
    """All worlds. Tapes that are not there are left out, and said to be."""
    found: list[Callable[[], dict[str, World]]] = []
    needed = [({file}, partial(taped, name, tapes / file)) for name, file in TAPES.items()]
    needed += [
        ({FIVE_MINUTES, QUOTED}, partial(quoted, tapes)),
        ({FIVE_MINUTES, ROUNDS}, partial(answered, tapes)),
    ]
    for files, job in needed:
        missing = sorted(file for file in files if not (tapes / file).exists())
        if missing:
            print(f"left out: what needs {', '.join(missing)}", file=sys.stderr)
        else:
            found.append(job)
    return [*found, *(partial(made, model, days, seed) for model in Model)]


def run(job: Callable[[], dict[str, World]]) -> dict[str, World]:
    """One job, in whatever process."""
    return job()


def lost(worlds: Mapping[str, World]) -> list[str]:
    """Where the blend is not the best, in sentences."""
    found = []
    for name, world in worlds.items():
        scores = world.scores
        best = min(scores, key=lambda each: scores[each].qlike)
        if best != BLEND:
            score = scores[best]
            within = f"{-score.behind:.4f} (standard error {score.error_of_behind:.4f})"
            found.append(f"{name}: by QLIKE, {best} is better than the blend by {within}")
        nearest = min(scores, key=lambda each: scores[each].rmse_points)
        if nearest != BLEND:
            by = scores[BLEND].rmse_points - scores[nearest].rmse_points
            found.append(f"{name}: by RMSE, {nearest} is better than the blend by {by:.2f} points")
    return found


def text(worlds: Mapping[str, World]) -> str:
    """A table for each market, and where the blend does not win."""
    parts = []
    for name, world in worlds.items():
        count = next(iter(world.scores.values())).bars
        parts += [
            f"### {name} ({count} bars)",
            "",
            "| opinion | QLIKE | behind the blend | RMSE, points | came over said |",
            "|---|---:|---:|---:|---:|",
            *(
                f"| {who} | {each.qlike:.4f} | {each.behind:+.4f} ± {each.error_of_behind:.4f} "
                f"| {each.rmse_points:.2f} | {each.bias:.2f} |"
                for who, each in world.scores.items()
            ),
            "",
            _regimes(world),
            "",
        ]
    return "\n".join(
        [*parts, "### Where the blend does not win", "", *(f"- {each}" for each in lost(worlds))]
    )


def _regimes(world: World) -> str:
    calm, wild = (f"{each:.2f}" if each else "never" for each in (world.when_calm, world.when_wild))
    return f"Came over what the blend said: {calm} while surely calm, {wild} while surely turbulent."


def main(arguments: Sequence[str] | None = None) -> int:
    """Forecast, hold against what came, and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.forecasts", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--tapes", type=Path, default=DATA, help="folder of recorded prices")
    parser.add_argument("--days", type=int, default=400, help="of each made market")
    parser.add_argument("--seed", type=int, default=1, help="of the made markets")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, help="folder into which the JSON is written, too")
    options = parser.parse_args(arguments)
    worlds: dict[str, World] = {}
    with ProcessPoolExecutor(options.processes) as pool:
        for found in pool.map(run, jobs(options.tapes, options.days, options.seed)):
            worlds |= found
    report = {
        "benchmark": "forecasts",
        "machine": computer("numpy", "scipy"),
        "seed": options.seed,
        "worlds": {name: asdict(world) for name, world in worlds.items()},
        "lost": lost(worlds),
    }
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "forecasts.json").write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report) if options.json else text(worlds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
