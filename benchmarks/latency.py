"""From a new head to an accepted hedge: the keeper against bots as they are commonly written.

For each number of vaults a local chain is made on which every vault is hedged. Before a measured block one
vault is taken out of balance; the contender is given the head as soon as the node tells it and must find that
vault and send its hedge. The block after it takes the hedge and is not measured. Contenders take turns, block
by block, so that a busy moment of the machine is a misfortune of all.

    python -m benchmarks.latency [--json] [--vaults 1,100,1000] [--blocks N] [--out DIR]
"""

import argparse
import asyncio
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, aclosing
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path

import numpy as np

from benchmarks.baselines import ByMulticall, ByVault
from benchmarks.contenders import Contender
from benchmarks.machine import machine
from benchmarks.market import GAP, BenchChain, bench_chain
from benchmarks.ours import ours
from benchmarks.stopwatch import STAGES
from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.heads import NodeHeads, Pace
from keeper.adapters.ethereum.retry import Backoff
from keeper.adapters.ethereum.rpc import Rpc
from keeper.core.head import Head
from keeper.logs import Redaction, configure

Sample = dict[str, float]
Spread = dict[str, float]
"""Percentiles by name: p50, p95, p99."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one contender needed, in milliseconds. `total_ms` is from the head to the accepted transaction."""

    vaults: int
    contender: str
    blocks: int
    total_ms: Spread
    cpu_ms: Spread
    stages_ms: dict[str, Spread]


TIMEOUT_S = 60.0
WARM_UP = 2
"""Blocks of each contender before the first that counts: connections, caches, statements."""

PATIENCE_S = 40.0
LEAST_BLOCKS = 3
"""A contender that has used up its time is measured no further, but as often as this."""

PERCENTILES = (50, 95, 99)


async def measure(vaults: int, blocks: int) -> list[Result]:
    """All contenders on one chain with so many vaults, of which one needs a hedge in each measured block."""
    with ExitStack() as stack:
        chain = stack.enter_context(bench_chain(vaults))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        baselines = [stack.enter_context(kind(chain)) for kind in (ByVault, ByMulticall)]
        endpoint = Endpoint.parse(chain.node.url)
        async with Rpc(endpoint, TIMEOUT_S) as rpc:
            websocket = Endpoint.parse(chain.node.url.replace("http", "ws", 1))
            backoff = Backoff(0.1, 1.0, lambda: 0.5)
            heads = NodeHeads(rpc, chain.book.chain_id, backoff, websocket=websocket, pace=Pace(quiet_s=1e6))
            async with ours(chain, heads, folder) as keeper:
                samples = await _race(chain, heads, (keeper, *baselines), blocks)
    return [_result(vaults, name, found) for name, found in samples.items()]


async def _race(
    chain: BenchChain, heads: NodeHeads, contenders: Sequence[Contender], blocks: int
) -> dict[str, list[Sample]]:
    samples: dict[str, list[Sample]] = {contender.name: [] for contender in contenders}
    used = dict.fromkeys(samples, 0.0)
    turns = zip(cycle(chain.vaults), cycle((GAP, -GAP)), strict=False)
    async with Rpc(Endpoint.parse(chain.node.url), TIMEOUT_S) as rpc, aclosing(heads.latest()) as tips:
        miner = _Miner(rpc, tips)
        await miner.ready()
        for number in range(-WARM_UP, blocks):
            if number == 0:
                # Or the keeper would pay for collecting among a thousand contract objects of web3.py.
                gc.freeze()
            for contender in contenders:
                if number >= LEAST_BLOCKS and used[contender.name] > PATIENCE_S:
                    continue
                began = time.perf_counter()
                chain.unbalance(*next(turns))
                await miner.mine(contender.act)
                if number >= 0:
                    samples[contender.name].append(contender.watch.sample())
                await miner.mine(contender.settle)
                used[contender.name] += time.perf_counter() - began
    return samples


class _Miner:
    """Mines a block, and hands its head on the moment that the subscription tells it."""

    def __init__(self, rpc: Rpc, tips: AsyncIterator[Head]) -> None:
        self._rpc, self._tips = rpc, tips

    async def ready(self) -> None:
        """Wait for the first head."""
        await anext(self._tips)

    async def mine(self, then: Callable[[Head], Awaitable[None]]) -> None:
        """Mine one block and do something with it."""
        mining = asyncio.create_task(self._rpc.call("evm_mine", []))
        try:
            await then(await anext(self._tips))
        finally:
            await mining


def _result(vaults: int, name: str, samples: Sequence[Sample]) -> Result:
    def spread(key: str) -> Spread:
        values = [sample[key] for sample in samples]
        return {f"p{q}": round(float(np.percentile(values, q)), 3) for q in PERCENTILES}

    stages = {stage: spread(stage) for stage in STAGES if stage in samples[0]}
    return Result(vaults, name, len(samples), spread("total"), spread("cpu"), stages)


def table(results: Sequence[Result]) -> str:
    """The results for people, in milliseconds; stages are medians."""
    lines = [
        "| vaults | contender | blocks | p50 | p95 | p99 | CPU | " + " | ".join(STAGES) + " |",
        "|---|---|" + "---:|" * (5 + len(STAGES)),
    ]
    lines += [
        f"| {each.vaults} | {each.contender} | {each.blocks} | "
        + " | ".join(f"{each.total_ms[f'p{q}']:.1f}" for q in PERCENTILES)
        + f" | {each.cpu_ms['p50']:.1f} | "
        + " | ".join(
            f"{each.stages_ms[stage]['p50']:.1f}" if stage in each.stages_ms else "–" for stage in STAGES
        )
        + " |"
        for each in results
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--vaults", type=_counts, default="1,100,1000", help="numbers of vaults: 1,100,1000")
    parser.add_argument("--blocks", type=int, default=30, help="measured blocks of each contender")
    parser.add_argument("--out", type=Path, help="folder into which the JSON is written, too")
    options = parser.parse_args(arguments)
    started = machine()
    results: list[Result] = []
    loads = [_load()]
    with Path(os.devnull).open("w") as nowhere:
        # Log lines are made as the daemon makes them, and read by nobody.
        configure("json", "info", Redaction(), nowhere)
        for count in options.vaults:
            print(f"{count} vaults", file=sys.stderr)
            results += asyncio.run(measure(count, options.blocks))
            loads.append(_load())
    # What else the machine did: a minute's load before the first chain and after each.
    started["load"] = loads
    report = {
        "benchmark": "latency",
        "machine": started,
        "results": [asdict(result) for result in results],
    }
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "latency.json").write_text(json.dumps(report, indent=2) + "\n")
    facts = "; ".join(f"{name} {fact}" for name, fact in started.items())
    print(json.dumps(report) if options.json else f"{facts}\n\n{table(results)}")
    return 0


def _load() -> float:
    return round(os.getloadavg()[0], 1)


def _counts(text: str) -> list[int]:
    counts = [int(part) for part in text.split(",")]
    if min(counts) < 1:
        raise ValueError(text)
    return counts


if __name__ == "__main__":
    sys.exit(main())
