"""What the vaults of each book are together, in the metrics and on the status page.

It is told when a cycle is done: no transaction waits for it.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from keeper.core.exposure import situations
from keeper.core.policy import NO_BOOK, Book, Policy
from keeper.core.risk import BookExposure, book_exposures
from keeper.core.snapshot import Snapshot
from keeper.core.units import Address
from keeper.observe.metrics import Metrics

MEASURES: Final = {
    "book_delta_usd": "gap_usd",
    "book_gamma_usd": "gamma_usd",
    "book_vega_usd": "vega_usd",
    "book_theta_usd": "theta_usd",
    "book_equity_usd": "nav_usd",
    "book_gross_delta_usd": "gross_delta_usd",
    "book_stress_loss_usd": "stress_loss_usd",
    "book_expected_shortfall_usd": "expected_shortfall_usd",
    "book_unmeasured_vaults": "unmeasured",
}
"""Metrics by the field that they show."""


class BooksTold:
    """The children of all books; they go when no policy names their book any more."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._known: frozenset[Book] = frozenset()

    def netted(self, snapshot: Snapshot, policies: Mapping[Address, Policy]) -> tuple[dict[str, object], ...]:
        """Export the books of a snapshot, and return what the status page says of them."""
        named = {vault: policy.book for vault, policy in policies.items() if policy.book != NO_BOOK}
        found: tuple[BookExposure, ...] = ()
        if named:
            seen = [each for each in situations(snapshot) if each.vault.address in named]
            found = book_exposures([(named[each.vault.address], each) for each in seen])
        for book in self._known - {each.book for each in found}:
            for name in MEASURES:
                self._metrics.books[name].remove(book.name, book.underlying)
        self._known = frozenset(each.book for each in found)
        for each in found:
            for name, measure in MEASURES.items():
                labels = each.book.name, each.book.underlying
                self._metrics.books[name].labels(*labels).set(getattr(each, measure))
        return tuple(map(asdict, found))
