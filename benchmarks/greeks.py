"""How exact and how quick our Greeks and implied volatilities are, beside the libraries of the field.

Accuracy: strikes from a hundredth to a hundred times the spot, 1e-8 to 2 years, volatility 1e-4 to 5, calls
and puts, against the textbook formulas in sixty digits. Throughput: 8,000 options (1,000 vaults of eight
legs), one thread, CPU time of the best of some runs.

    python -m benchmarks.greeks [--json]
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import product

import numpy as np

from benchmarks.machine import computer
from benchmarks.pricers import Keeper, LetsBeRational, Mpmath, Options, Pricer, QuantLib, Vollib
from keeper.core.pricing.black_scholes import Floats

SPOT = 3000.0
MONEYNESS = (0.01, 0.1, 0.3, 0.5, 0.8, 0.9, 0.97, 0.999, 1.0, 1.001, 1.03, 1.1, 1.25, 2.0, 3.0, 10.0, 100.0)
YEARS = (1e-8, 1e-6, 1e-4, 1 / 365, 7 / 365, 0.1, 0.5, 2.0)
VOLATILITY = (1e-4, 1e-2, 0.1, 0.3, 0.7, 1.5, 5.0)
SMALLEST = 1e-290
"""Below it floats lose digits whoever computes."""

BATCH = 8_000
SECONDS = 0.5
CLEAR = 1e-3
"""Of a volatility: where a rounding of the price moves it by more, the price does not tell it."""


@dataclass(frozen=True, slots=True)
class Row:
    """Worst errors on the grid, relative but for delta; NaN where a library has no answer for anything.

    `price` is of out-of-the-money options. `wrong` of `asked` volatilities are missing, or off by more than
    sixteen roundings of the price. Options per second: `greeks` of price and four Greeks, `implied`.
    """

    name: str
    price: float
    delta: float
    gamma: float
    vega: float
    theta: float
    wrong: int
    asked: int
    greeks: float
    implied: float


def grid(
    moneyness: Sequence[float] = MONEYNESS,
    years: Sequence[float] = YEARS,
    volatility: Sequence[float] = VOLATILITY,
) -> Options:
    """Every combination, as calls and as puts."""
    ratio, time_left, sigma, call = zip(*product(moneyness, years, volatility, (True, False)), strict=True)
    strike = SPOT * np.array(ratio)
    spot = np.full_like(strike, SPOT)
    return Options(spot, strike, np.array(time_left), np.array(sigma), np.array(call, dtype=np.bool_))


def book(count: int) -> Options:
    """Options as vaults hold them; the same every time."""
    draw = np.random.default_rng(5)
    spot = np.full(count, SPOT)
    strike = SPOT * np.exp(draw.normal(0.0, 0.25, count))
    return Options(
        spot,
        strike,
        draw.uniform(1 / 365, 0.5, count),
        draw.uniform(0.3, 1.5, count),
        draw.integers(0, 2, count) == 1,
    )


def measure(pricer: Pricer, options: Options, truth: Floats, batch: Options) -> Row:
    """One library."""
    found = pricer.greeks(options)
    with np.errstate(all="ignore"):
        relative = np.abs(found / truth - 1.0)
    relative[(np.abs(truth) < SMALLEST) & ~np.isnan(found)] = 0.0
    out = np.where(options.is_call, options.strike >= options.spot, options.strike <= options.spot)
    wrong, asked = implied_errors(pricer, options, truth)
    prices = Keeper().greeks(batch)[:, 0]
    return Row(
        pricer.name,
        price=_worst(relative[out, 0]),
        delta=_worst(np.abs(found[:, 1] - truth[:, 1])),
        gamma=_worst(relative[:, 2]),
        vega=_worst(relative[:, 3]),
        theta=_worst(relative[:, 4]),
        wrong=wrong,
        asked=asked,
        greeks=_per_second(lambda: pricer.greeks(batch), len(batch.spot)),
        implied=_per_second(lambda: pricer.implied(batch, prices), len(batch.spot)) if asked else np.nan,
    )


def implied_errors(pricer: Pricer, options: Options, truth: Floats) -> tuple[int, int]:
    """Volatilities that are wrong, of those that the rounded price still tells; none are asked of mpmath."""
    if isinstance(pricer, Mpmath):
        return 0, 0
    price, vega = truth[:, 0], truth[:, 3]
    sign = np.where(options.is_call, 1.0, -1.0)
    value = price - np.maximum(sign * (options.spot - options.strike), 0.0)
    with np.errstate(all="ignore"):
        allowed = 1e-11 + 16.0 * np.spacing(price) / (vega * options.volatility)
    told = (value > SMALLEST) & (allowed < CLEAR)
    asked = options.where(told)
    found = pricer.implied(asked, price[told])
    off = np.abs(found / asked.volatility - 1.0)
    return int(np.count_nonzero(~(off <= allowed[told]))), int(np.count_nonzero(told))


def _worst(errors: Floats) -> float:
    """NaN only where nothing was answered: one answer that is none counts as infinitely wrong."""
    return float("nan") if np.isnan(errors).all() else float(np.nan_to_num(errors, nan=np.inf).max())


def _per_second(run: Callable[[], Floats], count: int) -> float:
    best, began = np.inf, time.process_time()
    while True:
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
        if time.process_time() - began > SECONDS:
            return count / best


def table(rows: Sequence[Row]) -> str:
    """For people."""
    lines = [
        "| library | price | delta | gamma | vega | theta | IV wrong | options/s | IV/s |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        errors = (row.price, row.delta, row.gamma, row.vega, row.theta)
        cells = ["–" if np.isnan(each) else f"{each:.0e}" for each in errors]
        asked = f"{row.wrong} of {row.asked}" if row.asked else "–"
        speeds = ["–" if np.isnan(each) else f"{each:,.0f}" for each in (row.greeks, row.implied)]
        lines.append("| " + " | ".join([row.name, *cells, asked, *speeds]) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.greeks", description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    options = parser.parse_args(arguments)
    cases = grid()
    truth = Mpmath().greeks(cases)
    pricers: list[Pricer] = [Keeper(), Vollib(), LetsBeRational(), QuantLib(), Mpmath()]
    rows = [
        measure(each, cases, truth, book(BATCH if each.name == "keeper" else BATCH // 10)) for each in pricers
    ]
    machine = computer("numpy", "scipy", "vollib", "py-lets-be-rational", "QuantLib", "mpmath")
    if options.json:
        report = {"benchmark": "greeks", "machine": machine, "cases": len(cases.spot), "batch": BATCH}
        print(json.dumps({**report, "rows": [asdict(row) for row in rows]}))
        return 0
    print(f"{len(cases.spot)} options; worst errors against {Mpmath.name}; one core\n")
    print(table(rows))
    print(f"\nkeeper: {rows[0].greeks / 1e6:.1f} million options a second, price and four Greeks each")
    return 0


if __name__ == "__main__":
    sys.exit(main())
