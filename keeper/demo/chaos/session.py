"""One chaos run, from a world at rest to a world at rest.

The market and the audit talk to the node itself; only the keeper has to go through the endpoints. The last
part of the market's path is quiet, and afterwards blocks are mined until nothing is in flight: what is then
still open is lost.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from keeper.app.replay import replay
from keeper.demo.accounts import PASSWORD, Role, private_key
from keeper.demo.addressbook import AddressBook
from keeper.demo.chaos.audit import Loss, audit
from keeper.demo.chaos.blows import ChainLane, DaemonLane
from keeper.demo.chaos.endpoints import Endpoints
from keeper.demo.chaos.evidence import (
    Ending,
    Evidence,
    OnChain,
    mined_by,
    promises_of,
    told_of,
    tracebacks_in,
)
from keeper.demo.chaos.faults import Fault, Strike
from keeper.demo.chaos.schedule import Schedule, Shape, draw
from keeper.demo.children import Child, ChildError
from keeper.demo.daemon import Daemon
from keeper.demo.driver.command import DriverOptions
from keeper.demo.folder import RunFolder, prepare, restless
from keeper.demo.rpc import Rpc, as_int
from keeper.demo.session import come_to_rest
from keeper.demo.view import View
from keeper.demo.worldcache import LocalWorld

BLOCK_S = 0.25
STEP_S = 300
_SPARE_BLOCKS = 40
_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class ChaosOptions:
    """One run. `out` is its folder, which must not hold an earlier run."""

    shape: Shape
    seed: int
    out: Path


@dataclass(frozen=True, slots=True)
class Result:
    """What was injected, and what was lost."""

    options: ChaosOptions
    windows: Mapping[Fault, int]
    hits: Mapping[Fault, int]
    strikes: Mapping[Strike, int]
    evidence: Evidence
    losses: tuple[Loss, ...]


def play(options: ChaosOptions, view: View) -> Result:
    """Run everything, end everything, and audit. Raises what the parts raise."""
    schedule = draw(random.Random(options.seed), options.shape)  # noqa: S311 no secret
    with ExitStack() as stack:
        world = stack.enter_context(LocalWorld.start(view.say))
        folder = prepare(options.out, world.book, STEP_S, restless(options.out / "examples"))
        view.say(f"run folder {folder.root}")
        endpoints = stack.enter_context(
            Endpoints(world.node.url, options.shape.endpoints, schedule, folder.journal, options.seed)
        )
        further = _further(options.shape, endpoints)
        daemon = stack.enter_context(Daemon(folder, world.book, ",".join(endpoints.urls), further))
        daemon.wait_until_ready()
        rpc = stack.enter_context(Rpc(world.node.url))
        witness = Accountant(rpc, world.book)
        driver = stack.enter_context(_driver(options, folder, world))
        daemon_lane = DaemonLane(daemon, endpoints, schedule.on_daemon)
        chain_lane = ChainLane(world.node, driver, endpoints, witness.account, options.seed)
        _storm(options, schedule, (daemon_lane, chain_lane), driver, view)
        ending = _end(daemon, daemon_lane, rpc)
        view.say("auditing the chain and the journal")
        evidence = _evidence(folder, endpoints, witness, ending)
    return Result(
        options=options,
        windows=Counter(window.fault for window in schedule.windows),
        hits=endpoints.weather.hits,
        strikes=daemon_lane.done + chain_lane.done,
        evidence=evidence,
        losses=audit(evidence),
    )


class Accountant:
    """Remembers where the keeper's account stood, and counts what it did since."""

    def __init__(self, rpc: Rpc, book: AddressBook) -> None:
        self._rpc, self._book = rpc, book
        self.account = book.accounts["keeper"]
        self._block = as_int(rpc.call("eth_blockNumber"))
        self._nonce = self._nonce_now()

    def mined(self) -> tuple[OnChain, ...]:
        """Its transactions since."""
        return tuple(mined_by(self._rpc, self._book, self._block))

    def nonces(self) -> tuple[int, int]:
        """Its nonce then and now."""
        return self._nonce, self._nonce_now()

    def _nonce_now(self) -> int:
        return as_int(self._rpc.call("eth_getTransactionCount", self.account, "latest"))


def _storm(
    options: ChaosOptions,
    schedule: Schedule,
    lanes: tuple[DaemonLane, ChainLane],
    driver: Child,
    view: View,
) -> None:
    """The loud part and the quiet one, to the end of the market's path."""
    on_daemon, on_chain = lanes
    weather = on_daemon.weather
    view.say(f"{schedule.quiet_from_s:.0f} s of faults begin, then {options.shape.seconds:.0f} s are full")
    weather.begin()
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="lane") as pool:
        running = [pool.submit(on_daemon.run), pool.submit(on_chain.run, schedule.on_chain)]
        for each in running:
            each.result()
    while weather.elapsed_s() < options.shape.seconds:
        on_daemon.revive()
        driver.check()
        time.sleep(_POLL_S)
    driver.stop_cleanly()


def _end(daemon: Daemon, lane: DaemonLane, rpc: Rpc) -> Ending:
    """Come to rest and stop. What goes wrong here is evidence, not the end of the run."""
    unrest = ""
    try:
        come_to_rest(daemon, rpc)
        daemon.stop_cleanly()
    except ChildError as error:
        unrest = str(error)
    return Ending(exits=tuple(lane.exits), unrest=unrest)


def _evidence(folder: RunFolder, endpoints: Endpoints, witness: Accountant, ending: Ending) -> Evidence:
    replayed = asyncio.run(replay(folder.journal))
    log = folder.log("daemon").read_text(encoding="utf-8", errors="replace")
    secrets = {
        "path of a node's URL": endpoints.secret,
        "password": PASSWORD,
        "private key": private_key(Role.KEEPER).removeprefix("0x"),
    }
    return Evidence(
        mined=witness.mined(),
        promises=asyncio.run(promises_of(folder.journal)),
        broadcasts=tuple(endpoints.broadcasts),
        nonces=witness.nonces(),
        ceilings_wei={
            policy.vault.lower(): policy.costs.max_fee_wei for policy in folder.read_policies().values()
        },
        decisions=replayed.decisions,
        replayed_equal=replayed.equal,
        ending=ending,
        tracebacks=tracebacks_in(log),
        secrets_told=told_of(log, secrets),
    )


def _driver(options: ChaosOptions, folder: RunFolder, world: LocalWorld) -> Child:
    """The market, with more of a path than it will come to play."""
    driving = DriverOptions(
        url=world.node.url,
        book=folder.book,
        seed=options.seed,
        blocks=int(options.shape.seconds / BLOCK_S) + _SPARE_BLOCKS,
        step_s=STEP_S,
        block_interval_s=BLOCK_S,
    )
    return Child("driver", driving.command(), folder.log("driver"))


def _further(shape: Shape, endpoints: Endpoints) -> Mapping[str, str]:
    """Settings that a run of this shape adds to those of a local world."""
    settings = {
        "KEEPER_WS_URL": endpoints.urls[0].replace("http://", "ws://"),
        "KEEPER_CONFIRMATIONS": str(shape.reorg_blocks + 1),
    }
    # A keeper of one node has nothing to agree with, and may not know the setting.
    return {**settings, "KEEPER_RPC_AGREE": str(shape.agree)} if shape.endpoints > 1 else settings
