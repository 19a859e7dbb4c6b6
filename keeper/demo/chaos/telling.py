"""The result of a chaos run, for people and for programs."""

import dataclasses

from rich.console import Console
from rich.table import Table

from keeper.demo.chaos.audit import PROMISES
from keeper.demo.chaos.faults import Fault, Strike
from keeper.demo.chaos.session import Result


def as_json(result: Result) -> dict[str, object]:
    """The object that `--json` prints."""
    evidence = result.evidence
    return {
        "seconds": result.options.shape.seconds,
        "seed": result.options.seed,
        "endpoints": result.options.shape.endpoints,
        "agree": result.options.shape.agree,
        "faults": {
            fault.name.lower(): {"windows": result.windows.get(fault, 0), "hits": result.hits.get(fault, 0)}
            for fault in Fault
        },
        "strikes": {strike.name.lower(): result.strikes.get(strike, 0) for strike in Strike},
        "mined": len(evidence.mined),
        "broadcasts": len(evidence.broadcasts),
        "intents": len(evidence.promises),
        "decisions": evidence.decisions,
        "lost": [dataclasses.asdict(loss) for loss in result.losses],
    }


def tell(result: Result, console: Console) -> None:
    """What was injected, what came of it, and what was lost."""
    console.print(_injected(result))
    console.print(_audited(result))
    for loss in result.losses:
        console.print(
            f"lost: {loss.promise}: {loss.what}", style="red", markup=False, highlight=False, soft_wrap=True
        )
    evidence = result.evidence
    verdict = str(len(result.losses)) if result.losses else "nothing"
    console.print(
        f"{len(evidence.promises)} intents, {len(evidence.broadcasts)} broadcasts, "
        f"{len(evidence.mined)} transactions mined, {evidence.decisions} decisions; lost: {verdict}",
        highlight=False,
        soft_wrap=True,
    )


def _injected(result: Result) -> Table:
    drawn = _table("injected", "times", "requests hit")
    for fault in Fault:
        if result.windows.get(fault, 0):
            drawn.add_row(fault.value, str(result.windows[fault]), str(result.hits.get(fault, 0)))
    for strike in Strike:
        drawn.add_row(strike.value, str(result.strikes.get(strike, 0)), "")
    return drawn


def _audited(result: Result) -> Table:
    drawn = _table("audited", "lost")
    for promise in PROMISES:
        count = sum(loss.promise == promise for loss in result.losses)
        drawn.add_row(promise, f"[red]{count}[/red]" if count else "nothing")
    return drawn


def _table(*titles: str) -> Table:
    drawn = Table(title_justify="left", header_style="bold", show_edge=False, pad_edge=False)
    for place, title in enumerate(titles):
        drawn.add_column(title, no_wrap=True, justify="right" if place else "left")
    return drawn
