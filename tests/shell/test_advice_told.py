"""Advice is told when it appears, changes or goes, not at every head; and a metric says that it stands."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from keeper.core.advice import Advice, NoAdvice, Unadvised, Way
from keeper.core.decision import Decision
from keeper.core.units import WAD
from keeper.observe.advice import AdviceTold
from keeper.observe.metrics import ADVISING, Metrics
from tests.core.advice.listed import CALL_3300, PUT_2700, SPOT, decided, policy

RULES = policy(CALL_3300, SPOT)


class Desk:
    """One vault's advice, what was said of it and what is exported."""

    def __init__(self, logs: list[EventDict]) -> None:
        self.metrics, self.logs = Metrics(), logs
        self.told = AdviceTold(self.metrics, "v")
        self.told.obey(RULES)

    def hears(self, *decisions: Decision) -> list[str]:
        self.logs.clear()
        for each in decisions:
            self.told.decided(each)
        return [f"{line['log_level']}: {line['event']}" for line in self.logs]

    def standing(self) -> list[str]:
        values = {
            state: self.metrics.registry.get_sample_value(
                "keeper_vault_advice", {"vault": "v", "state": state}
            )
            for state in ADVISING
        }
        return [state for state, value in values.items() if value]


@pytest.fixture
def desk() -> Iterator[Desk]:
    with capture_logs() as logs:
        yield Desk(logs)


MADE = decided(RULES)
assert isinstance(MADE.advice, Advice)
ADVICE = MADE.advice


def without(why: Unadvised) -> Decision:
    return replace(MADE, advice=NoAdvice(why))


def of(share: float, instrument: str = "call-3300") -> Decision:
    orders = tuple(
        replace(each, size_wad=round(each.size_wad * share)) if each.instrument == instrument else each
        for each in ADVICE.orders
    )
    return replace(MADE, advice=replace(ADVICE, orders=orders))


def test_advice_that_stands_is_told_once(desk: Desk) -> None:
    assert desk.hears(MADE, MADE, of(1.2), of(0.8)) == ["warning: advice"]
    assert desk.standing() == ["advised"]


def test_a_size_that_has_moved_by_a_quarter_is_a_change_and_base_is_not(desk: Desk) -> None:
    assert desk.hears(MADE, of(1.26), of(1.3)) == ["warning: advice", "warning: advice changed"]
    assert desk.hears(of(1.26), replace(of(1.26), advice=of(9.0, "pool").advice)) == []


def test_another_side_or_instrument_is_a_change(desk: Desk) -> None:
    sold = tuple(replace(each, way=Way.SELL) for each in ADVICE.orders)
    turned = replace(MADE, advice=replace(ADVICE, orders=sold))
    assert desk.hears(MADE, turned) == ["warning: advice", "warning: advice changed"]
    assert desk.hears(decided(policy(PUT_2700, SPOT))) == ["warning: advice changed"]


def test_what_goes_is_told_once_and_comes_again(desk: Desk) -> None:
    gone = without(Unadvised.NOT_NEEDED)
    assert desk.hears(MADE, gone, gone, MADE) == ["warning: advice", "info: advice gone", "warning: advice"]
    desk.hears(gone)
    assert desk.standing() == ["not-needed"]


def test_that_nothing_helps_is_told_once_for_each_reason(desk: Desk) -> None:
    short, left = without(Unadvised.TOO_LITTLE), without(Unadvised.NONE_LEFT)
    assert desk.hears(short, short, left, short) == ["warning: no advice"] * 3
    assert desk.standing() == ["too-little"]


def test_a_moment_in_which_nothing_can_be_judged_is_told_to_nobody(desk: Desk) -> None:
    unfit = without(Unadvised.NOT_FIT)
    assert desk.hears(MADE, unfit, MADE) == ["warning: advice"]
    desk.hears(unfit)
    assert desk.standing() == ["not-fit"]


def test_a_vault_without_instruments_has_no_series(desk: Desk) -> None:
    desk.hears(MADE)
    desk.told.obey(policy())
    assert desk.standing() == []
    assert desk.hears(without(Unadvised.NOT_LISTED)) == []
    desk.told.obey(RULES)
    assert desk.hears(MADE) == ["warning: advice"]


def test_advice_that_no_longer_suffices_is_not_told_as_gone(desk: Desk) -> None:
    short = without(Unadvised.TOO_LITTLE)
    assert desk.hears(MADE, short, short) == ["warning: advice", "warning: no advice"]


def test_another_expiry_or_a_strike_that_has_moved_is_a_change_and_a_step_of_it_is_not(desk: Desk) -> None:
    def rolled(strike: float, later_s: int) -> Decision:
        orders = tuple(
            replace(each, strike=each.strike * strike, expiry=each.expiry and each.expiry + later_s)
            for each in ADVICE.orders
        )
        return replace(MADE, advice=replace(ADVICE, orders=orders))

    assert desk.hears(MADE, rolled(1.015, 0)) == ["warning: advice"]
    assert desk.hears(rolled(1.03, 0)) == ["warning: advice changed"]
    assert desk.hears(rolled(1.03, 86_400)) == ["warning: advice changed"]


def test_the_line_says_what_to_trade_where(desk: Desk) -> None:
    desk.hears(MADE)
    (line,) = desk.logs
    (order,) = [each for each in ADVICE.orders if each.instrument == "call-3300"]
    assert line["orders"] == [
        {
            "instrument": "call-3300", "venue": "otc-desk", "way": order.way.value,
            "size": order.size_wad / WAD, "price_usd": order.price_usd,
            "strike": 3_300.0, "expiry": order.expiry,
        }
    ]  # fmt: skip
