"""Write the reference values that the Solidity library is tested against, with forty digits of mpmath.

Run from anywhere: `python make_golden.py`. The two JSON files beside this script are its output; they are
committed, so that forge needs no Python. Numbers are decimal strings of WAD integers, rounded to the nearest.
"""
# A script beside its output, not a package.
# ruff: noqa: INP001

from __future__ import annotations

import itertools
import json
from pathlib import Path

from mpmath import erfc, log, mp, mpf, nint, sqrt

mp.dps = 40
WAD = 10**18
YEAR = 365 * 24 * 3600
STRIKE = 2000 * WAD
MONEYNESS = ("0.2", "0.5", "0.8", "0.95", "0.999", "1", "1.001", "1.05", "1.25", "2", "5")
SECONDS = (60, 3600, 86400, 7 * 86400, 30 * 86400, 182 * 86400, 2 * YEAR)
VOLATILITIES = ("0.05", "0.2", "0.7", "1.5", "3")
HERE = Path(__file__).parent


def wad(value: mpf) -> str:
    """Return a real number as a WAD integer in decimal digits."""
    return str(int(nint(value * WAD)))


def cdf(x: mpf) -> mpf:
    """Return the probability that a standard normal variable is below x."""
    return erfc(-x / sqrt(2)) / 2


def option(spot: int, seconds: int, volatility: int) -> tuple[str, str, str]:
    """Return delta of the call, price of the call and of the put (rate zero; Black and Scholes, 1973)."""
    deviation = mpf(volatility) / WAD * sqrt(mpf(seconds) / YEAR)
    d1 = log(mpf(spot) / STRIKE) / deviation + deviation / 2
    d2 = d1 - deviation
    s, k = mpf(spot) / WAD, mpf(STRIKE) / WAD
    return wad(cdf(d1)), wad(s * cdf(d1) - k * cdf(d2)), wad(k * cdf(-d2) - s * cdf(-d1))


def write(name: str, columns: dict[str, list[str]]) -> None:
    """Write columns of equal length as JSON, one column a line."""
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(values)}" for key, values in columns.items())
    (HERE / name).write_text("{\n" + lines + "\n}\n")


def write_options() -> None:
    """Write the corner grid: moneyness, time and volatility, each with every other."""
    names = ("spot", "seconds", "vol", "callDelta", "callPrice", "putPrice")
    columns: dict[str, list[str]] = {name: [] for name in names}
    for moneyness, seconds, volatility in itertools.product(MONEYNESS, SECONDS, VOLATILITIES):
        spot, vol = int(mpf(moneyness) * STRIKE + mpf("0.5")), int(mpf(volatility) * WAD + mpf("0.5"))
        row = (str(spot), str(seconds), str(vol), *option(spot, seconds, vol))
        for name, value in zip(names, row, strict=True):
            columns[name].append(value)
    write("options.json", columns)


def write_cdf() -> None:
    """Write the normal law from -10 to 10, and where the library changes its method."""
    points = [WAD * i // 16 for i in range(-160, 161)]
    edges = (7071067811865474999, 7071067811865475000, 9100000000000000000)
    points += [sign * edge for sign in (-1, 1) for edge in edges]
    write("cdf.json", {"x": [str(x) for x in points], "cdf": [wad(cdf(mpf(x) / WAD)) for x in points]})


if __name__ == "__main__":
    write_options()
    write_cdf()
