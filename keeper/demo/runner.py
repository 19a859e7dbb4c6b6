"""The demo from nothing to a report.

Anvil, the market driver and the daemon are processes of their own; this one starts them, watches the chain
with eyes of its own, and ends them. Whatever goes wrong in one of them ends the demo with that process' last
lines: a demo that limps on shows nothing.
"""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import orjson
from rich.console import Console

from keeper.adapters.ethereum.words import MalformedWordsError
from keeper.demo.anvil import AnvilError
from keeper.demo.artifacts import MissingArtifactError
from keeper.demo.binaries import MissingToolError
from keeper.demo.chain import DeploymentError
from keeper.demo.children import ChildError
from keeper.demo.folder import FolderError
from keeper.demo.options import DemoOptions
from keeper.demo.report import write_report
from keeper.demo.rpc import NodeUnreachableError, RpcError
from keeper.demo.session import Played, play
from keeper.demo.summary import Summary, as_json, fall_sentences, summarise, table
from keeper.demo.view import View, view_for
from keeper.policies import PolicyError
from keeper.ports import JournalError
from keeper.simulation.tape import TapeError

__all__ = ["DemoOptions", "run_demo"]

OK, FAILED, INTERRUPTED = 0, 1, 130

FAILURES = (
    AnvilError, ChildError, DeploymentError, FolderError, JournalError, MalformedWordsError,
    MissingArtifactError, MissingToolError, NodeUnreachableError, OSError, PolicyError, RpcError, TapeError,
)  # fmt: skip


def run_demo(options: DemoOptions) -> int:
    """Run the demo and return the process' exit code: 0, 1 for a failure, 130 when interrupted."""
    console = Console(stderr=options.json)
    view = view_for(console)
    try:
        with sigterm_as_interrupt():
            _run(options, view, console)
    except KeyboardInterrupt:
        view.close()
        console.print("stopped; nothing is left running")
        return INTERRUPTED
    except FAILURES as error:
        view.close()
        Console(stderr=True).print(f"the demo failed: {error}", style="red", markup=False, highlight=False)
        return FAILED
    return OK


def _run(options: DemoOptions, view: View, console: Console) -> None:
    started = time.monotonic()
    played = play(options, view)
    summary = summarise(played.record, played.facts(time.monotonic() - started))
    _tell(options, played, summary, console)


def _tell(options: DemoOptions, played: Played, summary: Summary, console: Console) -> None:
    result = orjson.dumps(as_json(summary), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    played.folder.result.write_bytes(result)
    write_report(played.folder.report, played.record, summary)
    if options.json:
        sys.stdout.write(orjson.dumps(as_json(summary)).decode() + "\n")
        sys.stdout.flush()
    console.print(table(summary))
    for sentence in fall_sentences(summary):
        console.print(sentence, highlight=False, markup=False)
    console.print(f"{summary.replayed_equal} of {summary.decisions} decisions derived again alike")
    console.print(f"report: {played.folder.report}", highlight=False, markup=False, soft_wrap=True)


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM unwind the demo as Ctrl-C does, so that its children are ended in order."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
