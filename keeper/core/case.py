"""What a decision is about: one vault at one head, with all that is known of it."""

from dataclasses import dataclass

from keeper.core.exposure import Situation
from keeper.core.hedging import Solved, Unsolved
from keeper.core.memory import Memory
from keeper.core.policy import Policy


@dataclass(frozen=True, slots=True)
class Case:
    """One vault at one head, with its policy, what is remembered of it, and what was solved for its book."""

    policy: Policy
    situation: Situation
    memory: Memory
    solved: Solved | Unsolved = Unsolved.NOT_YET
