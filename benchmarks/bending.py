"""How far one bad quote bends a slice: the robust fit against itself, with and without the quote.

    python -m benchmarks.bending [--json] [--seed N] [--trials N]

A sound smile is drawn with quotes anywhere within their spreads; then one of them is replaced by any
volatility from 1 % to 500 %, as certain as the others or more so. Counted is the largest move of the fit at
any quoted strike, in half spreads.
"""

import argparse
import json
import sys
from collections.abc import Sequence

import numpy as np

from keeper.core.pricing.black_scholes import Floats
from keeper.core.pricing.surface import Smile, Unfit, total_variance
from keeper.core.pricing.surface.arbitrage import least_density
from keeper.core.pricing.surface.fitting import fit_slice
from keeper.core.pricing.surface.svi import JumpWings, from_jump_wings

GROUPS = {"6 to 9 quotes": (6, 10), "10 to 14 quotes": (10, 15), "15 to 24 quotes": (15, 25)}
LEAST_G = 1e-3


def pair(draw: np.random.Generator, fewest: int, most: int) -> tuple[Smile, Smile]:
    """A smile, and the same with a bad quote."""
    while True:
        years, atm = draw.choice([7, 30, 90]) / 365, draw.uniform(0.4, 1.0)
        left, right = draw.uniform(0.35, 0.8), draw.uniform(0.35, 0.8)
        wings = JumpWings(atm**2, draw.uniform(-0.15, 0.1), left, right, atm**2 * draw.uniform(0.8, 0.97))
        true = from_jump_wings(years, wings)
        if least_density(true).value > LEAST_G:
            break
    count = int(draw.integers(fewest, most))
    k = np.linspace(-1.0, 1.0, count) * draw.uniform(1.5, 2.5) * atm * np.sqrt(years)
    spread = draw.choice([0.002, 0.005, 0.01])
    volatility = np.sqrt(total_variance(true, k) / years) + draw.uniform(-spread, spread, count)
    position = draw.integers(0, count)
    wrong, spreads = volatility.copy(), np.full(count, spread)
    wrong[position] = np.exp(draw.uniform(np.log(0.01), np.log(5.0)))
    certain = spreads.copy()
    certain[position] = draw.choice([0.0, spread])
    return _smile(years, k, volatility, spreads), _smile(years, k, wrong, certain)


def bends(draw: np.random.Generator, fewest: int, most: int, trials: int) -> tuple[list[float], int]:
    """The move of each trial in half spreads, and in how many there was no slice."""
    found, none = [], 0
    for _ in range(trials):
        good, bad = pair(draw, fewest, most)
        one, other = fit_slice(good), fit_slice(bad)
        if isinstance(one, Unfit) or isinstance(other, Unfit):
            none += 1
            continue
        at = (np.sqrt(total_variance(each.smile, good.moneyness) / good.years) for each in (one, other))
        found.append(float(np.abs(next(at) - next(at)).max() / good.spread[0]))
    return found, none


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, fit twice, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bending", description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--seed", type=int, default=17, help="of the draw")
    parser.add_argument("--trials", type=int, default=300, help="of each group")
    options = parser.parse_args(arguments)
    draw = np.random.default_rng(options.seed)
    rows = {}
    for name, (fewest, most) in GROUPS.items():
        moves, none = bends(draw, fewest, most, options.trials)
        median, p99, worst = (float(each) for each in np.percentile(moves, (50, 99, 100)))
        rows[name] = {"median": median, "p99": p99, "worst": worst, "no slice": none}
    if options.json:
        print(
            json.dumps({"benchmark": "bending", "seed": options.seed, "trials": options.trials, "rows": rows})
        )
        return 0
    print("moves of the fit by one bad quote, in half spreads\n")
    heads = next(iter(rows.values()))
    print("| smile of | " + " | ".join(heads) + " |\n|---|" + "---:|" * len(heads))
    for name, row in rows.items():
        print(
            f"| {name} | " + " | ".join(f"{value:.2f}".removesuffix(".00") for value in row.values()) + " |"
        )
    return 0


def _smile(years: float, k: Floats, volatility: Floats, spread: Floats) -> Smile:
    return Smile(1.0, years, k, volatility, spread, tuple(range(len(k))), ())


if __name__ == "__main__":
    sys.exit(main())
