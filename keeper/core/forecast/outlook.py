"""What the models say after a bar: the part of a cycle's evidence that is not read from the chain.

An outlook is a function of the bars that are over, and of nothing else: not of when somebody fitted a model.
So `explain` beside a daemon, a daemon that was started again and a backtest come to the same one. Models are
fitted on the bars that were over at the last of fixed moments, `REFIT_S` apart, and then read off their
course at each bar since; a course knows no future, so the bars after a moment change nothing before it.

Bars may have holes. Models take what is there for one course, and none of them says how old it is; so they
are held to have a say only where at least half the bars of their longest span are there.

A model that cannot speak is there with the reason. Who uses an outlook decides what silence is worth (see
`keeper.core.foresight`).
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np

from keeper.core.forecast.fitting import Unfitted, fit_garch, fit_har, refused
from keeper.core.forecast.history import BAR_S, KEPT_BARS, MOST_BARS, REFIT_S, Bar
from keeper.core.forecast.models import SPANS, Ewma, Floats, Model, Name
from keeper.core.forecast.regime import Regime, Regimes
from keeper.core.forecast.switching import fit_regimes

REMEMBERED_FITS: Final = 2_048
"""Vaults with one history have one fit, and a thousand may have as many histories: each is read after each
bar, and one too few would make a fit of each reading. They take 9 kB each."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """One model's volatility of the day to come. `fitted_at` is the end of the last bar of its fit."""

    model: Name
    version: int
    volatility: float
    fitted_at: int


@dataclass(frozen=True, slots=True)
class Turbulence:
    """The filtered probability of the wild regime."""

    version: int
    probability: float
    fitted_at: int


@dataclass(frozen=True, slots=True)
class Silent:
    """A model, or the regimes, that has nothing to say."""

    model: str
    why: Unfitted


@dataclass(frozen=True, slots=True)
class Outlook:
    """All that is known after the bar that ended at `until`, of so many bars. `forecasts` are by `Name`."""

    bars: int
    until: int
    forecasts: tuple[Forecast | Silent, ...]
    turbulence: Turbulence | Silent


REGIME: Final = "regime"
NO_OUTLOOK: Final = Outlook(
    0, 0, tuple(Silent(name, Unfitted.TOO_FEW) for name in Name), Silent(REGIME, Unfitted.TOO_FEW)
)


@dataclass(frozen=True, slots=True)
class _Fitted:
    """The models of one fit, by name."""

    models: dict[Name, Model | Unfitted]
    regimes: Regimes | Unfitted


def outlook(bars: Sequence[Bar]) -> Outlook:
    """What is known after the last of these bars; of the newest if many."""
    return [*_since_fit(bars, len(bars) - 1)][-1] if bars else NO_OUTLOOK


def outlooks(bars: Sequence[Bar]) -> list[Outlook]:
    """What was known after each of these bars: the same as bar by bar, with each fit made once."""
    return [each for last in _last_of_fits(bars) for each in _since_fit(bars, last)]


def _last_of_fits(bars: Sequence[Bar]) -> Iterator[int]:
    """The last bar of each period between fits."""
    for index, bar in enumerate(bars):
        if index + 1 == len(bars) or bars[index + 1].ends // REFIT_S != bar.ends // REFIT_S:
            yield index


def _since_fit(bars: Sequence[Bar], last: int) -> Iterator[Outlook]:
    """The outlooks from the moment of the fit to the bar of index `last`."""
    ends = [bar.ends for bar in bars[max(last + 1 - KEPT_BARS, 0) : last + 1]]
    before = last + 1 - len(ends)
    fitted_at = ends[-1] // REFIT_S * REFIT_S
    first = bisect_right(ends, fitted_at - MOST_BARS * BAR_S)
    window = np.array([bar.variance for bar in bars[before + first : last + 1]])
    fitted = _fitted(window[: bisect_right(ends, fitted_at) - first].tobytes())
    courses = {name: _course(model, window) for name, model in fitted.models.items()}
    wild = _wild(fitted.regimes, window, fitted_at)
    for index in range(bisect_left(ends, fitted_at), len(ends)):
        spoken = tuple(
            _forecast(name, fitted.models[name], course, index - first, fitted_at)
            for name, course in courses.items()
        )
        found = Outlook(index + 1 - first, ends[index], spoken, wild[index - first])
        yield _hushed(found) if _is_holed(ends, index) else found


def _is_holed(ends: Sequence[int], index: int) -> bool:
    """Whether most bars of the longest span are missing."""
    since = bisect_right(ends, ends[index] - SPANS[-1] * BAR_S)
    return 2 * (index + 1 - since) < SPANS[-1]


def _hushed(said: Outlook) -> Outlook:
    forecasts = tuple(
        each if isinstance(each, Silent) else Silent(each.model, Unfitted.HOLED) for each in said.forecasts
    )
    known = said.turbulence
    turbulence = known if isinstance(known, Silent) else Silent(REGIME, Unfitted.HOLED)
    return replace(said, forecasts=forecasts, turbulence=turbulence)


@lru_cache(maxsize=REMEMBERED_FITS)
def _fitted(variances: bytes) -> _Fitted:
    bars = np.frombuffer(variances, dtype=np.float64)
    refusal = refused(bars)
    # EWMA needs no fit, but bars like the others: the first weigh too much while there are few.
    ewma = refusal if isinstance(refusal, Unfitted) else Ewma()
    return _Fitted({Name.EWMA: ewma, Name.HAR: fit_har(bars), Name.GARCH: fit_garch(bars)}, fit_regimes(bars))


def _course(model: Model | Unfitted, window: Floats) -> Floats:
    return np.empty(0) if isinstance(model, Unfitted) else model.course(window)


def _forecast(
    name: Name, model: Model | Unfitted, course: Floats, index: int, fitted_at: int
) -> Forecast | Silent:
    if isinstance(model, Unfitted):
        return Silent(name, model)
    variance = float(course[index])
    if not (math.isfinite(variance) and variance > 0.0):
        return Silent(name, Unfitted.NOT_FINITE)
    return Forecast(name, model.version, math.sqrt(variance), fitted_at)


def _wild(regimes: Regimes | Unfitted, window: Floats, fitted_at: int) -> list[Turbulence | Silent]:
    if isinstance(regimes, Unfitted):
        return [Silent(REGIME, regimes)] * len(window)
    wild = regimes.filtered(window)[:, Regime.WILD].tolist()
    return [Turbulence(regimes.version, probability, fitted_at) for probability in wild]
