"""Recorded markets: candles from a file, resampled to the driver's step and moved to the world's price.

Exchanges disagree about columns and their order, and files get cut off; a tape that is silently wrong makes
a demo or a backtest silently wrong. So whatever is not understood is refused with the line at which it
stands.
"""

import csv
import gzip
import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from keeper.simulation.derived import base_fee, implied_volatility
from keeper.simulation.path import Floats, MarketPath
from keeper.simulation.paths import Start

_TIME, _CLOSE = "ts", "close"
_BAR: Final = ("open", "high", "low")
_WITHIN_BAR = (0.0, 0.25, 0.5, 0.75)


class TapeError(Exception):
    """A file that is not a tape. The text names file, line and fault."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """Positions of the columns. `bar` is open, high, low, or empty where the file has closes only."""

    time: int
    close: int
    bar: tuple[int, ...]


def read_tape(path: Path, start: Start, step_s: int, seed: int, max_steps: int | None = None) -> MarketPath:
    """A market that goes as the file's did, in proportion, from the start's price.

    `max_steps` cuts it off. The file is CSV with a header, gzipped if its name ends in .gz: `ts` (Unix
    seconds, the bar's start, ascending), `close`, and optionally all of `open`, `high`, `low`, in any order
    among other columns. Raises TapeError, and OSError for an unreadable file.
    """
    times, prices = _waypoints(path)
    steps = 1 + int((times[-1] - times[0]) // step_s)
    if max_steps is not None:
        steps = min(steps, max_steps)
    grid = times[0] + step_s * np.arange(steps)
    price = np.exp(np.interp(grid, times, np.log(prices)))
    price *= start.price / price[0]
    volatility = implied_volatility(price, step_s, start.volatility)
    return MarketPath(step_s, price, volatility, base_fee(price, step_s, seed))


def closes(path: Path) -> tuple[Floats, Floats]:
    """The price at the end of each bar, as it is in the file, and when that was.

    What was within a bar is left out: of its extremes nobody knows the order, and whatever is made up of them
    moves more than the market did. Raises TapeError, and OSError for an unreadable file.
    """
    times, values, length = _bars(path)
    return (times if values.shape[1] == 1 else times + length), values[:, -1]


def _waypoints(path: Path) -> tuple[Floats, Floats]:
    """Times and prices that the market passed through."""
    times, values, length = _bars(path)
    if values.shape[1] == 1:
        return times, values[:, 0]
    offsets = np.minimum(length, np.diff(times, append=times[-1] + length))
    return (times[:, None] + offsets[:, None] * _WITHIN_BAR).ravel(), _ordered(values).ravel()


def _bars(path: Path) -> tuple[Floats, Floats, float]:
    """When each bar began, its prices, and how long a bar is."""
    rows = list(_rows(path))
    if len(rows) < 2:  # noqa: PLR2004 one bar has no length
        raise TapeError(f"{path.name}: needs two bars or more, has {len(rows)}")
    times = np.array([time for time, _ in rows])
    return times, np.array([prices for _, prices in rows]), float(np.median(np.diff(times)))


def _ordered(bars: Floats) -> Floats:
    """Open, both extremes and close of each bar, a rising bar going through its low first."""
    opened, high, low, close = bars.T
    rising = close >= opened
    return np.stack([opened, np.where(rising, low, high), np.where(rising, high, low), close], axis=1)


def _rows(path: Path) -> Iterator[tuple[float, tuple[float, ...]]]:
    """Time and prices of each bar. Raises TapeError."""
    opener = gzip.open if path.suffix == ".gz" else open
    before, place = -math.inf, f"{path.name}:1"
    try:
        with opener(path, "rt", encoding="utf-8", newline="") as text:
            reader = csv.reader(text)
            columns = _columns(next(reader, []), place)
            for row in reader:
                place = f"{path.name}:{reader.line_num}"
                time, prices = _parse(row, columns, place)
                if time <= before:
                    raise TapeError(f"{place}: ts {time:.0f} does not come after {before:.0f}")
                before = time
                yield time, prices
    except (EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise TapeError(f"{place}: unreadable from here: {error}") from error


def _columns(header: Sequence[str], place: str) -> _Columns:
    names = [name.strip().lower() for name in header]
    missing = [name for name in (_TIME, _CLOSE) if name not in names]
    if missing:
        raise TapeError(f"{place}: no column {' and '.join(missing)} among: {', '.join(names) or 'nothing'}")
    present = [name for name in _BAR if name in names]
    if present and len(present) < len(_BAR):
        raise TapeError(f"{place}: of open, high, low only {', '.join(present)}: all or none")
    return _Columns(names.index(_TIME), names.index(_CLOSE), tuple(names.index(name) for name in present))


def _parse(row: Sequence[str], columns: _Columns, place: str) -> tuple[float, tuple[float, ...]]:
    try:
        time, *prices = (float(row[at]) for at in (columns.time, *columns.bar, columns.close))
    except (ValueError, IndexError) as error:
        raise TapeError(f"{place}: {error}") from error
    if not (math.isfinite(time) and all(math.isfinite(price) and price > 0 for price in prices)):
        raise TapeError(f"{place}: a price that is not positive and finite: {', '.join(row)}")
    if columns.bar:
        opened, high, low, close = prices
        if not low <= min(opened, close) <= max(opened, close) <= high:
            raise TapeError(f"{place}: open {opened:g} and close {close:g} outside {low:g}..{high:g}")
    return time, tuple(prices)
