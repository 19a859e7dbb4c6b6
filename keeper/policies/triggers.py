"""The part of a policy file that says when the keeper does not wait."""

from pydantic import Field

from keeper.core.policy import Emergency
from keeper.policies.part import Part
from keeper.policies.quantities import Gwei, Percent


class EmergencyPart(Part):
    """Beyond the contract's own emergency threshold no cooldown and no usual ceiling of the fee counts."""

    max_fee_gwei: Gwei = Field(description="Ceiling of the fee per unit of gas in an emergency.")
    collateral_ratio: Percent | None = Field(
        default=None,
        description="Below this value over margin requirement every hedge outside the band is an emergency.",
    )

    def to_core(self) -> Emergency:
        """The same as the core's value."""
        return Emergency(self.max_fee_gwei, self.collateral_ratio or 0)
