"""Whether the keeper still wins where the world is not the one that its rule was derived for.

One option is sold and hedged to its expiry by the keeper's own `decide` and by the rules of the field, on the
same paths, with the same gas, the same delays and the same failures (common random numbers). A loss is what
the hedged option cost beyond its fair value at the true volatility. By rule: its certainty equivalent at the
policy's risk aversion (the objective), the CVaR, the spending, the hedging error (standard deviation of the
loss), and the difference of the objective to the keeper's with its standard error. On recorded markets the
fair value is at the quoted volatility, paths are overlapping windows, and no standard error is given.

The keeper of these tables decides by the closed form. With the tables that the daemon has solved it decides a
few paths of each market once more, because that takes ten times as long as all the rules together; the
difference is of the same paths. A run that was cut off goes on where it was (`--out` holds what has ended).

    python -m benchmarks.robustness [--json] [--paths N] [--tabled N] [--seed N] [--tapes DIR] [--processes N]
        [--out DIR]
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from benchmarks import kept
from benchmarks.duels import KEEPER, Duel, Fought, Result, fight
from benchmarks.machine import computer
from benchmarks.worlds import AVERSION, TAPES, Arena, drawn, taped
from keeper.simulation.scores import cvar
from keeper.simulation.solving import Bands

DATA = Path(__file__).parents[2] / "shared" / "data"
OUT = Path(__file__).parents[1] / ".cache" / "bench"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Standing:
    """One rule in one kind of world, in usd of the whole position."""

    certainty_equivalent: float
    behind_keeper: float
    error_of_behind: float
    cvar: float
    worst: float
    cost: float
    hedging_error: float
    trades: float


@dataclass(frozen=True, slots=True)
class Tabled:
    """The keeper with tables on some paths of a world, and how far the closed form is behind it on the same.

    In usd, but for the tables of a path and the share of looks at which one answered.
    """

    paths: int
    closed_form_behind: float
    error_of_behind: float
    cvar: float
    closed_form_cvar: float
    cost: float
    closed_form_cost: float
    tables: float
    by_table: float


Table = dict[str, dict[str, Standing]]


def standings(fought: Sequence[Fought], *, errors: bool = True) -> dict[str, Standing]:
    """Every rule's figures over the paths of one world; errors are zero unless asked for."""
    losses = {name: np.array([each[name].loss for each in fought]) for name in fought[0]}
    return {
        name: Standing(
            certainty_equivalent=_equivalent(loss),
            behind_keeper=_equivalent(loss) - _equivalent(losses[KEEPER]),
            error_of_behind=_error(loss, losses[KEEPER]) if errors else 0.0,
            cvar=cvar(loss),
            worst=float(loss.max()),
            cost=float(np.mean([each[name].cost for each in fought])),
            hedging_error=float(np.std(loss)),
            trades=float(np.mean([each[name].trades for each in fought])),
        )
        for name, loss in losses.items()
    }


def with_tables(tabled: Sequence[Result], closed_form: Sequence[Result], *, errors: bool = True) -> Tabled:
    """Both on the same paths, in the same order."""
    loss, other = (np.array([each.loss for each in results]) for results in (tabled, closed_form))
    return Tabled(
        paths=len(tabled),
        closed_form_behind=_equivalent(other) - _equivalent(loss),
        error_of_behind=_error(other, loss) if errors else 0.0,
        cvar=cvar(loss),
        closed_form_cvar=cvar(other),
        cost=float(np.mean([each.cost for each in tabled])),
        closed_form_cost=float(np.mean([each.cost for each in closed_form])),
        tables=float(np.mean([each.tables for each in tabled])),
        by_table=float(np.mean([each.by_table for each in tabled])),
    )


def _windows(name: str) -> bool:
    """Whether the paths of a world overlap, so that their spread says nothing of the error of their mean."""
    return name in {tape.name for tape in TAPES}


def _equivalent(loss: Floats) -> float:
    """What a trader of the policy's risk aversion would pay to be rid of such losses."""
    top = float(loss.max())
    return top + float(np.log(np.mean(np.exp(AVERSION * (loss - top))))) / AVERSION


def _error(loss: Floats, keepers: Floats) -> float:
    """Standard error of the difference of two certainty equivalents on the same paths (delta method)."""
    weights = [np.exp(AVERSION * (each - each.max())) for each in (loss, keepers)]
    one, other = (weight / weight.mean() for weight in weights)
    return float(np.std(one - other)) / AVERSION / float(np.sqrt(len(loss)))


MEASURES: dict[str, Callable[[Standing], float]] = {
    "objective": lambda each: each.certainty_equivalent,
    "CVaR": lambda each: each.cvar,
}


def lost(table: Table) -> list[str]:
    """Where the keeper is not the first, in sentences.

    Of cost and of error alone nobody wants the least: the one is least where nothing is hedged, the other
    where everything is.
    """
    found = []
    for world, rules in table.items():
        for measure, value in MEASURES.items():
            best = min(rules, key=lambda name: value(rules[name]))
            if best != KEEPER:
                ahead = value(rules[KEEPER]) - value(rules[best])
                within = ""
                if measure == "objective" and rules[best].error_of_behind > 0:
                    within = f" (standard error ${rules[best].error_of_behind:,.0f})"
                found.append(f"{world}: by {measure}, {best} is ${ahead:,.0f} better than the keeper{within}")
    return found


