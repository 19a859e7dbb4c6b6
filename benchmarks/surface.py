"""How near the surface comes to published smiles and to real option chains, in points of volatility.

    python -m benchmarks.surface [--json] [--data FOLDER] [--every N]

The data are not part of the repository; without the folder only the published parameters are fitted, and the
report says so.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, islice, pairwise
from pathlib import Path

import numpy as np

from benchmarks.chains import Chain, Published, deribit_2020, deribit_2024, deribit_2026, published
from benchmarks.machine import computer
from keeper.core.pricing.surface import Slice, Smile, Unfit, fit_surface, total_variance
from keeper.core.pricing.surface.arbitrage import least_density, least_density_between, least_growth
from keeper.core.pricing.surface.fitting import fit_slice

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
POINTS = 100.0

VOGT = Slice(1.0, -0.0410, 0.1331, 0.3060, 0.3586, 0.4153)
"""Axel Vogt's slice with a butterfly in it (Gatheral & Jacquier 2014, example 3.1)."""

REPAIRED = Slice(1.0, *(-0.0305199, 0.1027168, 0.1007183, 0.2726577, 0.4122367))
"""The same after the paper's optimal repair, c = 0.8564763 (example 5.1), in raw parameters."""


@dataclass(frozen=True, slots=True)
class Score:
    """Errors of the fitted volatilities over all quotes used, in points; `inside` the spread, as a share.

    `worst_expiry` is the largest root mean square of an expiry. `least_g` and `least_rise` are the least over
    all strikes, at and between the expiries: arbitrage below zero.
    """

    name: str
    surfaces: int
    expiries: int
    quotes: int
    median: float
    rms: float
    p95: float
    worst_expiry: float
    inside: float
    least_g: float
    least_rise: float
    kinds: dict[str, int]
    refused: dict[str, int]
    milliseconds: float


class Tally:
    """Gathers what several surfaces of one kind were wrong by."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._errors: list[np.ndarray] = []
        self._inside: list[np.ndarray] = []
        self._kinds: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._g = self._rise = np.inf
        self._seconds: list[float] = []

    def add(
        self, smiles: Sequence[Smile], slices: Sequence[Slice], kinds: Iterable[str], took: float
    ) -> None:
        """A surface: its slices, and the smiles they were fitted to."""
        for smile, found in zip(smiles, slices, strict=True):
            error = np.sqrt(total_variance(found, smile.moneyness) / smile.years) - smile.volatility
            self._errors.append(error * POINTS)
            self._inside.append(np.abs(error) <= smile.spread)
            self._refused.update(flaw.value for _, flaw in smile.refused)
            self._g = min(self._g, least_density(found).value)
        for early, late in pairwise(slices):
            self._rise = min(self._rise, least_growth(early, late).value)
            self._g = min(self._g, least_density_between(early, late).value)
        self._kinds.update(kinds)
        self._seconds.append(took)

    def refuse(self, flaws: Iterable[str]) -> None:
        """Expiries or whole chains that there is no slice for."""
        self._refused.update(f"{flaw} (expiry)" for flaw in flaws)

    def score(self) -> Score:
        """All of it."""
        errors = np.abs(np.concatenate(self._errors))
        return Score(
            name=self._name,
            surfaces=len(self._seconds),
            expiries=len(self._errors),
            quotes=len(errors),
            median=float(np.median(errors)),
            rms=float(np.sqrt(np.mean(errors**2))),
            p95=float(np.percentile(errors, 95)),
            worst_expiry=max(float(np.sqrt(np.mean(each**2))) for each in self._errors),
            inside=float(np.concatenate(self._inside).mean()),
            least_g=self._g,
            least_rise=self._rise if np.isfinite(self._rise) else 0.0,
            kinds=dict(self._kinds),
            refused=dict(self._refused),
            milliseconds=1e3 * float(np.median(self._seconds)),
        )


def known() -> list[Published]:
    """Quotes made of the published parameters, half a point wide."""
    k = np.linspace(-1.5, 1.5, 31)
    nothing = tuple(range(len(k)))

    def smile(of: Slice) -> Smile:
        volatility = np.sqrt(total_variance(of, k) / of.years)
        return Smile(1.0, of.years, k, volatility, np.full(len(k), 0.005), nothing, ())

    return [
        Published("Vogt, with its butterfly", [smile(VOGT)]),
        Published("Vogt, repaired in the paper", [smile(REPAIRED)]),
    ]


def of_published(source: Published) -> Score:
    """Published smiles, fitted as they are: each above the one before."""
    tally = Tally(source.name)
    slices: list[Slice] = []
    smiles, kinds = [], []
    began = time.process_time()
    for smile in source.smiles:
        found = fit_slice(smile, slices[-1] if slices else None)
        if isinstance(found, Unfit):
            tally.refuse([found.flaw])
            continue
        slices.append(found.smile)
        smiles.append(smile)
        kinds.append("repaired" if found.repaired else "fitted")
    tally.add(smiles, slices, kinds, time.process_time() - began)
    return tally.score()


def of_chains(name: str, chains: Iterable[Chain]) -> Score:
    """Real chains, from quotes to surface."""
    tally = Tally(name)
    for each in chains:
        began = time.process_time()
        found = fit_surface(each.expiries)
        took = time.process_time() - began
        if isinstance(found, Unfit):
            tally.refuse([found.flaw])
            continue
        tally.add(found.smiles, found.slices, found.kinds, took)
        tally.refuse(refused.flaw for refused in found.refused)
    return tally.score()


def table(scores: Sequence[Score]) -> str:
    """For people."""
    heads = [
        "surfaces",
        "expiries",
        "quotes",
        "median",
        "rms",
        "p95",
        "worst-expiry",
        "inside",
        "least-g",
        "least-rise",
        "ms",
    ]
    lines = [f"| quotes of | {' | '.join(heads)} | slices | refused |", "|---|" + "---:|" * 11 + "---|---|"]
    for each in scores:
        kinds, refused = (
            ", ".join(f"{count} {word}" for word, count in sorted(counts.items())) or "none"
            for counts in (each.kinds, each.refused)
        )
        cells = (
            *(str(count) for count in (each.surfaces, each.expiries, each.quotes)),
            *(f"{error:.3f}" for error in (each.median, each.rms, each.p95, each.worst_expiry)),
            f"{100 * each.inside:.0f} %",
            *(f"{least:.1e}" for least in (each.least_g, each.least_rise)),
            f"{each.milliseconds:.0f}",
        )
        lines.append(f"| {each.name} | {' | '.join(cells)} | {kinds} | {refused} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.surface", description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with the chains")
    parser.add_argument("--every", type=int, default=1, help="take every Nth snapshot of 2026")
    options = parser.parse_args(arguments)
    scores = [of_published(each) for each in known()]
    present = options.data.is_dir()
    if present:
        scores += [of_published(each) for each in published(options.data)]
        chains = chain(deribit_2020(options.data), deribit_2024(options.data))
        scores += [of_chains(f"Deribit, {each.name}", [each]) for each in chains]
        snapshots = islice(deribit_2026(options.data), 0, None, options.every)
        scores.append(of_chains("Deribit, BTC 2026", snapshots))
    if options.json:
        report = {"benchmark": "surface", "machine": computer("numpy", "scipy"), "chains": present}
        print(json.dumps({**report, "scores": [asdict(each) for each in scores]}))
        return 0
    print("errors in points of volatility; g and rise below zero would be arbitrage\n")
    print(table(scores))
    if not present:
        print("\nThere are no option chains here: give their folder with --data.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
