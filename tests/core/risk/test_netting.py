"""Vaults of one book and one underlying are one position; of two they are two."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.exposure import Situation
from keeper.core.market import Reading
from keeper.core.policy import Book
from keeper.core.position import Leg
from keeper.core.risk import book_exposures, measure_risks
from tests.core.build import CALL, SPOT, STRADDLE, situation, vault
from tests.core.risk.build import books, holding

ETH, BTC = Book("desk", "eth"), Book("desk", "btc")
BOUGHT = tuple(replace(leg, size_wad=-leg.size_wad) for leg in CALL)


def test_what_one_vault_has_sold_and_another_bought_is_no_risk() -> None:
    sold, bought = holding(CALL), holding(BOUGHT)
    (book,) = book_exposures([(ETH, sold), (ETH, bought)])
    assert (book.vaults, book.unmeasured, book.apart) == (2, 0, 0.0)
    assert book.delta_usd == pytest.approx(0.0, abs=1e-6)
    assert book.gamma_usd == pytest.approx(0.0, abs=1e-6)
    assert book.stress_loss_usd == pytest.approx(0.0, abs=1e-6)
    assert book.expected_shortfall_usd == pytest.approx(0.0, abs=1e-6)
    assert book.stress_losses_usd > 100_000
    assert book.gross_delta_usd == pytest.approx(2 * sold.exposure.gross_delta_usd)


def test_underlyings_and_books_are_kept_apart_and_told_in_the_order_of_their_names() -> None:
    one, other = holding(CALL), holding(BOUGHT)
    found = book_exposures([(ETH, one), (BTC, other), (Book("alone", "eth"), one)])
    assert [each.book for each in found] == [Book("alone", "eth"), BTC, ETH]
    assert all(each.stress_loss_usd == each.stress_losses_usd for each in found)


@given(st.lists(st.tuples(books, st.integers(0, 300)), min_size=1, max_size=4))
def test_a_book_adds_up_what_its_vaults_are_and_never_loses_more_than_they_do(
    held: list[tuple[tuple[Leg, ...], int]],
) -> None:
    vaults = [holding(book, base) for book, base in held]
    (book,) = book_exposures([(ETH, each) for each in vaults])
    risks = measure_risks(vaults, [1.0] * len(vaults))
    assert book.nav_usd == pytest.approx(sum(each.exposure.nav_usd for each in vaults))
    assert book.gap_usd == pytest.approx(sum(each.exposure.gap_usd for each in vaults))
    assert sum(book.vega_by_expiry_usd) == pytest.approx(book.vega_usd, abs=1e-6)
    assert book.stress_losses_usd == pytest.approx(sum(each.stress_loss_usd for each in risks), abs=1e-6)
    assert book.stress_loss_usd <= book.stress_losses_usd + 1e-6
    assert book.expected_shortfall_usd <= book.expected_shortfalls_usd + 1e-5


def test_a_vault_alone_in_its_book_is_the_book() -> None:
    (book,) = book_exposures([(ETH, holding(STRADDLE, 100.0))])
    (risk,) = measure_risks([holding(STRADDLE, 100.0)], [1.0])
    assert (book.stress_loss_usd, book.stress_move) == (risk.stress_loss_usd, risk.stress_move)
    assert book.expected_shortfall_usd == pytest.approx(risk.expected_shortfall_usd)


def priced(answer: int) -> Situation:
    return situation(vault(price=Reading(answer, 1_699_999_940, 42)), CALL)


def test_a_vault_without_a_price_is_in_none_of_the_sums_and_is_told() -> None:
    (book,) = book_exposures([(ETH, holding(CALL)), (ETH, priced(-5))])
    assert (book.vaults, book.unmeasured) == (2, 1)
    assert book.delta_usd == holding(CALL).exposure.net_delta * SPOT
    (none,) = book_exposures([(ETH, priced(0))])
    assert (none.unmeasured, none.nav_usd, none.stress_loss_usd) == (1, 0, 0)


def test_prices_that_are_far_apart_are_told() -> None:
    (book,) = book_exposures([(ETH, priced(3_000 * 10**18)), (ETH, priced(3_300 * 10**18))])
    assert book.apart == pytest.approx(0.1)


def test_without_vaults_there_are_no_books() -> None:
    assert book_exposures([]) == ()
