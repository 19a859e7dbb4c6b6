"""A vault that stands on a chain, as one that a backtest can go on with.

What the vault has, what it owes and what its contract insists on are taken as they are; its options live on
to their expiry and are not sold again, because nobody knows what the vault will sell then. Its pool keeps the
depth that it has, and gas its price, as far as the market stays calm.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from keeper.core.exposure import Situation
from keeper.core.hedging.calibration import alive
from keeper.core.pricing.liquidity import Q96
from keeper.core.units import WAD, YEAR_SECONDS
from keeper.simulation.backtest import Setup
from keeper.simulation.book import DAY_S, LegPlan, Structure
from keeper.simulation.frictions import ONE_PERCENT, Frictions
from keeper.simulation.paths import Start

_NEVER_BINDS = 10**9


class Standing(NamedTuple):
    """A vault to go on with: `days` until its last option expires, and what gas costs now."""

    setup: Setup
    start: Start
    frictions: Frictions
    days: float
    calm_fee_wei: float


def standing(name: str, situation: Situation, frictions: Frictions) -> Standing:
    """What a backtest needs of a vault with a price and living options; `frictions` but for its pool."""
    exposure, vault, legs = situation.exposure, situation.vault, situation.legs
    living = np.flatnonzero(alive(legs))
    units = float(np.max(np.abs(legs.size[living]), initial=0.0)) or 1.0
    structure = Structure(
        name=name,
        legs=tuple(
            LegPlan(
                bool(legs.is_call[each]),
                float(legs.strike[each]) / exposure.spot,
                float(legs.size[each]) / units,
                float(legs.years[each]) * YEAR_SECONDS / DAY_S,
            )
            for each in living
        ),
        target=exposure.target_delta / units,
        capital=exposure.nav_usd / (units * exposure.spot),
        rolls=False,
    )
    rules = replace(vault.rules, turnover_cap_pips=_NEVER_BINDS, loss_cap_pips=_NEVER_BINDS)
    coin = situation.native_price.answer_wad / WAD
    return Standing(
        setup=Setup(structure, units, rules),
        start=Start(exposure.spot, exposure.volatility),
        frictions=replace(frictions, depth_usd=_depth_usd(situation), pool_fee_pips=vault.pool.fee_pips),
        days=float(np.max(legs.years[living], initial=0.0)) * YEAR_SECONDS / DAY_S,
        # The simulated coin has the price of the base.
        calm_fee_wei=situation.head.base_fee_wei * coin / exposure.spot,
    )


def _depth_usd(situation: Situation) -> float:
    """What moves the vault's pool by one percent."""
    vault = situation.vault
    root = vault.pool.sqrt_price_x96 / Q96
    liquidity = float(vault.pool.liquidity)
    reserve = liquidity / root if vault.pool.base_is_token0 else liquidity * root
    scale = 10.0**vault.base_decimals
    return reserve / scale * situation.exposure.spot / ONE_PERCENT
