"""`keeper`: the group of commands, and the top of the process, where every error becomes words and a code."""

import io
import sys
from typing import NoReturn

import click

from keeper import __version__
from keeper.cli.backtesting import backtest
from keeper.cli.common import Done
from keeper.cli.demonstrating import demo
from keeper.cli.exits import MEANING, Exit, named
from keeper.cli.looking import check, explain, replay, schema, status
from keeper.cli.running import once, run
from keeper.cli.transacting import tx

EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code.value:>3}  {words}" for code, words in MEANING.items())


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="keeper")
def program() -> None:
    """Keep option vaults hedged, by a policy, and say why.

    \b
    A first hour:
      keeper demo                                   watch it work on a local chain
      keeper check --config keeper.env              is everything in place?
      keeper explain strangle --config keeper.env   what would it do now, and why?
      keeper run --config keeper.env                keep the vaults, dry
      keeper run --config keeper.env --live         keep the vaults

    `--config` stands after the command. It may be left out where the settings are in the environment.
    """


for command in (run, once, check, explain, replay, status, tx, schema, backtest, demo):
    program.add_command(command)


def main() -> NoReturn:
    """Run the command line and exit."""
    sys.exit(int(_run()))


def _run() -> int:
    as_json = "--json" in sys.argv
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows no "≥" shows "?"
    try:
        code = program.main(prog_name="keeper", standalone_mode=False)
    except Done as done:
        return done.code
    except click.Abort:
        return Exit.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Exception as error:  # noqa: BLE001 the process's top: what gets here is told, and ends it
        return _tell(error, as_json=as_json)
    return code if isinstance(code, int) else Exit.OK


def _tell(error: Exception, *, as_json: bool) -> int:
    from keeper.logs import Redaction

    known = named(error)
    if known is None:
        import traceback

        code, words = Exit.FAILED, f"unexpected {type(error).__name__}; this is a defect, please report it\n"
        words += "".join(traceback.format_exception(error))
    else:
        code, words = known
    words = Redaction().text(words).rstrip()
    if as_json:
        from keeper.cli.common import print_json

        print_json({"error": {"exit": code.value, "kind": code.name.lower(), "message": words}})
    topic, _, detail = words.partition("\n")
    click.secho(f"keeper: {topic}", fg="red", err=True)
    for line in detail.splitlines():
        click.echo(f"  {line}", err=True)
    return code
