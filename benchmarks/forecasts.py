"""Whether the volatility that the keeper forecasts is the one that comes: out of sample, model by model.

Each opinion after each bar is of the mean variance of the next day and knows the bars so far; the fits are
those that a daemon would have made. It is held against the variance that came, by QLIKE, which is least for
the true variance however noisy the measurement (Patton 2011, J. Econometrics 160:246), and by the root of the
mean squared error in volatility points. `behind` is the QLIKE less that of the blend, with a standard error that
knows of overlapping days (Newey & West 1987). `last day` and `mean so far` need no model.

    python -m benchmarks.forecasts [--json] [--tapes DIR] [--days N] [--seed N] [--processes N] [--out DIR]
"""

import argparse
import csv
import gzip
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import computer
from keeper.core.forecast import Bar, Forecast, History, Name, Tick, Turbulence, folded, outlooks
from keeper.core.forecast.history import BAR_S, MOST_AT_ONCE
from keeper.core.forecast.models import HORIZON
from keeper.simulation.book import DAY_S, GENESIS
from keeper.simulation.models import Model, model_market
from keeper.simulation.paths import Start
from keeper.simulation.tape import closes

Floats = NDArray[np.float64]

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
BLEND, IMPLIED, WITH_IMPLIED = "blend", "implied", "blend with implied"
SURE: Final = 0.8


@dataclass(frozen=True, slots=True)
class Course:
    """A market's bars, what each opinion was after each (a volatility; NaN: silent), and what came."""

    ends: NDArray[np.int64]
    opinions: Mapping[str, Floats]
    wild: Floats
    came: Floats


@dataclass(frozen=True, slots=True)
class Score:
    """How good one opinion was; `bias` is the mean of what came over what was said, in variance."""

    bars: int
    qlike: float
    behind: float
    error_of_behind: float
    rmse_points: float
    bias: float


@dataclass(frozen=True, slots=True)
class World:
    """The scores of one market, and what came over what the blend had said while it was calm and wild."""

    scores: dict[str, Score]
    when_calm: float
    when_wild: float


def bars_of(times: Sequence[float], prices: Sequence[float]) -> list[Bar]:
    """All bars of a feed, as the daemon folds them."""
    history, found = History(), [Bar(0, 0.0, 0.0)]
    for at, price in zip(times, prices, strict=True):
        after = folded(history, Tick(int(at), price))
        if isinstance(after, History):
            history = after
            found += [bar for bar in history.bars[-MOST_AT_ONCE:] if bar.ends > found[-1].ends]
    return found[1:]


def course(
    bars: Sequence[Bar], came_from: Sequence[Bar] = (), implied: Mapping[int, float] | None = None
) -> Course:
    """The opinions after each bar, and what came by these bars or by those of a better feed."""
    ends = np.array([bar.ends for bar in bars], dtype=np.int64)
    said = outlooks(bars)
    opinions = {
        str(name): np.array([_volatility(each.forecasts[place]) for each in said])
        for place, name in enumerate(Name)
    }
    variance = np.array([bar.variance for bar in bars])
    opinions["last day"] = np.sqrt(_last(variance, HORIZON))
    opinions["mean so far"] = np.sqrt(np.cumsum(variance) / np.arange(1, len(bars) + 1))
    opinions[BLEND] = np.sqrt(np.mean([opinions[name] ** 2 for name in Name], axis=0))
    if implied is not None:
        opinions[IMPLIED] = np.array([implied.get(int(end), math.nan) for end in ends])
        opinions[WITH_IMPLIED] = np.sqrt((opinions[IMPLIED] ** 2 + opinions[BLEND] ** 2) / 2)
    wild = [
        each.turbulence.probability if isinstance(each.turbulence, Turbulence) else math.nan for each in said
    ]
    return Course(ends, opinions, np.array(wild), _came(ends, came_from or bars))


def _volatility(said: object) -> float:
    return said.volatility if isinstance(said, Forecast) else math.nan


def _last(variance: Floats, count: int) -> Floats:
    total = np.concatenate([[0.0], np.cumsum(variance)])
    first = np.maximum(np.arange(1, len(variance) + 1) - count, 0)
    mean: Floats = (total[1:] - total[first]) / (np.arange(1, len(variance) + 1) - first)
    return mean


def _came(ends: NDArray[np.int64], bars: Sequence[Bar]) -> Floats:
    """The mean variance of the day after each end; NaN where a bar of it is not known."""
    known = {bar.ends: bar.variance for bar in bars}
    return np.array(
        [
            np.mean([known.get(int(end) + BAR_S * ahead, math.nan) for ahead in range(1, HORIZON + 1)])
            for end in ends
        ]
    )


def scored(found: Course, where: NDArray[np.bool_] | None = None) -> World:
    """The scores over the bars at which every opinion spoke."""
    all_speak = np.isfinite(found.came) & np.all(
        [np.isfinite(each) for each in found.opinions.values()], axis=0
    )
    kept = all_speak if where is None else all_speak & where
    came = np.maximum(found.came[kept], 1e-12)
    ratios = {name: came / each[kept] ** 2 for name, each in found.opinions.items()}
    losses = {name: ratio - np.log(ratio) - 1.0 for name, ratio in ratios.items()}
    calm, wild = found.wild[kept] < 1.0 - SURE, found.wild[kept] > SURE
    return World(
        scores={
            name: Score(
                bars=len(came),
                qlike=float(np.mean(loss)),
                behind=float(np.mean(loss - losses[BLEND])),
                error_of_behind=_error(loss - losses[BLEND]),
                rmse_points=100 * float(np.sqrt(np.mean((np.sqrt(came) - found.opinions[name][kept]) ** 2))),
                bias=float(np.mean(ratios[name])),
            )
            for name, loss in losses.items()
        },
        when_calm=_mean(ratios[BLEND][calm]),
        when_wild=_mean(ratios[BLEND][wild]),
    )


def _mean(values: Floats) -> float:
    return float(np.mean(values)) if len(values) else math.nan


def _error(difference: Floats) -> float:
    """Standard error of a mean of which neighbours share days."""
    away, count = difference - np.mean(difference), len(difference)
    variance = float(np.mean(away * away))
    for lag in range(1, min(2 * HORIZON, count)):
        shared = float(np.sum(away[lag:] * away[:-lag])) / count
        variance += 2.0 * (1.0 - lag / (2 * HORIZON)) * shared
    return math.sqrt(max(variance, 0.0) / count)


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
            f"Came over what the blend said: {world.when_calm:.2f} while surely calm, "
            f"{world.when_wild:.2f} while surely turbulent.",
            "",
        ]
    return "\n".join(
        [*parts, "### Where the blend does not win", "", *(f"- {each}" for each in lost(worlds))]
    )


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
