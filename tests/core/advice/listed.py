"""Listings for tests of advice, and vaults whose limits they can restore."""

from dataclasses import replace

from keeper.core.advice import Advice, NoAdvice
from keeper.core.decision import Decision, decide
from keeper.core.exposure import Situation
from keeper.core.listing import Kind, Listing, Prices, Room, Terms
from keeper.core.memory import Memory
from keeper.core.policy import Policy
from keeper.core.units import WAD
from tests.core.build import DAY, NOW, POLICY, VAULT, situation, usd

IN_30_DAYS = NOW - NOW % DAY + 31 * DAY
SPREAD = Prices(half_spread_wad=4 * WAD // 100, fee_wad=3 * WAD // 10_000)


def room(buy: float, sell: float = 0.0, lot: float = 1.0) -> Room:
    return Room(*(round(each * 10**6) * 10**12 for each in (buy, sell, lot)))


def option(name: str, kind: Kind, strike: int, **changes: object) -> Listing:
    """Fifty times what the vaults of these tests need, bought or sold."""
    terms = Terms(strike_wad=strike * WAD, expiry=IN_30_DAYS)
    plain = Listing(name, "otc-desk", kind, room(50_000, 50_000), SPREAD, terms)
    return replace(plain, **changes)  # type: ignore[arg-type]


CALL_3300 = option("call-3300", Kind.CALL, 3_300)
PUT_2700 = option("put-2700", Kind.PUT, 2_700)
LINEAR = Listing(
    "perp", "perp-venue", Kind.LINEAR, room(5_000, 5_000, 0.1), Prices(half_spread_wad=2 * WAD // 10_000)
)
INVERSE = Listing(
    "coin-perp",
    "perp-venue",
    Kind.INVERSE,
    room(10_000_000, 10_000_000, 10),
    Prices(half_spread_wad=3 * WAD // 10_000),
)
SPOT = Listing(
    "pool", "vault-pool", Kind.SPOT, room(100_000, 100_000, 0.001), Prices(half_spread_wad=WAD // 10_000)
)
ALL = (CALL_3300, PUT_2700, LINEAR, INVERSE, SPOT)


def policy(*listed: Listing, **limits: int) -> Policy:
    """Gamma is limited to 50,000 usd unless a test says otherwise: short calls of 1,000 base pass that."""
    changed = {"gamma_usd_wad": usd(50_000)} | limits
    return replace(POLICY, limits=replace(POLICY.limits, **changed), instruments=listed)


def decided(rules: Policy, seen: Situation | None = None, memory: Memory | None = None) -> Decision:
    return decide(rules, seen or situation(), memory or Memory(VAULT))


def advised(rules: Policy, seen: Situation | None = None) -> Advice:
    found = decided(rules, seen).advice
    assert isinstance(found, Advice), found
    return found


def refused(rules: Policy, seen: Situation | None = None) -> NoAdvice:
    found = decided(rules, seen).advice
    assert isinstance(found, NoAdvice), found
    return found
