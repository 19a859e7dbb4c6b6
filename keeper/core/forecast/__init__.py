"""What the volatility will be, by models that are each a recursion over what has been.

A model is a frozen value that carries its parameters and the `version` of its arithmetic, so that a decision
which used it can name it and be derived again. A forecast for a moment is a function of the bars before it
and of nothing else: `tests/core/forecast` cuts the future off, and no forecast may change.

Bars are realised variances, one for each `bar_years` (`realised_variance` makes them of prices). Forecasts
are annualised variances; their square root is a volatility.
"""

from keeper.core.forecast.bars import realised_variance
from keeper.core.forecast.blend import Blend, NoOpinion, Opinion, blended
from keeper.core.forecast.fitting import Unfitted, fit_garch, fit_har
from keeper.core.forecast.history import Bar, History, Tick, Unfolded, folded, restored, unbroken
from keeper.core.forecast.models import Ewma, Garch, Har, Model, Name
from keeper.core.forecast.outlook import (
    NO_OUTLOOK,
    Forecast,
    Outlook,
    Silent,
    Turbulence,
    outlook,
    outlooks,
)
from keeper.core.forecast.regime import Regime, Regimes, raised
from keeper.core.forecast.switching import fit_regimes

__all__ = [
    "NO_OUTLOOK",
    "Bar",
    "Blend",
    "Ewma",
    "Forecast",
    "Garch",
    "Har",
    "History",
    "Model",
    "Name",
    "NoOpinion",
    "Opinion",
    "Outlook",
    "Regime",
    "Regimes",
    "Silent",
    "Tick",
    "Turbulence",
    "Unfitted",
    "Unfolded",
    "blended",
    "fit_garch",
    "fit_har",
    "fit_regimes",
    "folded",
    "outlook",
    "outlooks",
    "raised",
    "realised_variance",
    "restored",
    "unbroken",
]
