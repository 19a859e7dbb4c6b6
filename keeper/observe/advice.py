"""What the desk of one vault is advised: a line when that appears, changes or goes, and a metric meanwhile.

Sizes drift with the market at every head, and so do strikes that are a share of the spot. A desk that is told
each time stops listening, so a change is another instrument, side or expiry, or a size or strike that has
moved far from what was told. Base is left out of that, because the keeper trades it itself. A vault that is
not fit to be judged for a moment is told of nothing: what was told before may still be right.
"""

from typing import Final

import structlog

from keeper.core.advice import Advice, Hand, NoAdvice, Order, Unadvised
from keeper.core.decision import Decision
from keeper.core.policy import Policy
from keeper.core.units import to_float
from keeper.observe.metrics import ADVISED, ADVISING, Metrics

MOVED: Final = 0.25
"""Of the size that was told."""

STRUCK: Final = 0.02
"""Of the strike that was told."""

_UNTOLD: Final = frozenset({Unadvised.NOT_LISTED, Unadvised.NOT_FIT})

Orders = dict[str, Order]


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
        orders = {each.instrument: each for each in advice.orders if each.hand is Hand.DESK}
        if self._orders and not _moved(self._orders, orders):
            return
        self._log.warning(
            "advice changed" if self._orders else "advice", vault=self._name,
            orders=[*map(_line, orders.values())],
            breached=[each.value for each in advice.breached], cost_usd=advice.cost_usd,
        )  # fmt: skip
        self._orders, self._why = orders, Unadvised.NOT_NEEDED

    def _unadvised(self, advice: NoAdvice) -> None:
        if advice.why is Unadvised.NOT_NEEDED:
            if self._orders:
                self._log.info("advice gone", vault=self._name)
        elif advice.why is not self._why:
            left_out = {each.instrument: each.why.value for each in advice.left_out}
            self._log.warning(
                "no advice", vault=self._name, why=advice.why.value, left_out=left_out, fault=advice.fault
            )
        self._orders, self._why = {}, advice.why


def _moved(told: Orders, now: Orders) -> bool:
    if told.keys() != now.keys():
        return True
    return any(_differs(told[each], now[each]) for each in told)


def _differs(told: Order, now: Order) -> bool:
    return (
        (now.way, now.expiry) != (told.way, told.expiry)
        or abs(now.size_wad - told.size_wad) > MOVED * told.size_wad
        or abs(now.strike - told.strike) > STRUCK * told.strike
    )


def _line(order: Order) -> dict[str, str | float | int]:
    return {
        "instrument": order.instrument, "venue": order.venue, "way": order.way.value,
        "size": to_float(order.size_wad), "price_usd": order.price_usd,
        **({"strike": order.strike, "expiry": order.expiry} if order.expiry else {}),
    }  # fmt: skip
