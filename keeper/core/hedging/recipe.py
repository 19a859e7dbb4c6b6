"""All that a table is a function of, in plain values.

So it can be handed to another process, kept in a few words, and solved again: a decision that rests on a
table is derived once more from its recipe, and the digest says whether the table is the same.
"""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from keeper.core.hedging.book import Costs, Legs
from keeper.core.hedging.solving import solve
from keeper.core.hedging.table import Inputs, Now, Table, Tier, Unsolved, elapsed_years, fit, moved


class Term(NamedTuple):
    """One leg, as in `Legs`."""

    strike: float
    years: float
    is_call: bool
    size: float


@dataclass(frozen=True, slots=True)
class Recipe:
    """A book, the spot, and the inputs: `spot` and `fixed` in quote, `look` in years, as in `solve`."""

    terms: tuple[Term, ...]
    spot: float
    volatility: float
    fixed: float
    proportional: float
    aversion: float
    look: float

    def legs(self) -> Legs:
        """The book."""
        columns = zip(*self.terms, strict=True) if self.terms else ((), (), (), ())
        strike, years, is_call, size = (np.array(column) for column in columns)
        return Legs(
            strike.astype(np.float64),
            years.astype(np.float64),
            is_call.astype(np.bool_),
            size.astype(np.float64),
        )

    def inputs(self) -> Inputs:
        """The inputs."""
        return Inputs(self.volatility, Costs(self.fixed, self.proportional), self.aversion, self.look)

    def solve(self) -> Table | Unsolved:
        """The table: seconds of work, always the same."""
        return solve(self.legs(), self.spot, self.inputs())


@dataclass(frozen=True, slots=True)
class Origin:
    """A table in a few words: its recipe, the chain's time at which it was stated, and what was found.

    `found` is the table's digest, or the words of an `Unsolved`.
    """

    recipe: Recipe
    at: int
    found: str


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """What was found for a book, and from what."""

    origin: Origin
    table: Table | Unsolved

    @classmethod
    def of(cls, recipe: Recipe, at: int, table: Table | Unsolved) -> "Solved":
        """What was found for a recipe that was stated at a time of the chain."""
        return cls(Origin(recipe, at, digest(table) if isinstance(table, Table) else table.value), table)


def again(origin: Origin) -> Solved:
    """Solve once more. The same origin comes back, unless something else solves than did before."""
    if origin.found == Unsolved.DIED:
        return Solved(origin, Unsolved.DIED)
    return Solved.of(origin.recipe, origin.at, origin.recipe.solve())


def digest(table: Table) -> str:
    """The name of a table's numbers."""
    numbers = hashlib.sha256()
    for grid in (table.times, table.log_spots, table.bounds):
        numbers.update(np.ascontiguousarray(grid, dtype="<f8").tobytes())
    return numbers.hexdigest()


def tier_of(solved: Solved | Unsolved, legs: Legs, now: Now, look: float) -> Tier:
    """Whether a book's question at one spot is answered by what was solved, and if not, why."""
    if isinstance(solved, Unsolved):
        return Tier.NO_TABLE
    recipe = solved.origin.recipe
    if isinstance(solved.table, Unsolved):
        return Tier.UNSOLVED if _much_the_same(recipe, legs, now, look) else Tier.NO_TABLE
    return Tier.LOOKS if recipe.look != look else fit(solved.table, legs, now)


def _much_the_same(recipe: Recipe, legs: Legs, now: Now, look: float) -> bool:
    """Whether what could not be solved then would be refused now: it is not tried again at each head."""
    stated = bool(elapsed_years(recipe.legs(), legs) >= 0.0)
    return stated and recipe.look == look and not any(outside for _, outside in moved(recipe.inputs(), now))
