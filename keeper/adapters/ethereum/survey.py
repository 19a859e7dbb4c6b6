"""Each node by itself, and the relay, before they are relied on together.

A pool hides a node that is down, on another chain or far behind: that is its purpose. Whoever starts a keeper
wants to hear of it all the same, because the next one that fails may be the one that is missed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from keeper.adapters.ethereum.block import fetch_chain_id, fetch_tip
from keeper.adapters.ethereum.member import LAG_BLOCKS
from keeper.adapters.ethereum.preflight import Finding
from keeper.adapters.ethereum.rpc import Rpc, RpcRefusedError
from keeper.ports import UnreachableError

RELAY = "relay"
RUNS = "check that it runs, and its URL in KEEPER_RPC_URL"


@dataclass(frozen=True, slots=True)
class _Met:
    rpc: Rpc
    chain_id: int
    number: int
    syncing: bool


async def examine_nodes(rpcs: Sequence[Rpc], chain_id: int, agree: int) -> tuple[Finding, ...]:
    """One finding for each node. Never raises for a fault it looks for.

    How far one lags is measured against the highest block that `agree` of them claim to have.
    """
    met = await asyncio.gather(*(_meet(rpc) for rpc in rpcs))
    heights = sorted(
        (each.number for each in met if isinstance(each, _Met) and each.chain_id == chain_id), reverse=True
    )
    best = heights[min(agree, len(heights)) - 1] if heights else 0
    return tuple(each if isinstance(each, Finding) else _judged(each, chain_id, best) for each in met)


async def examine_relay(relay: Rpc, chain_id: int) -> Finding:
    """Whether the relay answers, and does not serve another chain. Nothing is sent to it."""
    try:
        actual = await fetch_chain_id(relay)
    except RpcRefusedError:
        # Many relays take transactions and no questions.
        return Finding(RELAY, ok=True, detail=f"{relay.endpoint} answers, and does not say for which chain")
    except UnreachableError as error:
        advice = "check KEEPER_RELAY_URL; without the relay nothing private is sent"
        return Finding(RELAY, ok=False, detail=str(error), advice=advice)
    if actual == chain_id:
        return Finding(RELAY, ok=True, detail=f"{relay.endpoint} serves chain {actual}")
    detail = f"{relay.endpoint} serves chain {actual}, the settings say {chain_id}"
    return Finding(RELAY, ok=False, detail=detail, advice="correct KEEPER_RELAY_URL")


def node_name(rpc: Rpc) -> str:
    """What a node's finding is called."""
    return f"node at {rpc.endpoint}"


async def _meet(rpc: Rpc) -> _Met | Finding:
    try:
        chain_id = await fetch_chain_id(rpc)
        number = (await fetch_tip(rpc, chain_id)).number
        syncing = await rpc.call("eth_syncing", [])
    except (UnreachableError, RpcRefusedError) as error:
        return Finding(node_name(rpc), ok=False, detail=str(error), advice=RUNS)
    return _Met(rpc, chain_id, number, syncing is not False)


def _judged(met: _Met, chain_id: int, best: int) -> Finding:
    name = node_name(met.rpc)
    if met.chain_id != chain_id:
        detail = f"serves chain {met.chain_id}, the settings say {chain_id}"
        return Finding(f"chain of {name}", ok=False, detail=detail, advice="take it out of KEEPER_RPC_URL")
    if met.syncing:
        return Finding(name, ok=False, detail="is catching up", advice="wait until it is done")
    if best - met.number > LAG_BLOCKS:
        detail = f"block {met.number}, {best - met.number} behind the others"
        return Finding(name, ok=False, detail=detail, advice="wait until it has caught up, or look at it")
    return Finding(name, ok=True, detail=f"chain {met.chain_id}, block {met.number}")
