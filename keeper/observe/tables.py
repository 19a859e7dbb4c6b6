"""How the solving of tables goes: none of it stops the keeper, and all of it is told."""

from collections.abc import Callable

import structlog

from keeper.core.hedging import Solved, Unsolved
from keeper.core.units import Address
from keeper.observe.metrics import Metrics


class TablesTold:
    """Hears the solver. `name_of` is what a vault is called."""

    def __init__(self, metrics: Metrics, name_of: Callable[[Address], str]) -> None:
        self._m, self._name_of = metrics, name_of
        self._log = structlog.get_logger("keeper")

    def solved(self, vault: Address, solved: Solved, seconds: float) -> None:
        """A book was solved, or found to have no table."""
        name, found = self._name_of(vault), solved.table
        self._m.solve_seconds.observe(seconds)
        if isinstance(found, Unsolved):
            self._m.solved.labels(found.name.lower().replace("_", "-")).inc()
            self._log.info("no table", vault=name, why=found.value)
            return
        self._m.solved.labels("solved").inc()
        self._m.table_stated.labels(name).set(solved.origin.at)
        self._log.info("table solved", vault=name, seconds=round(seconds, 2), table=solved.origin.found[:12])

    def waiting(self, books: int) -> None:
        """So many books wait for a table."""
        self._m.tables_waiting.set(books)

    def worker_up(self, pid: int) -> None:
        """A worker was started."""
        self._m.worker_up.set(1)
        self._log.info("table worker started", pid=pid)

    def worker_died(self, detail: str, pause_s: float) -> None:
        """It is gone; the closed form decides what has no table."""
        self._m.worker_up.set(0)
        self._m.worker_deaths.inc()
        self._log.warning(
            "table worker died; the closed form decides where there is no table",
            detail=detail,
            next_in_s=pause_s,
        )
