"""The command line of a chaos run: what `make chaos` calls."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson
from rich.console import Console

from keeper.demo.chaos.schedule import Shape
from keeper.demo.chaos.session import ChaosOptions, play
from keeper.demo.chaos.telling import as_json, tell
from keeper.demo.runner import FAILED, FAILURES, INTERRUPTED, OK, sigterm_as_interrupt
from keeper.demo.view import LinesView

LOST = 1
DEFAULT_SECONDS, DEFAULT_SEED = 120, 1


def main(arguments: Sequence[str]) -> int:
    """Run, print, and return the exit code: 0 when nothing was lost."""
    given = parse(arguments)
    shape = Shape(
        seconds=given.seconds,
        endpoints=given.endpoints,
        agree=given.agree,
        longest_pause_s=given.longest_pause,
    )
    out = given.out or Path(f"chaos-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}")
    told = Console(stderr=given.json)
    try:
        with sigterm_as_interrupt():
            result = play(ChaosOptions(shape, given.seed, out.resolve()), LinesView(told))
    except KeyboardInterrupt:
        told.print("stopped; nothing is left running")
        return INTERRUPTED
    except FAILURES as error:
        Console(stderr=True).print(f"the run failed: {error}", style="red", markup=False, highlight=False)
        return FAILED
    if given.json:
        sys.stdout.write(orjson.dumps(as_json(result)).decode() + "\n")
    tell(result, told)
    return LOST if result.losses else OK


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Options from a command line. Exits with 2 for a bad one."""
    parser = argparse.ArgumentParser(
        prog="python -m keeper.demo.chaos",
        description="Run the keeper through faults of its nodes, its process and its chain, and audit it.",
    )
    add = parser.add_argument
    add("--seconds", type=float, default=DEFAULT_SECONDS, help="of faults and quiet together")
    add("--seed", type=int, default=DEFAULT_SEED, help="of the faults and of the market")
    add("--endpoints", type=int, default=1, help="proxies in front of the one node; two or more also lie")
    add("--agree", type=int, default=1, help="endpoints that must agree (KEEPER_RPC_AGREE)")
    add("--longest-pause", type=float, default=4.0, help="seconds of the longest SIGSTOP")
    add("--out", type=Path, help="folder of the run; else a new one below the working directory")
    add("--json", action="store_true", help="print one JSON object, progress and tables to stderr")
    given = parser.parse_args(arguments)
    if not 1 <= given.agree <= given.endpoints:
        parser.error("--agree must be between 1 and --endpoints")
    return given
