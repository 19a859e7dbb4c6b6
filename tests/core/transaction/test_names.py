"""Names that outlive a process: the journal stores them, metrics and documents show them.

A renamed member is a journal that cannot be read and an alert that never fires, so each is spelt out here.
"""

from enum import StrEnum

import pytest

from keeper.core.transaction.attempt import NO_OP_GAS, Kind, Route, Standing, Why
from keeper.core.transaction.commands import Alert, Wait
from keeper.core.transaction.messages import Order
from keeper.core.transaction.states import Signal, State
from keeper.core.transaction.words import Answer

ALERTS = (
    "foreign-use foreign-pending finality-broken node-fee-cap pool-conflict unknown-words over-budget "
    "wasted-gas foreign-hedge"
)
ANSWERS = (
    "accepted already-known nonce-too-low nonce-too-high replacement-underpriced underpriced pool-full "
    "insufficient-funds node-fee-cap delegated-limit pool-conflict would-revert forbidden unknown lost"
)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (Kind, "rebalance no-op"),
        (Why, "first raised supersedes takes-over expired unwanted ordered fills-gap"),
        (Route, "public private"),
        (Standing, "signed unknown accepted refused"),
        (Order, "cancel bump"),
        (Wait, "young behind ceiling budget private unasked"),
        (State, "reserved pending recovered included unknown closed"),
        (Alert, ALERTS),
        (Answer, ANSWERS),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_what_is_stored_or_shown_keeps_its_name(kind: type[StrEnum], names: str) -> None:
    assert [each.value for each in kind] == names.split()


def test_signals_are_told_in_words_that_a_person_can_read() -> None:
    assert [each.value for each in Signal] == [
        "signed",
        "cannot be signed",
        "clearly refused at first sight",
        "a receipt is found",
        "no receipt, nonce free",
        "no receipt, nonce used",
        "final",
    ]


def test_a_no_op_asks_for_the_gas_of_a_plain_transfer() -> None:
    assert NO_OP_GAS == 21_000
