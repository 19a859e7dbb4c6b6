"""`keeper run --live` as a process of its own, and whoever looks after it.

It waits for heads by itself. A test sees what an operator sees: the log, the pages, the journal by the
command line, and the chain; it waits until one of these says something, and never for a time.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from keeper.core.transaction.commands import Alert
from keeper.demo.accounts import Role
from keeper.demo.daemon import environment
from keeper.demo.rpc import as_int
from tests.cli.conftest import PATIENCE_S, Daemon, Site
from tests.fixtures.world import World

NAME = "strangle"
"""What the one vault is called."""
FOUND = 200


@dataclass
class Operator:
    """See the module."""

    world: World
    site: Site
    running: Daemon

    # --- what the keeper says of itself ---

    def metric(self, name: str, **labels: str) -> float:
        """A metric's value; 0 where nothing was counted."""
        families = list(text_string_to_metric_families(self._page("/metrics")))
        assert f"keeper_{name.removesuffix('_total')}" in {family.name for family in families}
        samples = [each for family in families for each in family.samples]
        wanted = [each for each in samples if each.name == f"keeper_{name}" and each.labels == labels]
        return wanted[0].value if wanted else 0.0

    def of_vault(self, name: str, **labels: str) -> float:
        return self.metric(name, vault=NAME, **labels)

    def skipped(self, reason: str) -> float:
        """Plans refused for this reason."""
        return self.of_vault("hedge_skips_total", reason=reason)

    def alarms(self, alert: Alert) -> float:
        return self.metric("transaction_alarms_total", alert=alert.value)

    @property
    def broadcasts(self) -> float:
        return self.metric("transactions_total", state="broadcast")

    def status(self) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(self._page("/status"))
        return shown

    def _page(self, path: str) -> str:
        """A page of its, as soon as it serves that: a busy machine is slow to answer."""
        answers = [(0, "")]

        def served() -> bool:
            answers.append(self.running.page(path))
            return answers[-1][0] == FOUND

        self.until(served)
        return answers[-1][1]

    def reason(self) -> str:
        """Why it did what it did at the last head."""
        return str(self.status()["vaults"].get(NAME, {}).get("reason"))

    def said(self, event: str, **fields: str) -> list[dict[str, Any]]:
        """The log's lines of an event."""
        wanted = {"event": event, **fields}
        return [line for line in self.running.lines() if wanted.items() <= line.items()]

    def asked(self, *command: str) -> Any:  # noqa: ANN401 whatever the command prints
        """The answer of another `keeper` command beside the one that runs."""
        arguments = [sys.executable, "-m", "keeper", *command, "--json", *self.site.config()]
        ran = subprocess.run(
            arguments, env=environment(), capture_output=True, check=True, timeout=PATIENCE_S
        )
        return json.loads(ran.stdout)

    # --- what the chain says ---

    @property
    def sent(self) -> int:
        """Transactions of the keeper's account that are in blocks."""
        return self._nonce("latest")

    @property
    def waiting(self) -> int:
        """And those that wait in the pool."""
        return self._nonce("pending") - self.sent

    def _nonce(self, at: str) -> int:
        return as_int(self.world.rpc.call("eth_getTransactionCount", self.world.account(Role.KEEPER), at))

    # --- waiting ---

    def until(self, what: Callable[[], bool]) -> None:
        """Wait for something to be seen; the keeper must live meanwhile."""
        self.running.until(what)

    def until_decided(self) -> str:
        """Wait until the keeper has done its work on the newest block; why it did what it did."""
        newest = as_int(self.world.rpc.call("eth_blockNumber"))
        self.until(lambda: int(self.status()["head"]) >= newest)
        return self.reason()

    def until_reason(self, reason: str) -> None:
        self.until(lambda: self.reason() == reason)

    def block(self) -> str:
        """One more block, and what the keeper makes of it."""
        self.world.rpc.call("evm_mine")
        return self.until_decided()

    def until_as_blocks_come(self, what: Callable[[], bool]) -> None:
        """As `until`, while the chain goes on as chains do."""

        def seen() -> bool:
            if what():
                return True
            self.world.rpc.call("evm_mine")
            return False

        self.until(seen)
