"""Commands that only look: nothing they do can change a vault."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keeper.cli.common import Done, config_option, console, json_option, opened, print_json, progress
from keeper.cli.exits import Exit

if TYPE_CHECKING:
    from keeper.adapters.ethereum.preflight import Finding
    from keeper.app.replay import Replayed

STATUS_TIMEOUT_S = 5.0
MOST_SHOWN = 20
FINDING_CODES = {
    "policies": Exit.CONFIGURATION,
    "account": Exit.CONFIGURATION,
    "key": Exit.KEY,
    "journal": Exit.JOURNAL,
    "node": Exit.UNREACHABLE,
    "chain": Exit.CONFIGURATION,
    "relay": Exit.UNREACHABLE,
    "address book": Exit.CONFIGURATION,
}


@click.command()
@json_option
@config_option
def check(config: Path | None, *, as_json: bool) -> None:
    """Examine everything that a run needs, and say what is missing and what to do about it.

    Looks at settings, policy files, key and password, journal, each node, relay, chain id, clock, contract
    code, the keeper's role and balance, every feed, and each vault against its address book. Changes nothing,
    and may run beside the daemon.

    \b
    Exit code: 0 all is well, else the code of the first fault (4, 5, 6, 7, or 1).
    Example:
      keeper check --config keeper.env && keeper run --config keeper.env --live
    """
    from keeper.app.check import check as examine
    from keeper.cli.tables import findings

    settings, redaction = opened(config, quiet=True)
    found = asyncio.run(examine(settings, redaction))
    if as_json:
        print_json({"ok": all(finding.ok for finding in found), "findings": found})
    else:
        console().print(findings(found))
    faults = [finding for finding in found if not finding.ok]
    if faults:
        raise Done(_code(faults[0]))


def _code(fault: "Finding") -> Exit:
    if fault.name.startswith(("code of ", "chain of ", "deployment of ")):
        return Exit.CONFIGURATION
    if fault.name.startswith("node at "):
        return Exit.UNREACHABLE
    return FINDING_CODES.get(fault.name, Exit.FAILED)


@click.command()
@click.argument("vault")
@json_option
@config_option
def explain(config: Path | None, vault: str, *, as_json: bool) -> None:
    """Show what the keeper sees of VAULT now, what it would do, and why; or the life of a nonce.

    Prints the prices and their ages, each sensitivity beside its limit, the stress grid and what else the
    vault may lose, the band inside which a hedge costs more than it is worth and what found it, what models
    expect and which volatility drew the band, where the policy asks for forecasts, what is breached, and the
    one reason of the decision; and what the desk is advised to trade, where the policy lists instruments. The
    table that the daemon has for the book is solved again from the journal, which takes a second or two. A
    number instead of a name is a nonce, and shows what `keeper tx show` does.

    \b
    Example:
      keeper explain strangle --config keeper.env
      keeper explain strangle --config keeper.env --json | jq .decision.action
      keeper explain 7 --config keeper.env
    """
    from keeper.cli.transacting import show_life

    if vault.isdecimal():
        show_life(config, int(vault), as_json=as_json)
        return
    from keeper.app.cycle import one_cycle
    from keeper.cli.risks import lossy
    from keeper.cli.tables import explanation
    from keeper.cli.tiers import band_from
    from keeper.core.foresight import foresee

    settings, redaction = opened(config, quiet=True)
    with progress("tables", shown=not as_json) as begin:
        looked = asyncio.run(one_cycle(settings, redaction, frozenset({vault}), begin, live=False))
    if as_json:
        (address,), (situation,) = looked.policies, looked.situations
        print_json(
            {
                "head": looked.head,
                "vault": looked.situations[0].vault,
                "policy": looked.policies[address],
                "decision": looked.decisions[0],
                "reason": looked.decisions[0].reason,
                "band_from": band_from(looked),
                "outlook": looked.situations[0].outlook,
                "foresight": foresee(looked.policies[address], looked.situations[0]),
                "loss": lossy(looked.policies[address], situation)._asdict()
                if situation.exposure.spot
                else None,
                "simulation": looked.answers.get(address),
                "in_flight": address in looked.in_flight,
            }
        )
    else:
        console().print(explanation(looked))


@click.command()
@click.option(
    "--journal",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The journal to replay; the settings' own when absent.",
)
@click.option("--from-block", type=click.IntRange(min=0), default=0, help="First block.")
@click.option("--to-block", type=click.IntRange(min=0), default=2**62, help="Last block.", show_default=False)
@json_option
@config_option
def replay(
    config: Path | None, journal: Path | None, from_block: int, to_block: int, *, as_json: bool
) -> None:
    """Derive every recorded decision again, from the bytes that the node gave, and compare.

    Tables on which decisions rest are solved again and compared too: a second or two of one core for each.
    Needs no node and no key, and takes no lock: it may run beside the daemon.

    \b
    Exit code: 0 all decisions and tables came out the same, 8 some did not.
    Example:
      keeper replay --journal keeper.db --from-block 19000000
    """
    from keeper.app.replay import replay as derive

    path = journal if journal is not None else opened(config, quiet=True)[0].journal
    with progress("tables", shown=not as_json) as begin:
        result = asyncio.run(derive(path, from_block, to_block, begin))
    if as_json:
        print_json(result)
    else:
        _tell(result)
    if not result.same:
        raise Done(Exit.DIFFERS)


def _tell(result: "Replayed") -> None:
    from keeper.cli.differing import differing

    click.echo(f"{result.equal} of {result.decisions} decisions in {result.cycles} cycles came out the same")
    if result.tables:
        click.echo(f"{result.tables - len(result.strange)} of {result.tables} tables came out the same")
    for table in result.strange[:MOST_SHOWN]:
        was, now = table.recorded[:12], table.derived[:12]
        click.echo(f"table of vault {table.vault}, stated at {table.at}: recorded {was}, derived {now}")
    for difference in result.differences[:MOST_SHOWN]:
        click.echo(f"block {difference.block}, vault {difference.vault}:")
        for line in differing(difference.recorded, difference.derived):
            click.echo(f"  {line}")
    if not result.same:
        hidden = result.decisions - result.equal - min(len(result.differences), MOST_SHOWN)
        if hidden:
            click.echo(f"{hidden} more differ; --json has the first thousand")
        click.echo("another release may rightly decide differently: replay with the one that recorded")


@click.command()
@click.option(
    "--url", help="Where the keeper's pages are, such as http://127.0.0.1:9464; else by the settings."
)
@click.option("--ready", is_flag=True, help="Exit with 1 unless it is ready: for health checks.")
@json_option
@config_option
def status(config: Path | None, url: str | None, *, ready: bool, as_json: bool) -> None:
    """Ask the running keeper how it is: the last head, and each vault's last reason.

    \b
    Exit code: 0 it runs, 3 it does not; with --ready: 1 it runs and is not ready.
    Example:
      keeper status --ready --config keeper.env && echo fine
    """
    from keeper.cli.pages import fetch_status, state

    if url is None:
        settings = opened(config, quiet=True)[0]
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.metrics_host, settings.metrics_host)  # noqa: S104 to ask, not to bind
        url = f"http://{host}:{settings.metrics_port}"
    found = fetch_status(url, STATUS_TIMEOUT_S)
    if found is None:
        if as_json:
            print_json({"running": False, "url": url})
        click.echo(f"no keeper answers at {url}: start it with `keeper run`", err=True)
        raise Done(Exit.NOT_RUNNING)
    if as_json:
        print_json({"running": True, **found})
    else:
        console().print(state(found))
    if ready and not found.get("ready"):
        raise Done(Exit.FAILED)


@click.command()
@click.option("--json", "_as_json", is_flag=True, help="For symmetry: the schema is JSON anyway.")
def schema(*, _as_json: bool) -> None:
    """Print the JSON schema of a policy file, for editors and for other programs.

    \b
    Example:
      keeper schema > policy.schema.json
      # and as the first line of a policy, for VS Code and others:
      # yaml-language-server: $schema=policy.schema.json
    """
    from keeper.policies import schema as text

    click.echo(text(), nl=False)
