"""Which books are worth a table next.

A table takes a core seconds, and saves a part of what it costs to hedge its book, for as long as its inputs
hold. That cost grows with the book's decay: what it loses or earns in a day is what hedging it replicates.
How long the inputs will hold is not known; the last table says how long they did. So the first in turn is the
book with the most decay since it was solved last. Of a thousand the small ones may never have a table: the
closed form is good enough for them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from keeper.core.decision import Decision
from keeper.core.exposure import Situation, situations
from keeper.core.hedging import Recipe, Solved, Term, Tier, Unsolved
from keeper.core.inventory import Question, question
from keeper.core.policy import Policy
from keeper.core.quote import trade_costs
from keeper.core.snapshot import Snapshot
from keeper.core.units import Address

MOST_TASKS = 4
"""So few that finding them takes no time, and enough to be at work until the next head."""

PAUSE_S = 300
"""Of the chain's time, before the same book is solved again. The price of gas wanders out of its tolerance
and back within minutes, and whoever followed it would solve all day."""

MOST_TABLES = 128
"""Kept at a time: a table takes a quarter of a megabyte for each expiry of its book."""

NEW_S = 86_400
"""How long a table is thought to hold where there was none before: longer than where it is known that it did
not, so that a book whose costs jump about does not take every turn."""

_ANOTHER = frozenset({Tier.NO_TABLE, Tier.BOOK, Tier.LOOKS})
"""Where what was solved is no use at all any more, and waiting would not help."""


@dataclass(frozen=True, slots=True)
class Task:
    """A book to be solved, as it was at a time of the chain."""

    vault: Address
    recipe: Recipe
    at: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """The next books to be solved, in their order; how many more wait; whose tables are worth keeping."""

    tasks: tuple[Task, ...] = ()
    waiting: int = 0
    kept: frozenset[Address] = frozenset()


def wanted(
    snapshot: Snapshot,
    policies: Mapping[Address, Policy],
    decisions: Sequence[Decision],
    tables: Mapping[Address, Solved],
) -> Wanted:
    """What should be solved, after these decisions were made with these tables."""
    ranked = sorted(decisions, key=lambda each: -abs(each.exposure.theta_usd))[:MOST_TABLES]
    kept = frozenset(each.vault for each in ranked)
    worth = sorted(
        (each for each in ranked if wants(each, tables.get(each.vault, Unsolved.NOT_YET))),
        key=lambda each: -_turn(each, tables),
    )
    if not worth:
        return Wanted(kept=kept)
    found = {each.vault.address: each for each in situations(snapshot)}
    tasks = tuple(task_of(policies[each.vault], found[each.vault]) for each in worth[:MOST_TASKS])
    return Wanted(tasks, len(worth) - len(tasks), kept)


def wants(decision: Decision, known: Solved | Unsolved) -> bool:
    """Whether a vault's book is worth another table, after a decision that knew this one."""
    judged = decision.band.sell_above > decision.band.buy_below
    if not judged or decision.exposure.theta_usd == 0.0 or decision.tier is Tier.TABLE:
        return False
    rested = isinstance(known, Unsolved) or decision.head.timestamp - known.origin.at >= PAUSE_S
    return rested or decision.tier in _ANOTHER


def _turn(decision: Decision, tables: Mapping[Address, Solved]) -> float:
    """The decay of a book since it was solved, or in as long as a new table is thought to hold; in usd."""
    known = tables.get(decision.vault)
    held_s = NEW_S
    if known is not None and decision.tier not in _ANOTHER:
        held_s = min(decision.head.timestamp - known.origin.at, NEW_S)
    return abs(decision.exposure.theta_usd) * held_s / NEW_S


def task_of(policy: Policy, situation: Situation) -> Task:
    """A vault's book as it is to be solved. Raises ZeroDivisionError without a price."""
    asked = question(policy, situation, trade_costs(policy, situation))
    return Task(policy.vault, _recipe(asked), situation.head.timestamp)


def _recipe(asked: Question) -> Recipe:
    legs = asked.legs
    alive = np.flatnonzero((legs.years > 0.0) & (legs.size != 0.0))
    return Recipe(
        terms=tuple(
            Term(
                float(legs.strike[leg]),
                float(legs.years[leg]),
                bool(legs.is_call[leg]),
                float(legs.size[leg]),
            )
            for leg in alive
        ),
        spot=asked.spot,
        volatility=asked.volatility,
        fixed=asked.fixed,
        proportional=asked.proportional,
        aversion=asked.aversion,
        look=asked.look,
    )
