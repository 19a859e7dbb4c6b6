"""Commands about single transactions: look at one nonce, take it back, offer more for it."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keeper.cli.common import config_option, console, json_option, opened, print_json

if TYPE_CHECKING:
    from keeper.core.transaction.messages import Order

MOST_LISTED = 50


@click.group()
def tx() -> None:
    """Look at the account's transactions, take one back, or offer more for it.

    `list` and `show` read the journal only; they need no node and no key. `cancel` and `bump` ask the keeper
    that leads, which answers at its next block. All take --json.

    \b
    Examples:
      keeper tx list --config keeper.env
      keeper tx show 7 --config keeper.env
      keeper tx bump 7 --config keeper.env
      keeper tx cancel 7 --config keeper.env
    """


@tx.command("list")
@json_option
@config_option
def listed(config: Path | None, *, as_json: bool) -> None:
    """List the newest transactions: where each stands, what it offers, and why it waits.

    \b
    Example:
      keeper tx list --config keeper.env --json | jq '.transactions[] | select(.state != "final")'
    """
    from keeper.app.transactions import lives
    from keeper.cli.lives import as_plain, newest

    settings, _ = opened(config, quiet=True)
    found = asyncio.run(lives(settings.journal, MOST_LISTED))
    if as_json:
        print_json({"transactions": [as_plain(each) for each in found]})
    elif found:
        console().print(newest(found))
    else:
        click.echo("nothing was ever signed under this journal")


@tx.command()
@click.argument("nonce", type=click.IntRange(min=0))
@json_option
@config_option
def show(config: Path | None, nonce: int, *, as_json: bool) -> None:
    """Tell the life of NONCE: plans, attempts, what each node answered, why it waited, how it ended.

    \b
    Exit code: 0, or 1 when the journal has nothing about it.
    Example:
      keeper tx show 7 --config keeper.env
    """
    show_life(config, nonce, as_json=as_json)


def show_life(config: Path | None, nonce: int, *, as_json: bool) -> None:
    """What `tx show` and `explain NONCE` print."""
    from keeper.app.transactions import life
    from keeper.cli.lives import as_plain, told

    settings, _ = opened(config, quiet=True)
    found = asyncio.run(life(settings.journal, nonce))
    if as_json:
        print_json(as_plain(found))
    else:
        console().print(told(found))


@tx.command()
@click.argument("nonce", type=click.IntRange(min=0))
@json_option
@config_option
def cancel(config: Path | None, nonce: int, *, as_json: bool) -> None:
    """Ask the keeper to take NONCE back, by a transaction that does nothing at the same nonce.

    It is cancelled only when that one is mined; if the original wins the race, `keeper tx show` says so.

    \b
    Exit code: 0 the keeper answered, 3 no keeper did, and nothing will be done.
    Example:
      keeper tx cancel 7 --config keeper.env
    """
    from keeper.core.transaction.messages import Order

    _order(config, nonce, Order.CANCEL, as_json=as_json)


@tx.command()
@click.argument("nonce", type=click.IntRange(min=0))
@json_option
@config_option
def bump(config: Path | None, nonce: int, *, as_json: bool) -> None:
    """Ask the keeper to offer more for NONCE now, within the policy's ceilings.

    \b
    Exit code: 0 the keeper answered, 3 no keeper did, and nothing will be done.
    Example:
      keeper tx bump 7 --config keeper.env
    """
    from keeper.core.transaction.messages import Order

    _order(config, nonce, Order.RAISE, as_json=as_json)


def _order(config: Path | None, nonce: int, wanted: "Order", *, as_json: bool) -> None:
    from keeper.app.transactions import order

    settings, _ = opened(config, quiet=True)
    answer = asyncio.run(order(settings.journal, nonce, wanted))
    if as_json:
        print_json({"nonce": nonce, "order": wanted, "answer": answer})
    else:
        click.echo(f"nonce {nonce}: {answer}")
