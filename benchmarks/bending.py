"""How far one bad quote bends a slice: the robust fit against itself, with and without the quote.

    python -m benchmarks.bending [--json] [--seed N] [--trials N]

A sound smile is drawn with quotes anywhere within their spreads; then one of them, anywhere or at an end, is
replaced by any volatility from 1 % to 500 %, as certain as the others or more so. Counted is the largest move
of the fit at any quoted strike, in half spreads, and how many smiles were refused before and after.
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

GROUPS = {
    "5 to 7 quotes": (5, 8),
    "8 to 9 quotes": (8, 10),
    "10 to 14 quotes": (10, 15),
    "15 to 24 quotes": (15, 25),
}
ENDS = {"anywhere": False, "at an end": True}
LEAST_G = 1e-3
MOVES, SHARES = ("median", "p99", "worst"), ("refused", "refused with it")


def pair(draw: np.random.Generator, fewest: int, most: int, *, at_end: bool) -> tuple[Smile, Smile]:
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
    position = draw.choice([0, count - 1]) if at_end else draw.integers(0, count)
    wrong, spreads = volatility.copy(), np.full(count, spread)
    wrong[position] = np.exp(draw.uniform(np.log(0.01), np.log(5.0)))
    certain = spreads.copy()
    certain[position] = draw.choice([0.0, spread])
    return _smile(years, k, volatility, spreads), _smile(years, k, wrong, certain)


def bends(
    draw: np.random.Generator, sizes: tuple[int, int], trials: int, *, at_end: bool
) -> dict[str, float]:
    """The moves of so many trials, in half spreads."""
    moves = []
    refused, refused_bad = 0, 0
    for _ in range(trials):
        good, bad = pair(draw, *sizes, at_end=at_end)
        one, other = fit_slice(good), fit_slice(bad)
        refused += isinstance(one, Unfit)
        refused_bad += isinstance(other, Unfit)
        if isinstance(one, Unfit) or isinstance(other, Unfit):
            continue
        at = (np.sqrt(total_variance(each.smile, good.moneyness) / good.years) for each in (one, other))
        moves.append(float(np.abs(next(at) - next(at)).max() / good.spread[0]))
    # Where every smile was refused nothing moved.
    quantiles = (float(each) for each in np.percentile(moves or [0.0], (50, 99, 100)))
    return dict(zip(MOVES + SHARES, (*quantiles, refused / trials, refused_bad / trials), strict=True))


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, fit twice, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bending", description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--seed", type=int, default=17, help="of the draw")
    parser.add_argument("--trials", type=int, default=60, help="of each group")
    options = parser.parse_args(arguments)
    draw = np.random.default_rng(options.seed)
    rows = {
        f"{name}, {place}": bends(draw, sizes, options.trials, at_end=at_end)
        for name, sizes in GROUPS.items()
        for place, at_end in ENDS.items()
    }
    if options.json:
        print(
            json.dumps({"benchmark": "bending", "seed": options.seed, "trials": options.trials, "rows": rows})
        )
        return 0
    print("moves of the fit by one bad quote, in half spreads\n")
    heads = MOVES + SHARES
    print(f"| smile of | {' | '.join(heads)} |\n|---|" + "---:|" * len(heads))
    for name, row in rows.items():
        moved, refused = (
            [f"{row[head]:.2f}" for head in MOVES],
            [f"{100 * row[head]:.0f} %" for head in SHARES],
        )
        print(f"| {name} | {' | '.join((*moved, *refused))} |")
    return 0


def _smile(years: float, k: Floats, volatility: Floats, spread: Floats) -> Smile:
    return Smile(1.0, years, k, volatility, spread, tuple(range(len(k))), ())


if __name__ == "__main__":
    sys.exit(main())
