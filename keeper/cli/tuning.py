"""A policy's risk tolerance, found from a budget that an operator understands."""

import asyncio
import difflib
import math
import os
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from keeper.cli.common import Done, config_option, console, json_option, opened, print_json, progress
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
    from keeper.core.exposure import Situation
    from keeper.core.policy import Policy
    from keeper.simulation.study import Study
    from keeper.simulation.tuning import Ending, Tuning

PERIODS = ("day", "week", "month", "year")
MOST_DAYS = 28.0


class Rate(click.ParamType[tuple[float, str]]):
    """An amount in a period: `2%/week` as a fraction, `5000/week` in usd."""

    def __init__(self, unit: str) -> None:
        self._unit, self.name = unit, f"amount{unit}/period"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, str]:
        """The amount and its period. Raises BadParameter."""
        if isinstance(value, tuple):
            return value
        text, _, period = str(value).partition("/")
        try:
            number = float(text.removesuffix(self._unit).replace("_", ""))
        except ValueError:
            number = math.nan
        if not (text.endswith(self._unit) and period in PERIODS and math.isfinite(number) and number > 0):
            self.fail(
                f"{value!r}: write for example `2{self._unit}/week`, by {', '.join(PERIODS)}", param, ctx
            )
        return (number / 100 if self._unit else number), period


class Asked(NamedTuple):
    """A budget as it is typed: the name of its option, `most` in the option's own unit, and a period."""

    option: str
    most: float
    period: str


@click.command()
@click.argument("file", metavar="POLICY", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--nav-std", type=Rate("%"), metavar="PERCENT/PERIOD",
              help="The most that the vault's result may deviate, in percent of its net value.")  # fmt: skip
@click.option("--cvar", type=Rate(""), metavar="USD/PERIOD",
              help="The most that is lost on average in the worst twentieth of periods.")  # fmt: skip
@click.option("--band", type=Finite(min=0, min_open=True), metavar="DELTA",
              help="How far the delta may be off at the money, as a share of the notional.")  # fmt: skip
@click.option("--write", is_flag=True, help="Write the tolerance into POLICY; nothing else in it changes.")
@click.option("--market", type=click.Choice(MARKETS), default="gbm", show_default=True)
@tape_option
@click.option("--book", type=click.Choice(BOOKS),
              help="A vault of this kind, not the one on chain.  [default: as POLICY is named]")  # fmt: skip
@click.option("--units", type=Finite(min=0, min_open=True), default=100.0, show_default=True,
              help="Notional of such a vault, in base.")  # fmt: skip
@click.option("--price", type=Finite(min=0, min_open=True), default=3000.0, show_default=True)
@click.option("--vol", type=Finite(min=0, min_open=True, max=20), default=0.7, show_default=True,
              help="Annual volatility at the start: 0.7 is 70 %. On chain both are the chain's.")  # fmt: skip
@click.option("--days", type=Finite(min=1, max=3_660), default=28.0, show_default=True,
              help="On chain, no longer than until the last expiry.")  # fmt: skip
@click.option("--step", "step_s", type=click.IntRange(12, 86_400), default=1800, show_default=True,
              help="Seconds between looks.")  # fmt: skip
