"""A wallet that holds no key."""

from collections.abc import Mapping, Sequence

from keeper.core.head import Head
from keeper.core.outcome import Refused, Settlement
from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.transaction.whose import Whose
from keeper.core.transaction.wish import Wish
from keeper.core.units import Address
from keeper.ports import Accepted


class DryWallet:
    """Implements `ports.Wallet` for a dry run: everything but the transaction happens, and it says so.

    A dry run is refused with its own reason, so that no log or metric can take it for a hedge. `in_flight`
    are vaults that an armed keeper is at work on.
    """

    def __init__(self, in_flight: frozenset[Address] = frozenset()) -> None:
        self._in_flight = in_flight

    def pending(self) -> frozenset[Address]:
        """Only what another keeper sent."""
        return self._in_flight

    def in_flight(self, head: Head) -> Mapping[Address, Plan]:  # noqa: ARG002 the port's shape
        """Nothing that could be asked about."""
        return {}

    def whose(self, vault: Address, at: int) -> Whose:  # noqa: ARG002 the port's shape
        """An armed keeper's, perhaps."""
        return Whose.UNKNOWN

    async def offer(self, plan: Plan, head: Head, native_usd_wad: int) -> Accepted | Refused:  # noqa: ARG002 the port's shape
        """Refuse."""
        detail = f"would {plan.side} {plan.amount_in} units at block {head.number}; start with --live to act"
        return Refused(plan.vault, Reason.DRY_RUN, detail)

    async def advance(self, head: Head) -> Sequence[Settlement]:  # noqa: ARG002 the port's shape
        """Nothing is in flight."""
        return ()

    async def review(self, head: Head, wishes: Mapping[Address, Wish], native_usd_wad: int) -> None:
        """Nothing is in flight."""
