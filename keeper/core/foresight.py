"""The volatility by which a vault's band is drawn, and how it came about.

The contract judges a hedge at its oracle's volatility, so delta, gamma and every limit are measured at that,
whatever anybody expects. But how wide the band should be, and how long a gap may be left, depends on how the
price *will* move. There the policy may let models have a say: blended with the oracle's in variance, raised
while the market is probably turbulent, and bounded by factors of the oracle's, so that no model alone can
make a keeper careless or hectic. A model that is short of bars, or whose last bar is too old, has no say; if
none has, the oracle's volatility stands, to the last bit.
"""

from dataclasses import dataclass
from enum import StrEnum

from keeper.core.exposure import Situation
from keeper.core.forecast import Blend, Forecast, NoOpinion, Opinion, Turbulence, blended, raised
from keeper.core.forecast.history import BAR_S, LONGEST_GAP_S
from keeper.core.policy import ForecastRules, Policy

OLDEST_S = LONGEST_GAP_S + BAR_S
"""Age of the last bar beyond which no answer can bridge the silence since."""

IMPLIED = "implied"
IMPLIED_VERSION = 1


class Basis(StrEnum):
    """What the band's volatility is."""

    UNUSED = "the oracle's: the policy asks for no forecast"
    NOT_READY = "the oracle's: no model that was asked has anything to say yet"
    TOO_OLD = "the oracle's: the last bar is too old"
    FORECAST = "the forecast"
    BOUNDED_BELOW = "the least that the policy allows"
    BOUNDED_ABOVE = "the most that the policy allows"


@dataclass(frozen=True, slots=True)
class Foresight:
    """`used` are the opinions with the weights that they had; `factor` is what turbulence makes of the blend.

    `volatility` is what the band is drawn by.
    """

    basis: Basis
    implied: float
    used: tuple[Opinion, ...]
    turbulent: float
    factor: float
    volatility: float


def foresee(policy: Policy, situation: Situation) -> Foresight:
    """What the policy makes of the outlook."""
    rules, implied = policy.forecast, situation.exposure.volatility
    outlook = situation.outlook
    if rules.unused:
        return _implied_alone(Basis.UNUSED, implied)
    if outlook.until and situation.head.timestamp - outlook.until > OLDEST_S:
        return _implied_alone(Basis.TOO_OLD, implied)
    spoken = [each for each in outlook.forecasts if isinstance(each, Forecast) and each.model in rules.models]
    knows_regime = isinstance(outlook.turbulence, Turbulence) and rules.turbulent != 1.0
    if not spoken and not knows_regime:
        return _implied_alone(Basis.NOT_READY, implied)
    found = blended(
        [*_opinions(rules, spoken), Opinion(IMPLIED, IMPLIED_VERSION, implied, rules.implied_weight)]
    )
    return _bounded(rules, situation, found)


def stress_factor(policy: Policy, situation: Situation) -> float:
    """By how much the moves of a stress grid are to be larger than in quiet times; at least one."""
    return foresee(policy, situation).factor


def _implied_alone(basis: Basis, implied: float) -> Foresight:
    return Foresight(basis, implied, (), 0.0, 1.0, implied)


def _opinions(rules: ForecastRules, spoken: list[Forecast]) -> list[Opinion]:
    share = (1.0 - rules.implied_weight) / max(len(rules.models), 1)
    return [Opinion(each.model, each.version, each.volatility, share) for each in spoken]


def _bounded(rules: ForecastRules, situation: Situation, found: Blend | NoOpinion) -> Foresight:
    implied, turbulence = situation.exposure.volatility, situation.outlook.turbulence
    if isinstance(found, NoOpinion):
        return _implied_alone(Basis.NOT_READY, implied)
    wild = turbulence.probability if isinstance(turbulence, Turbulence) and rules.turbulent != 1.0 else 0.0
    factor = raised(wild, rules.turbulent)
    wanted, least, most = found.volatility * factor, rules.least * implied, rules.most * implied
    basis = (
        Basis.BOUNDED_BELOW if wanted < least else Basis.BOUNDED_ABOVE if wanted > most else Basis.FORECAST
    )
    return Foresight(basis, implied, found.used, wild, factor, min(max(wanted, least), most))
