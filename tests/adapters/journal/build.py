"""Cycles as the loop records them, decided by the real `decide_all`."""

from dataclasses import dataclass, replace
from pathlib import Path

from keeper.adapters.journal.lease import Acquired, Lease, lease_on
from keeper.adapters.journal.store import Owner, Store, open_store
from keeper.core.decision import decide_all
from keeper.core.memory import Memory
from keeper.core.outcome import Mined
from keeper.core.plan import Plan
from keeper.core.policy import Policy
from keeper.core.transaction.attempt import Attempt, Kind, Why
from keeper.core.transaction.fees import Fees
from keeper.core.transaction.slot import Slot, Terms
from keeper.core.units import Address, TxHash
from keeper.ports import Cycle, Evidence
from tests.core.build import HEAD, POLICY, VAULT, snapshot, vault

OWNER = Owner(31337, Address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"))
LONG_S = 3_600.0
TX = TxHash("0x" + "ab" * 32)


@dataclass(frozen=True)
class Note:
    """As the wallet notes."""

    nonce: int
    block_number: int
    what: str
    detail: str = ""
    tx_hash: str = ""
    endpoint: str = ""


async def store(directory: Path, owner: Owner = OWNER) -> Store:
    return await open_store(directory / "journal.db", owner)


async def writer(opened: Store, ttl_s: float = LONG_S) -> Lease:
    """The lease, taken for longer than any test takes."""
    lease = await lease_on(opened, ttl_s)
    assert isinstance(await lease.acquire(), Acquired)
    return lease


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
        decisions=decide_all(seen, policies, memories).decisions,
    )


def attempt(number: int, kind: Kind = Kind.REBALANCE, why: Why = Why.FIRST) -> Attempt:
    raw = number.to_bytes(100, "big")
    return Attempt(TxHash(f"0x{number:064x}"), raw, kind, Fees(100 + number, number), 100_000, why)


def opened_slot(nonce: int, made_for: Plan | None = None, number: int | None = None) -> Slot:
    """A slot as it is begun: with its first attempt, for a plan or to fill a gap."""
    terms, number = Terms(2**70, 1), nonce if number is None else number
    first = attempt(number) if made_for else attempt(number, Kind.NO_OP, Why.FILLS_GAP)
    return Slot(nonce, opened=100, terms=terms).signed(first, made_for)


def mined(intent: str = "key", gas_cost_wei: int = 2**70) -> Mined:
    return Mined(VAULT, intent, TX, 101, 1_700_000_012, 90_000, gas_cost_wei, 10**18, 3_000 * 10**6)
