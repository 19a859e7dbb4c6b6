"""Commands that keep: the daemon, and a single cycle."""

import asyncio
from pathlib import Path

import click

from keeper.cli.common import Done, config_option, console, json_option, opened, plain, print_json, progress
from keeper.cli.exits import Exit


@click.command()
@click.option("--live", is_flag=True, help="Send transactions. Without it the run is dry, key or no key.")
@click.option("--json", "as_json", is_flag=True, help="Log one JSON object a line, also on a terminal.")
@config_option
def run(config: Path | None, *, live: bool, as_json: bool) -> None:
    """Keep the vaults: read every block, decide, and hedge where the policy wants it.

    The run is dry unless --live is given and the settings name a keystore: it decides, simulates and says
    what it would do. SIGTERM and Ctrl-C stop it in order, with exit code 0.

    \b
    Examples:
      keeper run --config keeper.env          dry
      keeper run --config keeper.env --live   armed
      keeper run --config keeper.env --json | jq .event
    """
    from keeper.app.daemon import run_daemon
    from keeper.logs import configure

    settings, redaction = opened(config, quiet=False)
    if as_json:
        configure("json", settings.log_level, redaction)
    asyncio.run(run_daemon(settings, redaction, live=live))


@click.command()
@click.option("--vault", "vaults", multiple=True, metavar="NAME", help="Only this vault; may be repeated.")
@click.option("--live", is_flag=True, help="Send the transaction, if one is due.")
@json_option
@config_option
def once(config: Path | None, vaults: tuple[str, ...], *, live: bool, as_json: bool) -> None:
    """Do one cycle and print what was decided; for cron jobs, and for a careful start.

    Dry, it leaves no trace and may run beside a daemon. With --live it is the one writer of the journal; a
    transaction that is still unmined when it ends is looked after by the next run.

    Vaults that are named are decided with the tables that the daemon solved for them last, which are solved
    again from the journal; without --vault, or without a daemon before, the closed form decides.

    \b
    Exit code: 0 every vault holds, 10 it would act, 11 it acted.
    Examples:
      keeper once --config keeper.env --vault strangle
      keeper once --config keeper.env --json | jq '.decisions[].reason'
    """
    from keeper.app.cycle import one_cycle
    from keeper.cli.tables import decided
    from keeper.core.reason import Reason
    from keeper.ports import Accepted

    settings, redaction = opened(config, quiet=True)
    with progress("tables", shown=not as_json) as begin:
        looked = asyncio.run(one_cycle(settings, redaction, frozenset(vaults), begin, live=live))
    if as_json:
        names = {vault: policy.name for vault, policy in looked.policies.items()}
        print_json(
            {
                "head": looked.head,
                "decisions": [
                    {"name": names[each.vault], "reason": each.reason, "decision": plain(each)}
                    for each in looked.decisions
                ],
                "answers": {names[vault]: answer for vault, answer in looked.answers.items()},
            }
        )
    else:
        console().print(decided(looked))
    answers = looked.answers.values()
    if any(isinstance(answer, Accepted) for answer in answers):
        raise Done(Exit.ACTED)
    if any(not isinstance(answer, Accepted) and answer.reason is Reason.DRY_RUN for answer in answers):
        raise Done(Exit.WOULD_ACT)
