"""The driver's command line, its clock, and its patience.

One block per interval of wall time. A slow node makes the market slower, never hastier: a late block is not
made up for by a burst, which would leave a keeper no time to answer. A node that is gone for good ends the
driver, so that nothing of a demo that was killed is left behind.
"""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import orjson

from keeper.demo.addressbook import AddressBook
from keeper.demo.driver.market import BlockReport, Market, Moment
from keeper.demo.rpc import NodeUnreachableError, Rpc, RpcError
from keeper.simulation.path import MarketPath
from keeper.simulation.paths import Start, simulate
from keeper.simulation.tape import TapeError, read_tape

OK, BAD_USAGE, UNREACHABLE = 0, 2, 5

_DEFAULT_BLOCKS = 240
_PATIENCE_S = 120.0
_TIMEOUT_S = 20.0
_RETRY_S = 0.25


@dataclass(frozen=True, slots=True)
class DriverOptions:
    """One run.

    `blocks` ends it early; None means 240, or all of a tape. `block_interval_s` is wall time, `step_s` the
    market's time in a block.
    """

    url: str
    book: Path
    seed: int = 7
    blocks: int | None = None
    step_s: int = 600
    block_interval_s: float = 0.5
    tape: Path | None = None

    def command(self) -> list[str]:
        """The command line that runs this in a process of its own."""
        flags = {
            "url": self.url,
            "book": self.book,
            "seed": self.seed,
            "blocks": self.blocks,
            "step": self.step_s,
            "block-interval": self.block_interval_s,
            "tape": self.tape,
        }
        pairs = [(f"--{name}", str(value)) for name, value in flags.items() if value is not None]
        return [sys.executable, "-m", "keeper.demo.driver", *(part for pair in pairs for part in pair)]


@dataclass(slots=True)
class Pace:
    """When the next block is due. `parent` is the process that wants them; None: nobody in particular."""

    interval_s: float
    parent: int | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    due_at: float = field(default_factory=time.monotonic)

    def wait(self) -> bool:
        """Wait until a block is due. False if none is wanted any more."""
        if self.stop.wait(max(0.0, self.due_at - time.monotonic())):
            return False
        self.due_at = max(self.due_at + self.interval_s, time.monotonic())
        return self.parent in (None, os.getppid())

    def try_again(self) -> None:
        """Come back in a moment."""
        self.due_at = time.monotonic() + _RETRY_S


def main(arguments: Sequence[str]) -> int:
    """Drive until the path ends or SIGTERM; returns the exit code."""
    options = parse(arguments)
    pace = Pace(options.block_interval_s, os.getppid())

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        pace.stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    try:
        book = AddressBook.read(options.book)
        path = market_path(options, book)
    except (OSError, TypeError, ValueError, TapeError) as error:
        sys.stderr.write(f"driver: {error}\n")
        return BAD_USAGE
    with Rpc(options.url, _TIMEOUT_S) as rpc:
        try:
            return drive(Market(rpc, book), path, pace, print_report)
        except BrokenPipeError:
            # Nobody reads any more; there is nobody to drive for.
            return OK


def drive(market: Market, path: MarketPath, pace: Pace, report: Callable[[BlockReport], None]) -> int:
    """Mine the path's blocks, one per interval; returns the exit code."""
    index, ready = 0, False
    answered_at = time.monotonic()
    while index < len(path) and pace.wait():
        try:
            if not ready:
                market.take_over()
            ready = True
            mined = market.advance(moment_of(path, index))
        except (NodeUnreachableError, RpcError) as error:
            ready = False
            pace.try_again()
            if time.monotonic() - answered_at > _PATIENCE_S:
                sys.stderr.write(f"driver: gave up after {_PATIENCE_S:.0f} s: {error}\n")
                return UNREACHABLE
        else:
            index, answered_at = index + 1, time.monotonic()
            report(mined)
    return OK


def moment_of(path: MarketPath, index: int) -> Moment:
    """One step of a path."""
    fee = int(path.base_fee_wei[index])
    return Moment(float(path.price[index]), float(path.volatility[index]), fee, path.step_s)


def print_report(report: BlockReport) -> None:
    """One line of JSON on stdout, at once. Raises BrokenPipeError when nobody reads."""
    os.write(1, orjson.dumps(report) + b"\n")


def market_path(options: DriverOptions, book: AddressBook) -> MarketPath:
    """The path of a run, from its seed or its tape. Raises TapeError, OSError and ValueError."""
    start = Start(book.price, book.volatility)
    if options.tape is not None:
        return read_tape(options.tape, start, options.step_s, options.seed, options.blocks)
    return simulate(start, options.blocks or _DEFAULT_BLOCKS, options.step_s, options.seed)


def parse(arguments: Sequence[str]) -> DriverOptions:
    """Options from a command line. Exits with 2 for a bad one."""
    parser = argparse.ArgumentParser(prog="python -m keeper.demo.driver", description="Move the local world.")
    add = parser.add_argument
    add("--url", required=True, help="the node")
    add("--book", required=True, type=Path, help="the world's address book, JSON")
    add("--seed", type=int, default=7)
    add("--blocks", type=int, help=f"blocks to mine (default: {_DEFAULT_BLOCKS}, or all of a tape)")
    add("--step", type=int, default=600, help="market seconds per block")
    add("--block-interval", type=float, default=0.5, help="wall seconds per block")
    add("--tape", type=Path, help="recorded candles, CSV or CSV.gz, instead of the seeded path")
    given = parser.parse_args(arguments)
    return DriverOptions(
        given.url, given.book, given.seed, given.blocks, given.step, given.block_interval, given.tape
    )
