"""Books solved at once, as the daemon solves them in the background."""

from collections.abc import Mapping
from dataclasses import replace

from keeper.core.decision import decide_all
from keeper.core.hedging import Solved
from keeper.core.policy import Policy
from keeper.core.snapshot import Snapshot
from keeper.core.tables import wanted
from keeper.core.units import Address
from tests.core.build import POLICY

SELDOM = replace(POLICY, hedging=replace(POLICY.hedging, look_interval_s=14_400))
"""A policy that looks so seldom that its books are solved in no time."""


def solve_all(snapshot: Snapshot, policies: Mapping[Address, Policy]) -> dict[Address, Solved]:
    """What there will be when the worker has done what is wanted now."""
    tasks = wanted(snapshot, policies, decide_all(snapshot, policies, {}).decisions, {}).tasks
    return {task.vault: Solved.of(task.recipe, task.at, task.recipe.solve()) for task in tasks}