@click.option("--paths", type=click.IntRange(1, 10_000), default=8, show_default=True,
              help="Markets, from one seed each.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@html_option
@json_option
@config_option
def tune(file: Path, html: Path | None, *, write: bool, as_json: bool, **given: Any) -> None:  # noqa: ANN401 a dozen options of as many kinds
    """Show what hedging costs at each risk tolerance, and find the one that keeps a budget.

    Keeps one vault at about ten tolerances on the same markets, by the daemon's own decisions, and marks the
    policy's own and the largest within the budget. With --config, or KEEPER_RPC_URL, the vault is the one on
    chain, until its options expire. Changes POLICY only with --write, by one number.

    \b
    Exit code: 0 done, 1 the budget cannot be kept.
    Examples:
      keeper tune config/policies/strangle.yaml
      keeper tune config/policies/strangle.yaml --nav-std 0.2%/week --html frontier.html
      keeper tune policies/strangle.yaml --cvar 5000/week --market jump --config keeper.env
      keeper tune policies/strangle.yaml --band 0.10 --write
    """
    from keeper.policies import parse_policy, read_bytes
    from keeper.simulation.tuning import MOST_POINTS, OutOfReach, Period, Tuning

    asked = _asked(given, write=write)
    if html is not None:
        drawable(html)
    raw = read_bytes(file)
    study, vault = _study(parse_policy(str(file), raw), given)
    with progress("backtests", shown=not as_json) as begin:
        advance = begin(MOST_POINTS * len(study.seeds))
        period = Period(asked[0].period if asked else "week")
        ending = _ended(Tuning(study, period, advance, vault), asked)
    if html is not None:
        from keeper.simulation.tuned_page import write_tuning

        write_page(html, partial(write_tuning, ending=ending, title=_subject(study)))
    text = _rewritten(file, raw, ending)
    if write and text != raw:
        _exchange(file, raw, text)
    if as_json:
        print_json(_told(study, ending, written=write and text != raw))
    else:
        _show(study, ending)
        _show_change(raw, text, written=write)
    raise Done(Exit.FAILED if isinstance(ending, OutOfReach) else Exit.OK)


def _asked(given: Mapping[str, Any], *, write: bool) -> tuple[Asked, ...]:
    """None or one. Raises UsageError for more, and for none where the policy is to be changed."""
    found = [
        *(Asked(name, *given[name]) for name in ("nav_std", "cvar") if given[name] is not None),
        *([Asked("band", given["band"], "week")] if given["band"] is not None else []),
    ]
    if len(found) > 1:
        raise click.UsageError("one budget at a time: --nav-std, --cvar or --band")
    if write and not found:
        raise click.UsageError("--write needs a budget: --nav-std, --cvar or --band")
    return tuple(found)


def _ended(tuning: "Tuning", asked: tuple[Asked, ...]) -> "Ending":
    """What a tuning comes to. Raises TuningError."""
    from keeper.simulation.tuning import Budget, Measure, Unasked

    frontier = tuning.survey()
    for option, most, _ in asked:
        measure = Measure(option.replace("_", "-"))
        usd = most * frontier.nav_usd if measure is Measure.DEVIATION else most
        return tuning.choose(frontier, Budget(measure, usd))
    return Unasked(frontier)


def _study(policy: "Policy", given: Mapping[str, Any]) -> "tuple[Study, tuple[Situation, ...]]":
    """The markets, and the vault on chain if that is the one. Raises UsageError, and the errors of a look."""
    from keeper.simulation.book import STRUCTURES
    from keeper.simulation.frictions import Frictions
    from keeper.simulation.paths import Start
    from keeper.simulation.standing import standing
    from keeper.simulation.study import Course, Study, setup_of

    seeds, market = seeds_of(given), given["market"]
    if given["book"] is None and (given["config"] is not None or _has_node()):
        vault = _on_chain(policy, given["config"])
        at = standing(policy.name, vault, Frictions())
        days = min(given["days"], at.days)
        course = Course(market, at.start, days, given["step_s"], given["tape"], at.calm_fee_wei)
        return Study((policy,), at.setup, course, at.frictions, seeds), (vault,)
    book = given["book"] or policy.name
    if book not in STRUCTURES:
        raise click.UsageError(
            f"no kind of vault is named {book}: say --book, or --config for the one on chain"
        )
    start = Start(given["price"], given["vol"])
    course = Course(market, start, given["days"], given["step_s"], given["tape"])
    return Study((policy,), setup_of(STRUCTURES[book], given["units"]), course, Frictions(), seeds), ()


def _has_node() -> bool:
    return any(name.upper() in {"KEEPER_RPC_URL", "KEEPER_RPC_URL_FILE"} for name in os.environ)


def _on_chain(policy: "Policy", config: Path | None) -> "Situation":
    """The policy's vault now. Raises ClickException where it is another's, and the errors of a look."""
    from keeper.app.cycle import one_cycle

    settings, redaction = opened(config, quiet=True)
    with progress("tables", shown=False) as begin:
        looked = asyncio.run(one_cycle(settings, redaction, frozenset({policy.name}), begin, live=False))
    (vault,) = looked.situations
    if vault.vault.address != policy.vault:
        raise click.ClickException(
            f"{settings.policies} has another vault under the name {policy.name}: {vault.vault.address}"
        )
    return vault


def _subject(study: "Study") -> str:
    from keeper.simulation.table import subject

    return subject(study)


def _rewritten(file: Path, raw: bytes, ending: "Ending") -> bytes:
    """The policy with the tolerance that was found; as it is, where there is none."""
    from keeper.policies import with_tolerance
    from keeper.simulation.tuning import Met

    if not isinstance(ending, Met) or ending.point == ending.frontier.now:
        return raw
    return with_tolerance(str(file), raw, round(ending.point.tolerance_usd))


def _exchange(file: Path, raw: bytes, text: bytes) -> None:
    """Put another text in a file's place at once. Raises ClickException."""
    whole = file.resolve()
    beside = whole.with_name(f".{whole.name}.tuned")
    try:
        if whole.read_bytes() != raw:
            raise click.ClickException(f"{file} was changed while it was tuned: nothing is written")
        beside.write_bytes(text)
        shutil.copymode(whole, beside)
        beside.replace(whole)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from None


def _show(study: "Study", ending: "Ending") -> None:
    from rich.table import Table

    from keeper.simulation.tuned import cells, headings, sentence

    table = Table(title=_subject(study), title_justify="left", box=None, pad_edge=False)
    for heading in headings(ending.frontier):
        table.add_column(heading, justify="right" if heading else "left")
    for point in ending.frontier.points:
        table.add_row(*cells(ending, point))
    console().print(table)
    click.echo(f"{sentence(ending)}.")


def _show_change(raw: bytes, text: bytes, *, written: bool) -> None:
    before, after = (each.decode("utf-8-sig").splitlines() for each in (raw, text))
    changed = [line for line in difflib.ndiff(before, after) if line.startswith(("- ", "+ "))]
    for line in changed:
        click.echo(line)
    if changed:
        click.echo("written" if written else "nothing is written without --write")


def _told(study: "Study", ending: "Ending", *, written: bool) -> object:
    from keeper.simulation.tuned import sentence
    from keeper.simulation.tuning import Met, Unasked

    frontier = ending.frontier
    return {
        "study": {
            "structure": study.setup.structure.name,
            "units": study.setup.units,
            "course": study.course,
            "seeds": study.seeds,
        },
        "nav_usd": frontier.nav_usd,
        "period": frontier.period,
        "periods": frontier.periods,
        "points": frontier.points,
        "now": frontier.now,
        "budget": None if isinstance(ending, Unasked) else ending.budget,
        "chosen": ending.point if isinstance(ending, Met) else None,
        "sentence": sentence(ending),
        "written": written,
    }
