"""The markets on which rules are held against each other: right, wrong, and recorded.

In all of them one call at the money is sold for fourteen days, a hundred units at a spot of $3,000, with a
look each hour. What changes is what the seller does not know: that the volatility is ten points off, that
prices jump, that gas becomes twenty times as dear just now; or that it is March 2020.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from keeper.simulation.book import DAY_S, LegPlan, Structure
from keeper.simulation.models import Model, model_market
from keeper.simulation.path import MarketPath
from keeper.simulation.paths import Start
from keeper.simulation.tape import read_tape

DAYS: Final = 14
STEP_S: Final = 3_600
STEPS: Final = DAYS * DAY_S // STEP_S + 1
START: Final = Start(3000.0, 0.7)
UNITS: Final = 100.0
AVERSION: Final = 1e-4
"""1/usd: a hundredth, for each of a hundred units."""

OPTION: Final = Structure(
    name="short call",
    legs=(LegPlan(is_call=True, moneyness=1.0, size=-1.0, days=DAYS),),
    target=0.0,
    capital=5.0,
    rolls=False,
)

SPIKE: Final = 20
_SPIKE_HOURS: Final = 6
_SPIKES_PER_HOUR: Final = 1 / 48
_EVERY_HOURS: Final = 12


@dataclass(frozen=True, slots=True)
class Played:
    """One path, and the volatility at which the option would have been sold at its fair value."""

    market: MarketPath
    fair_volatility: float
    seed: int


@dataclass(frozen=True, slots=True)
class Arena:
    """One kind of world: its name, and what names each of its paths."""

    name: str
    paths: Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Tape:
    """A recorded market: windows that begin in the `days` days from `first_day` of the file."""

    name: str
    file: str
    first_day: int
    days: int


TAPES: Final = (
    Tape("March 2020", "crash_2020-03_5m_ETHUSDT_spot.csv.gz", 0, 16),
    Tape("May 2021", "crash_2021-05_1m_ETHUSDT_spot.csv.gz", 0, 22),
    Tape("June 2022", "crash_2022_5m_ETHUSDT_perp_okx.csv.gz", 31, 16),
    Tape("November 2022", "crash_2022_5m_ETHUSDT_perp_okx.csv.gz", 184, 16),
)


def _model(model: Model) -> Callable[[int], MarketPath]:
    return lambda seed: model_market(model, START, STEPS, STEP_S, seed)


def _quoted(points: float) -> Callable[[int], MarketPath]:
    """The market quotes, and the keeper believes, a volatility that is off."""

    def path(seed: int) -> MarketPath:
        market = _model(Model.GBM)(seed)
        return replace(market, volatility=market.volatility + points)

    return path


def _spiking(seed: int) -> MarketPath:
    market = _model(Model.GBM)(seed)
    rng = np.random.default_rng([seed, 5])
    begins = rng.random(STEPS) < _SPIKES_PER_HOUR
    dear = np.convolve(begins, np.ones(_SPIKE_HOURS))[:STEPS] > 0
    return replace(market, base_fee_wei=np.where(dear, SPIKE, 1) * market.base_fee_wei)


KINDS: Final[dict[str, Callable[[int], MarketPath]]] = {
    "as assumed": _model(Model.GBM),
    "volatility quoted 10 points too low": _quoted(-0.1),
    "volatility quoted 10 points too high": _quoted(0.1),
    "Heston": _model(Model.HESTON),
    "Merton's jumps": _model(Model.JUMP),
    "gas x20 for six hours every two days": _spiking,
}


def drawn(seed: int, paths: int) -> list[Arena]:
    """The simulated worlds. The same seeds in each: a path differs by what is wrong with it only."""
    return [Arena(name, [(seed + index, "") for index in range(paths)]) for name in KINDS]


def taped(tape: Tape, folder: Path) -> Arena:
    """A recorded one: a window begins every twelve hours."""
    hours = range(24 * tape.first_day, 24 * (tape.first_day + tape.days), _EVERY_HOURS)
    whole = len(_read(folder / tape.file))
    return Arena(tape.name, [(hour, str(folder / tape.file)) for hour in hours if hour + STEPS <= whole])


def played(arena: str, number: int, file: str) -> Played:
    """A path by its name."""
    if not file:
        return Played(KINDS[arena](number), START.volatility, number)
    whole, part = _read(Path(file)), slice(number, number + STEPS)
    price = whole.price[part] * (START.price / whole.price[number])
    market = MarketPath(STEP_S, price, whole.volatility[part], whole.base_fee_wei[part])
    return Played(market, float(market.volatility[0]), number)


@lru_cache(maxsize=1)
def _read(file: Path) -> MarketPath:
    return read_tape(file, START, STEP_S, seed=1)
