"""Which books are worth a table next.

A table takes a core seconds, and saves a part of what it costs to hedge its book. That cost grows with the
book's decay: what it loses or earns in a day is what hedging it replicates. So where there are more books
than can be solved, those that decay fastest come first, and the small ones may never have their turn: the
closed form is good enough for them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from keeper.core.decision import Decision
from keeper.core.exposure import situations
from keeper.core.hedging import Recipe, Solved, Term, Tier
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
    """The next books to be solved, most wanted first, and how many more wait for their turn."""

    tasks: tuple[Task, ...] = ()
    waiting: int = 0


def wanted(
    snapshot: Snapshot,
    policies: Mapping[Address, Policy],
    decisions: Sequence[Decision],
    tables: Mapping[Address, Solved],
) -> Wanted:
    """What should be solved, after these decisions were made with these tables."""
    worth = [each for each in decisions if _is_wanted(each, tables)]
    first = sorted(worth, key=lambda each: -abs(each.exposure.theta_usd))[:MOST_TASKS]
    if not first:
        return Wanted()
    found = {each.vault.address: each for each in situations(snapshot)}
    questions = (
        (each.vault, question(policy, situation, trade_costs(policy, situation)))
        for each in first
        for policy, situation in [(policies[each.vault], found[each.vault])]
    )
    at = snapshot.head.timestamp
    return Wanted(
        tuple(Task(vault, _recipe(asked), at) for vault, asked in questions), len(worth) - len(first)
    )


def _is_wanted(decision: Decision, tables: Mapping[Address, Solved]) -> bool:
    judged = decision.band.sell_above > decision.band.buy_below
    if not judged or decision.exposure.theta_usd == 0.0 or decision.tier in {Tier.TABLE, Tier.UNSOLVED}:
        return False
    known = tables.get(decision.vault)
    rested = known is None or decision.head.timestamp - known.origin.at >= PAUSE_S
    return rested or decision.tier in _ANOTHER


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
