"""What happens to vaults: decisions, plans, outcomes, policies."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

import structlog

from keeper.core.decision import Decision
from keeper.core.head import Head
from keeper.core.outcome import (
    Cancelled,
    Filled,
    Mined,
    NonceTaken,
    Outcome,
    Refused,
    Reverted,
    Superseded,
    VaultOutcome,
    reason_of,
)
from keeper.core.plan import Plan
from keeper.core.policy import Policy
from keeper.core.reason import Reason
from keeper.core.snapshot import Snapshot
from keeper.core.transaction.commands import Alert
from keeper.core.transaction.wish import Instead, Unwanted, Wish
from keeper.core.units import WAD, Address
from keeper.observe.books import BooksTold
from keeper.observe.measures import VaultMeasures
from keeper.observe.metrics import Metrics
from keeper.ports import Accepted, UnreachableError


class Progress(Protocol):
    """Who judges health by what was done (see `health`)."""

    def serves(self, name: str, address: str) -> None:
        """One more vault that must make progress."""
        ...

    def decided(self, name: str, shown: Mapping[str, object]) -> None:
        """A vault was decided; `shown` is what the status page says of it."""
        ...

    def quarantined(self, name: str) -> None:
        """A vault is left alone until a restart."""
        ...

    def netted(self, books: tuple[dict[str, object], ...]) -> None:
        """What the status page says of books."""
        ...

    def cycled(self, block: int) -> None:
        """A cycle was completed."""
        ...

    def refused(self, problems: tuple[str, ...]) -> None:
        """What is wrong with the policy files now; nothing when all is well."""
        ...


class Told:
    """Implements `ports.Observer` and hears the policies. `clock` is monotonic, `wall_s` the host's time."""

    def __init__(
        self,
        metrics: Metrics,
        progress: Progress,
        clock: Callable[[], float] = time.monotonic,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self._m, self._progress, self._clock, self._wall_s = metrics, progress, clock, wall_s
        self._log = structlog.get_logger("keeper")
        self._policies: dict[Address, Policy] = {}
        self._reasons: dict[Address, tuple[Reason, ...]] = {}
        self._refusals: dict[Address, Reason] = {}
        self._measures: dict[Address, VaultMeasures] = {}
        self._books = BooksTold(metrics)
        self._seen: tuple[Snapshot, ...] = ()
        self._began = 0.0
        self._unreadable = False
        self._problems = False

    # --- ports.Observer ---

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage of a cycle."""
        began = self._clock()
        if name == "read":
            self._began = began
        try:
            yield
        finally:
            self._m.stage.labels(name).observe(self._clock() - began)

    def decided(self, decision: Decision) -> None:
        """Count the reason, export the measures, log when the reason has changed."""
        name = self.name_of(decision.vault)
        measures = self._measures.get(decision.vault)
        if measures is not None:
            measures.decided(decision, self._wall_s())
        shown = _shown(decision)
        self._progress.decided(name, shown)
        reasons = (decision.reason, *(breach.reason for breach in decision.breaches))
        changed = self._reasons.get(decision.vault) != reasons
        tell = self._log.info if changed else self._log.debug
        if changed:
            self._reasons[decision.vault] = reasons
            self._refusals.pop(decision.vault, None)
        tell("decided", vault=name, **shown)

    def offered(self, plan: Plan, answer: Accepted | Refused) -> None:
        """Log a plan that the wallet took; a refusal is told when it is settled."""
        if isinstance(answer, Accepted):
            self._log.info(
                "plan accepted", vault=self.name_of(plan.vault), reason=plan.reason.value,
                side=plan.side.value, trade=plan.trade, benefit_usd=plan.benefit_usd,
                expected_cost_usd=plan.expected_cost_usd,
                intent=plan.intent,
            )  # fmt: skip

    def reviewed(self, plan: Plan, wished: Wish) -> None:
        """Count what was wished of a plan in flight; logged when it is not simply still wanted."""
        name = self.name_of(plan.vault)
        self._m.reviews.labels(name, type(wished).__name__.lower()).inc()
        if isinstance(wished, Unwanted):
            self._log.warning("no longer wanted", vault=name, reason=wished.reason.value, intent=plan.intent)
        elif isinstance(wished, Instead):
            self._log.info("superseded by a newer plan", vault=name, intent=plan.intent,
                           trade=wished.plan.trade, was=plan.trade)  # fmt: skip

    def settled(self, outcome: Outcome) -> None:
        """Count the end of a plan, and log it: refusals only when their reason is new."""
        if isinstance(outcome, Filled):
            self._m.gap_gas.inc(outcome.gas_cost_wei / WAD)
            self._log.warning("gap in the nonces filled", nonce=outcome.nonce, tx=outcome.tx_hash)
        else:
            self._settled(outcome)

    def _settled(self, outcome: VaultOutcome) -> None:
        name, reason = self.name_of(outcome.vault), reason_of(outcome)
        match outcome:
            case Refused():
                self._m.hedges.labels(name, "refused").inc()
                self._m.skips.labels(name, reason.value).inc()
                self._refused(name, outcome)
            case Mined() | Reverted():
                self._m.hedges.labels(name, reason.value).inc()
                self._m.gas.labels(name).inc(outcome.gas_cost_wei / WAD)
                if isinstance(outcome, Reverted):
                    self._m.reverts.labels(name, outcome.why.value).inc()
                    self._m.wasted.labels(name).inc(outcome.gas_cost_wei / WAD)
                self._in_block(name, outcome)
            case Cancelled() | Superseded() | NonceTaken():
                self._m.hedges.labels(name, reason.value).inc()
                if isinstance(outcome, Cancelled):
                    self._m.gas.labels(name).inc(outcome.gas_cost_wei / WAD)
                self._log.warning("settled", vault=name, reason=reason.value, intent=outcome.intent)

    def _in_block(self, name: str, outcome: Mined | Reverted) -> None:
        facts: dict[str, object] = {
            "vault": name, "reason": reason_of(outcome).value, "tx": outcome.tx_hash,
            "block": outcome.block_number, "gas_used": outcome.gas_used,
        }  # fmt: skip
        if isinstance(outcome, Mined):
            self._log.info("settled", **facts)
        else:
            self._log.error("settled", **facts, why=outcome.why.value, error=outcome.error)

    def foreign_hedge(self, vault: Address, at: int) -> None:
        """Somebody else holds a keeper's key, or pulled the ripcord."""
        self._m.alarms.labels(Alert.FOREIGN_HEDGE.value).inc()
        detail = "hedged by a transaction that is in no journal: pause the vault unless you know whose it was"
        self._log.critical(Alert.FOREIGN_HEDGE.value, vault=self.name_of(vault), chain_time=at, detail=detail)

    def unreadable(self, head: Head, error: UnreachableError) -> None:
        """Every vault holds. Logged once, until a cycle is completed again."""
        self._m.unreadable.inc()
        tell = self._log.debug if self._unreadable else self._log.warning
        self._unreadable = True
        tell("cycle ended early", reason=Reason.NODE_UNREACHABLE.value, block=head.number, error=str(error))

    def quarantined(self, vault: Address, error: Exception) -> None:
        """A fault of ours: the vault is left alone until a person has looked."""
        name = self.name_of(vault)
        self._m.quarantined.labels(name).set(1)
        self._progress.quarantined(name)
        self._log.error("vault quarantined: restart after a look", vault=name, exc_info=error)

    def pinned(self, vault: Address, faults: tuple[str, ...]) -> None:
        """A vault was held against its address book; `faults` is empty when all is as deployed."""
        name = self.name_of(vault)
        self._m.as_deployed.labels(name).set(not faults)
        if faults:
            reason = Reason.DEPLOYMENT_MISMATCH.value
            self._log.error("vault is not as deployed", vault=name, reason=reason, faults=list(faults))
        else:
            self._log.info("vault is as deployed", vault=name)

    def cycled(self, head: Head) -> None:
        """The sign of life."""
        self._m.cycle.observe(self._clock() - self._began)
        if self._unreadable:
            self._log.info("cycles go on", block=head.number)
        self._unreadable = False
        for snapshot in self._seen:
            self._progress.netted(self._books.netted(snapshot, self._policies))
        self._seen = ()
        self._progress.cycled(head.number)

    # --- what the reader saw ---

    def read(self, snapshot: Snapshot) -> None:
        """Export the ages of feeds, legs that nobody has settled, and the balance for gas."""
        self._m.balance.set(snapshot.keeper_balance_wei / WAD)
        self._seen = (snapshot,)
        for vault, unsettled in zip(snapshot.vaults, snapshot.unsettled(), strict=True):
            measures = self._measures.get(vault.address)
            if measures is not None:
                measures.price_updated.set(vault.price.updated_at)
                measures.volatility_updated.set(vault.volatility.updated_at)
                measures.unsettled.set(unsettled)

    # --- policies ---

    def policy_in_force(self, policy: Policy, changes: Mapping[str, tuple[str, str]]) -> None:
        """A policy took effect: export its limits, log what changed."""
        self._policies[policy.vault] = policy
        measures = self._measures.get(policy.vault)
        if measures is None:
            self._measures[policy.vault] = VaultMeasures(self._m, policy)
        else:
            measures.obey(policy)
        self._progress.serves(policy.name, policy.vault)
        self._log.info(
            "policy changed" if changes else "policy in force", vault=policy.name, address=policy.vault,
            mode=policy.mode.value, sha256=policy.sha256,
            changes={key: f"{old} -> {new}" for key, (old, new) in changes.items()},
        )  # fmt: skip

    def policies_refused(self, problems: Iterable[str]) -> None:
        """Files are bad or gone, and the old policies stay in force; none means that all is well again."""
        found = tuple(problems)
        self._m.reload_ok.set(not found)
        self._progress.refused(found)
        if found:
            self._log.error(
                "policy files refused; what was in force stays so",
                reason=Reason.POLICY_REJECTED.value,
                problems=list(found),
            )
        elif self._problems:
            self._log.info("policy files are well again")
        self._problems = bool(found)

    # --- parts ---

    def name_of(self, vault: Address) -> str:
        """What its policy calls a vault."""
        policy = self._policies.get(vault)
        return policy.name if policy is not None else "unknown"

    def _refused(self, name: str, outcome: Refused) -> None:
        tell = self._log.debug if self._refusals.get(outcome.vault) is outcome.reason else self._log.info
        self._refusals[outcome.vault] = outcome.reason
        tell("plan not carried out", vault=name, reason=outcome.reason.value, detail=outcome.detail)


def _shown(decision: Decision) -> dict[str, object]:
    """What a log line and the status page say of a decision."""
    exposure, action = decision.exposure, decision.action
    shown: dict[str, object] = {
        "reason": decision.reason.value,
        "action": "act" if isinstance(action, Plan) else "hold",
        "block": decision.head.number,
        "chain_time": decision.head.timestamp,
        "breaches": [breach.reason.value for breach in decision.breaches],
    }
    if exposure.spot > 0:  # else nothing was measured, and zeros would look like a hedged vault
        shown |= {
            "spot": exposure.spot,
            "volatility": exposure.volatility,
            "delta_usd": exposure.gap_usd,
            "gap": exposure.gap,
            "inventory": exposure.inventory,
            "band": [decision.band.buy_below, decision.band.sell_above],
            "band_from": decision.tier.value,
            "nav_usd": exposure.nav_usd,
        }
    if isinstance(action, Plan):
        return {**shown, "trade": action.trade, "urgent": action.urgent, "cost_usd": action.expected_cost_usd}
    return {**shown, "measured": action.measured, "limit": action.limit}
