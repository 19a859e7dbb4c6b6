"""When a policy waits, and when it does not.

Optional parts of a policy, each of which is nothing unless an operator asks for it (docs/policy-engine.md).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Emergency:
    """When even a cooldown and the usual ceiling of the fee are no reason to wait.

    `max_fee_wei` per unit of gas is the ceiling then; of 0: there is no such layer. Below
    `collateral_ratio_wad` it is an emergency too; of 0: never on that account.
    """

    max_fee_wei: int = 0
    collateral_ratio_wad: int = 0


NO_EMERGENCY = Emergency()


@dataclass(frozen=True, slots=True)
class Slicing:
    """A need above `above_usd_wad` is traded in `count` slices, at least `every_s` apart; of 1: at once."""

    above_usd_wad: int = 0
    count: int = 1
    every_s: int = 0


AT_ONCE = Slicing()


@dataclass(frozen=True, slots=True)
class Triggers:
    """When a hedge that is worth it is not made, or not all of it.

    For `quiet_s` before an expiry near its strike no soft hedge is made; for `own_impact_s` after a hedge the
    price's move may be the hedge's own doing. 0: neither.
    """

    slicing: Slicing = AT_ONCE
    quiet_s: int = 0
    own_impact_s: int = 0


NO_TRIGGERS = Triggers()