def text(table: Table, paths: dict[str, int], tabled: dict[str, Tabled]) -> str:
    """A table for each world, where the keeper does not win, and what tables would have changed."""
    parts = []
    for world, rules in table.items():
        parts += [
            f"### {world} ({paths[world]} paths)",
            "",
            "| rule | objective | behind the keeper | CVaR 95 % | cost | hedging error | trades |",
            "|---|---:|---:|---:|---:|---:|---:|",
            *(_row(name, each) for name, each in rules.items()),
            "",
        ]
    return "\n".join(
        [
            *parts,
            "### Where the keeper does not win",
            "",
            *(f"- {each}" for each in lost(table)),
            *(_text_of_tables(tabled) if tabled else ()),
        ]
    )


def _row(name: str, each: Standing) -> str:
    behind = _behind(each.behind_keeper, each.error_of_behind)
    figures = f"{each.cvar:,.0f} | {each.cost:,.0f} | {each.hedging_error:,.0f} | {each.trades:,.0f}"
    return f"| {name} | {each.certainty_equivalent:,.0f} | {behind} | {figures} |"


def _text_of_tables(tabled: dict[str, Tabled]) -> list[str]:
    return [
        "",
        "### The keeper with tables, and its closed form on the same paths",
        "",
        "| world | paths | closed form behind | CVaR 95 % | without | cost | without | tables | looks |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
        *(
            f"| {world} | {each.paths} | {_behind(each.closed_form_behind, each.error_of_behind)} "
            f"| {each.cvar:,.0f} | {each.closed_form_cvar:,.0f} | {each.cost:,.0f} "
            f"| {each.closed_form_cost:,.0f} | {each.tables:,.0f} | {each.by_table:.0%} |"
            for world, each in tabled.items()
        ),
    ]


def _behind(behind: float, error: float) -> str:
    return f"{behind:+,.0f} ± {error:,.0f}" if error > 0 else f"{behind:+,.0f}"


def arenas(seed: int, paths: int, tapes: Path) -> list[Arena]:
    """All worlds, with the paths of each. Tapes that are not there are left out, and said to be."""
    found = drawn(seed, paths)
    for tape in TAPES:
        if (tapes / tape.file).exists():
            found.append(taped(tape, tapes))
        else:
            print(f"left out: {tape.name}, for there is no {tape.file} among the tapes", file=sys.stderr)
    return found


def fights(duels: Sequence[Duel], processes: int, file: Path) -> dict[Duel, Fought]:
    """All of them, on so many processes, with a bar on standard error where a person can see it.

    What each came to is added to the file as it ends; what stands there already is not run again.
    """
    screen, known = Console(stderr=True), kept.digests({duel.file for duel in duels})
    found = kept.read(file, known)
    left = [duel for duel in duels if duel not in found]
    with (
        Progress(console=screen, transient=True, disable=not screen.is_terminal) as bar,
        ProcessPoolExecutor(processes) as pool,
        file.open("a", encoding="utf-8") as end,
    ):
        waiting = {pool.submit(fight, duel): duel for duel in left}
        for done in bar.track(as_completed(waiting), total=len(left), description="paths"):
            found[waiting[done]] = done.result()
            end.write(kept.line(waiting[done], done.result(), known))
            end.flush()
    return found


def _duels(arena: Arena, tabled: int) -> tuple[list[Duel], list[Duel]]:
    """The duels of a world: of all rules on all paths, and of the keeper with tables on some.

    Those are spread over all of them: windows of a tape that follow one another are nearly the same.
    """
    count = len(arena.paths)
    some = [arena.paths[place * count // tabled] for place in range(min(tabled, count))]
    return (
        [Duel(arena.name, *path) for path in arena.paths],
        [Duel(arena.name, *path, Bands.TABLES) for path in some],
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, fight and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.robustness", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--paths", type=int, default=200, help="of each kind of market")
    parser.add_argument("--tabled", type=int, default=5, help="of these, with tables too")
    parser.add_argument("--seed", type=int, default=1, help="of the first path")
    parser.add_argument("--tapes", type=Path, default=DATA, help="folder of recorded prices")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=OUT, help="folder for the JSON and all that has ended")
    options = parser.parse_args(arguments)
    found = arenas(options.seed, options.paths, options.tapes)
    duels = {arena.name: _duels(arena, options.tabled) for arena in found}
    every = [duel for halves in duels.values() for half in halves for duel in half]
    options.out.mkdir(parents=True, exist_ok=True)
    fought = fights(every, options.processes, options.out / "robustness.jsonl")
    table = {
        name: standings([fought[duel] for duel in plain], errors=not _windows(name))
        for name, (plain, _) in duels.items()
    }
    tabled = {
        name: with_tables(
            [fought[duel][KEEPER] for duel in some],
            [fought[replace(duel, bands=Bands.CLOSED_FORM)][KEEPER] for duel in some],
            errors=not _windows(name),
        )
        for name, (plain, some) in duels.items()
        if some
    }
    report = {
        "benchmark": "robustness",
        "machine": computer("numpy", "scipy"),
        "seed": options.seed,
        "paths": {arena.name: len(arena.paths) for arena in found},
        "worlds": {
            world: {name: asdict(each) for name, each in rules.items()} for world, rules in table.items()
        },
        "lost": lost(table),
        "tabled": {world: asdict(each) for world, each in tabled.items()},
    }
    (options.out / "robustness.json").write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report) if options.json else text(table, report["paths"], tabled))
    return 0


if __name__ == "__main__":
    sys.exit(main())
