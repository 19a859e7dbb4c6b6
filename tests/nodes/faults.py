"""What may go wrong between the keeper and a node, once each.

A fault is a value, so that the same one can be thrown in process and written to a socket. `On` names the
method that it waits for; a node keeps a queue of them.
"""

from dataclasses import dataclass
from typing import TypeAlias

from keeper.adapters.ethereum.busy import BusyError
from keeper.adapters.ethereum.rpc import RpcRefusedError
from keeper.ports import UnreachableError

SEND = "eth_sendRawTransaction"


class Killed(BaseException):
    """The process dies here. Not an Exception, so that nothing on the way can swallow it."""


@dataclass(frozen=True, slots=True)
class LostBefore:
    """The request never arrives."""


@dataclass(frozen=True, slots=True)
class LostAfter:
    """The node hears it, and its answer is lost."""


@dataclass(frozen=True, slots=True)
class Page:
    """A proxy's page in place of an answer. The node hears nothing, unless `heard`."""

    status: int = 502
    heard: bool = False


@dataclass(frozen=True, slots=True)
class Busy:
    """The provider wants to be asked less; nothing is passed on."""

    retry_after_s: int = 1


@dataclass(frozen=True, slots=True)
class Refuses:
    """An error in these words. The node hears nothing, unless `heard`."""

    message: str
    code: int = -32000
    data: object = None
    heard: bool = False


@dataclass(frozen=True, slots=True)
class Says:
    """This result in place of the honest one, such as another hash. The node hears the request."""

    result: object


@dataclass(frozen=True, slots=True)
class DiesBefore:
    """The keeper's process dies with the request in hand. In process only."""


@dataclass(frozen=True, slots=True)
class DiesAfter:
    """The keeper's process dies with the answer on the wire. In process only."""


Failure: TypeAlias = LostBefore | LostAfter | Page | Busy | Refuses | DiesBefore | DiesAfter
Fault: TypeAlias = Failure | Says

WRONG_HASH = Says("0x" + "ee" * 32)
EMPTY = Says(None)


@dataclass(frozen=True, slots=True)
class On:
    """A fault at the next request for a method."""

    fault: Fault
    method: str = SEND


def reaches(fault: Fault) -> bool:
    """Whether the node hears the request all the same."""
    match fault:
        case LostAfter() | Says() | DiesAfter():
            return True
        case Page(heard=heard) | Refuses(heard=heard):
            return heard
        case LostBefore() | Busy() | DiesBefore():
            return False


def raised(fault: Failure, name: str) -> BaseException:
    """What the keeper's own client makes of it."""
    match fault:
        case Refuses(message, code, data):
            return RpcRefusedError(code, message, data)
        case Busy(retry_after_s):
            return BusyError(f"{name}: is rate limiting us (HTTP 429)", retry_after_s)
        case Page(status):
            return UnreachableError(f"{name}: HTTP {status}")
        case LostBefore() | LostAfter():
            return UnreachableError(f"{name}: closed the connection without an answer")
        case DiesBefore() | DiesAfter():
            return Killed()
