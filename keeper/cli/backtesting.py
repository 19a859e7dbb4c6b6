"""Policies tried on markets that were, or might be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keeper.cli.common import Done, console, json_option, print_json, progress
from keeper.cli.exits import Exit
from keeper.cli.simulated import (
    BOOKS,
    MARKETS,
    Finite,
    drawable,
    html_option,
    seeds_of,
    tape_option,
    write_page,
)

if TYPE_CHECKING:
    from keeper.core.policy import Policy
    from keeper.simulation.study import Compared, Study


@click.command()
@click.argument(
    "files",
    metavar="POLICY…",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--market", type=click.Choice(MARKETS), default="tape", show_default=True)
@tape_option
@click.option("--book", type=click.Choice(BOOKS), default="strangle", show_default=True)
@click.option("--units", type=Finite(min=0, min_open=True), default=100.0, show_default=True,
              help="Notional of a vault, in base.")  # fmt: skip
@click.option("--price", type=Finite(min=0, min_open=True), default=3000.0, show_default=True)
@click.option("--vol", type=Finite(min=0, min_open=True, max=20), default=0.7, show_default=True,
              help="Annual volatility at the start: 0.7 is 70 %.")  # fmt: skip
@click.option("--days", type=Finite(min=1, max=3_660), default=30.0, show_default=True)
@click.option("--step", "step_s", type=click.IntRange(12, 86_400), default=300, show_default=True,
              help="Seconds between looks.")  # fmt: skip
@click.option("--paths", type=click.IntRange(1, 10_000), default=1, show_default=True,
              help="Markets, from one seed each.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--latency", type=click.IntRange(0, 1_000), default=2, show_default=True,
              help="Blocks from a decision to its transaction.")  # fmt: skip
@click.option("--failures", type=Finite(min=0, max=1), default=0.01, show_default=True,
              help="Share of transactions that revert by chance.")  # fmt: skip
@click.option("--depth", type=Finite(min=0, min_open=True), default=2e6, show_default=True,
              help="Usd that move the pool by 1 %.")  # fmt: skip
@click.option(
    "--tables", is_flag=True, help="Solve tables as the daemon does; the shorter --step, the more of them."
)
@html_option
@json_option
def backtest(files: tuple[Path, ...], html: Path | None, *, as_json: bool, **given: Any) -> None:  # noqa: ANN401 a dozen options of as many kinds, read by `_study`
    """Compare policies on a market: the daemon's own decisions, on simulated vaults.

    Each policy keeps a vault of its own in the same market, with the same gas, the same delays and the same
    failures. Without --tape the market `tape` is one of our own, with a crash in it. Looks are --step apart,
    whatever the policy says. Options that a policy with instruments advises are traded at once, as quoted,
    and kept to their expiry; the table shows what they cost.

    \b
    Examples:
      keeper backtest config/policies/strangle.yaml --market gbm --days 7
      keeper backtest narrow.yaml wide.yaml --market jump --paths 20 --html report.html
      keeper backtest strangle.yaml --tape ethusdt.csv.gz --json | jq '.policies[].score'
    """
    from keeper.simulation.study import compare

    study = _study(files, given)
    if html is not None:
        drawable(html)
    with progress("backtests", shown=not as_json) as begin:
        compared = compare(study, begin(len(study.policies) * len(study.seeds)))
    if html is not None:
        from keeper.simulation.report import write_report

        write_page(html, partial(write_report, study=study, compared=compared))
    if as_json:
        print_json(_told(files, study, compared))
    else:
        _show(study, compared)
        if html is not None:
            click.echo(f"report: {html}")
    raise Done(Exit.OK)


def _study(files: tuple[Path, ...], given: Mapping[str, Any]) -> "Study":
    """The options as a study. Raises PolicyError, and UsageError for options that contradict one another."""
    from keeper.simulation.book import STRUCTURES
    from keeper.simulation.frictions import Frictions
    from keeper.simulation.paths import Start
    from keeper.simulation.solving import Bands
    from keeper.simulation.study import Course, Study, setup_of

    seeds = seeds_of(given)
    return Study(
        policies=_policies(files),
        setup=setup_of(STRUCTURES[given["book"]], given["units"]),
        course=Course(
            given["market"],
            Start(given["price"], given["vol"]),
            given["days"],
            given["step_s"],
            given["tape"],
        ),
        frictions=Frictions(
            latency_blocks=given["latency"], failure_rate=given["failures"], depth_usd=given["depth"]
        ),
        seeds=seeds,
        bands=Bands.TABLES if given["tables"] else Bands.CLOSED_FORM,
    )


def _policies(files: tuple[Path, ...]) -> "tuple[Policy, ...]":
    """Raises PolicyError. Versions of one policy have one name: then they are told apart by their files."""
    from keeper.policies import read_policy

    found = [read_policy(file) for file in files]
    if len({policy.name for policy in found}) == len(found):
        return tuple(found)
    return tuple(replace(policy, name=str(file)) for policy, file in zip(found, files, strict=True))


def _show(study: "Study", compared: "tuple[Compared, ...]") -> None:
    from rich.table import Table

    from keeper.simulation.table import ORDERS, advised, comparison, left_out, notes, orders, subject

    def shown(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
        table = Table(title=title, title_justify="left", box=None, pad_edge=False)
        for place, heading in enumerate(headings):
            table.add_column(heading, justify="right" if place else "left")
        for row in rows:
            table.add_row(*row)
        return table

    console().print(shown(subject(study), *comparison(compared)))
    for line in notes(study, compared):
        click.echo(line)
    click.echo("usd of one vault; result: without what its target delta earned, less gas")
    for each in compared:
        if each.track.bought:
            click.echo(f"\n{advised(each)}")
            console().print(shown("", ORDERS, orders(each.track)))
            if more := left_out(each.track):
                click.echo(more)


def _told(files: tuple[Path, ...], study: "Study", compared: "tuple[Compared, ...]") -> object:
    return {
        "study": {
            "structure": study.setup.structure.name,
            "units": study.setup.units,
            "course": study.course,
            "frictions": study.frictions,
            "seeds": study.seeds,
            "bands": study.bands.value,
        },
        "policies": [
            {
                "name": each.policy.name,
                "file": str(file),
                "sha256": each.policy.sha256,
                "score": each.score,
                "reasons": {reason.value: count for reason, count in each.reasons.items()},
                "tiers": {tier.value: count for tier, count in each.tiers.items()},
                "advised": [
                    {"seed": seed, **asdict(order)}
                    for seed, track in zip(study.seeds, each.tracks, strict=True)
                    for order in track.bought
                ],
            }
            for file, each in zip(files, compared, strict=True)
        ],
    }
