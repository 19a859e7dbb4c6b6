"""Listings at one head: what a unit of each changes and costs now, or why it cannot be traded.

A unit's cost is what it loses at once against its worth by the oracles, which is what the vault is measured
by: half of the spread at least, and more where the quote is off on the wrong side. A quote that is off on the
right side is no gain: the oracle's volatility is one number, and strikes differ for good reason.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from keeper.core.exposure import Situation
from keeper.core.hedging.instruments import Instrument
from keeper.core.listing import OPTIONS, Kind, Listing
from keeper.core.market import in_quote
from keeper.core.pricing.black_scholes import greeks
from keeper.core.pricing.perpetual import inverse
from keeper.core.units import WAD, YEAR_SECONDS, to_float

DAY_S = 86_400
DAYS_PER_YEAR = 365

SOON_S = DAY_S
"""An option with less than this is the cheapest gamma of all, and gone before the limit is safe."""

_STRIKES = 200
"""A strike that is stated as a share of the spot is put on a grid of about one in so many of the spot."""

Effect = tuple[float, float, float, float]


class Left(StrEnum):
    """Why a listing is left out at a head."""

    EXPIRED = "expired"
    EXPIRES_SOON = "expires-soon"
    QUOTE_OVER = "quote-over"
    ARBITRAGE = "arbitrage"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A listing that cannot be traded at this head."""

    instrument: str
    why: Left


@dataclass(frozen=True, slots=True)
class Offer:
    """A listing that can be traded: at which prices, of which option, and what that means to the solver."""

    listing: Listing
    bid_usd: float
    ask_usd: float
    strike: float
    expiry: int
    instrument: Instrument


def offers(listings: Sequence[Listing], situation: Situation) -> tuple[list[Offer], tuple[LeftOut, ...]]:
    """What can be traded at a head with a price and a volatility, in the order of the listings."""
    found: list[Offer] = []
    left: list[LeftOut] = []
    for listing, worth in zip(listings, _worths(listings, situation), strict=True):
        objection = next(_objections(listing, worth, situation), None)
        if objection is None:
            found.append(_offer(listing, worth, situation))
        else:
            left.append(LeftOut(listing.name, objection))
    return found, tuple(left)


@dataclass(frozen=True, slots=True)
class _Worth:
    """What a unit is worth, what it changes, and what its fee is a share of."""

    fair_usd: float
    effect: Effect
    notional_usd: float
    strike: float = 0.0
    expiry: int = 0


def _worths(listings: Sequence[Listing], situation: Situation) -> Iterator[_Worth]:
    options = _priced([each for each in listings if each.kind in OPTIONS], situation)
    spot = situation.exposure.spot
    for listing in listings:
        if listing.kind in OPTIONS:
            yield next(options)
        elif listing.kind is Kind.INVERSE:
            coins = float(inverse(spot, spot, 1.0, 0.0, 0.0).delta)
            yield _Worth(spot, (coins, 0.0, 0.0, 0.0), 1.0)
        else:
            yield _Worth(spot, (1.0, 0.0, 0.0, 0.0), spot)


def _priced(options: Sequence[Listing], situation: Situation) -> Iterator[_Worth]:
    """All options in one call, by the oracle's price and volatility, as the vault itself is measured."""
    exposure, now = situation.exposure, situation.head.timestamp
    spot = exposure.spot
    expiries = [_expiry(each, now) for each in options]
    strikes = [_strike(each, spot) for each in options]
    years = np.maximum(np.array(expiries, dtype=np.float64) - now, 0.0) / YEAR_SECONDS
    calls = np.array([each.kind is Kind.CALL for each in options], dtype=np.bool_)
    each = greeks(spot, np.array(strikes, dtype=np.float64), years, exposure.volatility, calls)
    for place in range(len(options)):
        effect = (
            float(each.delta[place]),
            float(each.gamma[place]) * spot * spot / 100,
            float(each.vega[place]) / 100,
            float(each.theta[place]) / DAYS_PER_YEAR,
        )
        yield _Worth(float(each.price[place]), effect, spot, strikes[place], expiries[place])


def _expiry(listing: Listing, now: int) -> int:
    """As stated, or the end of the day in which the time until it ends."""
    if not listing.terms.tenor_s:
        return listing.terms.expiry
    return -(-(now + listing.terms.tenor_s) // DAY_S) * DAY_S


def _strike(listing: Listing, spot: float) -> float:
    if not listing.terms.moneyness_wad:
        return in_quote(listing.terms.strike_wad)
    grid = 5.0 * 10.0 ** math.floor(math.log10(spot / _STRIKES))
    return max(round(in_quote(listing.terms.moneyness_wad) * spot / grid), 1) * grid


def _objections(listing: Listing, worth: _Worth, situation: Situation) -> Iterator[Left]:
    now, spot, prices = situation.head.timestamp, situation.exposure.spot, listing.prices
    if listing.kind in OPTIONS and worth.expiry < now + SOON_S:
        yield Left.EXPIRED if worth.expiry <= now else Left.EXPIRES_SOON
    if not prices.ask_wad:
        return
    if prices.until <= now:
        yield Left.QUOTE_OVER
    if listing.kind in OPTIONS:
        called = listing.kind is Kind.CALL
        least = max(spot - worth.strike if called else worth.strike - spot, 0.0)
        most = spot if called else worth.strike
        if in_quote(prices.ask_wad) < least or in_quote(prices.bid_wad) > most:
            yield Left.ARBITRAGE


def _offer(listing: Listing, worth: _Worth, situation: Situation) -> Offer:
    prices, fair = listing.prices, worth.fair_usd
    if prices.ask_wad:
        bid, ask = in_quote(prices.bid_wad), in_quote(prices.ask_wad)
    else:
        bid, ask = (fair * (1.0 + sign * in_quote(prices.half_spread_wad)) for sign in (-1.0, 1.0))
    half = (ask - bid) / 2
    # An inverse contract is priced as base is, and its unit is a dollar of it.
    units = 1.0 / fair if listing.kind is Kind.INVERSE else 1.0
    fee = in_quote(prices.fee_wad) * worth.notional_usd
    bought, sold = (max(off, half) * units + fee for off in (ask - fair, fair - bid))
    buy, sell = _room(listing, situation, ask)
    instrument = Instrument(
        effect=worth.effect,
        cost=bought,
        fixed=in_quote(prices.ticket_usd_wad),
        least=-sell,
        most=buy,
        lot=to_float(listing.room.lot_wad),
        dearer_sold=sold - bought,
    )
    return Offer(listing, bid, ask, worth.strike, worth.expiry, instrument)


def _room(listing: Listing, situation: Situation, ask: float) -> tuple[float, float]:
    """What may be bought and sold, in whole lots; of base no more than the vault can pay or has."""
    buy_wad, sell_wad, lot_wad = listing.room.buy_wad, listing.room.sell_wad, listing.room.lot_wad
    if listing.kind is Kind.SPOT:
        vault = situation.vault
        sell_wad = min(sell_wad, vault.base_wei * WAD // 10**vault.base_decimals)
        paid = to_float(vault.quote_units, 10**vault.quote_decimals) / ask
        buy_wad = min(buy_wad, int(paid * WAD))
    lot = to_float(lot_wad)
    return buy_wad // lot_wad * lot, sell_wad // lot_wad * lot
