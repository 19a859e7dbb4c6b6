"""What each vault is worth, and how that would move.

All legs of all vaults are priced in one vectorised call and summed per vault, and what follows from the sums
is taken for all vaults at once too, so that the cost of a cycle grows with the number of legs and not with
the number of Python objects. r = 0; years of 365 days, as on chain.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keeper.core.hedging import Legs as OptionLegs
from keeper.core.position import VaultState
from keeper.core.pricing.black_scholes import Floats, greeks
from keeper.core.snapshot import Snapshot
from keeper.core.units import BPS, WAD, YEAR_SECONDS, Address

DAYS_PER_YEAR = 365
POINTS_PER_UNIT = 100

EXPIRY_BUCKETS_DAYS = (7.0, 30.0, 90.0)
"""Upper ends of the buckets of expiry; the last bucket has none."""

_BUCKETS = len(EXPIRY_BUCKETS_DAYS) + 1
_REFERENCE_DAYS = 30.0
_LEAST_YEARS = 1.0 / YEAR_SECONDS


@dataclass(frozen=True, slots=True)
class Exposure:
    """One vault's sensitivities.

    `inventory`, `book_delta`, `net_delta`, `target_delta`, `gap` in base; `gamma` in base per usd; the rest
    in usd: `gamma_usd` per 1 % move, `vega_usd` per volatility point, `theta_usd` per day. `collateral_ratio`
    is infinite without short legs.

    `vega_by_expiry_usd` splits vega at EXPIRY_BUCKETS_DAYS. `weighted_vega_usd` counts a leg's vega sqrt(30 /
    days to expiry) times, because short volatilities move more: it is the loss for a point at thirty days.
    `gross_delta_usd` adds up the deltas of inventory and legs without their signs, and `leverage` is that
    over `nav_usd`, infinite where there is a delta and nothing to bear it.
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
    gross_delta_usd: float
    leverage: float
    weighted_vega_usd: float
    vega_by_expiry_usd: tuple[float, ...]


class Sums(NamedTuple):
    """Sums over the legs of books, a row each; `vega_by_expiry` has a column for each bucket.

    `gross` is of deltas without their signs and `short` the size of short legs, both in base.
    """

    value: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    gross: Floats
    short: Floats
    weighted_vega: Floats
    vega_by_expiry: Floats

    def rows(self, which: slice) -> "Sums":
        """Those of some of the books."""
        return Sums(*(column[which] for column in self))


def measure(snapshot: Snapshot) -> tuple[Exposure, ...]:
    """Exposures of all vaults of a snapshot, in its order.

    Prices that are not positive count as zero: such a vault is never acted upon (see `verdict`), yet must not
    break the call.
    """
    return tuple(_exposures(snapshot.vaults, measured_columns(snapshot)))


def measured_columns(snapshot: Snapshot) -> tuple[Floats, ...]:
    """The same before a thousand values are made of it: the fields of `Exposure` after `vault`."""
    vaults, legs = snapshot.vaults, snapshot.legs
    spot = np.array([vault.price.answer_wad / WAD for vault in vaults])
    volatility = np.array([vault.volatility.answer_wad / WAD for vault in vaults])
    spot, volatility = np.maximum(spot, 0.0), np.maximum(volatility, 0.0)
    years = np.maximum(legs.expiry - snapshot.head.timestamp, 0) / YEAR_SECONDS
    sums = book_sums(legs.vault, spot, volatility, OptionLegs(legs.strike, years, legs.is_call, legs.size))
    return _columns(vaults, spot, volatility, sums)


def book_sums(row: NDArray[np.int64], spot: Floats, volatility: Floats, legs: OptionLegs) -> Sums:
    """Sums of many books, one for each spot: `row` says to which of them a leg belongs.

    A book's sums do not depend on the others, to the last bit: legs are added one by one in their order.
    """
    books = len(spot)
    each = greeks(spot[row], legs.strike, legs.years, volatility[row], legs.is_call)

    def book(column: Floats) -> Floats:
        return np.bincount(row, weights=column, minlength=books).astype(np.float64)

    delta, vega = each.delta * legs.size, each.vega * legs.size
    days = legs.years * DAYS_PER_YEAR
    cell = row * _BUCKETS + np.searchsorted(EXPIRY_BUCKETS_DAYS, days)
    by_expiry = np.bincount(cell, weights=vega, minlength=books * _BUCKETS).astype(np.float64)
    return Sums(
        value=book(each.price * legs.size),
        delta=book(delta),
        gamma=book(each.gamma * legs.size),
        vega=book(vega),
        theta=book(each.theta * legs.size),
        gross=book(np.abs(delta)),
        short=book(np.maximum(-legs.size, 0.0)),
        weighted_vega=book(vega * np.sqrt(_REFERENCE_DAYS / np.maximum(days, _LEAST_YEARS))),
        vega_by_expiry=by_expiry.reshape(books, _BUCKETS),
    )


def exposures_of(
    vaults: Sequence[VaultState], spot: Floats, volatility: Floats, books: Sums
) -> Iterator[Exposure]:
    """The exposure of each vault, given what its legs sum up to at its spot and volatility."""
    return _exposures(vaults, _columns(vaults, spot, volatility, books))


def _exposures(vaults: Sequence[VaultState], columns: tuple[Floats, ...]) -> Iterator[Exposure]:
    *numbers, by_expiry = (column.tolist() for column in columns)
    return map(Exposure, (vault.address for vault in vaults), *numbers, map(tuple, by_expiry))


def _columns(
    vaults: Sequence[VaultState], spot: Floats, volatility: Floats, books: Sums
) -> tuple[Floats, ...]:
    inventory = np.array([vault.base_wei / 10**vault.base_decimals for vault in vaults])
    quote = np.array([vault.quote_units / 10**vault.quote_decimals for vault in vaults])
    target = np.array([vault.rules.target_delta_wad / WAD for vault in vaults])
    # A lie about one vault may be beyond 64 bits, and must not break the others.
    margin_bps = np.array([float(vault.rules.margin_bps) for vault in vaults])
    gap = books.delta + inventory - target
    nav = quote + inventory * spot + books.value
    requirement = books.short * spot * margin_bps / BPS
    gross = (books.gross + inventory) * spot
    return (
        spot,
        volatility,
        inventory,
        books.delta,
        books.delta + inventory,
        target,
        gap,
        gap * spot,
        books.gamma,
        books.gamma * spot * spot / 100,
        books.vega / POINTS_PER_UNIT,
        books.theta / DAYS_PER_YEAR,
        books.value,
        nav,
        _over(nav, requirement),
        gross,
        np.where(gross > 0.0, _over(gross, np.maximum(nav, 0.0)), 0.0),
        books.weighted_vega / POINTS_PER_UNIT,
        books.vega_by_expiry / POINTS_PER_UNIT,
    )


def _over(top: Floats, bottom: Floats) -> Floats:
    """Infinite over nothing."""
    with np.errstate(all="ignore"):
        return np.where(bottom > 0.0, top / bottom, np.inf)
