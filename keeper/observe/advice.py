"""What the desk of one vault is advised: a line when that appears, changes or goes, and a metric meanwhile.

Sizes drift with the market at every head. A desk that is told each time stops listening, so a change is
another instrument, another side, or a size that has moved by a quarter of what was told. Base is left out of
that, because the keeper trades it itself. A vault that is not fit to be judged for a moment is told of
nothing: what was told before may still be right.
"""

from typing import Final

import structlog

from keeper.core.advice import Advice, Hand, NoAdvice, Unadvised, Way
from keeper.core.decision import Decision
from keeper.core.policy import Policy
from keeper.core.units import to_float
from keeper.observe.metrics import ADVISED, ADVISING, Metrics

MOVED: Final = 0.25

_UNTOLD: Final = frozenset({Unadvised.NOT_LISTED, Unadvised.NOT_FIT})

Orders = dict[str, float]


class AdviceTold:
    """One vault's advice. It has no series unless its policy lists instruments."""

    def __init__(self, metrics: Metrics, name: str) -> None:
        self._metrics, self._name = metrics, name
        self._log = structlog.get_logger("keeper")
        self._listed = False
        self._orders: Orders = {}
        self._why = Unadvised.NOT_NEEDED

    def obey(self, policy: Policy) -> None:
        """Export what stands while the policy in force lists instruments, and nothing else."""
        if self._listed and not policy.instruments:
            for state in ADVISING:
                self._metrics.advice.remove(self._name, state)
            self._orders, self._why = {}, Unadvised.NOT_NEEDED
        self._listed = bool(policy.instruments)

    def decided(self, decision: Decision) -> None:
        """Export what stands, and tell what is new."""
        if not self._listed:
            return
        advice = decision.advice
        now = ADVISED if isinstance(advice, Advice) else advice.why.value
        for state in ADVISING:
            self._metrics.advice.labels(self._name, state).set(state == now)
        if isinstance(advice, Advice):
            self._advised(advice)
        elif advice.why not in _UNTOLD:
            self._unadvised(advice)

    def _advised(self, advice: Advice) -> None:
        orders = {
            each.instrument: to_float(each.size_wad) * (1 if each.way is Way.BUY else -1)
            for each in advice.orders
            if each.hand is Hand.DESK
        }
        if self._orders and not _moved(self._orders, orders):
            return
        self._log.warning(
            "advice changed" if self._orders else "advice", vault=self._name, orders=orders,
            breached=[each.value for each in advice.breached], cost_usd=advice.cost_usd,
        )  # fmt: skip
        self._orders, self._why = orders, Unadvised.NOT_NEEDED

    def _unadvised(self, advice: NoAdvice) -> None:
        if self._orders:
            self._log.info("advice gone", vault=self._name, why=advice.why.value)
        elif advice.why is not self._why and advice.why is not Unadvised.NOT_NEEDED:
            left_out = {each.instrument: each.why.value for each in advice.left_out}
            self._log.warning("no advice", vault=self._name, why=advice.why.value, left_out=left_out)
        self._orders, self._why = {}, advice.why


def _moved(told: Orders, now: Orders) -> bool:
    if told.keys() != now.keys():
        return True
    return any(abs(now[each] - told[each]) > MOVED * abs(told[each]) for each in told)
