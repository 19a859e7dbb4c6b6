"""A small convex quadratic program, solved by an interior-point method (Clarabel, Goulart & Chen 2024).

The solver is exact to about nine digits where its numbers are near one: whoever states a program scales it.
"""

from dataclasses import dataclass
from enum import StrEnum

import clarabel
import numpy as np
from scipy import sparse

from keeper.core.hedging.band import Floats


class Unsolvable(StrEnum):
    """Why there is no solution."""

    INFEASIBLE = "nothing meets all conditions"
    UNBOUNDED = "there is always something better"
    NUMERICAL = "numbers beyond what can be computed with"


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Minimise z' quadratic z / 2 + linear' z over z >= 0 such that rows z <= bounds.

    `quadratic` is symmetric and has no negative eigenvalue; a row without a finite bound is left out.
    """

    quadratic: Floats
    linear: Floats
    rows: Floats
    bounds: Floats


def solve_program(program: Program) -> Floats | Unsolvable:
    """The solution, never below zero."""
    count = len(program.linear)
    kept = np.isfinite(program.bounds)
    rows = np.vstack([program.rows[kept], -np.eye(count)])
    bounds = np.concatenate([program.bounds[kept], np.zeros(count)])
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    found = clarabel.DefaultSolver(
        sparse.csc_matrix(np.triu(program.quadratic)),
        program.linear,
        sparse.csc_matrix(rows),
        bounds,
        [clarabel.NonnegativeConeT(len(bounds))],
        settings,
    ).solve()
    status = clarabel.SolverStatus
    if found.status in {status.Solved, status.AlmostSolved}:
        return np.maximum(np.asarray(found.x, dtype=np.float64), 0.0)
    if found.status in {status.PrimalInfeasible, status.AlmostPrimalInfeasible}:
        return Unsolvable.INFEASIBLE
    if found.status in {status.DualInfeasible, status.AlmostDualInfeasible}:
        return Unsolvable.UNBOUNDED
    return Unsolvable.NUMERICAL
