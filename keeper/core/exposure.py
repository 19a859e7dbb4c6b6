"""What each vault is worth, and how that would move.

All legs of all vaults are priced in one vectorised call and summed per vault, so that the cost of a cycle grows with the
number of legs and not with the number of Python objects. r = 0; years of 365 days, as on chain.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keeper.core.position import VaultState
from keeper.core.pricing.black_scholes import greeks
from keeper.core.snapshot import Snapshot
from keeper.core.units import BPS, WAD, YEAR_SECONDS, Address

DAYS_PER_YEAR = 365
POINTS_PER_UNIT = 100


@dataclass(frozen=True, slots=True)
class Exposure:
    """One vault's sensitivities.

    `inventory`, `book_delta`, `net_delta`, `target_delta`, `gap` in base; `gamma` in base per usd; the rest in usd: `gamma_usd`
    per 1 % move, `vega_usd` per volatility point, `theta_usd` per day. `collateral_ratio` is infinite without short legs.
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


def measure(snapshot: Snapshot) -> tuple[Exposure, ...]:
    """Exposures of all vaults of a snapshot, in its order.

    Prices that are not positive count as zero: such a vault is never acted upon (see `verdict`), yet must not break the call.
    """
    vaults, legs = snapshot.vaults, snapshot.legs
    spot = np.array([max(v.price.answer_wad, 0) / WAD for v in vaults])
    volatility = np.array([max(v.volatility.answer_wad, 0) / WAD for v in vaults])
    years = np.maximum(legs.expiry - snapshot.head.timestamp, 0) / YEAR_SECONDS
    each = greeks(spot[legs.vault], legs.strike, years, volatility[legs.vault], legs.is_call)

    def book(column: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(legs.vault, weights=column * legs.size, minlength=len(vaults))

    short = np.bincount(legs.vault, weights=np.maximum(-legs.size, 0.0), minlength=len(vaults))
    columns = zip(
        vaults, spot, volatility, book(each.price), book(each.delta), book(each.gamma), book(each.vega), book(each.theta), short,
        strict=True,
    )
    return tuple(_of_vault(vault, *(float(value) for value in row)) for vault, *row in columns)


def _of_vault(  # noqa: PLR0913 one argument for each column of the book
    vault: VaultState,
    spot: float,
    volatility: float,
    value: float,
    delta: float,
    gamma: float,
    vega: float,
    theta: float,
    short: float,
) -> Exposure:
    inventory = vault.base_wei / 10**vault.base_decimals
    quote = vault.quote_units / 10**vault.quote_decimals
    target = vault.rules.target_delta_wad / WAD
    gap = delta + inventory - target
    nav = quote + inventory * spot + value
    requirement = short * spot * vault.rules.margin_bps / BPS
    return Exposure(
        vault=vault.address,
        spot=spot,
        volatility=volatility,
        inventory=inventory,
        book_delta=delta,
        net_delta=delta + inventory,
        target_delta=target,
        gap=gap,
        gap_usd=gap * spot,
        gamma=gamma,
        gamma_usd=gamma * spot * spot / 100,
        vega_usd=vega / POINTS_PER_UNIT,
        theta_usd=theta / DAYS_PER_YEAR,
        book_usd=value,
        nav_usd=nav,
        collateral_ratio=nav / requirement if requirement > 0 else math.inf,
    )
