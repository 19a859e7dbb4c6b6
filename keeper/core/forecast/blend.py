"""One volatility of several opinions, and a word on who was asked.

A model of the past knows what has happened, a quote what others expect, and each is at times absent or
absurd. In variance, weights that add up to one give a variance again; an opinion that is missing or no
number leaves its weight to the others. The result says what it was made of, so that `explain` can.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Opinion:
    """A volatility, with the name and version of whoever holds it, and how much it counts."""

    source: str
    version: int
    volatility: float
    weight: float


@dataclass(frozen=True, slots=True)
class Blend:
    """A volatility, and the opinions that went into it, with weights that add up to one."""

    volatility: float
    used: tuple[Opinion, ...]


@dataclass(frozen=True, slots=True)
class NoOpinion:
    """Nobody had anything to say that counts."""


def blended(opinions: Sequence[Opinion]) -> Blend | NoOpinion:
    """The opinions that are usable, in one."""
    usable = [each for each in opinions if _counts(each)]
    total = sum(each.weight for each in usable)
    if not usable:
        return NoOpinion()
    used = tuple(Opinion(each.source, each.version, each.volatility, each.weight / total) for each in usable)
    return Blend(math.sqrt(sum(each.weight * each.volatility**2 for each in used)), used)


def _counts(opinion: Opinion) -> bool:
    return all(math.isfinite(each) and each > 0.0 for each in (opinion.volatility, opinion.weight))
