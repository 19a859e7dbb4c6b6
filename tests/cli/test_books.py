"""A book is one line, with what netting takes off and what is odd about it."""

import json
from dataclasses import asdict

from rich.console import Console, Group

from keeper.cli.books import drawn
from keeper.cli.common import plain
from keeper.cli.pages import state
from keeper.core.policy import Book
from keeper.core.risk import book_exposures
from tests.core.build import CALL, STRADDLE
from tests.core.risk.build import holding
from tests.core.risk.test_netting import priced


def text(*renderables: object) -> str:
    console = Console(width=160)
    with console.capture() as captured:
        console.print(Group(*renderables))  # type: ignore[arg-type]
    return captured.get()


ETH = Book("desk", "eth")
NETTED = [asdict(each) for each in book_exposures([(ETH, holding(CALL)), (ETH, holding(STRADDLE))])]


def test_a_book_shows_its_netted_numbers_beside_those_of_its_vaults_alone() -> None:
    shown = text(*drawn(NETTED))
    assert "desk, eth" in shown
    for key in ("gap_usd", "stress_loss_usd", "stress_losses_usd", "expected_shortfall_usd"):
        assert f"{round(NETTED[0][key]):,}" in shown
    assert "could not be measured" not in shown
    assert "apart" not in shown


def test_what_is_odd_about_a_book_is_said() -> None:
    odd = book_exposures([(ETH, priced(3_000 * 10**18)), (ETH, priced(3_300 * 10**18)), (ETH, priced(0))])
    shown = text(*drawn([asdict(each) for each in odd]))
    assert "1 of its vaults could not be measured" in shown
    assert "10% apart" in shown


def test_the_status_page_shows_the_books_that_it_is_told_and_none_otherwise() -> None:
    page = json.loads(json.dumps(plain({"vaults": {}, "books": NETTED})))
    assert "desk, eth" in text(state(page))
    assert "book" not in text(state({"vaults": {}}))
