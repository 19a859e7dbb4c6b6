"""The parts of a policy file that say when the keeper waits, and when it does not."""

from collections.abc import Iterator
from typing import Self

from pydantic import Field, model_validator

from keeper.core.triggers import AT_ONCE, Emergency, Slicing, Triggers
from keeper.policies.part import Part, refuse
from keeper.policies.quantities import DAY, Duration, Gwei, Percent, Usd

MAX_SLICES = 100


class EmergencyPart(Part):
    """Beyond the contract's own emergency threshold no cooldown and no usual ceiling of the fee counts."""

    max_fee_gwei: Gwei = Field(description="Ceiling of the fee per unit of gas in an emergency.")
    collateral_ratio: Percent | None = Field(
        default=None,
        description="Below this value over margin requirement every hedge outside the band is an emergency.",
    )

    def contradictions(self, max_fee_wei: int, collateral_ratio_wad: int) -> Iterator[tuple[str, str]]:
        """What is less than the layer below it has."""
        if self.max_fee_gwei < max_fee_wei:
            yield (
                "emergency.max_fee_gwei",
                "below `costs.max_fee_gwei`: an emergency would wait where any other hedge would not",
            )
        if (self.collateral_ratio or 0) >= collateral_ratio_wad:
            yield (
                "emergency.collateral_ratio",
                "not below `limits.collateral_ratio`: each breach of the limit would be an emergency",
            )

    def to_core(self) -> Emergency:
        """The same as the core's value."""
        return Emergency(self.max_fee_gwei, self.collateral_ratio or 0)


class SlicesPart(Part):
    """A large need inside the limits is traded in pieces, each after the pool has recovered from the last."""

    above_usd: Usd = Field(description="A need that is larger is divided.")
    count: int = Field(ge=2, le=MAX_SLICES, description="Into so many pieces, each a share of what is left.")
    every: Duration = Field(description="Least time from one piece to the next.")

    def contradictions(
        self, least_wad: int, most_wad: int, limit_wad: int, cooldown_s: int
    ) -> Iterator[tuple[str, str]]:
        """What of it can never happen, held against the least and most of a trade, the limit, the pause."""
        key = "triggers.slices"
        if self.above_usd < self.count * least_wad:
            yield f"{key}.count", "a piece would be below `hedging.min_trade_usd`"
        if self.above_usd > self.count * most_wad:
            yield f"{key}.count", "a piece would be above `hedging.max_trade_usd`, which divides it already"
        if self.above_usd >= limit_wad:
            yield f"{key}.above_usd", "not below `limits.delta_usd`: beyond that nothing waits for pieces"
        if self.every < cooldown_s:
            yield f"{key}.every", "shorter than `cooldown`, which no piece is spared"


class TriggersPart(Part):
    """When a hedge that is worth it is not made at once, or not all of it."""

    slices: SlicesPart | None = Field(default=None, description="Leave out to trade each need at once.")
    quiet_before_expiry: Duration | None = Field(
        default=None,
        description="So long before an option expires near its strike only hard limits are acted upon.",
    )
    own_impact: Duration | None = Field(
        default=None,
        description="For so long the oracle may still follow what a hedge did to the pool: the window of a "
        "feed that is a mean of the pool's price. Leave out where the feed does not look at the pool.",
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if (self.quiet_before_expiry or 0) > DAY:
            refuse([("quiet_before_expiry", "longer than 1d: pin risk is a matter of minutes")])
        return self

    def to_core(self) -> Triggers:
        """The same as the core's value."""
        slices = self.slices
        return Triggers(
            Slicing(slices.above_usd, slices.count, slices.every) if slices else AT_ONCE,
            self.quiet_before_expiry or 0,
            self.own_impact or 0,
        )
