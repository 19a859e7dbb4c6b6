"""What commands share that simulate: the options of a market, and where a report goes."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

MARKETS = ("tape", "gbm", "heston", "jump")
BOOKS = ("covered-call", "iron-condor", "ladder", "strangle")


class Finite(click.FloatRange):
    """A number in a range: click's lets NaN pass, which is in none."""

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number. Raises BadParameter."""
        found: float = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value} is no number that counts", param, ctx)
        return found


tape_option = click.option(
    "--tape",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Recorded prices (CSV or CSV.gz with ts, close and optionally open, high, low), moved to --price.",
)
html_option = click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a report with plots."
)


def seeds_of(given: Mapping[str, Any]) -> tuple[int, ...]:
    """The seeds of the markets. Raises UsageError for options that contradict one another."""
    tape, market, paths, seed = given["tape"], given["market"], given["paths"], given["seed"]
    if tape is not None and market != "tape":
        raise click.UsageError(f"--tape is for --market tape, not for {market}")
    if tape is not None and paths > 1:
        raise click.UsageError("a tape is one market: --paths is for markets from a seed")
    return tuple(range(seed, seed + paths))


def write_page(path: Path, write: Callable[[Path], None]) -> None:
    """Write a page. Raises ClickException where it cannot be written."""
    try:
        write(path)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from None


def drawable(path: Path) -> None:
    """Whether a page can be drawn there, asked before anything is run. Raises ClickException if not.

    A server's installation has no matplotlib, and a folder may be misspelt.
    """
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        raise click.ClickException("--html needs matplotlib: install keeper[demo], or use --json")
    if not path.parent.is_dir():
        raise click.ClickException(f"{path} cannot be written: there is no folder {path.parent}")
