"""Give a vault a past, so that models need not wait for weeks."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click

from keeper.cli.common import config_option, json_option, opened, print_json


@click.command()
@click.argument("vault")
@click.argument("tape", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@config_option
def prime(config: Path | None, vault: str, tape: Path, *, as_json: bool) -> None:
    """Put the prices of TAPE before what the journal knows of the price of VAULT, for its forecasts.

    TAPE is CSV or CSV.gz with `ts` (Unix seconds) and `close`, and perhaps `open`, `high`, `low`: recorded
    prices of the same pair, up to now. What the keeper has seen itself stays. A keeper that runs has them
    from its next start.

    \b
    Example:
      keeper prime strangle ethusdt-2026.csv.gz --config keeper.env
      keeper prime strangle ethusdt-2026.csv.gz --config keeper.env --json | jq .added
    """
    from keeper.app.priming import prime as begin

    settings, redaction = opened(config, quiet=True)
    done = asyncio.run(begin(settings, redaction, vault, tape))
    if as_json:
        print_json(done)
        return
    until = datetime.fromtimestamp(done.goes_on_until, UTC)
    click.echo(f"{done.added} bars added; models that speak: {', '.join(done.speak) or 'none'}")
    click.echo(
        f"the history goes on without a hole if the feed's next answer is before {until:%Y-%m-%d %H:%M} UTC"
    )
