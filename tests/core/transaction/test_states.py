"""The life of a nonce is a table, and the table is what is drawn."""

from pathlib import Path

import pytest

from keeper.core.transaction.states import TABLE, IllegalMoveError, Signal, State, diagram, moved

DOCUMENT = Path("docs/transactions.md")


def test_every_state_can_be_reached_and_left() -> None:
    reached = {target for moves in TABLE.values() for target in moves.values()}
    assert reached | {State.RESERVED, State.RECOVERED} == set(State)
    assert set(TABLE) == set(State)


def test_every_signal_is_heard_somewhere() -> None:
    assert {signal for moves in TABLE.values() for signal in moves} == set(Signal)


def test_what_the_table_does_not_have_cannot_happen() -> None:
    with pytest.raises(IllegalMoveError, match="reserved cannot hear `final`"):
        moved(State.RESERVED, Signal.FINAL)


def test_an_unknown_outcome_ends_only_by_finality_or_a_receipt_or_a_free_nonce() -> None:
    ends = {signal for signal, target in TABLE[State.UNKNOWN].items() if target is not State.UNKNOWN}
    assert ends == {Signal.FOUND, Signal.FREE, Signal.FINAL}


def test_the_documents_diagram_is_drawn_from_the_table() -> None:
    assert f"```mermaid\n{diagram()}```" in DOCUMENT.read_text()
