"""Tables in a backtest: wanted by the daemon's rules, and of use to the look after.

The daemon has its tables solved beside it and decides by the closed form until they are there. How long that
takes depends on the machine, which a backtest must not: here whatever a look wants is there LAG_LOOKS later.
What is wanted, and how long a table is good for, is said by the core's own functions (`core.tables`,
`core.inventory`). A recipe is solved once in a process, whichever policy or path asks for it.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final

from keeper.core.case import Case
from keeper.core.decision import Decision
from keeper.core.hedging import Origin, Recipe, Solved, Table, Unsolved
from keeper.core.tables import Task, task_of, wants

LAG_LOOKS: Final = 1
"""After a table was wanted it is used: true of the daemon, where looks are minutes apart and vaults few."""

_KEPT: Final = 64
"""Recipes whose tables a process remembers: of eight legs, two megabytes each."""


class Bands(StrEnum):
    """What finds a backtest's bands: the closed form alone, or tables where the daemon would have them."""

    CLOSED_FORM = "closed form"
    TABLES = "tables"


@dataclass(slots=True)
class Shelf:
    """The newest table of one vault, and the next one until it is there. `origins` are of all there were."""

    bands: Bands
    newest: Solved | Unsolved = Unsolved.NOT_YET
    origins: list[Origin] = field(default_factory=list)
    _task: tuple[Task, ...] = ()
    _due: int = 0

    def due(self, never: int) -> int:
        """The look from which on the next table is used; `never` if none is wanted."""
        return self._due if self._task else never

    def want(self, case: Case, decision: Decision, look: int) -> None:
        """Have the book solved, if the daemon would after this decision."""
        if self.bands is Bands.TABLES and not self._task and wants(decision, self.newest):
            self._task, self._due = (task_of(case.policy, case.situation),), look + LAG_LOOKS

    def receive(self, look: int) -> None:
        """Use what was wanted, if it is there by this look."""
        if look < self._due:
            return
        for task in self._task:
            self.newest = Solved.of(task.recipe, task.at, _solved(task.recipe))
            self.origins.append(self.newest.origin)
        self._task = ()


@lru_cache(maxsize=_KEPT)
def _solved(recipe: Recipe) -> Table | Unsolved:
    return recipe.solve()
