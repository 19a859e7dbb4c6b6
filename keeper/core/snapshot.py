"""Everything that is known at one head, and nothing later.

A snapshot is the whole evidence of a cycle: the decision is a function of it, and replaying a stored snapshot
must give the same decision. Legs of all vaults stand in shared columns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from keeper.core.forecast import Outlook
from keeper.core.head import Head
from keeper.core.market import Reading, Reference
from keeper.core.position import Leg, VaultState
from keeper.core.units import WAD, Address


@dataclass(frozen=True, slots=True, eq=False)
class Legs:
    """The option legs of all vaults as columns of equal length.

    `vault` is the index into `Snapshot.vaults`; `strike` in quote per base; `expiry` in Unix seconds; `size`
    in base, signed.
    """

    vault: NDArray[np.int64]
    is_call: NDArray[np.bool_]
    strike: NDArray[np.float64]
    expiry: NDArray[np.int64]
    size: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All vaults at one head. `native_price` is the price of the coin that pays for gas, in quote.

    `outlooks` are what the past of their prices says, of the vaults whose policies ask.
    """

    head: Head
    vaults: tuple[VaultState, ...]
    legs: Legs
    native_price: Reading
    keeper_balance_wei: int
    references: tuple[Reference, ...] = ()
    outlooks: Mapping[Address, Outlook] = field(default_factory=dict)

    def unsettled(self) -> NDArray[np.int64]:
        """How many legs of each vault have expired and are still in its book."""
        expired = self.legs.vault[self.legs.expiry <= self.head.timestamp]
        return np.bincount(expired, minlength=len(self.vaults))

    def legs_of(self, index: int) -> tuple[Leg, ...]:
        """The legs of one vault as values, for people and for tests."""
        rows = np.flatnonzero(self.legs.vault == index)
        return tuple(
            Leg(
                is_call=bool(self.legs.is_call[row]),
                strike_wad=round(float(self.legs.strike[row]) * WAD),
                expiry=int(self.legs.expiry[row]),
                size_wad=round(float(self.legs.size[row]) * WAD),
            )
            for row in rows
        )
