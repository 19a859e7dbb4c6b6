"""Three option vaults, and a twin of each that nobody hedges.

A vault holds base but cannot owe any, so a book that may need a short position would run out of road. Where
the book's delta can be positive, the treasury therefore keeps a base exposure of that greatest delta as the
target: the inventory that brings net delta to the target, `target - book delta`, is then never negative, at
any price.
"""

from dataclasses import dataclass
from typing import Final

from keeper.core.pricing.black_scholes import price as option_price
from keeper.core.units import WAD, YEAR_SECONDS

DAY_S: Final = 86_400
QUOTE_UNIT: Final = 10**6
STRIKE_UNIT: Final = 10**8

_STRIKE_STEP = 25


@dataclass(frozen=True, slots=True)
class LegPlan:
    """One leg. `moneyness` is strike over spot; `size` in base, negative when the vault is short."""

    is_call: bool
    moneyness: float
    size: float


@dataclass(frozen=True, slots=True)
class VaultPlan:
    """A structure that is opened again whenever it expires. `target_delta` in base, `capital` in usd."""

    name: str
    symbol: str
    days: int
    legs: tuple[LegPlan, ...]
    target_delta: float
    capital: float


@dataclass(frozen=True, slots=True)
class Terms:
    """A leg as the vault's contract takes it."""

    is_call: bool
    strike: int
    expiry: int
    size: int
    premium: int
    counterparty: str

    def packed(self) -> tuple[bool, int, int, int, int, str]:
        """The struct's fields, in order."""
        return self.is_call, self.strike, self.expiry, self.size, self.premium, self.counterparty


PLANS: Final = (
    VaultPlan(
        "strangle", "kvSTR", 21,
        (LegPlan(is_call=True, moneyness=1.1, size=-1000), LegPlan(is_call=False, moneyness=0.9, size=-1000)),
        target_delta=1000, capital=18_000_000,
    ),
    VaultPlan(
        "covered-call", "kvCC", 14,
        (LegPlan(is_call=True, moneyness=1.05, size=-1000),),
        target_delta=0, capital=15_000_000,
    ),
    VaultPlan(
        "iron-condor", "kvIC", 30,
        (
            LegPlan(is_call=False, moneyness=0.8, size=1000),
            LegPlan(is_call=False, moneyness=0.9, size=-1000),
            LegPlan(is_call=True, moneyness=1.1, size=-1000),
            LegPlan(is_call=True, moneyness=1.2, size=1000),
        ),
        target_delta=1000, capital=15_000_000,
    ),
)  # fmt: skip

COOLDOWN_S: Final = 300
MAX_DEADLINE_S: Final = 7_200
MAX_FEED_AGE_S: Final = 5_400
MAX_SLIPPAGE_BPS: Final = 100
MARGIN_BPS: Final = 1_500
PRICE_ERROR_BPS: Final = 50
VOL_ERROR_BPS: Final = 500
MAX_JUMP_BPS: Final = 5_000
MIN_TRADE_BPS: Final = 100
MAX_DRAWDOWN_BPS: Final = 2_500
BAND: Final = 2
MAX_TRADE: Final = 1_000
EMERGENCY_TRADE: Final = 200
EMERGENCY_GAP: Final = 400
TURNOVER_PIPS: Final = 250_000
LOSS_PIPS: Final = 5_000
PRICE_RANGE: Final = (150, 15_000)
VOLATILITY_RANGE_PERCENT: Final = (1, 1_000)
RIPCORD_REWARD: Final = 100
KEEPER_TERM_S: Final = 360 * DAY_S


def limits(target_delta: float, cooldown_s: int = COOLDOWN_S) -> tuple[int, ...]:
    """The rules of a vault, in the order of the contract's struct.

    Deadlines are long because a block of the demonstration takes minutes: see `DemoVault.sol`.
    """
    ages = (MAX_FEED_AGE_S, MAX_FEED_AGE_S, MAX_FEED_AGE_S)
    errors = (PRICE_ERROR_BPS, VOL_ERROR_BPS)
    parts = (MAX_SLIPPAGE_BPS, MARGIN_BPS, *errors, MAX_JUMP_BPS, MIN_TRADE_BPS, MAX_DRAWDOWN_BPS)
    sizes = (BAND, round(target_delta), MAX_TRADE, EMERGENCY_TRADE, EMERGENCY_GAP)
    budgets = (TURNOVER_PIPS, TURNOVER_PIPS, LOSS_PIPS, LOSS_PIPS)
    bounds = (
        *(price * WAD for price in PRICE_RANGE),
        *(percent * WAD // 100 for percent in VOLATILITY_RANGE_PERCENT),
    )
    in_wad = (size * WAD for size in sizes)
    return (
        cooldown_s,
        MAX_DEADLINE_S,
        *ages,
        *parts,
        *in_wad,
        *budgets,
        *bounds,
        RIPCORD_REWARD * QUOTE_UNIT,
    )


def terms_of(
    plan: VaultPlan, spot: float, volatility: float, now: int, counterparty: str
) -> tuple[Terms, ...]:
    """The plan's legs at a spot: strikes on a grid of $25, premiums at the model's fair value."""
    expiry = now + plan.days * DAY_S
    return tuple(_terms(leg, spot, volatility, (now, expiry), counterparty) for leg in plan.legs)


def _terms(leg: LegPlan, spot: float, volatility: float, life: tuple[int, int], counterparty: str) -> Terms:
    strike = round(spot * leg.moneyness / _STRIKE_STEP) * _STRIKE_STEP
    now, expiry = life
    fair = float(option_price(spot, strike, (expiry - now) / YEAR_SECONDS, volatility, leg.is_call))
    premium = round(fair * abs(leg.size) * QUOTE_UNIT)
    return Terms(leg.is_call, strike * STRIKE_UNIT, expiry, round(leg.size) * WAD, premium, counterparty)
