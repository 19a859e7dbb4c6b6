"""The snapshot as seen from each vault: the evidence of one decision."""

from dataclasses import dataclass

import numpy as np

from keeper.core.exposure.measuring import Exposure, measure
from keeper.core.forecast import NO_OUTLOOK, Outlook
from keeper.core.head import Head
from keeper.core.hedging import Legs as OptionLegs
from keeper.core.market import Reading, Reference
from keeper.core.position import VaultState
from keeper.core.snapshot import Snapshot
from keeper.core.units import YEAR_SECONDS


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """All that the decision about one vault rests on, at one head.

    `legs` are in years from the head's time.
    """

    head: Head
    vault: VaultState
    legs: OptionLegs
    exposure: Exposure
    native_price: Reading
    references: tuple[Reference, ...]
    outlook: Outlook = NO_OUTLOOK


def situations(snapshot: Snapshot) -> tuple[Situation, ...]:
    """The snapshot as seen from each vault, in its order. Rows of `snapshot.legs` must be sorted by vault."""
    legs = snapshot.legs
    years = np.maximum(legs.expiry - snapshot.head.timestamp, 0) / YEAR_SECONDS
    first = np.searchsorted(legs.vault, np.arange(len(snapshot.vaults) + 1))
    return tuple(
        Situation(
            head=snapshot.head,
            vault=vault,
            legs=OptionLegs(
                strike=legs.strike[start:end],
                years=years[start:end],
                is_call=legs.is_call[start:end],
                size=legs.size[start:end],
            ),
            exposure=exposure,
            native_price=snapshot.native_price,
            references=snapshot.references,
            outlook=snapshot.outlooks.get(vault.address, NO_OUTLOOK),
        )
        for vault, exposure, start, end in zip(
            snapshot.vaults, measure(snapshot), first[:-1], first[1:], strict=True
        )
    )
