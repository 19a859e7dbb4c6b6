"""What it costs to know a thousand vaults: their Greeks at every head, and what only re-pricing can tell.

1,000 vaults of eight legs, one thread, CPU time of the best of some runs. The first rows are paid at every
head for every vault; the others for vaults whose policy limits what they measure, and for what is asked.

    python -m benchmarks.exposure [--json] [--vaults N] [--legs N]
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from benchmarks.machine import computer
from benchmarks.market import policies_of
from keeper.core.exposure import measure, measured_columns, situations
from keeper.core.head import Head
from keeper.core.market import Reading
from keeper.core.policy import Limits
from keeper.core.position import PoolState, VaultRules, VaultState
from keeper.core.reason import Reason
from keeper.core.risk import measure_risks, restoring_trade
from keeper.core.risk.liquidation import FALLS, NARROWINGS, RISES, distances
from keeper.core.risk.repricing import books_of
from keeper.core.risk.stress import SCENARIOS, stress
from keeper.core.risk.tails import CONFIDENCE, FREEDOM, cells, expected_shortfall, tail_profits
from keeper.core.snapshot import Legs, Snapshot
from keeper.core.units import WAD, Address, BlockHash

SPOT = 3000
PASSED = (Reason.STRESS_LIMIT, Reason.SHORTFALL_LIMIT)
LIMITS = Limits(*(WAD,) * 5, stress_loss_usd_wad=60_000 * WAD, expected_shortfall_usd_wad=30_000 * WAD)
POLICY = replace(policies_of((Address("0x"),))[Address("0x")], limits=LIMITS)
NOW = 1_700_000_000
DAY_S = 86_400
FLOOR = 1.1
SEED = 5
SECONDS = 0.5
MILLI = 1e3


@dataclass(frozen=True, slots=True)
class Row:
    """CPU of one call for all vaults, in milliseconds, and how many prices or sets of Greeks a leg takes."""

    name: str
    prices: int
    cpu_ms: float


def drawn(vaults: int, legs: int) -> Snapshot:
    """Vaults with strikes about the spot, up to half a year, short and long; the same every time."""
    draw = np.random.default_rng(SEED)
    count = vaults * legs
    return Snapshot(
        head=Head(1, 1, BlockHash("0x01"), BlockHash("0x00"), NOW, 10**9),
        vaults=tuple(_vault(index, int(draw.integers(50, 150))) for index in range(vaults)),
        legs=Legs(
            vault=np.repeat(np.arange(vaults), legs),
            is_call=draw.integers(0, 2, count) == 1,
            strike=SPOT * np.exp(draw.normal(0.0, 0.25, count)),
            expiry=NOW + draw.integers(DAY_S, 180 * DAY_S, count),
            size=draw.uniform(-30.0, 20.0, count),
        ),
        native_price=Reading(SPOT * WAD, NOW, 1),
        keeper_balance_wei=WAD,
    )


def _vault(index: int, volatility_points: int) -> VaultState:
    return VaultState(
        address=Address(f"0x{index:040x}"), readable=True, sealed=True, paused=False, keeper_authorised=True,
        quote_units=300_000 * 10**6, base_wei=20 * WAD, quote_decimals=6, base_decimals=18, shares=WAD,
        sequence=1, state_hash=bytes(32), last_rebalance_at=0,
        rules=VaultRules(WAD, 0, 60, 150, 1_000, 4_000, 4_000, 3_600, 10**4 * WAD, 0, 1, 10**9, 10**9, 0, 0),
        price=Reading(SPOT * WAD, NOW, 1), volatility=Reading(volatility_points * WAD // 100, NOW, 1),
        pool=PoolState(2**96, 10**19, 500, base_is_token0=True), keeper_until=NOW + DAY_S,
        turnover_used_wad=0, loss_used_wad=0,
    )  # fmt: skip


def measured(snapshot: Snapshot) -> list[Row]:
    """Everything once."""
    each = situations(snapshot)
    books, floor = books_of(each), np.full(len(each), FLOOR)
    law = cells(FREEDOM, CONFIDENCE)
    ladder = len(FALLS) + len(RISES) + 2 * (NARROWINGS + 2)
    return [
        Row("Greeks, vega by expiry, worth, leverage, ratio: as columns", 1,
            _best(lambda: measured_columns(snapshot))),
        Row("the same as a value for each vault", 1, _best(lambda: measure(snapshot))),
        Row("stress grid", len(SCENARIOS) + 1, _best(lambda: stress(books))),
        Row("expected shortfall", len(law.mean) + 1,
            _best(lambda: expected_shortfall(tail_profits(books), law.weight, CONFIDENCE))),
        Row("distance to a margin call", ladder, _best(lambda: distances(books, floor))),
        Row("all risks as a value for each vault", len(SCENARIOS) + len(law.mean) + 2 + ladder,
            _best(lambda: measure_risks(each, floor.tolist()))),
        Row("the least restoring trade, of every vault", len(SCENARIOS) + len(law.mean) + 2,
            _best(lambda: [restoring_trade(POLICY, one, PASSED) for one in each])),
    ]  # fmt: skip


def _best(run: Callable[[], object]) -> float:
    """Milliseconds of CPU of the best run."""
    best, began = np.inf, time.process_time()
    while True:
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
        if time.process_time() - began > SECONDS:
            return best * MILLI


def table(rows: Sequence[Row]) -> str:
    """For people."""
    lines = ["| what | prices a leg | CPU ms |", "|---|---:|---:|"]
    return "\n".join([*lines, *(f"| {row.name} | {row.prices} | {row.cpu_ms:.1f} |" for row in rows)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.exposure", description=__doc__.split("\n", maxsplit=1)[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--vaults", type=int, default=1_000)
    parser.add_argument("--legs", type=int, default=8, help="of each vault")
    options = parser.parse_args(arguments)
    rows = measured(drawn(options.vaults, options.legs))
    if options.json:
        report = {"benchmark": "exposure", "machine": computer("numpy", "scipy"), "seed": SEED}
        sizes = {"vaults": options.vaults, "legs": options.legs}
        print(json.dumps({**report, **sizes, "rows": [asdict(row) for row in rows]}))
        return 0
    print(f"{options.vaults:,} vaults of {options.legs} legs; one thread\n")
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
