"""How much gas may cost: for one transaction, in an hour, in a day; in coin and in usd.

A ceiling per unit of gas does not bound a bill: a keeper that is made to send again and again pays each time.
So what was paid and the worst of what is signed are held, together, below ceilings that no attempt passes: a
raise that would is not signed, and what is already out is only sent again.

Gas for nothing has a ceiling of its own. Nodes that lie in concert can have one hedge after another sent that
the vault refuses, and each costs gas. So what reverted within a day, with the worst of what may still revert,
stays below it; a routine hedge may use half, and the rest is kept for what is urgent.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from keeper.core.units import WAD, mul_div_down

HOUR_S = 3_600
DAY_S = 86_400
UNLIMITED_WEI = 2**255
WRITTEN = re.compile(r"(?P<amount>[0-9]{1,12}(\.[0-9]{1,18})?) (?P<unit>coin|usd)")


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The lower of the two binds. `usd_wad` is turned into coin at the price of the moment."""

    wei: int = UNLIMITED_WEI
    usd_wad: int = UNLIMITED_WEI

    @classmethod
    def read(cls, text: str) -> Self:
        """A ceiling written as `0.05 coin`, `200 usd`, or both with a comma. Raises ValueError."""
        found: dict[str, int] = {}
        for part in text.split(","):
            match = WRITTEN.fullmatch(part.strip())
            if match is None or match["unit"] in found:
                raise ValueError("is no ceiling: write `0.05 coin`, `200 usd`, or both with a comma")
            found[match["unit"]] = int(Decimal(match["amount"]) * WAD)
        return cls(found.get("coin", UNLIMITED_WEI), found.get("usd", UNLIMITED_WEI))

    def __str__(self) -> str:
        parts = ((self.wei, "coin"), (self.usd_wad, "usd"))
        named = [f"{Decimal(amount) / WAD:f} {unit}" for amount, unit in parts if amount < UNLIMITED_WEI]
        return ", ".join(named) or "no ceiling"

    def in_wei(self, native_usd_wad: int) -> int:
        """The ceiling in wei, rounded down. Without a price a bound in usd allows nothing."""
        if self.usd_wad >= UNLIMITED_WEI:
            return self.wei
        if native_usd_wad <= 0:
            return 0
        return min(self.wei, mul_div_down(self.usd_wad, WAD, native_usd_wad))


@dataclass(frozen=True, slots=True)
class Budget:
    """The ceilings of one account."""

    transaction: Ceiling
    hour: Ceiling
    day: Ceiling
    waste: Ceiling = Ceiling()


WASTE = "waste"
"""Its name in an `OverBudget`."""

UNLIMITED = Budget(Ceiling(), Ceiling(), Ceiling())


@dataclass(frozen=True, slots=True)
class Spend:
    """What the transaction of one nonce cost, at the time of its block; `wasted` if it was refused there."""

    nonce: int
    timestamp: int
    wei: int
    wasted: bool = False


@dataclass(frozen=True, slots=True)
class OverBudget:
    """A ceiling would be passed. `needed_wei` is the worst bill under it, `ceiling_wei` what it allows."""

    name: str
    needed_wei: int
    ceiling_wei: int


@dataclass(frozen=True, slots=True)
class WithinBudget:
    """It may be signed."""


def since(spent: tuple[Spend, ...], timestamp: int) -> int:
    """What was paid after a moment."""
    return sum(each.wei for each in spent if each.timestamp > timestamp)


def judged(
    budget: Budget, spent: tuple[Spend, ...], others_wei: int, worst_wei: int, now: int, native_usd_wad: int
) -> WithinBudget | OverBudget:
    """Hold a transaction that may cost `worst_wei` against every ceiling.

    `others_wei` is the worst of all else that is signed and not final, `now` the chain's time in seconds.
    """
    bills = (
        ("transaction", budget.transaction, worst_wei),
        ("hour", budget.hour, since(spent, now - HOUR_S) + others_wei + worst_wei),
        ("day", budget.day, since(spent, now - DAY_S) + others_wei + worst_wei),
    )
    for name, ceiling, bill in bills:
        allowed = ceiling.in_wei(native_usd_wad)
        if bill > allowed:
            return OverBudget(name, bill, allowed)
    return WithinBudget()


def risked(
    budget: Budget, spent: tuple[Spend, ...], at_risk_wei: int, now: int, native_usd_wad: int, *, urgent: bool
) -> WithinBudget | OverBudget:
    """Hold what was wasted within a day, with all that may yet be, against the ceiling for it."""
    wasted = since(tuple(each for each in spent if each.wasted), now - DAY_S)
    ceiling = budget.waste.in_wei(native_usd_wad)
    allowed = ceiling if urgent else ceiling // 2
    bill = wasted + at_risk_wei
    return OverBudget(WASTE, bill, allowed) if bill > allowed else WithinBudget()


def kept(spent: tuple[Spend, ...], now: int) -> tuple[Spend, ...]:
    """What still counts for any ceiling."""
    return tuple(each for each in spent if each.timestamp > now - DAY_S)
