"""What a vault may lose, in the metrics: where its policy limits it, because elsewhere it is not measured.

A gauge that nobody sets would show 0, which looks like a vault that cannot lose. So a series is there while
there is a limit, and NaN while there is a limit and nothing could be measured.
"""

import math
from typing import Final

from prometheus_client import Gauge

from keeper.core.decision import Decision
from keeper.core.policy import Limits
from keeper.core.reason import Reason
from keeper.core.risk import Risk
from keeper.core.units import to_float
from keeper.observe.metrics import Metrics

RISKS: Final = {
    Reason.STRESS_LIMIT: "stress",
    Reason.SHORTFALL_LIMIT: "shortfall",
    Reason.LEVERAGE_LIMIT: "leverage",
    Reason.LIQUIDATION_LIMIT: "liquidation",
}
"""The labels of the limits that a policy may leave out."""

_FLOORS = {"liquidation"}


class RiskMeasures:
    """The children of one vault that come and go with its limits."""

    def __init__(self, metrics: Metrics, name: str) -> None:
        self._metrics, self._name = metrics, name
        self._limits: dict[str, float] = {}

    def obey(self, limits: Limits) -> None:
        """Export the limits in force, and forget what they no longer limit."""
        wads = (
            limits.stress_loss_usd_wad,
            limits.expected_shortfall_usd_wad,
            limits.leverage_wad,
            limits.liquidation_distance_wad,
        )
        before = self._limits
        self._limits = {risk: to_float(wad) for risk, wad in zip(RISKS.values(), wads, strict=True) if wad}
        for risk in before.keys() - self._limits.keys():
            self._metrics.utilization.remove(self._name, risk)
            self._metrics.bound.remove(self._name, risk, _bound(risk))
            self._gauge(risk).remove(self._name)
        for risk, limit in self._limits.items():
            self._metrics.bound.labels(self._name, risk, _bound(risk)).set(limit)

    def decided(self, decision: Decision) -> None:
        """Export the measures beside their limits."""
        measured = _measured(decision)
        for risk, limit in self._limits.items():
            value = measured.get(risk, math.nan)
            self._gauge(risk).labels(self._name).set(value)
            self._metrics.utilization.labels(self._name, risk).set(_used(risk, value, limit))

    def _gauge(self, risk: str) -> Gauge:
        return self._metrics.risks[risk]


def _bound(risk: str) -> str:
    return "lower" if risk in _FLOORS else "upper"


def _used(risk: str, value: float, limit: float) -> float:
    if risk not in _FLOORS:
        return value / limit
    return limit / value if value != 0.0 else math.inf


def _measured(decision: Decision) -> dict[str, float]:
    exposure, risk = decision.exposure, decision.risk
    found = {"leverage": exposure.leverage} if exposure.spot > 0 else {}
    if isinstance(risk, Risk):
        found |= {
            "stress": risk.stress_loss_usd,
            "shortfall": risk.expected_shortfall_usd,
            "liquidation": min(risk.fall, risk.rise),
        }
    return found
