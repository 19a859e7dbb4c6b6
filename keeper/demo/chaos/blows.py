"""What is done to the daemon and to the chain, each in a thread of its own.

A daemon that is killed comes back after a while, as an orchestrator would have it, in whatever weather. One
that ends by itself comes back too, so that the run goes on, but its exit code is kept: none is expected.
"""

import random
import time
from collections import Counter
from collections.abc import Sequence

from keeper.demo.anvil import Anvil
from keeper.demo.chaos.endpoints import Endpoints
from keeper.demo.chaos.faults import Strike
from keeper.demo.chaos.schedule import Blow
from keeper.demo.children import Child
from keeper.demo.daemon import LEASE_S, Daemon
from keeper.demo.rpc import Json, NodeUnreachableError, Rpc, RpcError, as_int, as_object

_POLL_S = 0.02
_SPIKE_BLOCK_S = 0.2
_SPIKES_GWEI = (60, 250, 450, 900)
"""Above what is in flight at the time; the last also above every example policy's ceiling."""
_GWEI = 10**9


LEASE_LOST = 9
"""The exit code of a keeper that may not be the writer any more (`keeper --help`)."""

OVERSLEEPS_S = float(LEASE_S) / 3
"""A pause from which a keeper may wake without its lease: what it had left of it is unknown."""


class DaemonLane:
    """Kills and pauses. `exits` are the codes with which the daemon ended without our doing.

    A daemon that slept for longer than its lease must end when it wakes, because somebody else may lead by
    then: that is our doing.
    """

    def __init__(self, daemon: Daemon, endpoints: Endpoints, blows: Sequence[Blow]) -> None:
        self._daemon, self._endpoints, self._blows = daemon, endpoints, blows
        self.weather = endpoints.weather
        self.done: Counter[Strike] = Counter()
        self.exits: list[int] = []
        self._overslept = 0

    def run(self) -> None:
        """All blows in order."""
        for blow in self._blows:
            self._watch_until(blow.at_s)
            if blow.at_broadcast:
                self._endpoints.wait_for_broadcast(blow.patience_s)
            self._strike(blow)

    def _strike(self, blow: Blow) -> None:
        self.revive()
        if blow.strike is Strike.KILL:
            self._daemon.kill()
            time.sleep(blow.for_s)
            self._daemon.start()
        else:
            self._daemon.pause()
            time.sleep(blow.for_s)
            self._daemon.resume()
            self._overslept += blow.for_s > OVERSLEEPS_S
        self.done[blow.strike] += 1

    def _watch_until(self, at_s: float) -> None:
        while self.weather.elapsed_s() < at_s:
            self.revive()
            time.sleep(_POLL_S)

    def revive(self) -> None:
        """Start the daemon again if it has ended by itself."""
        code = self._daemon.exit_code()
        if code is not None:
            if code == LEASE_LOST and self._overslept:
                self._overslept -= 1
            else:
                self.exits.append(code)
            self._daemon.start()


class ChainLane:
    """Reorganisations, transactions that a pool forgets, and base fees that nobody expected."""

    def __init__(self, node: Anvil, driver: Child, endpoints: Endpoints, account: str, seed: int) -> None:
        self._rpc, self._driver, self._endpoints = Rpc(node.url), driver, endpoints
        self._account = account.lower()
        self._chance = random.Random(f"{seed}:chain")  # noqa: S311 no secret
        self.done: Counter[Strike] = Counter()

    def run(self, blows: Sequence[Blow]) -> None:
        """All blows in order. One that found nothing to hit is not counted."""
        with self._rpc:
            for blow in blows:
                time.sleep(max(0.0, blow.at_s - self._endpoints.weather.elapsed_s()))
                if blow.at_broadcast:
                    self._endpoints.wait_for_broadcast(blow.patience_s)
                self.done[blow.strike] += self._lands(blow)

    def _lands(self, blow: Blow) -> bool:
        try:
            if blow.strike is Strike.DROP:
                return self._drop(blow.patience_s)
            self._hold_market(blow)
        except (RpcError, NodeUnreachableError):
            return False
        return True

    def _hold_market(self, blow: Blow) -> None:
        """The market stands still meanwhile: its own blocks would end a spike at once."""
        self._driver.pause()
        try:
            if blow.strike is Strike.REORG:
                self._rpc.call("anvil_reorg", blow.blocks, [])
            else:
                self._spike(blow.blocks)
        finally:
            self._driver.resume()

    def _drop(self, patience_s: float) -> bool:
        ends_at = time.monotonic() + patience_s
        while time.monotonic() < ends_at:
            waiting = self._waiting()
            for each in waiting:
                self._rpc.call("anvil_dropTransaction", each)
            if waiting:
                return True
            time.sleep(_POLL_S)
        return False

    def _waiting(self) -> list[str]:
        pool = as_object(as_object(self._rpc.call("txpool_content"))["pending"])
        ours = next((each for sender, each in pool.items() if sender.lower() == self._account), {})
        return [str(as_object(each)["hash"]) for each in as_object(ours).values()]

    def _spike(self, blocks: int) -> None:
        """Blocks of the market's own pace, at a fee that the market did not have."""
        fee_wei = self._chance.choice(_SPIKES_GWEI) * _GWEI
        for _ in range(blocks):
            newest = as_object(self._rpc.call("eth_getBlockByNumber", "latest", _HEADER_ONLY))
            before = as_object(
                self._rpc.call(
                    "eth_getBlockByNumber", hex(max(0, as_int(newest["number"]) - 1)), _HEADER_ONLY
                )
            )
            now = as_int(newest["timestamp"])
            step_s = max(1, now - as_int(before["timestamp"]))
            self._rpc.call("evm_setNextBlockTimestamp", now + step_s)
            self._rpc.call("anvil_setNextBlockBaseFeePerGas", hex(fee_wei))
            self._rpc.call("evm_mine")
            time.sleep(_SPIKE_BLOCK_S)


_HEADER_ONLY: Json = False
