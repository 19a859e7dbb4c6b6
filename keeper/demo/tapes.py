"""Which part of a recorded market a demo shows.

A tape may hold months, a demo runs for minutes, and nobody wants to watch the months before the crash. So
the demo takes as many steps as it has blocks, with the tape's steepest fall in the middle.
"""

import csv
import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from keeper.simulation.path import MarketPath
from keeper.simulation.paths import Start
from keeper.simulation.tape import read_tape

_ANY_START = Start(price=1.0, volatility=0.7)
_TIME = "ts"


def cut(tape: Path, into: Path, blocks: int, step_s: int) -> Path:
    """The tape, or a part of it long enough for `blocks` steps, written to `into`.

    Raises TapeError, and OSError for an unreadable file.
    """
    whole = read_tape(tape, _ANY_START, step_s, seed=0)
    if len(whole) <= blocks:
        return tape
    rows = _rows(tape)
    at = rows[0].index(_TIME)
    first = float(rows[1][at]) + step_s * first_step(whole.price, blocks)
    last = first + step_s * (blocks + 1)
    kept = [row for row in rows[1:] if first <= float(row[at]) <= last]
    with gzip.open(into, "wt", encoding="utf-8", newline="") as text:
        csv.writer(text).writerows([rows[0], *kept])
    return into


def first_step(price: NDArray[np.float64], blocks: int) -> int:
    """Where a window of `blocks` steps begins that has the steepest fall of the whole in its middle.

    The fall takes two thirds of the window, a sixth of it comes before.
    """
    length = max(2 * blocks // 3, 1)
    fall = price[length:] / price[:-length]
    return int(np.clip(int(np.argmin(fall)) - blocks // 6, 0, len(price) - blocks))


def write_there_and_back(path: MarketPath, into: Path, times: int) -> Path:
    """A market that goes along a path and back again, so many times over, as a tape written to `into`."""
    price = np.tile(np.concatenate([path.price, path.price[::-1]]), times)
    with gzip.open(into, "wt", encoding="utf-8", newline="") as text:
        lines = csv.writer(text)
        lines.writerow([_TIME, "close"])
        lines.writerows((i * path.step_s, repr(float(each))) for i, each in enumerate(price))
    return into


def _rows(tape: Path) -> list[list[str]]:
    opener = gzip.open if tape.suffix == ".gz" else open
    with opener(tape, "rt", encoding="utf-8", newline="") as text:
        header, *rows = csv.reader(text)
    return [[name.strip().lower() for name in header], *(row for row in rows if row)]
