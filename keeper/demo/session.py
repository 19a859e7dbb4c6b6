"""One run, from the first block to the last.

The order matters. The daemon is ready before the market moves, the market stands still before the daemon is
asked to stop, and in between nothing but the chain connects them to the observer.
"""

import asyncio
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace

from keeper.app.replay import replay
from keeper.demo.children import Child
from keeper.demo.daemon import Daemon
from keeper.demo.driver.command import DriverOptions
from keeper.demo.folder import EXAMPLES, RunFolder, prepare
from keeper.demo.kills import Killer
from keeper.demo.observer import Observer
from keeper.demo.options import DemoOptions
from keeper.demo.rpc import Rpc, as_int
from keeper.demo.samples import Record
from keeper.demo.summary import RunFacts
from keeper.demo.tapes import cut, write_there_and_back
from keeper.demo.view import Scene, View
from keeper.demo.worldcache import LocalWorld
from keeper.simulation.paths import Start, simulate

_POLL_S = 0.02
_STATUS_EVERY_S = 0.25
_DRIVER_ENDS_WITHIN_S = 30.0
_MOST_CLOSING_BLOCKS = 30
_TIMES_THERE_AND_BACK = 100


@dataclass(frozen=True, slots=True)
class Played:
    """A run that came to its end."""

    options: DemoOptions
    folder: RunFolder
    record: Record
    decisions: int
    replayed_equal: int
    kills: int

    def facts(self, wall_s: float) -> RunFacts:
        """What the summary needs besides the record."""
        tape = str(self.options.tape) if self.options.tape else None
        return RunFacts(
            decisions=self.decisions,
            replayed_equal=self.replayed_equal,
            wall_s=wall_s,
            seed=None if tape else self.options.seed,
            tape=tape,
            kills=self.kills,
        )


def play(options: DemoOptions, view: View) -> Played:
    """Run everything and end everything.

    Raises what the parts raise, ChildError for a process that failed among them.
    """
    with ExitStack() as stack:
        stack.callback(view.close)
        view.say("loading the world: Uniswap v3, Chainlink feeds, three vaults and their twins")
        world = stack.enter_context(LocalWorld.start(view.say))
        folder = prepare(options.out, world.book, options.step_s, options.policies or EXAMPLES)
        view.say(f"run folder {folder.root}")
        driving = driver_options(options, folder, world)
        daemon = stack.enter_context(Daemon(folder, world.book, world.node.url))
        daemon.wait_until_ready()
        view.say(f"the daemon is ready; node {world.node.url}, daemon {daemon.url}/status")
        rpc = stack.enter_context(Rpc(world.node.url))
        watcher = Watcher(options, view, daemon, _observer(rpc, folder, world), rpc)
        driver = stack.enter_context(Child("driver", driving.command(), folder.log("driver")))
        watcher.follow(driver)
        watcher.close()
        daemon.stop_cleanly()
        view.say("deriving every recorded decision again")
        replayed = asyncio.run(replay(folder.journal))
        return Played(options, folder, watcher.record(), replayed.decisions, replayed.equal, watcher.kills)


def driver_options(options: DemoOptions, folder: RunFolder, world: LocalWorld) -> DriverOptions:
    """How the market is to be driven; writes the tape for it where one is needed."""
    tape, blocks = None, options.blocks
    if options.tape is not None:
        tape = cut(options.tape, folder.root / "tape.csv.gz", blocks, options.step_s)
    if options.keep and tape is None:
        start = Start(world.book.price, world.book.volatility)
        path = simulate(start, blocks, options.step_s, options.seed)
        tape = write_there_and_back(path, folder.root / "market.csv.gz", _TIMES_THERE_AND_BACK)
    return DriverOptions(
        url=world.node.url,
        book=folder.book,
        seed=options.seed,
        blocks=None if options.keep else blocks,
        step_s=options.step_s,
        block_interval_s=options.block_interval_s,
        tape=tape,
    )


class Watcher:
    """Follows the chain, shows it, and does to the daemon what was asked."""

    def __init__(
        self, options: DemoOptions, view: View, daemon: Daemon, observer: Observer, rpc: Rpc
    ) -> None:
        self._options, self._view, self._daemon = options, view, daemon
        self._observer, self._rpc = observer, rpc
        self._scene = Scene(options.blocks, observer.record().limits_usd)
        self._asked_at = 0.0
        self._killer = Killer(daemon, options.kills, options.seed)

    def follow(self, driver: Child) -> None:
        """Until all blocks are there or the tape has ended, and with `keep` until Ctrl-C.

        Raises ChildError when a process fails before that.
        """
        while len(self._scene.prices) < self._options.blocks:
            # Asked before the look, so that the look sees all that an ended driver has mined.
            ended = driver.exit_code()
            fresh = self._look()
            if ended is not None and not fresh:
                break
            self._killer.act()
            self._daemon.check()
            time.sleep(_POLL_S)
        if self._options.keep:
            self._stay(driver)
            driver.stop()
        elif driver.wait(_DRIVER_ENDS_WITHIN_S):
            driver.check()

    def close(self) -> None:
        """Let the daemon see the last block, and mine on until nothing of its is in flight."""
        come_to_rest(self._daemon, self._rpc)
        self._look()

    @property
    def kills(self) -> int:
        """How often the daemon was killed."""
        return self._killer.done

    def record(self) -> Record:
        """What was seen; without `keep` the run's own blocks, and none that were mined to close it."""
        whole = self._observer.record()
        return whole if self._options.keep else replace(whole, blocks=whole.blocks[: self._options.blocks])

    def _look(self) -> bool:
        """Take in and show what is new; returns whether anything was."""
        if time.monotonic() - self._asked_at > _STATUS_EVERY_S:
            self._asked_at = time.monotonic()
            self._scene.reasons = {**self._scene.reasons, **self._daemon.reasons()}
        fresh = self._observer.poll()
        for seen in fresh:
            self._scene.add(seen.block, seen.sent)
            self._view.show(self._scene, seen.block)
        return bool(fresh)

    def _stay(self, driver: Child) -> None:
        urls = (
            f"node {self._rpc.url}",
            *(f"{self._daemon.url}/{page}" for page in ("status", "metrics", "readyz")),
        )
        self._view.say("kept running until Ctrl-C: " + ", ".join(urls))
        try:
            while driver.exit_code() is None:
                self._look()
                self._daemon.check()
                time.sleep(_POLL_S)
        except KeyboardInterrupt:
            return


def come_to_rest(daemon: Daemon, rpc: Rpc) -> None:
    """Let the daemon see the last block, and mine on until nothing of its is in flight. Raises ChildError."""
    for _ in range(_MOST_CLOSING_BLOCKS):
        daemon.wait_until_seen(as_int(rpc.call("eth_blockNumber")))
        if not daemon.in_flight():
            break
        rpc.call("evm_mine")


def _observer(rpc: Rpc, folder: RunFolder, world: LocalWorld) -> Observer:
    return Observer(rpc, world.book, folder.read_policies(), as_int(rpc.call("eth_blockNumber")))
