"""What an operator's desk can trade beside the vault's own venue, as the policy lists it.

The vault's contract trades base for quote and nothing else. What mends gamma or vega is traded elsewhere, by
people: a listing says what they could trade, where, at which cost, and how much of it. Amounts are integers
in WAD, of base but for an inverse perpetual, whose unit is a dollar of its face.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What an instrument is. Perpetuals of a kind differ in what they settle in."""

    CALL = "call"
    PUT = "put"
    LINEAR = "linear-perp"
    INVERSE = "inverse-perp"
    SPOT = "spot"


OPTIONS = frozenset({Kind.CALL, Kind.PUT})


@dataclass(frozen=True, slots=True)
class Terms:
    """What an option pays, and when; all of them 0 for what is no option.

    Either the strike is stated or its share of the spot, `moneyness_wad`; either the expiry in Unix seconds
    or the time until it, `tenor_s`. The other one is 0.
    """

    strike_wad: int = 0
    moneyness_wad: int = 0
    expiry: int = 0
    tenor_s: int = 0


NO_TERMS = Terms()


@dataclass(frozen=True, slots=True)
class Prices:
    """What a unit costs: bid and ask in usd until a time in Unix seconds, or half a spread as a share.

    The share is of the instrument's worth by the oracles. `fee_wad` is a share of what the unit is of, and
    `ticket_usd_wad` is paid for each trade.
    """

    bid_wad: int = 0
    ask_wad: int = 0
    until: int = 0
    half_spread_wad: int = 0
    fee_wad: int = 0
    ticket_usd_wad: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """The most that may be bought and sold, in multiples of a lot."""

    buy_wad: int
    sell_wad: int
    lot_wad: int


@dataclass(frozen=True, slots=True)
class Listing:
    """One instrument at one venue."""

    name: str
    venue: str
    kind: Kind
    room: Room
    prices: Prices
    terms: Terms = NO_TERMS
