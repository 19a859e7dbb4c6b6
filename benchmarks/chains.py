"""Option chains and published smiles, read from files that are not part of the repository.

The data's own README says where each comes from; `python -m benchmarks.surface` says what is missing.
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

from keeper.core.pricing.surface import Quotes, Smile

YEAR_S = 365 * 86_400
EXPIRY_HOUR = 8

Row = dict[str, str]


class Chain(NamedTuple):
    """The expiries of one moment."""

    name: str
    ts: int
    expiries: list[Quotes]


class Published(NamedTuple):
    """Smiles of one source, in order of time."""

    name: str
    smiles: list[Smile]


def deribit_2020(folder: Path) -> Iterator[Chain]:
    """BTC on 12 September 2020, quotes collected over three minutes."""
    yield _instruments(folder, "deribit_chain_BTC_2020-09-12", "BTC 2020-09-12")


def deribit_2024(folder: Path) -> Iterator[Chain]:
    """ETH on 8 January 2024."""
    yield _instruments(folder, "deribit_chain_ETH_2024-01-08", "ETH 2024-01-08")


def deribit_2026(folder: Path) -> Iterator[Chain]:
    """BTC, 81 snapshots of 2026, among them the fall of early February."""
    moments: dict[int, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in _rows(folder / "deribit_chain_BTC_selected_2026.csv.gz"):
        moments[int(row["ts"])][_expiry(row["expiry"])].append(row)
    for ts, expiries in moments.items():
        yield Chain("BTC 2026", ts, [_quotes(ts, expiry, rows) for expiry, rows in expiries.items()])


def published(folder: Path) -> Iterator[Published]:
    """Smiles that the literature fits, half a point wide where no weight is given."""
    sources: dict[str, dict[float, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in _rows(folder / "svi_smile_testcases.csv.gz"):
        sources[row["dataset"]][float(row["T_years"])].append(row)
    for name, times in sources.items():
        yield Published(name, [_smile(years, rows) for years, rows in sorted(times.items())])


def _instruments(folder: Path, file: str, name: str) -> Chain:
    expiries: dict[int, list[Row]] = defaultdict(list)
    for row in _rows(folder / f"{file}.csv.gz"):
        expiries[int(row["expiry_ts"])].append(row)
    ts = int(median(int(row["ts"]) for rows in expiries.values() for row in rows))
    return Chain(name, ts, [_quotes(ts, expiry, rows) for expiry, rows in expiries.items()])


def _quotes(ts: int, expiry: int, rows: list[Row]) -> Quotes:
    """The options out of the money; prices are in coin and mean that many forwards."""
    forward = median(float(row["underlying"]) for row in rows)
    out = [row for row in rows if (row["cp"] == "C") == (float(row["strike"]) >= forward)]

    def column(name: str) -> np.ndarray:
        return np.array([float(row[name] or 0.0) for row in out])

    return Quotes(
        forward=forward,
        years=(expiry - ts) / YEAR_S,
        strike=column("strike"),
        is_call=np.array([row["cp"] == "C" for row in out], dtype=np.bool_),
        bid=column("bid") * forward,
        ask=column("ask") * forward,
    )


def _smile(years: float, rows: list[Row]) -> Smile:
    strike, volatility, weight = (
        np.array([float(row[name]) for row in rows]) for name in ("strike", "iv", "weight")
    )
    forward = float(rows[0]["forward"])
    spread = 0.005 / np.sqrt(np.maximum(weight / weight.max(), 1e-4))
    kept = tuple(range(len(rows)))
    return Smile(forward, years, np.log(strike / forward), volatility, spread, kept, ())


def _expiry(day: str) -> int:
    at = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC, hour=EXPIRY_HOUR)
    return int(at.timestamp())


def _rows(file: Path) -> Iterator[Row]:
    with gzip.open(file, "rt", newline="") as lines:
        yield from csv.DictReader(lines)
