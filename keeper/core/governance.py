"""Who governs a vault, and after what wait.

The owner of a vault is a timelock, and what makes it one is in its storage: the delay, and who may propose,
cancel and execute. Its code is the same whatever these are. A deployment hands them over by transactions, and
by the last of them the deployer gives up his own; if those were never mined, one key governs at once and
alone, while code, owner and rules are all as planned. So the address book pins delay and roles too.

The contract keeps no list of who has a role: it is asked of each account by itself, of those who should have
it and of the deployer who should not. Whom governance, or a deployer who was still admin, appointed besides
is only in the contract's events.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from keeper.core.units import Address

ANYBODY = Address("0x" + "00" * 20)
"""As an executor: whoever wants may execute what has waited long enough."""


class Role(StrEnum):
    """What somebody can be in a timelock. An admin gives and takes all four."""

    ADMIN = "admin"
    PROPOSER = "proposer"
    CANCELLER = "canceller"
    EXECUTOR = "executor"


@dataclass(frozen=True, slots=True)
class Seat:
    """An account in a role."""

    role: Role
    account: Address

    def __str__(self) -> str:
        return f"timelock {self.role} {self.account}"


@dataclass(frozen=True, slots=True)
class Governance:
    """A timelock as it should be: the delay, seats that are taken, and seats that are not."""

    delay_s: int
    taken: tuple[Seat, ...]
    vacant: tuple[Seat, ...]

    @classmethod
    def of(
        cls, timelock: Address, deployer: Address, delay_s: int, others: dict[Role, tuple[Address, ...]]
    ) -> Self:
        """Only the timelock administers itself. The deployer has no role that is not given to him here."""
        named = {Role.ADMIN: (timelock,), **others}
        taken = dict.fromkeys(Seat(role, account) for role, each in named.items() for account in each)
        doubtful = (*(Seat(role, deployer) for role in Role), Seat(Role.EXECUTOR, ANYBODY))
        return cls(delay_s, tuple(taken), tuple(seat for seat in doubtful if seat not in taken))


@dataclass(frozen=True, slots=True)
class Unpinned:
    """A book that was written before delay and roles were pinned: nothing is compared."""
