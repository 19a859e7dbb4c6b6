"""What the transaction engine costs: intents through all of it, against nothing but signing and sending.

Both ways use the same key and the same kind of node, which lives in this process and takes everything at
once; they take turns, intent by intent in one run. The engine is the daemon's own: gate, wallet, ledger and
journal under a lease, in a file with `synchronous=FULL`. What it adds is mostly one commit before each
broadcast, so the time of a bare write and fdatasync in the same folder is told beside it.

Commits are those that SQLAlchemy reports after a statement that writes. Syncs of the disk are counted in a
second run under strace, if there is one, by what the engine was doing: offering, or the work of a head.

    python -m benchmarks.engine [--json] [--heads N] [--intents N] [--out DIR]
"""

import argparse
import asyncio
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.durability import BEGIN, END, HEAD, OFFER, Counted, mark, syncs
from benchmarks.instant import CHAIN_ID, MAX_FEE_WEI, InstantNode, Unread, plan, vault
from benchmarks.machine import machine
from keeper.adapters.ethereum.abi import table as functions
from keeper.adapters.journal.journal import SqlJournal
from keeper.adapters.journal.lease import lease_on
from keeper.adapters.journal.ledger import SqlLedger
from keeper.adapters.journal.store import Owner, open_store
from keeper.adapters.signing.gate import Ceiling, Gate, GatedSigner
from keeper.adapters.signing.keystore import KeystoreSigner, unlock
from keeper.adapters.wallet.wallet import LiveWallet, Parts, open_wallet
from keeper.core.memory import Memory
from keeper.core.outcome import Filled
from keeper.core.plan import Plan
from keeper.core.transaction.account import Rules
from keeper.core.transaction.attempt import Route
from keeper.core.transaction.slot import gas_limit
from keeper.core.transaction.unsigned import Unsigned
from keeper.core.units import GWEI
from keeper.demo.accounts import PASSWORD, Role, write_keystore
from keeper.ports import Accepted

WARM_UP = 3
"""Heads before the first that counts."""

LEASE_S = 3_600.0
MOST_INTENTS = 16
MILLI = 1e3
MAX_GAS = 10**6
WAYS = ("sign and send", "engine", "write and fdatasync")
Spread = dict[str, float]


class BenchmarkError(Exception):
    """The engine did something else than was asked of it."""


@dataclass(frozen=True, slots=True)
class Result:
    """`ms` by way; `added_ms` is the engine's less the bare way's, pair by pair. Counts are of all intents.

    `commits` by what the engine was doing, heads' work included in `per_second`; `syncs` is empty without
    strace.
    """

    heads: int
    intents: int
    ms: dict[str, Spread]
    added_ms: Spread
    per_second: float
    commits: dict[str, int]
    syncs: dict[str, int]


class Race:
    """One chain for the engine, and one of the same kind for the bare way."""

    def __init__(
        self, wallet: LiveWallet, node: InstantNode, journal: SqlJournal, signer: KeystoreSigner
    ) -> None:
        self._wallet, self._node, self._journal, self._signer = wallet, node, journal, signer
        self._other, self._contract, self._nonce = InstantNode(), Unread(), 0
        self.counted = Counted()
        self.seconds: dict[str, list[float]] = {way: [] for way in WAYS}
        self.engine_s = 0.0
        self.verdicts = 0

    async def head(self, intents: int, number: int, probe: int) -> None:
        """One block: verdicts on the last one's intents, and new ones in turns with the bare way."""
        head = self._node.mine()
        self._other.mine()
        with self._timed(HEAD):
            for settlement in await self._wallet.advance(head):
                left = [Memory(each.vault) for each in settlement.outcomes if not isinstance(each, Filled)]
                await self._journal.settle(settlement, left)
                self.verdicts += 1
        for index in range(intents):
            offered = plan(index, number * intents + index, head)
            if index % 2:
                await self._bare(offered)
            with self._timed(OFFER):
                answer = await self._wallet.offer(offered, head, 0)
            self.seconds[WAYS[1]].append(self._last_s)
            if not isinstance(answer, Accepted):
                raise BenchmarkError(f"an offer was refused: {answer}")
            if not index % 2:
                await self._bare(offered)
        with self._timed(HEAD):
            await self._wallet.review(head, {}, 0)
        self._probe(probe)

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        with self.counted.doing(what):
            began = time.perf_counter()
            yield
            self._last_s = time.perf_counter() - began
            self.engine_s += self._last_s

    async def _bare(self, offered: Plan) -> None:
        began = time.perf_counter()
        data = self._contract.calldata(offered)
        fields = (offered.vault, data, 0, gas_limit(offered), 41 * GWEI, offered.priority_fee_wei)
        signed = await self._signer.sign(Unsigned(CHAIN_ID, self._nonce, *fields))
        await self._other.send(signed.raw, signed.tx_hash, Route.PUBLIC)
        self.seconds[WAYS[0]].append(time.perf_counter() - began)
        self._nonce += 1

    def _probe(self, file: int) -> None:
        began = time.perf_counter()
        os.write(file, bytes(4_096))
        os.fdatasync(file)
        self.seconds[WAYS[2]].append(time.perf_counter() - began)


