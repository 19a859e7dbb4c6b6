"""What a decision is about: one vault at one head, its policy, and what is remembered of it."""

from dataclasses import dataclass

from keeper.core.exposure import Situation
from keeper.core.memory import Memory
from keeper.core.policy import Policy


@dataclass(frozen=True, slots=True)
class Case:
    """One vault at one head, with its policy and what is remembered of it."""

    policy: Policy
    situation: Situation
    memory: Memory
