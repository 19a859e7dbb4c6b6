"""What happens between the keeper and the world: nodes, references, transactions, the process itself."""

import structlog

from keeper.core.head import Head
from keeper.core.market import Reference
from keeper.core.transaction.commands import Alarm, Alert, Broadcast, Sign, Step
from keeper.core.transaction.messages import Answered, Event, Offered, Signed
from keeper.core.transaction.weighing import TAKEN
from keeper.core.units import WAD
from keeper.observe.metrics import STATES, Metrics

LOST = {
    "poll": "node lost; every vault holds until it is back",
    "push": "subscription lost; the node is polled until it is back",
}
STANDS = {
    "backing-off": (
        "node gives no answer; it is not read for a moment",
        "look at it, or at its provider's limits",
    ),
    "lagging": ("node lags; it is not read, but still sent to", "wait until it has caught up, or look at it"),
    "wrong-chain": ("node serves another chain; it is neither read nor sent to", "correct KEEPER_RPC_URL"),
}
"""What the keeper did about an endpoint, and what a person may do."""

BACK = {"poll": "node is back", "push": "subscription is back"}


class ChainTold:
    """Hears the nodes, the reference feeds and the wallet. Endpoints are hosts, never URLs."""

    def __init__(self, metrics: Metrics) -> None:
        self._m = metrics
        self._log = structlog.get_logger("keeper")
        self._failing: set[str] = set()

    # --- nodes ---

    def rpc(self, endpoint: str, method: str, outcome: str, seconds: float) -> None:
        """A question to a node came to an end."""
        self._m.rpc.labels(endpoint, method, outcome).inc()
        self._m.rpc_seconds.labels(endpoint, method).observe(seconds)

    def head(self, head: Head, missed: int, reorg_depth: int) -> None:
        """A new tip."""
        self._m.head_number.set(head.number)
        self._m.head_time.set(head.timestamp)
        self._m.base_fee.set(head.base_fee_wei)
        self._m.missed.inc(missed)
        if reorg_depth:
            self._m.reorgs.inc()
            self._m.reorg_depth.set(reorg_depth)
            self._log.warning("chain reorganised", block=head.number, depth=reorg_depth)

    def heads_lost(self, endpoint: str, via: str, detail: str) -> None:
        """A node tells no more heads when asked, or over its subscription."""
        self._m.endpoint_up.labels(endpoint, via).set(0)
        self._log.warning(LOST[via], endpoint=endpoint, error=detail)

    def heads_told(self, endpoint: str, via: str, *, again: bool) -> None:
        """It tells them; logged when it did not before."""
        self._m.endpoint_up.labels(endpoint, via).set(1)
        if again:
            self._log.info(BACK[via], endpoint=endpoint)

    def endpoint(self, endpoint: str, condition: str, detail: str) -> None:
        """An endpoint stands differently from now on."""
        for state in STATES:
            self._m.endpoint_state.labels(endpoint, state).set(state == condition)
        if condition in STANDS:
            self._failing.add(endpoint)
            said, advice = STANDS[condition]
            self._log.warning(said, endpoint=endpoint, detail=detail, advice=advice)
        elif endpoint in self._failing:
            self._failing.remove(endpoint)
            self._log.info("node is read again", endpoint=endpoint)

    def disagreed(self, endpoint: str, method: str, *, again: bool) -> None:
        """An endpoint answered something else than was agreed on, or nothing was agreed on."""
        self._m.disagreements.labels(endpoint, method).inc()
        if not again:
            self._log.warning(
                "node contradicts the others; its answer was not used",
                endpoint=endpoint,
                method=method,
                advice="look whether it is on a fork, and replace it if this lasts",
            )

    # --- references ---

    def reference(self, reference: Reference) -> None:
        """A source said something that makes sense."""
        self._m.reference_updated.labels(reference.source).set(reference.observed_at)

    def reference_dropped(self, source: str, why: str) -> None:
        """A source said nothing, or something that was not taken."""
        self._m.reference_dropped.labels(source, str(why)).inc()
        self._log.debug("reference dropped", source=source, reason=str(why))

    # --- transactions ---

    def transaction(self, event: Event, commands: Step) -> None:
        """A step of the wallet's machine."""
        for command in commands:
            if isinstance(command, Broadcast):
                self._m.transactions.labels("broadcast").inc()
                self._log.info("broadcast", tx=command.tx_hash, nonce=command.nonce)
            elif isinstance(command, Sign) and not isinstance(event, Offered):
                self._m.replacements.inc()
                self._log.info(
                    "replacing", nonce=command.nonce, kind=command.kind.value, why=command.why.value
                )
            elif isinstance(command, Alarm):
                self._alarm(command)
        if isinstance(event, Signed):
            self._m.transactions.labels("signed").inc()
        elif isinstance(event, Answered):
            taken = event.answer in TAKEN
            self._m.transactions.labels("taken" if taken else "not-taken").inc()
            if not taken:
                self._log.warning(
                    "broadcast not taken", nonce=event.nonce, answer=event.answer.value, words=event.words
                )

    def _alarm(self, alarm: Alarm) -> None:
        self._m.alarms.labels(alarm.alert.value).inc()
        tell = self._log.critical if alarm.alert is Alert.FINALITY_BROKEN else self._log.error
        tell(alarm.alert.value, nonce=alarm.nonce, detail=alarm.detail)

    def journal_failed(self, error: Exception) -> None:
        """The journal could not be written: the keeper stops."""
        self._m.journal_ok.set(0)
        self._log.critical("journal failed; nothing more is done", error=str(error))

    # --- who leads ---

    def standing_by(self, leader: str, remaining_s: float) -> None:
        """Another keeper of this account leads."""
        self._m.lease_held.set(0)
        self._log.info("standing by", leader=leader, lease_seconds=round(remaining_s, 1))

    def leading(self, holder: str, token: int) -> None:
        """This one leads from now on."""
        self._m.lease_held.set(1)
        self._log.info("leading", holder=holder, token=token)

    def lease_lost(self, error: Exception) -> None:
        """Another may lead: the keeper ends."""
        self._m.lease_held.set(0)
        self._log.critical("lease lost; nothing more is done", error=str(error))

    # --- the process ---

    def started(self, version: str, settings: dict[str, str], *, live: bool) -> None:
        """The keeper runs."""
        self._m.build.labels(version).set(1)
        self._m.live.set(live)
        self._log.info("keeper started", version=version, live=live, **settings)

    def stopping(self, why: str) -> None:
        """It was told to stop."""
        self._log.info("stopping after this cycle", why=why)

    def stopped(self) -> None:
        """It has stopped."""
        self._log.info("keeper stopped")

    def lagged(self, seconds: float) -> None:
        """How late the event loop was."""
        self._m.lag.set(seconds)

    def balance(self, wei: int) -> None:
        """What the keeper has for gas."""
        self._m.balance.set(wei / WAD)
