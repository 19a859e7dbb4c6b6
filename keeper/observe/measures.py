"""One vault's numbers in the metrics.

A thousand vaults are told at every block, and looking a labelled child up costs more than setting it. So each
vault's children are looked up once, when its policy takes force.
"""

import math

from keeper.core.decision import Decision
from keeper.core.hedging import Tier
from keeper.core.policy import Policy
from keeper.core.reason import Reason
from keeper.core.units import to_float
from keeper.observe.advice import AdviceTold
from keeper.observe.metrics import GREEKS, MODES, OUTCOMES, TIERS, Metrics
from keeper.observe.risks import RISKS, RiskMeasures

LIMITS = {
    Reason.DELTA_LIMIT: "delta",
    Reason.GAMMA_LIMIT: "gamma",
    Reason.VEGA_LIMIT: "vega",
    Reason.THETA_LIMIT: "theta",
    Reason.COLLATERAL_LIMIT: "collateral",
    **RISKS,
}
EDGES = ("buy_below", "buy_to", "sell_to", "sell_above")


class VaultMeasures:
    """The children of one vault, and what is needed to set them."""

    def __init__(self, metrics: Metrics, policy: Policy) -> None:
        self._metrics, self._name = metrics, policy.name
        name = policy.name
        self._gauges = tuple(
            gauge.labels(name)
            for gauge in (
                metrics.delta, metrics.gamma, metrics.vega, metrics.theta, metrics.equity, metrics.margin,
                metrics.inventory,
            )
        )  # fmt: skip
        self._edges = tuple(metrics.band.labels(name, edge) for edge in EDGES)
        self._used = tuple(metrics.utilization.labels(name, greek) for greek in GREEKS)
        self._outside = {greek: metrics.outside.labels(name, greek) for greek in (*GREEKS, *RISKS.values())}
        self._reasons = {reason: metrics.decisions.labels(name, reason.value) for reason in Reason}
        self._tiers = {tier: metrics.band_from.labels(name, tier.value) for tier in TIERS}
        self._tier = Tier.NO_TABLE
        self._tiers[self._tier].set(1)
        self._observed = metrics.observed.labels(name)
        self._evaluated = metrics.evaluated.labels(name)
        self.price_updated = metrics.oracle_updated.labels(name, "price")
        self.volatility_updated = metrics.oracle_updated.labels(name, "volatility")
        self.unsettled = metrics.unsettled.labels(name)
        self._limits: tuple[float, ...] = ()
        self._since: int | None = None
        self._beyond: frozenset[str] = frozenset()
        for outcome in OUTCOMES:
            metrics.hedges.labels(name, outcome)
        metrics.quarantined.labels(name).set(0)
        metrics.gas.labels(name)
        self._sha256 = ""
        self._risks = RiskMeasures(metrics, name)
        self._advice = AdviceTold(metrics, name)
        self.obey(policy)

    def obey(self, policy: Policy) -> None:
        """Export the limits, mode and hash of the policy in force."""
        limits = policy.limits
        self._limits = tuple(
            to_float(limit)
            for limit in (
                limits.delta_usd_wad, limits.gamma_usd_wad, limits.vega_usd_wad, limits.theta_usd_wad,
                limits.collateral_ratio_wad,
            )
        )  # fmt: skip
        for greek, limit in zip(GREEKS, self._limits, strict=True):
            bound = "lower" if greek == "collateral" else "upper"
            self._metrics.bound.labels(self._name, greek, bound).set(limit)
        self._risks.obey(limits)
        self._advice.obey(policy)
        self._metrics.oracle_heartbeat.labels(self._name, "price").set(policy.oracle.price.max_age_s)
        self._metrics.oracle_heartbeat.labels(self._name, "volatility").set(
            policy.oracle.volatility.max_age_s
        )
        for mode in MODES:
            self._metrics.mode.labels(self._name, mode.value).set(mode is policy.mode)
        if self._sha256:
            self._metrics.policy_info.remove(self._name, self._sha256)
        self._sha256 = policy.sha256
        self._metrics.policy_info.labels(self._name, policy.sha256).set(1)

    def decided(self, decision: Decision, wall_s: float) -> None:
        """Count the reason, export the measures beside their limits, add the chain time that has passed."""
        exposure, band = decision.exposure, decision.band
        self._reasons[decision.reason].inc()
        self._answered(decision.tier)
        self._evaluated.set(wall_s)
        self._risks.decided(decision)
        self._advice.decided(decision)
        if exposure.spot <= 0:
            self._unmeasured()
            self._add_time(decision)
            return
        greeks = (exposure.gap_usd, exposure.gamma_usd, exposure.vega_usd, exposure.theta_usd)
        ratio = exposure.collateral_ratio
        for gauge, value in zip(
            self._gauges, (*greeks, exposure.nav_usd, ratio, exposure.inventory), strict=True
        ):
            gauge.set(value)
        for gauge, edge in zip(
            self._edges, (band.buy_below, band.buy_to, band.sell_to, band.sell_above), strict=True
        ):
            gauge.set(edge)
        *ceilings, floor = self._limits
        used = [abs(measured) / limit for measured, limit in zip(greeks, ceilings, strict=True)]
        used.append(floor / ratio if ratio > 0 else math.inf)
        for gauge, value in zip(self._used, used, strict=True):
            gauge.set(value)
        self._add_time(decision)

    def _answered(self, tier: Tier) -> None:
        if tier is not self._tier:
            self._tiers[self._tier].set(0)
            self._tiers[tier].set(1)
            self._tier = tier

    def _unmeasured(self) -> None:
        """Without a price nothing is known, and a delta of 0 would look like a hedged vault."""
        for gauge in (*self._gauges, *self._edges, *self._used):
            gauge.set(math.nan)

    def _add_time(self, decision: Decision) -> None:
        """Chain time since the last decision belongs to what was true at that decision."""
        now = decision.head.timestamp
        elapsed = max(now - self._since, 0) if self._since is not None else 0
        self._observed.inc(elapsed)
        for greek in self._beyond:
            self._outside[greek].inc(elapsed)
        self._since = now
        self._beyond = frozenset(LIMITS[each.reason] for each in decision.breaches if each.reason in LIMITS)
