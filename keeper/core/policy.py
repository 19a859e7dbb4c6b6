"""What an operator allows the keeper to do for one vault.

A policy is written by a person in YAML, checked at the edge, and arrives here as frozen values, so that the
core never meets a missing key or a default it has to guess. Limits are integers in WAD of the quote token
("usd" in every name): they are compared with measured quantities that have been rounded against the keeper.
"""

from dataclasses import dataclass
from enum import StrEnum

from keeper.core.forecast import Name
from keeper.core.listing import Listing
from keeper.core.market import FeedRules
from keeper.core.triggers import NO_EMERGENCY, NO_TRIGGERS, Emergency, Triggers
from keeper.core.units import WAD, Address


class Mode(StrEnum):
    """How far the keeper may go for a vault."""

    ARMED = "armed"
    REDUCE_ONLY = "reduce-only"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Limits:
    """Hard limits: beyond one of these the keeper acts whatever it costs, or says that it cannot.

    `delta_usd_wad` bounds |net delta - target| at spot, `gamma_usd_wad` the change of delta in usd for a move
    of 1 %, `vega_usd_wad` the loss for one volatility point, `theta_usd_wad` the decay of a day;
    `collateral_ratio_wad` is a floor. `restore_wad` is the share of a limit to which a trade restores it.

    The others are 0 where there is no limit. `stress_loss_usd_wad` bounds the loss in the worst scenario,
    `expected_shortfall_usd_wad` the mean loss in the worst days, `leverage_wad` gross delta over net value;
    `liquidation_distance_wad` is the fraction by which the spot must be able to move either way before the
    collateral ratio is at its floor.
    """

    delta_usd_wad: int
    gamma_usd_wad: int
    vega_usd_wad: int
    theta_usd_wad: int
    collateral_ratio_wad: int
    restore_wad: int = 8 * WAD // 10
    stress_loss_usd_wad: int = 0
    expected_shortfall_usd_wad: int = 0
    leverage_wad: int = 0
    liquidation_distance_wad: int = 0

    @property
    def need_repricing(self) -> bool:
        """Whether one of them can only be held against what pricing every leg anew tells."""
        return any((self.stress_loss_usd_wad, self.expected_shortfall_usd_wad, self.liquidation_distance_wad))

    def cleared_below(self, limit_wad: int) -> int:
        """Where a limit that was passed counts as kept again: half of the way to the restore level."""
        return limit_wad * (WAD + self.restore_wad) // (2 * WAD)

    def cleared_above(self, floor_wad: int) -> int:
        """The same for a floor, as far above it."""
        return -(-floor_wad * (3 * WAD - self.restore_wad) // (2 * WAD))


@dataclass(frozen=True, slots=True)
class Hedging:
    """How much risk is worth how much cost.

    `risk_tolerance_usd` is the reciprocal of absolute risk aversion: a bet that wins or loses a tenth of it
    at even odds costs about half a percent of it. `look_interval_s` is how often the keeper looks.
    """

    risk_tolerance_usd: float
    look_interval_s: int
    min_trade_usd_wad: int
    max_trade_usd_wad: int

    @property
    def risk_aversion(self) -> float:
        """Absolute risk aversion in 1/usd."""
        return 1.0 / self.risk_tolerance_usd


@dataclass(frozen=True, slots=True)
class CostCeilings:
    """What a rebalance may cost.

    `gas_units` is what one is expected to use; `max_fee_wei` is per unit of gas.
    """

    gas_units: int
    max_fee_wei: int
    priority_fee_wei: int
    max_slippage_bps: int


@dataclass(frozen=True, slots=True)
class OracleRules:
    """When prices may be believed.

    `reference_max_age_s` of 0 means that no independent reference outside the chain is asked for.
    """

    price: FeedRules
    volatility: FeedRules
    max_pool_deviation_bps: int
    reference_max_age_s: int
    max_reference_deviation_bps: int


@dataclass(frozen=True, slots=True)
class ForecastRules:
    """Who has a say in the volatility by which the band is drawn; nobody but the oracle if nobody is named.

    `implied_weight` is what the oracle's own volatility counts, and `models` share the rest. `turbulent` is
    the factor while the market surely is; `least` and `most` bound the result, as factors of the oracle's.
    """

    models: tuple[Name, ...]
    implied_weight: float
    turbulent: float
    least: float
    most: float

    @property
    def unused(self) -> bool:
        """Whether nothing but the oracle is asked."""
        return not self.models and self.turbulent == 1.0


ORACLE_ALONE = ForecastRules((), 1.0, 1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Book:
    """With which vaults this one is netted: those that name the same. Nothing is traded because of it."""

    name: str
    underlying: str


NO_BOOK = Book("", "")


@dataclass(frozen=True, slots=True)
class Policy:
    """One vault's policy.

    `sha256` is the hash of the text that it was read from, and names it in the journal. For `private_blocks`
    after it is signed a transaction is shown to the private relay only. `instruments` are for advice: the
    keeper trades none of them.
    """

    name: str
    vault: Address
    mode: Mode
    limits: Limits
    hedging: Hedging
    costs: CostCeilings
    oracle: OracleRules
    cooldown_s: int
    deadline_s: int
    sha256: str
    private_blocks: int = 0
    forecast: ForecastRules = ORACLE_ALONE
    emergency: Emergency = NO_EMERGENCY
    triggers: Triggers = NO_TRIGGERS
    book: Book = NO_BOOK
    instruments: tuple[Listing, ...] = ()

    @property
    def highest_fee_wei(self) -> int:
        """The most that a unit of gas may ever cost."""
        return max(self.costs.max_fee_wei, self.emergency.max_fee_wei)


def exceeds(measured: float, limit_wad: int) -> bool:
    """Whether |measured| is above a limit, exactly.

    A float is a ratio of integers, so no rounding can hide a breach.
    """
    numerator, denominator = abs(measured).as_integer_ratio()
    return numerator * WAD > limit_wad * denominator


def falls_below(measured: float, floor_wad: int) -> bool:
    """Whether a finite `measured` is below a floor, exactly."""
    numerator, denominator = measured.as_integer_ratio()
    return numerator * WAD < floor_wad * denominator
