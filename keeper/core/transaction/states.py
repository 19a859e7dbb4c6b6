"""The life of one nonce, as a table.

Everything that may change the state of a slot is a line of `TABLE`; what is not in it cannot happen, and
raises. The diagram in docs/transactions.md is drawn from it. Two of the states say that something is not
known: they are states of their own so that nobody is tempted to guess them away.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """Where a nonce stands."""

    RESERVED = "reserved"
    """Owned, and nothing is signed yet."""

    PENDING = "pending"
    """Signed bytes may be in a pool, and the nonce is free at the head."""

    RECOVERED = "recovered"
    """Left by an earlier run. What became of it is not known until somebody has looked."""

    INCLUDED = "included"
    """One attempt is in a block of the canonical chain that is not final yet."""

    UNKNOWN = "unknown"
    """The nonce is used, and no attempt of ours has a receipt: a node lags, or somebody else has the key."""

    CLOSED = "closed"
    """There is a verdict, or nothing was ever sent."""


class Signal(StrEnum):
    """What was learnt of a nonce."""

    SIGNED = "signed"
    UNSIGNABLE = "cannot be signed"
    REJECTED = "clearly refused at first sight"
    FOUND = "a receipt is found"
    FREE = "no receipt, nonce free"
    GONE = "no receipt, nonce used"
    FINAL = "final"


class IllegalMoveError(ValueError):
    """A signal that the table does not have for this state: a defect of the machine."""


TABLE: Mapping[State, Mapping[Signal, State]] = MappingProxyType(
    {
        State.RESERVED: {Signal.SIGNED: State.PENDING, Signal.UNSIGNABLE: State.CLOSED},
        State.PENDING: {
            Signal.SIGNED: State.PENDING,
            Signal.REJECTED: State.CLOSED,
            Signal.FOUND: State.INCLUDED,
            Signal.FREE: State.PENDING,
            Signal.GONE: State.UNKNOWN,
        },
        State.RECOVERED: {
            Signal.FOUND: State.INCLUDED,
            Signal.FREE: State.PENDING,
            Signal.GONE: State.UNKNOWN,
        },
        State.INCLUDED: {
            Signal.SIGNED: State.INCLUDED,
            Signal.FOUND: State.INCLUDED,
            Signal.FREE: State.PENDING,
            Signal.GONE: State.UNKNOWN,
            Signal.FINAL: State.CLOSED,
        },
        State.UNKNOWN: {
            Signal.SIGNED: State.UNKNOWN,
            Signal.FOUND: State.INCLUDED,
            Signal.FREE: State.PENDING,
            Signal.GONE: State.UNKNOWN,
            Signal.FINAL: State.CLOSED,
        },
        # A verdict that the chain takes back, deeper than finality was thought to be.
        State.CLOSED: {
            Signal.FOUND: State.INCLUDED,
            Signal.FREE: State.PENDING,
            Signal.GONE: State.UNKNOWN,
        },
    }
)


def moved(state: State, signal: Signal) -> State:
    """The state after a signal. Raises IllegalMoveError for one that the table does not have."""
    try:
        return TABLE[state][signal]
    except KeyError:
        raise IllegalMoveError(f"a slot that is {state} cannot hear `{signal}`") from None


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.RESERVED}", f"    [*] --> {State.RECOVERED}: restart"]
    for state, moves in TABLE.items():
        into: dict[State, list[Signal]] = {}
        for signal, target in moves.items():
            into.setdefault(target, []).append(signal)
        lines += [f"    {state} --> {target}: {' / '.join(signals)}" for target, signals in into.items()]
    return "\n".join([*lines, f"    {State.CLOSED} --> [*]", ""])
