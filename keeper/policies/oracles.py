"""The part of a policy file that says when prices and volatilities may be believed."""

from typing import Self

from pydantic import Field, model_validator

from keeper.core.market import FeedRules
from keeper.core.policy import OracleRules
from keeper.policies.part import Part, refuse
from keeper.policies.quantities import BasisPoints, Duration, Percent, Usd


class PricePart(Part):
    """When the on-chain price is fit to act on."""

    max_age: Duration = Field(description="The feed's heartbeat and a margin.")
    min_usd: Usd = Field(description="A lower price is not believed.")
    max_usd: Usd = Field(description="A higher price is not believed.")

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.min_usd >= self.max_usd:
            refuse(
                [
                    (
                        "min_usd",
                        "no price lies between `min_usd` and `max_usd`: the minimum is not below the maximum",
                    )
                ]
            )
        return self

    def to_core(self) -> FeedRules:
        """The same bounds as the core's value."""
        return FeedRules(self.max_age, self.min_usd, self.max_usd)


class VolatilityPart(Part):
    """When the on-chain volatility is fit to act on."""

    max_age: Duration = Field(description="The feed's heartbeat and a margin.")
    min: Percent = Field(description="A lower annual volatility is not believed.")
    max: Percent = Field(description="A higher annual volatility is not believed.")

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.min >= self.max:
            refuse(
                [("min", "no volatility lies between `min` and `max`: the minimum is not below the maximum")]
            )
        return self

    def to_core(self) -> FeedRules:
        """The same bounds as the core's value."""
        return FeedRules(self.max_age, self.min, self.max)


class ReferencePart(Part):
    """An independent price from outside the chain: with this block, no fresh reference means no action."""

    max_age: Duration = Field(description="An older reference counts as none.")
    max_deviation: BasisPoints = Field(description="How far the on-chain price may be from the reference.")


class OraclePart(Part):
    """When prices may be believed."""

    price: PricePart
    volatility: VolatilityPart
    max_pool_deviation: BasisPoints = Field(description="How far the pool's price may be from the oracle's.")
    reference: ReferencePart | None = Field(
        default=None, description="Leave out when there is no reference feed."
    )

    def to_core(self) -> OracleRules:
        """The same rules as the core's value."""
        return OracleRules(
            price=self.price.to_core(),
            volatility=self.volatility.to_core(),
            max_pool_deviation_bps=self.max_pool_deviation,
            reference_max_age_s=self.reference.max_age if self.reference else 0,
            max_reference_deviation_bps=self.reference.max_deviation if self.reference else 0,
        )
