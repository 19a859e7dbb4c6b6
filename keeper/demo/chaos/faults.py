"""What may go wrong, by name: between the keeper and a node, and to the keeper and the chain themselves."""

from enum import StrEnum


class Fault(StrEnum):
    """What a node, or whatever stands before it, does to a request."""

    DELAY = "delay"
    RESET_BEFORE = "reset before the node took it"
    RESET_AFTER = "reset after the node took it"
    DUPLICATE_REQUEST = "request carried out twice"
    DUPLICATE_ANSWER = "answer given twice"
    TRUNCATE = "answer cut short"
    RATE_LIMIT = "HTTP 429"
    HTML_OK = "HTML page with HTTP 200"
    HTML_BAD_GATEWAY = "HTML page with HTTP 502"
    REFUSED = "connection refused"
    WRONG_WORDS = "other words than acceptance"
    STALE = "stale node"
    LIE = "lying node"


DECEIVERS = frozenset({Fault.STALE, Fault.LIE})
"""Faults that look like good answers: of the nodes that must agree, not all may have one at a time."""

FOR_ONE_NODE = tuple(fault for fault in Fault if fault is not Fault.LIE)
"""What a keeper with a single node must survive. It cannot know a lie; that takes a second node."""


class Strike(StrEnum):
    """What happens to the daemon or to the chain."""

    KILL = "SIGKILL"
    PAUSE = "SIGSTOP"
    REORG = "reorganisation"
    DROP = "dropped from the pool"
    SPIKE = "base fee spike"


ON_DAEMON = (Strike.KILL, Strike.PAUSE)
ON_CHAIN = (Strike.REORG, Strike.DROP, Strike.SPIKE)
