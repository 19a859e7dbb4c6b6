"""The part of a policy file that says with which other vaults this one is netted."""

from pydantic import Field

from keeper.core.policy import Book
from keeper.policies.part import Part
from keeper.policies.quantities import PolicyName


class BookPart(Part):
    """Vaults that name the same book and the same underlying are shown as one, beside each by itself."""

    name: PolicyName = Field(description="Label of metrics, the same in each policy of the book.")
    underlying: PolicyName = Field(description="What the base is, such as `eth`: only equals are netted.")

    def to_core(self) -> Book:
        """The same as the core's value."""
        return Book(self.name, self.underlying)
