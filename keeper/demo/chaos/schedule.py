"""What goes wrong and when, drawn from a seed.

Chance alone would leave a fault out of a short run, so every kind has a slot in each round and chance orders
and fills the slots. The last part of a run is quiet: what was in flight must come to its end there.

With several nodes a second lane of faults runs beside the first, so that two of them fail at once. Only the
first holds faults that deceive, and those never reach more nodes than the others can outvote.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from keeper.demo.chaos.faults import DECEIVERS, FOR_ONE_NODE, ON_CHAIN, ON_DAEMON, Fault, Strike

QUIET_SHARE = 0.25
LONGEST_QUIET_S = 30.0
ROUND_SLOT_S = 3.0
DAEMON_SLOT_S = 8.0
CHAIN_SLOT_S = 6.0
LONGEST_DOWNTIME_S = 2.0
MOST_LAG_BLOCKS = 6
MOST_SPIKE_BLOCKS = 16


@dataclass(frozen=True, slots=True)
class Shape:
    """What a run is like: `agree` of `endpoints` must agree.

    `longest_pause_s` is the longest time that the daemon stands still, `reorg_blocks` the deepest
    reorganisation.
    """

    seconds: float
    endpoints: int = 1
    agree: int = 1
    longest_pause_s: float = 4.0
    reorg_blocks: int = 2


@dataclass(frozen=True, slots=True)
class Window:
    """A fault on some endpoints for a while, in seconds of the run. A stale node is `lag_blocks` behind."""

    fault: Fault
    endpoints: frozenset[int]
    begins_s: float
    ends_s: float
    lag_blocks: int


@dataclass(frozen=True, slots=True)
class Blow:
    """One strike at `at_s`, or within `patience_s` after it as soon as something is broadcast, if so wished.

    `for_s` is how long the daemon is down or stopped, `blocks` how deep or how long it goes on the chain.
    """

    strike: Strike
    at_s: float
    patience_s: float
    at_broadcast: bool
    for_s: float
    blocks: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """A whole run, each sequence in order of time; nothing begins from `quiet_from_s` on."""

    windows: tuple[Window, ...]
    on_daemon: tuple[Blow, ...]
    on_chain: tuple[Blow, ...]
    quiet_from_s: float


def draw(chance: random.Random, shape: Shape) -> Schedule:
    """The schedule of a run. The same chance gives the same one."""
    loud_s = shape.seconds - min(LONGEST_QUIET_S, QUIET_SHARE * shape.seconds)
    windows = _lane(chance, shape, loud_s, tuple(Fault) if shape.endpoints > 1 else FOR_ONE_NODE)
    if shape.endpoints > 1:
        windows += _lane(chance, shape, loud_s, [fault for fault in Fault if fault not in DECEIVERS])
    return Schedule(
        windows=tuple(sorted(windows, key=lambda window: window.begins_s)),
        on_daemon=_blows(chance, shape, loud_s, ON_DAEMON, DAEMON_SLOT_S),
        on_chain=_blows(chance, shape, loud_s, ON_CHAIN, CHAIN_SLOT_S),
        quiet_from_s=loud_s,
    )


def _lane(chance: random.Random, shape: Shape, loud_s: float, kinds: Sequence[Fault]) -> list[Window]:
    """Rounds of all kinds in the order of chance, none overlapping the next."""
    rounds = max(1, round(loud_s / (ROUND_SLOT_S * len(kinds))))
    slot_s = loud_s / (rounds * len(kinds))
    order = [fault for _ in range(rounds) for fault in chance.sample(kinds, len(kinds))]
    return [
        Window(
            fault=fault,
            endpoints=_reached(chance, shape, fault),
            begins_s=(place + chance.uniform(0.0, 0.2)) * slot_s,
            ends_s=(place + chance.uniform(0.6, 0.95)) * slot_s,
            lag_blocks=chance.randint(1, MOST_LAG_BLOCKS),
        )
        for place, fault in enumerate(order)
    ]


def _reached(chance: random.Random, shape: Shape, fault: Fault) -> frozenset[int]:
    # One stale node alone is told as what it is: behind. Its keeper is late, and must not be wrong.
    outvoted = max(1, shape.endpoints - shape.agree)
    most = outvoted if fault in DECEIVERS else shape.endpoints
    return frozenset(chance.sample(range(shape.endpoints), chance.randint(1, most)))


def _blows(
    chance: random.Random, shape: Shape, loud_s: float, kinds: Sequence[Strike], slot_s: float
) -> tuple[Blow, ...]:
    count = max(len(kinds), int(loud_s / slot_s))
    slot_s = loud_s / count
    rounds = -(-count // len(kinds))
    order = [strike for _ in range(rounds) for strike in chance.sample(kinds, len(kinds))][:count]
    blows = []
    for place, strike in enumerate(order):
        longest = strike is Strike.PAUSE and strike not in order[:place]
        blows.append(_blow(chance, shape, strike, (place * slot_s, slot_s), longest=longest))
    return tuple(blows)


def _blow(
    chance: random.Random, shape: Shape, strike: Strike, slot: tuple[float, float], *, longest: bool
) -> Blow:
    begins_s, slot_s = slot
    most_blocks = MOST_SPIKE_BLOCKS if strike is Strike.SPIKE else shape.reorg_blocks
    down_s = chance.uniform(0.0, LONGEST_DOWNTIME_S)
    paused_s = (
        shape.longest_pause_s if longest else chance.uniform(0.2, 1.0) * min(4.0, shape.longest_pause_s)
    )
    return Blow(
        strike=strike,
        at_s=begins_s + chance.uniform(0.1, 0.6) * slot_s,
        patience_s=0.3 * slot_s,
        # Little is in flight at any one moment, and what is should be hit.
        at_broadcast=chance.random() < (0.8 if strike in ON_CHAIN else 0.5),
        for_s=paused_s if strike is Strike.PAUSE else down_s,
        blocks=chance.randint(1, most_blocks),
    )
