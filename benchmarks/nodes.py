"""What agreement costs: one read of a local node, asked directly, and through pools of one and of three.

    python -m benchmarks.nodes [READS]

The three are one node under three names, so the third column shows the counting, not a network.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Sequence

from keeper.adapters.ethereum.client import Client
from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.pool import Pool
from keeper.adapters.ethereum.retry import Backoff
from keeper.adapters.ethereum.rpc import Rpc
from keeper.demo.anvil import CHAIN_ID, Anvil

TIMEOUT_S = 10.0
WARM_UP = 50
METHOD, PARAMS = "eth_getBlockByNumber", ["latest", False]
NAMES = ("127.0.0.1", "localhost", "127.0.0.2")


async def measure(reads: int) -> dict[str, list[float]]:
    """Seconds of each read by each of the three ways, in turns, so that all meet the same machine."""
    with Anvil.start("--host", "127.0.0.1", "--host", "127.0.0.2") as node:
        backoff = Backoff(0.1, 1.0, lambda: 0.5)
        rpcs = [Rpc(Endpoint.parse(node.url.replace("127.0.0.1", name)), TIMEOUT_S) for name in NAMES]
        direct = Rpc(Endpoint.parse(node.url), TIMEOUT_S)
        async with (
            direct,
            Pool(rpcs[:1], CHAIN_ID, 1, backoff) as one,
            Pool(rpcs, CHAIN_ID, 2, backoff) as three,
        ):
            ways: dict[str, Client] = {"direct": direct, "pool of 1": one, "pool of 3": three}
            return await _race(ways, reads)


async def _race(ways: dict[str, Client], reads: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(-WARM_UP, reads):
        for name, client in ways.items():
            began = time.perf_counter()
            await client.call(METHOD, PARAMS)
            if number >= 0:
                taken[name].append(time.perf_counter() - began)
    return taken


def main(arguments: Sequence[str]) -> None:
    """Print a table."""
    reads = int(arguments[0]) if arguments else 2000
    print(f"{'':10} {'p50 us':>8} {'p95 us':>8}   of {reads} reads")
    for name, seconds in asyncio.run(measure(reads)).items():
        cuts = statistics.quantiles(seconds, n=100)
        print(f"{name:10} {cuts[49] * 1e6:8.0f} {cuts[94] * 1e6:8.0f}")


if __name__ == "__main__":
    main(sys.argv[1:])
