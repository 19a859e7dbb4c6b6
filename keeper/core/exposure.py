"""What each vault is worth, and how that would move.

All legs of all vaults are priced in one vectorised call and summed per vault, so that the cost of a cycle
grows with the number of legs and not with the number of Python objects. r = 0; years of 365 days, as on
chain.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keeper.core.head import Head
from keeper.core.hedging import Legs as OptionLegs
from keeper.core.market import Reading, Reference
from keeper.core.position import VaultState
from keeper.core.pricing.black_scholes import greeks
from keeper.core.snapshot import Snapshot
from keeper.core.units import BPS, WAD, YEAR_SECONDS, Address

DAYS_PER_YEAR = 365
POINTS_PER_UNIT = 100


@dataclass(frozen=True, slots=True)
class Exposure:
    """One vault's sensitivities.

    `inventory`, `book_delta`, `net_delta`, `target_delta`, `gap` in base; `gamma` in base per usd; the rest
    in usd: `gamma_usd` per 1 % move, `vega_usd` per volatility point, `theta_usd` per day. `collateral_ratio`
    is infinite without short legs.
    """

    vault: Address
    spot: float
    volatility: float
    inventory: float
    book_delta: float
    net_delta: float
    target_delta: float
    gap: float
    gap_usd: float
    gamma: float
    gamma_usd: float
    vega_usd: float
    theta_usd: float
    book_usd: float
    nav_usd: float
    collateral_ratio: float


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
        )
        for vault, exposure, start, end in zip(
            snapshot.vaults, measure(snapshot), first[:-1], first[1:], strict=True
        )
    )


class Sums(NamedTuple):
    """Sums over the legs of one vault's book."""

    value: float
    delta: float
    gamma: float
    vega: float
    theta: float
    short: float


def measure(snapshot: Snapshot) -> tuple[Exposure, ...]:
    """Exposures of all vaults of a snapshot, in its order.

    Prices that are not positive count as zero: such a vault is never acted upon (see `verdict`), yet must not
    break the call.
    """
    vaults, legs = snapshot.vaults, snapshot.legs
    spot = np.array([max(v.price.answer_wad, 0) / WAD for v in vaults])
    volatility = np.array([max(v.volatility.answer_wad, 0) / WAD for v in vaults])
    years = np.maximum(legs.expiry - snapshot.head.timestamp, 0) / YEAR_SECONDS
    sums = book_sums(legs.vault, spot, volatility, OptionLegs(legs.strike, years, legs.is_call, legs.size))
    return tuple(map(exposure_of, vaults, spot.tolist(), volatility.tolist(), sums))


def book_sums(
    row: NDArray[np.int64], spot: NDArray[np.float64], volatility: NDArray[np.float64], legs: OptionLegs
) -> Iterator[Sums]:
    """Sums of many books, one for each spot: `row` says to which of them a leg belongs.

    A book's sums do not depend on the others, to the last bit: legs are added one by one in their order.
    """
    each = greeks(spot[row], legs.strike, legs.years, volatility[row], legs.is_call)

    def book(column: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(row, weights=column * legs.size, minlength=len(spot)).astype(np.float64)

    short = np.bincount(row, weights=np.maximum(-legs.size, 0.0), minlength=len(spot))
    columns = (*map(book, (each.price, each.delta, each.gamma, each.vega, each.theta)), short)
    return map(Sums, *(column.tolist() for column in columns))


def exposure_of(vault: VaultState, spot: float, volatility: float, book: Sums) -> Exposure:
    """One vault's exposure, given what its legs sum up to at this spot and volatility."""
    inventory = vault.base_wei / 10**vault.base_decimals
    quote = vault.quote_units / 10**vault.quote_decimals
    target = vault.rules.target_delta_wad / WAD
    gap = book.delta + inventory - target
    nav = quote + inventory * spot + book.value
    requirement = book.short * spot * vault.rules.margin_bps / BPS
    return Exposure(
        vault=vault.address,
        spot=spot,
        volatility=volatility,
        inventory=inventory,
        book_delta=book.delta,
        net_delta=book.delta + inventory,
        target_delta=target,
        gap=gap,
        gap_usd=gap * spot,
        gamma=book.gamma,
        gamma_usd=book.gamma * spot * spot / 100,
        vega_usd=book.vega / POINTS_PER_UNIT,
        theta_usd=book.theta / DAYS_PER_YEAR,
        book_usd=book.value,
        nav_usd=nav,
        collateral_ratio=nav / requirement if requirement > 0 else math.inf,
    )
