"""The part of a policy file that lets models have a say in the band's volatility."""

from typing import Literal, Self

from pydantic import Field, model_validator

from keeper.core.forecast import Name
from keeper.core.policy import ForecastRules
from keeper.core.units import WAD, to_float
from keeper.policies.part import Part, refuse
from keeper.policies.quantities import Percent


class ForecastPart(Part):
    """Who has a say, beside the oracle, in the volatility by which the band is drawn."""

    models: tuple[Literal["ewma", "har", "garch"], ...] = Field(
        default=(), description="Models of the vault's own price history, fitted as it grows."
    )
    implied_weight: Percent = Field(
        default="50%",
        validate_default=True,
        description="What the oracle's volatility counts, up to 100%; the models share the rest.",
    )
    turbulence: Percent = Field(
        default="100%",
        validate_default=True,
        description="The factor while the market surely is turbulent, and in proportion while it may be; "
        "at least 100%, which is to leave regimes out.",
    )
    min: Percent = Field(
        default="50%",
        validate_default=True,
        description="The band's volatility over the oracle's may not be less.",
    )
    max: Percent = Field(
        default="200%",
        validate_default=True,
        description="The band's volatility over the oracle's at the most.",
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        found: list[tuple[str, str]] = []
        if len(set(self.models)) < len(self.models):
            found.append(("models", "a model is named twice, and would have its say twice"))
        if not self.models and self.turbulence == WAD:
            found.append(("models", "no model is named, and no `turbulence`: leave out `forecast`"))
        if self.implied_weight > WAD:
            found.append(("implied_weight", "more than all: at most 100%"))
        if self.models and self.implied_weight == WAD:
            found.append(("implied_weight", "leaves the models no say: less than 100%, or name no model"))
        if self.turbulence < WAD:
            found.append(("turbulence", "less than 100% would widen the band when the market is wild"))
        if self.min > WAD:
            found.append(("min", "above 100%: the oracle's own volatility stands while models are silent"))
        if self.max < max(WAD, self.turbulence):
            found.append(("max", "below 100%, or below `turbulence`, which could never be"))
        refuse(found)
        return self

    def to_core(self) -> ForecastRules:
        """The same rules as the core's value."""
        return ForecastRules(
            models=tuple(Name(model) for model in self.models),
            implied_weight=to_float(self.implied_weight, WAD),
            turbulent=to_float(self.turbulence, WAD),
            least=to_float(self.min, WAD),
            most=to_float(self.max, WAD),
        )
