"""Cycles as the loop records them, decided by the real `decide_all`."""

from dataclasses import replace
from pathlib import Path

from keeper.adapters.journal.store import Owner, Store, open_store
from keeper.core.decision import decide_all
from keeper.core.memory import Memory
from keeper.core.outcome import Mined
from keeper.core.policy import Policy
from keeper.core.units import Address, TxHash
from keeper.ports import Cycle, Evidence
from tests.core.build import HEAD, POLICY, VAULT, snapshot, vault

OWNER = Owner(31337, Address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"))
TX = TxHash("0x" + "ab" * 32)


async def store(directory: Path, owner: Owner = OWNER) -> Store:
    return await open_store(directory / "journal.db", owner)


def cycle(
    number: int = 100,
    *,
    policy: Policy = POLICY,
    memory: Memory | None = None,
    pending: frozenset[Address] = frozenset(),
    words: bytes = b"words",
) -> Cycle:
    """One vault's cycle at a block; its deltas are far outside the policy, so that it holds a plan."""
    seen = replace(snapshot(vault(base_wei=900 * 10**18)), head=replace(HEAD, number=number))
    memories = {VAULT: memory or Memory(VAULT)}
    policies = {VAULT: policy}
    return Cycle(
        evidence=Evidence(seen, words),
        policies=policies,
        memories=memories,
        pending=pending,
        decisions=decide_all(seen, policies, memories, pending).decisions,
    )


def mined(intent: str = "key", gas_cost_wei: int = 2**70) -> Mined:
    return Mined(VAULT, intent, TX, 101, 1_700_000_012, 90_000, gas_cost_wei, 10**18, 3_000 * 10**6)
