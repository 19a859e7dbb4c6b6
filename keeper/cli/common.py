"""What commands share: options, settings, and the two ways to print."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from keeper.cli.exits import Exit

if TYPE_CHECKING:
    from rich.console import Console

    from keeper.logs import Redaction
    from keeper.settings import Settings

Command = TypeVar("Command", bound=Callable[..., object])
SAFE_INTEGER = 2**53
PIPE_WIDTH = 160


class Done(Exception):  # noqa: N818 not an error: the end of a command, with its code
    """A command came to its end with a code that says something."""

    def __init__(self, code: Exit) -> None:
        super().__init__(code.name)
        self.code = code


def config_option(command: Command) -> Command:
    """`--config FILE`."""
    return click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        help="File of KEEPER_… settings; the environment wins over it.",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")(
        command
    )


def opened(config: Path | None, *, quiet: bool) -> "tuple[Settings, Redaction]":
    """The settings, and logs that keep their secrets. `quiet`: warnings only, to standard error."""
    from keeper.logs import Redaction, configure
    from keeper.settings import load_settings

    settings = load_settings(config)
    redaction = Redaction(settings.secrets())
    if quiet:
        configure(settings.log_format, "error", redaction, sys.stderr)
    else:
        configure(settings.log_format, settings.log_level, redaction)
    return settings, redaction


def console() -> "Console":
    """Where tables are drawn."""
    from rich.console import Console

    # A file or a pipe has no width of its own; eighty columns would cut addresses in two.
    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


@contextmanager
def progress(what: str, *, shown: bool) -> Iterator[Callable[[int], Callable[[], None]]]:
    """A bar on standard error, where a person can see it: begun with a number, called as each is done."""
    from rich.console import Console
    from rich.progress import Progress

    screen = Console(stderr=True)
    with Progress(console=screen, transient=True, disable=not (shown and screen.is_terminal)) as bar:

        def begin(total: int) -> Callable[[], None]:
            task = bar.add_task(what, total=total, visible=total > 0)
            return lambda: bar.advance(task)

        yield begin


def print_json(value: object) -> None:
    """One JSON object on standard output; integers that JavaScript would round become text."""
    click.echo(json.dumps(plain(value), ensure_ascii=False))


def plain(value: object) -> object:
    """A value of ours as JSON's own kinds."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if abs(value) < SAFE_INTEGER else str(value)
    if isinstance(value, float):
        return value if value - value == 0 else None  # JSON knows neither infinity nor NaN
    return _plain_parts(value)


def _plain_parts(value: object) -> object:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    return str(value)
