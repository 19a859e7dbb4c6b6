"""The demo: a chain, a market and a keeper on this machine."""

from pathlib import Path

import click

from keeper.cli.common import Done, json_option
from keeper.cli.exits import Exit


@click.command()
@click.option("--seed", type=int, default=None, help="Of the market's path.")
@click.option("--blocks", type=click.IntRange(min=1), default=None, help="How many blocks to run.")
@click.option(
    "--tape",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Replay recorded prices (CSV.gz with ts, open, high, low, close) instead of a seeded path.",
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder of the run; else a new one."
)
@click.option("--keep", is_flag=True, help="Leave everything running after the last block, until Ctrl-C.")
@click.option("--kills", type=click.IntRange(min=0), default=0, help="Kill the daemon so often in mid-run.")
@json_option
def demo(
    seed: int | None,
    blocks: int | None,
    tape: Path | None,
    out: Path | None,
    kills: int,
    *,
    keep: bool,
    as_json: bool,
) -> int:
    """Watch the keeper work: real protocols on a local chain, a market that moves, and twins nobody hedges.

    Takes about a minute and ends with a table and an HTML report. Needs `make setup`.

    \b
    Examples:
      keeper demo
      keeper demo --seed 7 --blocks 300 --json
      keeper demo --keep                     then: keeper status --url …, curl …/metrics
    """
    from keeper.demo.options import DEFAULT_BLOCKS, DEFAULT_SEED, DemoOptions
    from keeper.demo.runner import run_demo

    options = DemoOptions(
        json=as_json,
        seed=DEFAULT_SEED if seed is None else seed,
        blocks=DEFAULT_BLOCKS if blocks is None else blocks,
        tape=tape,
        out=out,
        keep=keep,
        kills=kills,
    )
    raise Done(Exit(run_demo(options)))
