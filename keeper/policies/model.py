"""The policy file as operators see it, and its translation into the core's values.

pydantic stays on this side of the edge: what leaves is a frozen `Policy` of integers in the chain's units.
Contradictions between keys are found here too, because a keeper armed with a limit that can never be met
would only fail later and louder.
"""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from keeper.core.policy import (
    NO_BOOK,
    ORACLE_ALONE,
    CostCeilings,
    Hedging,
    Limits,
    Mode,
    Policy,
)
from keeper.core.triggers import NO_EMERGENCY, NO_TRIGGERS
from keeper.core.units import WAD, to_float
from keeper.policies.booking import BookPart
from keeper.policies.forecasting import ForecastPart
from keeper.policies.instruments import InstrumentPart, contradictions
from keeper.policies.oracles import OraclePart
from keeper.policies.part import Part, refuse
from keeper.policies.quantities import (
    DAY,
    BasisPoints,
    Distance,
    Duration,
    GasUnits,
    Gwei,
    Percent,
    PolicyName,
    Usd,
    VaultAddress,
)
from keeper.policies.triggers import EmergencyPart, TriggersPart


class LimitsPart(Part):
    """Hard limits: beyond one of these the keeper acts whatever it costs, or says that it cannot."""

    delta_usd: Usd = Field(
        description="How far the net delta may be from the vault's target, in dollars at spot."
    )
    gamma_usd: Usd = Field(description="How much the delta may change for a move of 1 %, in dollars.")
    vega_usd: Usd = Field(description="What one volatility point may cost, in dollars.")
    theta_usd: Usd = Field(description="What a day may cost, in dollars.")
    collateral_ratio: Percent = Field(description="Value over margin requirement may not fall below this.")
    stress_loss_usd: Usd | None = Field(
        default=None, description="What the worst scenario of the stress grid may cost, in dollars."
    )
    expected_shortfall_usd: Usd | None = Field(
        default=None, description="What the worst 2.5 % of days may cost on average, in dollars."
    )
    leverage: Percent | None = Field(
        default=None, description="Deltas of inventory and legs without their signs, over net value."
    )
    liquidation_distance: Distance | None = Field(
        default=None,
        description="So far the spot may move either way before the collateral ratio is at its floor.",
    )
    restore: Percent = Field(
        default="80%",
        validate_default=True,
        description="A breach is traded back to this share of its limit, or further.",
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.restore >= WAD:
            refuse([("restore", "not below the limit itself: what is restored would be a breach at once")])
        return self


class HedgingPart(Part):
    """How much risk is worth how much cost."""

    risk_tolerance_usd: Usd = Field(
        description="A bet at even odds to win or lose a tenth of this costs half a percent of it. "
        "Larger: wider bands, fewer and cheaper hedges."
    )
    look_interval: Duration = Field(
        description="How often the keeper looks: about one block, in the chain's time."
    )
    min_trade_usd: Usd = Field(description="Smaller trades are not worth a transaction.")
    max_trade_usd: Usd = Field(description="Larger needs are met in several trades.")

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.min_trade_usd > self.max_trade_usd:
            refuse(
                [
                    (
                        "min_trade_usd",
                        "the smallest trade is larger than `max_trade_usd`, so nothing could ever be traded",
                    )
                ]
            )
        return self


class CostsPart(Part):
    """What a rebalance may cost."""

    gas_units: GasUnits = Field(description="Gas that one rebalance is expected to use.")
    max_fee_gwei: Gwei = Field(description="Ceiling of the fee per unit of gas, base fee and tip together.")
    priority_fee_gwei: Gwei = Field(description="Tip per unit of gas.")
    max_slippage: BasisPoints = Field(
        description="What a trade may get less than the oracle's price promises, fees included."
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.max_fee_gwei == 0:
            refuse([("max_fee_gwei", "must be above zero")])
        if self.priority_fee_gwei > self.max_fee_gwei:
            refuse([("priority_fee_gwei", "the tip alone is above `max_fee_gwei`")])
        return self


class PolicyFile(Part):
    """What an operator allows the keeper to do for one vault."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="Keeper policy")

    name: PolicyName = Field(description="Label of metrics and logs, word on the command line.")
    vault: VaultAddress = Field(description="The vault's contract.")
    mode: Annotated[
        Literal["armed", "reduce-only", "paused"], Field(description="How far the keeper may go.")
    ]
    limits: LimitsPart
    hedging: HedgingPart
    costs: CostsPart
    oracle: OraclePart
    emergency: EmergencyPart | None = Field(
        default=None, description="Leave out to treat an emergency like any breach of a limit."
    )
    triggers: TriggersPart | None = Field(
        default=None, description="Leave out to make each hedge that is worth it at once."
    )
    forecast: ForecastPart | None = Field(
        default=None, description="Leave out to draw the band by the oracle's volatility alone."
    )
    book: BookPart | None = Field(default=None, description="Leave out to net it with no other vault.")
    instruments: tuple[InstrumentPart, ...] | None = Field(
        default=None, description="What the desk can trade, for advice: the keeper trades none of it."
    )
    cooldown: Duration = Field(description="Pause after a rebalance. Doubles with each revert in a row.")
    deadline: Duration = Field(description="A transaction not mined within this time is void.")
    private_blocks: int = Field(
        default=0,
        ge=0,
        le=100,
        description="For so many blocks only the private relay is shown it; 0: public at once.",
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        found: list[tuple[str, str]] = []
        if self.limits.delta_usd < self.hedging.min_trade_usd:
            found.append(
                (
                    "limits.delta_usd",
                    "the hard limit is below `hedging.min_trade_usd`: a breach could never be traded away",
                )
            )
        if self.deadline > DAY:
            found.append(
                ("deadline", "longer than 1d: a forgotten transaction must not trade at tomorrow's price")
            )
        refuse([*found, *self._between_parts()])
        return self

    def _between_parts(self) -> Iterator[tuple[str, str]]:
        """What the optional parts say against those that they stand beside."""
        hedging, slices = self.hedging, self.triggers.slices if self.triggers else None
        if self.emergency is not None:
            yield from self.emergency.contradictions(self.costs.max_fee_gwei, self.limits.collateral_ratio)
        if slices is not None:
            yield from slices.contradictions(
                hedging.min_trade_usd, hedging.max_trade_usd, self.limits.delta_usd, self.cooldown
            )
        if self.instruments is not None:
            yield from contradictions(self.instruments)

    def to_core(self, sha256: str) -> Policy:
        """The same policy as the core's value, named by the hash of its text."""
        limits, hedging, costs = self.limits, self.hedging, self.costs
        return Policy(
            name=self.name,
            vault=self.vault,
            mode=Mode(self.mode),
            limits=Limits(
                delta_usd_wad=limits.delta_usd,
                gamma_usd_wad=limits.gamma_usd,
                vega_usd_wad=limits.vega_usd,
                theta_usd_wad=limits.theta_usd,
                collateral_ratio_wad=limits.collateral_ratio,
                stress_loss_usd_wad=limits.stress_loss_usd or 0,
                expected_shortfall_usd_wad=limits.expected_shortfall_usd or 0,
                leverage_wad=limits.leverage or 0,
                liquidation_distance_wad=limits.liquidation_distance or 0,
                restore_wad=limits.restore,
            ),
            hedging=Hedging(
                risk_tolerance_usd=to_float(hedging.risk_tolerance_usd, WAD),
                look_interval_s=hedging.look_interval,
                min_trade_usd_wad=hedging.min_trade_usd,
                max_trade_usd_wad=hedging.max_trade_usd,
            ),
            costs=CostCeilings(
                gas_units=costs.gas_units,
                max_fee_wei=costs.max_fee_gwei,
                priority_fee_wei=costs.priority_fee_gwei,
                max_slippage_bps=costs.max_slippage,
            ),
            oracle=self.oracle.to_core(),
            cooldown_s=self.cooldown,
            deadline_s=self.deadline,
            sha256=sha256,
            private_blocks=self.private_blocks,
            emergency=self.emergency.to_core() if self.emergency else NO_EMERGENCY,
            triggers=self.triggers.to_core() if self.triggers else NO_TRIGGERS,
            book=self.book.to_core() if self.book else NO_BOOK,
            forecast=self.forecast.to_core() if self.forecast else ORACLE_ALONE,
            instruments=tuple(each.to_core() for each in self.instruments or ()),
        )
