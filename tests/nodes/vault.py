"""What a transaction to a vault does on the scripted chain.

A test judges calldata as it likes: `judge(data, timestamp)` says whether the call succeeds in a block of that
time. The default knows the calldata of `told`, which names an intent and a deadline, as the fake contract of
the wallet's tests does.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Log = Mapping[str, object]

TRANSFER_GAS = 21_000
REBALANCE_GAS = 60_000


@dataclass(frozen=True, slots=True)
class Succeeds:
    """The call runs through, if it is given this much gas."""

    logs: tuple[Log, ...] = ({"rebalanced": True},)
    gas: int = REBALANCE_GAS


@dataclass(frozen=True, slots=True)
class Reverts:
    """The contract refuses, with a custom error's bytes."""

    error: bytes
    gas: int = REBALANCE_GAS // 2


Judge = Callable[[bytes, int], Succeeds | Reverts]

EXPIRED = bytes.fromhex("e3f3c6a4")
"""Stands for the selector of a custom error."""


def told(intent: str, deadline: int) -> bytes:
    """Calldata that `by_deadline` can read."""
    return json.dumps({"intent": intent, "deadline": deadline}).encode()


def by_deadline(data: bytes, timestamp: int) -> Succeeds | Reverts:
    """Succeeds until the deadline in the calldata; a plain transfer always does."""
    if not data:
        return Succeeds((), TRANSFER_GAS)
    return Succeeds() if timestamp <= int(json.loads(data)["deadline"]) else Reverts(EXPIRED)
