"""Who is told of references in these tests."""

from keeper.adapters.feeds.board import Dropped
from keeper.core.market import Reference


class Told:
    def __init__(self) -> None:
        self.references: list[Reference] = []
        self.dropped: list[Dropped] = []

    def reference(self, reference: Reference) -> None:
        self.references.append(reference)

    def reference_dropped(self, source: str, why: Dropped) -> None:
        assert source == "elsewhere"
        self.dropped.append(why)
