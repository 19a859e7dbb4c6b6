"""A large need, traded in pieces.

What is traded at once moves the pool's price against itself, and the pool recovers while one waits. So a need
above a size is divided, and each piece waits for the one before. A piece is a share of what is still needed,
not of what was needed at first: a need that has gone is not traded. Nor is it more than a share of what was
needed at first: a need that has grown meanwhile is another need, and is not chased in one large last piece.

Pieces are counted by the vault's sequence, which is read at the same block as its inventory: an intention
that came to nothing is none, and a hedge counts before its outcome is final. Each piece has to be worth its
own gas: the last ones remove the least risk, and are given up where they are not.
"""

from dataclasses import dataclass

import numpy as np

from keeper.core.exposure import Situation
from keeper.core.market import in_quote
from keeper.core.memory import NO_SLICES, Memory, Slices
from keeper.core.policy import Policy
from keeper.core.triggers import AT_ONCE


@dataclass(frozen=True, slots=True)
class Piece:
    """What to trade of a need now, signed in base, and what the next look is to know of the pieces."""

    trade: float
    slices: Slices


def is_under_way(situation: Situation, memory: Memory, gap: float) -> bool:
    """Whether some pieces were traded, some are left, and a gap still asks for their side."""
    slices = memory.carried.slices
    traded = situation.vault.sequence - slices.since
    return 0 < traded < slices.count and slices.size * gap < 0


def piece(policy: Policy, situation: Situation, memory: Memory, wanted: float) -> Piece:
    """What of a wanted trade is to be made now: all of it, unless it is large."""
    slices = _slices(policy, situation, memory, wanted)
    if not slices.count:
        return Piece(wanted, NO_SLICES)
    left = slices.count - (situation.vault.sequence - slices.since)
    share = min(abs(wanted) / left, abs(slices.size))
    least = in_quote(policy.hedging.min_trade_usd_wad) / situation.exposure.spot
    return Piece(float(np.copysign(min(max(share, least), abs(wanted)), wanted)), slices)


def _slices(policy: Policy, situation: Situation, memory: Memory, wanted: float) -> Slices:
    """Those under way, those that a plan in flight began, or new ones where the need is large."""
    slicing, before, sequence = policy.triggers.slicing, memory.carried.slices, situation.vault.sequence
    begun = before.count and before.since == sequence and before.size * wanted > 0
    if begun or is_under_way(situation, memory, situation.exposure.gap):
        return before
    if slicing == AT_ONCE or abs(wanted) * situation.exposure.spot <= in_quote(slicing.above_usd_wad):
        return NO_SLICES
    return Slices(slicing.count, sequence, wanted / slicing.count)