@asynccontextmanager
async def racing(folder: Path) -> AsyncIterator[Race]:
    """The engine as the daemon puts it together, with its journal in a folder."""
    keystore, _ = write_keystore(folder / "key", Role.KEEPER)
    signer = await unlock(keystore, PASSWORD)
    vaults = {vault(number): Ceiling(MAX_FEE_WEI, MAX_GAS) for number in range(MOST_INTENTS)}
    gate = Gate(CHAIN_ID, signer.address, functions().functions["rebalance"], vaults)
    node = InstantNode()
    async with await open_store(folder / "keeper.sqlite", Owner(CHAIN_ID, signer.address)) as store:
        lease = await lease_on(store, LEASE_S)
        await lease.acquire()
        parts = Parts(node, GatedSigner(signer, lambda: gate), SqlLedger(lease), Unread())
        rules = Rules(confirmations=1, bump_after_blocks=3, max_in_flight=MOST_INTENTS)
        wallet = await open_wallet(parts, CHAIN_ID, rules)
        yield Race(wallet, node, SqlJournal(lease), signer)
        await wallet.close()
        await lease.release()


async def measure(heads: int, intents: int, folder: Path) -> Result:
    """So many heads with so many intents each."""
    async with racing(folder) as race:
        probe = os.open(folder / "probe", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for number in range(-WARM_UP, 0):
            await race.head(intents, number + WARM_UP, probe)
        gc.freeze()
        race.seconds = {way: [] for way in WAYS}
        race.engine_s, race.verdicts = 0.0, 0
        mark(BEGIN)
        with race.counted.listening():
            for number in range(heads):
                await race.head(intents, number + WARM_UP, probe)
        mark(END)
        os.close(probe)
        count = heads * intents
        if race.verdicts != count:
            raise BenchmarkError(f"{count} verdicts were due, and there were {race.verdicts}")
        pairs = zip(race.seconds[WAYS[1]], race.seconds[WAYS[0]], strict=True)
        return Result(
            heads=heads,
            intents=count,
            ms={way: _spread(seconds) for way, seconds in race.seconds.items()},
            added_ms=_spread([engine - bare for engine, bare in pairs]),
            per_second=round(count / race.engine_s, 1),
            commits=dict(race.counted.commits),
            syncs={},
        )


def _spread(seconds: Sequence[float]) -> Spread:
    return {f"p{q}": round(float(np.percentile(seconds, q)) * MILLI, 3) for q in (50, 95, 99)}


def table(result: Result) -> str:
    """The result for people."""
    lines = [
        f"| {'milliseconds':24} |    p50 |    p95 |    p99 |",
        f"|{'-' * 26}|-------:|-------:|-------:|",
    ]
    for name, spread in (*result.ms.items(), ("added by the engine", result.added_ms)):
        lines.append(f"| {name:24} | " + " | ".join(f"{ms:6.2f}" for ms in spread.values()) + " |")
    lines += ["", f"{result.per_second:.0f} intents per second, the work of heads and verdicts included"]
    for name, found in (("commits", result.commits), ("syncs of the disk", result.syncs)):
        if found:
            offer, head = found.get(OFFER, 0) / result.intents, found.get(HEAD, 0)
            lines.append(
                f"{name}: {offer:.2f} for each broadcast; {head / result.heads:.1f} for each head, "
                f"with {result.intents / result.heads:.0f} verdicts"
            )
        else:
            lines.append(f"{name}: not counted: there is no strace")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--heads", type=int, default=100, help="measured heads")
    parser.add_argument("--intents", type=int, default=8, choices=range(1, MOST_INTENTS + 1), metavar="1..16")
    parser.add_argument("--out", type=Path, help="folder into which the JSON is written, too")
    parser.add_argument("--untraced", action="store_true", help="count no syncs of the disk")
    options = parser.parse_args(arguments)
    facts = machine()
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.out) as name:
        result = asyncio.run(measure(options.heads, options.intents, Path(name)))
        if not options.untraced:
            traced = syncs(options.heads, options.intents, Path(name))
            result = Result(**(asdict(result) | {"syncs": traced}))
    facts["load"] = round(os.getloadavg()[0], 1)
    report = {"benchmark": "engine", "machine": facts, "result": asdict(result)}
    if options.out:
        (options.out / "engine.json").write_text(json.dumps(report, indent=2) + "\n")
    told = "; ".join(f"{name} {fact}" for name, fact in facts.items())
    print(json.dumps(report) if options.json else f"{told}\n\n{table(result)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
